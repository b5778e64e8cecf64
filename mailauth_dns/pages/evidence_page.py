"""The page of `reports show`: mail in time, whose it is, and who says so."""

from __future__ import annotations

from mailauth_dns.evidence.sources.overview import Overview
from mailauth_dns.evidence.sources.source_kind import SourceKind
from mailauth_dns.pages.drawing import NARROW, WIDE
from mailauth_dns.pages.evidence_picture import FILLS, evidence_timeline
from mailauth_dns.pages.page import page
from mailauth_dns.render import reports_show

_TONES = {
    SourceKind.ALIGNED: "good",
    SourceKind.NOT_ALIGNED: "bad",
    SourceKind.FORWARDER: "plain",
    SourceKind.MAILING_LIST: "plain",
    SourceKind.UNKNOWN: "open",
    SourceKind.SPOOF: "care",
}


def evidence_page(overview: Overview, most: int) -> str:
    """Return the page of a domain's evidence, which has reports."""
    wrong, unknown = (
        overview.messages(kind) for kind in (SourceKind.NOT_ALIGNED, SourceKind.UNKNOWN)
    )
    return page(
        "evidence.html",
        overview=overview,
        kinds=tuple(reports_show.shown(overview, most)),
        most=most,
        tones=_TONES,
        fills=FILLS,
        tiles=[(kind, overview.messages(kind)) for kind in SourceKind if overview.messages(kind)],
        wrong=wrong,
        unknown=unknown,
        tone="bad" if wrong else "open" if unknown else "good",
        policy=reports_show.policy_of(overview),
        percent=reports_show.percent,
        span=reports_show.span,
        where=reports_show.where,
        mends=reports_show.mends,
        reason=reports_show.reason,
        narrow=evidence_timeline(overview, NARROW),
        wide=evidence_timeline(overview, WIDE),
    )
