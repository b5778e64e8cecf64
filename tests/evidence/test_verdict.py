"""Clocks, gaps, rounding, false reports, and which mail a step touches: each alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailauth_dns.evidence.evidence import Evidence, MailReport
from mailauth_dns.evidence.gate.gate import Part, Verdict
from mailauth_dns.records.dmarc import Policy
from tests.conftest import RepoFolder
from tests.evidence.histories import FIRST, POLICY, days, history, reports
from tests.evidence.judged import GOOGLE, OTHER, TODAY, YAHOO, both, judge, judged

MONTH = days(1, 30)
WORKDAYS = [day for day in MONTH if date(2026, 11, day).weekday() < 5]
SINCE_MID = days(17, 30)
SOUND = {"office": 20, "shop": 5}


def blocks(found: Verdict) -> dict[Part, str]:
    return {each.part: each.words for each in found.blocks}


Judge = Callable[[Evidence], Verdict]


@pytest.fixture
def declared(repo: RepoFolder) -> Judge:
    """Judge evidence by one policy that is read once."""
    return judge(repo)


# Reports, and the days that they come to where those are all that blocks; 14 or more are enough.
WINDOWS: Mapping[str, tuple[Iterable[MailReport], int]] = {
    "whole days": (both(SINCE_MID, **SOUND), 14),
    "a day less": (both(days(18, 30), **SOUND), 13),
    "days that end in the afternoon": (
        (*reports(SINCE_MID, GOOGLE, SOUND, at=16), *reports(SINCE_MID, YAHOO, SOUND, at=16)),
        14,
    ),
    "hours": (
        (*reports(SINCE_MID, GOOGLE, SOUND, hours=1), *reports(SINCE_MID, YAHOO, SOUND)),
        14,
    ),
    "weeks": (
        (
            *reports([17, 24], GOOGLE, {"office": 200}, hours=7 * 24),
            *reports([17, 24], YAHOO, {"office": 200}, hours=7 * 24),
        ),
        14,
    ),
    "one week, however much mail": (both(days(24, 30), office=5000), 7),
    "workdays": ((*reports(WORKDAYS, GOOGLE, SOUND), *reports(WORKDAYS, YAHOO, SOUND)), 29),
    "a hole of three days": ((*both(days(1, 20), **SOUND), *both(days(24, 30), **SOUND)), 30),
    "a hole of four days": ((*both(days(1, 20), **SOUND), *both(days(25, 30), **SOUND)), 6),
    "a hole that one report alone fills": (
        (
            *both(days(1, 18), **SOUND),
            *reports([21], OTHER, {"office": 1}),
            *both(days(24, 30), **SOUND),
        ),
        7,
    ),
}


@pytest.mark.parametrize("name", WINDOWS)
def test_days_are_counted_from_the_last_gap_on(repo: RepoFolder, name: str) -> None:
    made, number = WINDOWS[name]
    found = judged(repo, history(made))
    assert found.parts[0].words == f"{number} days of reports without a gap, 14 needed"
    assert set(blocks(found)) == (set() if number >= 14 else {Part.DAYS})


# On which day it is judged, and what blocks then.
CLOCKS: Mapping[str, tuple[date, set[Part]]] = {
    "the day after": (TODAY, set()),
    "three days after the last report": (date(2026, 12, 3), set()),
    "four days after": (date(2026, 12, 4), {Part.NEWEST}),
    "a clock that leaps ahead": (date(2036, 2, 29), {Part.NEWEST}),
}


@pytest.mark.parametrize("name", CLOCKS)
def test_old_reports_say_nothing_of_today(repo: RepoFolder, name: str) -> None:
    today, expected = CLOCKS[name]
    found = judged(repo, history(both(MONTH, **SOUND)), today=today)
    assert set(blocks(found)) == expected
    assert found.not_before == (today if not expected else None)


def test_reports_of_days_to_come_do_not_count(repo: RepoFolder) -> None:
    """A clock that is behind, here or at a reporter, makes no evidence."""
    found = judged(repo, history(both(MONTH, **SOUND)), today=date(2026, 11, 10))
    assert found.left_out == ("40 reports of a time to come",)
    assert found.last == date(2026, 11, 10)
    assert set(blocks(found)) == {Part.DAYS}


def test_where_nobody_knows_how_dns_was_no_report_counts(repo: RepoFolder) -> None:
    found = judged(repo, history(both(MONTH, **SOUND)), since=None)
    assert not found.met
    assert found.left_out == ("60 reports while nobody knows how DNS was",)
    assert found.not_before is None


def test_a_report_of_a_month_or_of_no_time_does_not_count(repo: RepoFolder) -> None:
    made = history(
        reports([1], GOOGLE, {"office": 5000}, hours=29 * 24),
        reports([1], YAHOO, {"office": 5000}, hours=9 * 24),
    )
    found = judged(repo, made)
    assert found.left_out == ("2 reports of no time, or of more than eight days",)
    assert found.messages == 0


# Messages of a day, aligned and not, and the percent that is shown: what is short of 98 blocks.
SHARES = [
    ({"office": 98, "shop_unsigned": 2}, "98", True),
    ({"office": 4898, "shop": 0, "shop_unsigned": 102}, "97.9", False),  # 97.96
    ({"office": 9799, "shop_unsigned": 201}, "97.9", False),
    ({"office": 9801, "shop_unsigned": 199}, "98", True),
]


@pytest.mark.parametrize(("mail", "percent", "met"), SHARES)
def test_a_share_is_not_rounded_up(
    repo: RepoFolder, mail: dict[str, int], percent: str, met: bool
) -> None:
    found = judged(repo, history(both(MONTH, **mail)))
    assert found.parts[2].words.startswith(f"{percent} percent aligned, 98 needed")
    assert found.parts[2].met is met


@pytest.mark.parametrize(
    ("mail", "percent", "met"),
    [
        ({"office": 99, "forgotten": 1}, "1", True),
        ({"office": 9896, "forgotten": 104}, "1.1", False),  # 1.04
    ],
)
def test_the_share_of_unknown_sources_is_not_rounded_down(
    repo: RepoFolder, mail: dict[str, int], percent: str, met: bool
) -> None:
    found = judged(repo, history(both(MONTH, **mail)))
    assert found.parts[6].words.startswith(f"{percent} percent from unknown sources, at most 1")
    assert found.parts[6].met is met


# False reports, and what blocks with them: what blocked before, or more.
FALSE: Mapping[str, tuple[tuple[Iterable[MailReport], ...], set[Part]]] = {
    "volume of its own": (
        (both(MONTH, office=1), reports([29], OTHER, {"office": 10**6})),
        {Part.VOLUME},
    ),
    "a second reporter": (
        (reports(MONTH, GOOGLE, {"office": 40}), reports([29], OTHER, {"office": 10**6})),
        {Part.REPORTERS},
    ),
    "a new one where reports have stopped": (
        (both(days(1, 26), **SOUND), reports([30], OTHER, {"office": 10**6})),
        {Part.NEWEST},
    ),
    "a sender that passes": (
        (
            both(MONTH, office=200, shop_unsigned=1),
            reports([29], OTHER, {"office": 10**6, "shop": 10**6}),
        ),
        {Part.EACH},
    ),
    "no unknown source": (
        (both(MONTH, office=20, forgotten=1), reports([29], OTHER, {"office": 10**6})),
        {Part.UNKNOWN},
    ),
    "another policy": (
        (both(MONTH, office=1), reports(MONTH, OTHER, {"office": 10**6}, p=Policy.REJECT)),
        {Part.VOLUME},
    ),
    "nothing passes": (
        (both(MONTH, **SOUND), reports([29], OTHER, {"shop_unsigned": 10**6})),
        {Part.ALIGNED, Part.EACH},
    ),
    "one of many says that less passes": (
        (both(MONTH, office=500), reports([28, 29], OTHER, {"office": 55, "shop_unsigned": 5})),
        {Part.ALIGNED, Part.EACH},
    ),
}


@pytest.mark.parametrize("name", FALSE)
def test_a_false_report_may_block_and_never_advances(repo: RepoFolder, name: str) -> None:
    made, expected = FALSE[name]
    assert set(blocks(judged(repo, history(*made)))) == expected


# What blocks, each on its own, whatever one more report says.
DEFECTS: Mapping[str, tuple[MailReport, ...]] = {
    "volume": tuple(both(days(1, 30), office=1)),
    "reporters": tuple(reports(MONTH, GOOGLE, SOUND)),
    "newest": tuple(both(days(1, 26), **SOUND)),
    "days": (*both(days(1, 18), **SOUND), *both(days(24, 30), **SOUND)),
    "aligned": tuple(both(MONTH, office=96, shop=0, shop_unsigned=3)),
    "aligned, but not of late": (
        *both(days(1, 17), office=20, shop_unsigned=20),
        *both(days(18, 30), office=20),
    ),
    "each": tuple(both(MONTH, office=500, shop=9, shop_unsigned=1)),
    "unknown": tuple(both(MONTH, office=49, forgotten=1)),
    "no mail": (),
}


@pytest.mark.parametrize("name", DEFECTS)
@given(
    reporter=st.sampled_from([GOOGLE, YAHOO, OTHER]),
    day=st.integers(1, 30),
    at=st.integers(0, 23),
    hours=st.integers(24, 192),
    mail=st.fixed_dictionaries(
        {name: st.integers(0, 10**6) for name in ("office", "shop", "forwarded", "listed")}
    ),
)
@settings(max_examples=60)
def test_no_single_report_advances_what_blocks(
    declared: Judge, name: str, reporter: str, day: int, at: int, hours: int, mail: dict[str, int]
) -> None:
    hours = min(hours, (31 - day) * 24)
    false = reports([day], reporter, mail, hours=hours, at=at if hours < 192 else 0)
    own = (replace(each, window=replace(each.window, id="f" * 12)) for each in false)
    assert not declared(history(DEFECTS[name], own)).met


# What blocks by the reports of others, whatever one reporter says, and however often.
BY_OTHERS: Mapping[str, tuple[MailReport, ...]] = {
    "aligned": tuple(both(MONTH, office=96, shop_unsigned=3)),
    "aligned, of one reporter": tuple(reports(MONTH, GOOGLE, {"office": 96, "shop_unsigned": 3})),
    "each": tuple(both(MONTH, office=500, shop=9, shop_unsigned=1)),
    "each, of little mail": tuple(both(days(20, 30), office=100, shop=1, shop_unsigned=1)),
    "unknown": tuple(both(MONTH, office=49, forgotten=1)),
    "volume": (*both(days(5), office=2), *both(days(20), office=2)),
    "reporters": (),
}


@pytest.mark.parametrize("name", BY_OTHERS)
@pytest.mark.parametrize("number", [2, 20, 10**6])
def test_one_reporter_permits_nothing_that_others_block(
    declared: Judge, name: str, number: int
) -> None:
    false = reports(MONTH, OTHER, {"office": number, "shop": number})
    assert not declared(history(BY_OTHERS[name], false)).met


def test_what_one_reporter_permits_is_told(repo: RepoFolder) -> None:
    false = reports(MONTH, OTHER, {"office": 10**6, "shop": 10**6})
    found = blocks(judged(repo, history(BY_OTHERS["each"], false)))
    assert found == {
        Part.EACH: "lowest of the declared senders: shop has 90 percent, 95 needed: without forger.example"
    }


def test_a_few_failures_that_others_see_do_not_block(repo: RepoFolder) -> None:
    made = (
        reports(MONTH, GOOGLE, {"office": 200, "shop": 100}),
        reports(days(1, 29), YAHOO, {"office": 20, "shop": 5}),
        reports([30], YAHOO, {"office": 20, "shop_unsigned": 2, "forgotten": 2}),
    )
    assert judged(repo, history(*made)).met


# What a second reporter saw, and what is said of reporters.
SAW: Mapping[str, tuple[dict[str, int], str]] = {
    "nothing": ({}, "1 reporter, 2 needed: 1 saw no mail that may be yours"),
    "spoofs": ({"spoofed": 900}, "1 reporter, 2 needed: 1 saw no mail that may be yours"),
    "mail of ours": ({"office": 100}, ""),
}


@pytest.mark.parametrize("name", SAW)
def test_a_reporter_that_saw_no_mail_of_ours_is_none(repo: RepoFolder, name: str) -> None:
    mail, words = SAW[name]
    found = judged(repo, history(reports(MONTH, GOOGLE, SOUND), reports([28, 29], YAHOO, mail)))
    assert blocks(found).get(Part.REPORTERS, "") == words


def test_a_gate_of_one_reporter_takes_its_word(repo: RepoFolder) -> None:
    policy = POLICY.replace("p: none", "p: none, gate: {reporters: 1}")
    made = (reports(MONTH, GOOGLE, SOUND), reports([28, 29], YAHOO, {"office": 1}))
    assert judged(repo, history(*made), policy).met


def test_one_message_does_not_decide_over_a_sender(repo: RepoFolder) -> None:
    made = history(both(MONTH, office=20, shop=20), reports([29], OTHER, {"shop_unsigned": 1}))
    assert judged(repo, made).met


def test_little_mail_takes_more_days(repo: RepoFolder) -> None:
    """The window grows until it has the volume."""
    found = judged(repo, history(both(days(11, 30), office=1)))
    assert blocks(found) == {
        Part.VOLUME: "60 messages of declared senders, 100 needed",
    }
    assert (found.first, found.last) == (date(2026, 11, 11), date(2026, 11, 30))
    assert found.not_before == date(2026, 12, 15)


# The tags of the policy, what the domain and a name below it send, and what blocks.
TOUCHED: Mapping[str, tuple[str, dict[str, int], set[Part]]] = {
    "p covers names below it": (
        "p: none",
        {"office": 20, "news_unsigned": 5},
        {Part.ALIGNED, Part.EACH},
    ),
    "sp of its own covers them": ("p: none, sp: none", {"office": 20, "news_unsigned": 5}, set()),
    "p needs mail of the domain": ("p: none, sp: none", {"news": 20}, {Part.VOLUME, Part.ALIGNED}),
    "np, where nothing comes from below": ("p: reject, sp: none", {"office": 20}, set()),
    "np, where that does not pass": (
        "p: reject, sp: none",
        {"office": 20, "news_unsigned": 5},
        {Part.ALIGNED, Part.EACH},
    ),
    "sp does not ask for the domain's own": (
        "p: reject, np: reject, sp: none",
        {"shop_unsigned": 20, "news": 5},
        set(),
    ),
    "sp, where names below are spoofed a little": (
        "p: reject, np: reject, sp: none",
        {"office": 50, "news_forgotten": 1},
        {Part.UNKNOWN},
    ),
}


@pytest.mark.parametrize("name", TOUCHED)
def test_a_step_asks_for_the_mail_that_it_touches(repo: RepoFolder, name: str) -> None:
    tags, mail, expected = TOUCHED[name]
    policy = POLICY.replace("p: none", tags)
    p = Policy.REJECT if "reject" in tags else Policy.NONE
    made = (reports(MONTH, each, mail, p=p) for each in (GOOGLE, YAHOO))
    assert set(blocks(judged(repo, history(*made), policy))) == expected


def test_reports_of_the_policy_before_do_not_count_for_the_next_step(repo: RepoFolder) -> None:
    made = history(
        both(days(1, 20), **SOUND),
        reports(days(21, 30), GOOGLE, SOUND, p=Policy.QUARANTINE),
        reports(days(21, 30), YAHOO, SOUND, p=Policy.QUARANTINE),
    )
    found = judged(repo, made, POLICY.replace("p: none", "p: quarantine"))
    assert found.left_out == ("40 reports of another policy than the one in force",)
    assert blocks(found) == {Part.DAYS: "10 days of reports without a gap, 14 needed"}
    assert found.not_before == date(2026, 12, 5)


Going = Callable[[Iterable[int]], Iterable[MailReport]]


def of_both(**mail: int) -> Going:
    return lambda when: (*reports(when, GOOGLE, mail), *reports(when, YAHOO, mail))


def on_workdays(when: Iterable[int]) -> Iterable[MailReport]:
    there = [day for day in when if (FIRST + timedelta(days=day - 1)).weekday() < 5]
    return of_both(office=1)(there)


def failing_on_saturdays(when: Iterable[int]) -> Iterable[MailReport]:
    there = [day for day in when if (FIRST + timedelta(days=day - 1)).weekday() == 5]
    return (*of_both(office=20)(when), *of_both(shop_unsigned=5)(there))


# What came in, how mail goes on, and in how many days from TODAY the step may come.
COMING: Mapping[str, tuple[Iterable[MailReport], Going, int | None]] = {
    "some days": (of_both(**SOUND)(days(20, 30)), of_both(**SOUND), 3),
    "a gap": (
        (*of_both(**SOUND)(days(1, 10)), *of_both(**SOUND)(days(21, 30))),
        of_both(**SOUND),
        4,
    ),
    "a sender that was mended": (
        (*of_both(office=20, shop_unsigned=5)(days(1, 25)), *of_both(**SOUND)(days(26, 30))),
        of_both(**SOUND),
        9,
    ),
    "a source that nobody knows, and that has gone": (
        (*of_both(office=20, forgotten=1)(days(1, 21)), *of_both(office=20)(days(22, 30))),
        of_both(office=20),
        3,
    ),
    "a sender that fails once a week": (
        failing_on_saturdays(MONTH),
        failing_on_saturdays,
        None,
    ),
    "little mail, on workdays": (on_workdays(MONTH), on_workdays, 42),
}


@pytest.mark.parametrize("name", COMING)
def test_the_step_may_come_on_the_first_day_that_is_met_if_mail_goes_on(
    repo: RepoFolder, name: str
) -> None:
    made, goes_on, number = COMING[name]
    made = tuple(made)
    assert judged(repo, history(made)).not_before == (
        None if number is None else TODAY + timedelta(days=number)
    )
    for later in range((40 if number is None else number) + 1):
        then = history(made, goes_on(days(31, 30 + later)))
        met = judged(repo, then, today=TODAY + timedelta(days=later)).met
        assert met is (later == number), later
