"""Thirty days of reports, and what each history says of the step from p=none to quarantine.

The days are those of November 2026, and it is the first of December. A part of the gate is met where
its words begin with `+`, and blocks where they begin with `-`. A history names the parts that are not
as `USUAL` has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pytest

from mailauth_dns.evidence.evidence import Evidence
from mailauth_dns.evidence.gate.gate import Part
from tests.conftest import RepoFolder
from tests.evidence.histories import days, history, reports
from tests.evidence.judged import GOOGLE, LONG_AGO, OTHER, PARTS, TODAY, both, judged, lost, shown

MONTH = days(1, 30)

USUAL: Mapping[Part, str] = {
    Part.DAYS: "+ 30 days of reports without a gap, 14 needed",
    Part.ALIGNED: "+ 100 percent aligned, 98 needed",
    Part.EACH: "+ lowest of the declared senders: office has 100 percent, 95 needed",
    Part.REPORTERS: "+ 2 reporters, 2 needed",
    Part.NEWEST: "+ last report 2026-11-30, not more than 3 days old needed",
    Part.UNKNOWN: "+ 0 percent from unknown sources, at most 1",
}


@dataclass(frozen=True)
class History:
    """What came in, since when DNS is as it is, and what has to come out."""

    evidence: Evidence
    parts: Mapping[Part, str]
    not_before: date | None
    lost: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    since: date = LONG_AGO


def december(day: int) -> date:
    return date(2026, 12, day)


HISTORIES: Mapping[str, History] = {
    "all aligned": History(
        history(both(MONTH, office=20, shop=5)),
        {
            Part.VOLUME: "+ 1050 messages of declared senders, 100 needed",
        },
        TODAY,
    ),
    "one unreviewed source at 2 %": History(
        history(both(MONTH, office=40, shop=9, forgotten=1)),
        {
            Part.VOLUME: "+ 2058 messages of declared senders, 100 needed",
            Part.UNKNOWN: "- 2 percent from unknown sources, at most 1: 203.0.113.80 has 42 messages",
        },
        None,
        lost=("42 of 203.0.113.80, unknown",),
    ),
    "forwarders only": History(
        history(both(MONTH, forwarded=20)),
        {
            Part.VOLUME: "- 0 messages of declared senders, 100 needed",
            Part.ALIGNED: "- no mail of declared senders",
            Part.EACH: "+ no declared sender was seen",
        },
        None,
    ),
    "a mailing list": History(
        history(both(MONTH, office=20, listed=2)),
        {
            Part.VOLUME: "+ 840 messages of declared senders, 100 needed",
        },
        TODAY,
        lost=("84 of office, mailing list",),
    ),
    "a spoof wave that must not block": History(
        history(both(MONTH, office=20), reports(days(28, 29), GOOGLE, {"spoofed": 5000}, at=1)),
        {
            Part.VOLUME: "+ 840 messages of declared senders, 100 needed",
        },
        TODAY,
        lost=("10000 spoofed",),
    ),
    "one reporter": History(
        history(reports(MONTH, GOOGLE, {"office": 40})),
        {
            Part.DAYS: "+ 29 days of reports without a gap, 14 needed",
            Part.VOLUME: "+ 600 messages of declared senders, 100 needed",
            Part.REPORTERS: "- 1 reporter, 2 needed",
        },
        None,
    ),
    "a gap of ten days": History(
        history(both(days(1, 12), office=20), both(days(23, 30), office=20)),
        {
            Part.DAYS: "- 8 days of reports without a gap, 14 needed",
            Part.VOLUME: "+ 480 messages of declared senders, 100 needed",
        },
        december(7),
    ),
    "no reports at all": History(
        history(),
        {
            Part.DAYS: "- 0 days of reports without a gap, 14 needed",
            Part.VOLUME: "- 0 messages of declared senders, 100 needed",
            Part.ALIGNED: "- no mail of declared senders",
            Part.EACH: "+ no declared sender was seen",
            Part.REPORTERS: "- 0 reporters, 2 needed",
            Part.NEWEST: "- no report",
            Part.UNKNOWN: "+ no mail of unknown sources",
        },
        None,
    ),
    "reports older than the last change of DNS": History(
        history(both(MONTH, office=20, shop=5)),
        {
            Part.DAYS: "- 7 days of reports without a gap, 14 needed",
            Part.VOLUME: "+ 525 messages of declared senders, 100 needed",
        },
        december(8),
        left_out=("46 reports from before the last change of DNS",),
        since=date(2026, 11, 23),
    ),
    "a forged report": History(
        history(
            both(MONTH, office=20, shop=4, shop_unsigned=1),
            reports(days(29), OTHER, {"office": 100_000, "shop": 100_000}),
        ),
        {
            Part.VOLUME: "+ 201050 messages of declared senders, 100 needed",
            Part.ALIGNED: "- 99.9 percent aligned, 98 needed: 96 without the report that says most for it",
            Part.EACH: "- lowest of the declared senders: shop has 80 percent, 95 needed",
            Part.REPORTERS: "+ 3 reporters, 2 needed",
        },
        None,
        lost=("42 of shop, declared, not aligned",),
    ),
    "a sub-domain only": History(
        history(both(MONTH, news=20)),
        {
            Part.VOLUME: "+ 840 messages of declared senders, 100 needed",
        },
        TODAY,
    ),
    "a sub-domain of which all fails, in a sum that passes": History(
        history(both(MONTH, shop=990, news_unsigned=10)),
        {
            Part.VOLUME: "+ 42000 messages of declared senders, 100 needed",
            Part.ALIGNED: "+ 99 percent aligned, 98 needed",
            Part.EACH: "- lowest of the declared senders: shop for news.example.com has 0 percent, 95 needed",
        },
        None,
        lost=("420 of shop for news.example.com, declared, not aligned",),
    ),
    "a sub-domain that sends no more, and of which all failed": History(
        history(both(days(1, 12), shop=990, news_unsigned=10), both(days(13, 30), shop=990)),
        {
            Part.VOLUME: "+ 41580 messages of declared senders, 100 needed",
            Part.EACH: "- lowest of the declared senders: shop for news.example.com has 0 percent, 95 needed; "
            "shop for news.example.com is silent since 2026-11-12",
        },
        None,
    ),
    "one stray message of a sub-domain": History(
        history(both(MONTH, shop=99), reports(days(28), GOOGLE, {"news_unsigned": 1})),
        {
            Part.VOLUME: "+ 4358 messages of declared senders, 100 needed",
            Part.ALIGNED: "+ 99.9 percent aligned, 98 needed",
            Part.EACH: "+ lowest of the declared senders: shop has 99.9 percent, 95 needed",
        },
        TODAY,
        lost=("1 of shop for news.example.com, declared, not aligned",),
    ),
    "a sender that falls silent": History(
        history(both(days(1, 12), office=20, shop=3), both(days(13, 30), office=20)),
        {
            Part.VOLUME: "+ 840 messages of declared senders, 100 needed",
            Part.EACH: "+ lowest of the declared senders: office has 100 percent, 95 needed; "
            "shop is silent since 2026-11-12",
        },
        TODAY,
    ),
}


@pytest.mark.parametrize("name", HISTORIES)
def test_each_history_has_its_verdict(repo: RepoFolder, name: str) -> None:
    at = HISTORIES[name]
    found = judged(repo, at.evidence, since=at.since)
    told = {**USUAL, **at.parts}
    assert shown(found) == [told[part] for part in PARTS]
    assert found.met is (at.not_before == TODAY)
    assert found.not_before == at.not_before
    assert lost(found) == at.lost
    assert found.left_out == at.left_out
