"""What is told of a domain's evidence, what is not, and that it is told once."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import date, timedelta

import pytest

from mailauth_dns.evidence.watch.mark import Told
from mailauth_dns.evidence.watch.watch import Observed, since, watched
from tests.evidence.tls_reports import TODAY, day
from tests.evidence.watched_mail import (
    Brings,
    Mail,
    broken,
    observed,
    ours,
    signed,
    spoofed,
    unknown,
)

DAYS = range(1, 61)


def told(found: Observed, before: Told | None = None, today: date = TODAY) -> list[str]:
    return [f"{each.kind}: {each.subject}" for each in watched(found, before, today).new]


def workday(back: int) -> bool:
    return day(back).weekday() < 5


def usual(back: int, _reporter: str) -> Iterable[Mail]:
    yield ours(100)
    if day(back).weekday() == 1:
        yield ours(5000, "news")


QUIET: list[tuple[str, Brings, Iterable[int]]] = [
    ("every day the same", usual, DAYS),
    ("a single message a day", lambda _back, _to: [ours(1)], DAYS),
    ("no mail at weekends", lambda back, _to: [ours(100 * workday(back))], DAYS),
    (
        "a long weekend in which nobody works",
        lambda back, _to: [ours(100 * (workday(back) and back not in range(4, 9)))],
        DAYS,
    ),
    (
        "a newsletter once a week, today left out",
        lambda back, _to: [ours(100), ours(5000 * (back % 7 == 0 and back > 7), "news")],
        DAYS,
    ),
    (
        "a newsletter once a month",
        lambda back, _to: [ours(100), ours(9000 * (back % 30 == 1), "news")],
        DAYS,
    ),
    ("the first week of evidence", lambda _back, _to: [unknown(5000), broken(500)], range(1, 8)),
    ("the first twenty days", lambda back, _to: [ours(9), unknown(50 * (back < 3))], range(1, 20)),
    ("a new source with a few messages", lambda b, to: [*usual(b, to), unknown(4 * (b < 3))], DAYS),
    (
        "a new source on one day, with fewer than two hundred",
        lambda b, to: [*usual(b, to), unknown(90 * (b == 3))],
        DAYS,
    ),
    (
        "a new source in a domain of millions",
        lambda b, _to: [ours(100_000), unknown(20 * (b < 4))],
        DAYS,
    ),
    ("an unknown source that was there", lambda b, to: [*usual(b, to), unknown(40)], DAYS),
    (
        "an unknown source that changes its address",
        lambda b, _to: [ours(99), signed(40, "vendor.example", f"198.51.{b}.7")],
        DAYS,
    ),
    ("small sources in one row", lambda b, _to: [ours(99), unknown(90 * (b < 5), None)], DAYS),
    (
        "a declared sender that is new",
        lambda b, to: [*usual(b, to), ours(9000 * (b < 3), "news2")],
        DAYS,
    ),
    ("nine messages that do not align", lambda b, _to: [ours(9), broken(2 * (b < 3))], DAYS),
    ("a sender that never aligned", lambda _b, _to: [ours(5), broken(95)], DAYS),
    ("a sender with one in fifty that does not align", lambda _b, _to: [ours(98), broken(2)], DAYS),
    ("spoofs, as ever", lambda b, to: [*usual(b, to), spoofed(300)], DAYS),
    ("four times as much as ever", lambda b, _to: [ours(100 + 300 * (b == 1))], DAYS),
    ("more than five times, of next to nothing", lambda b, _to: [ours(5 + 90 * (b == 1))], DAYS),
    (
        "a reporter that is new, with sources of its own",
        lambda b, to: usual(b, to) if to == "google.com" else [unknown(500 * (b < 4))],
        DAYS,
    ),
    (
        "a reporter that is three days late",
        lambda b, to: usual(b, to) if to == "google.com" or b > 4 else [],
        DAYS,
    ),
    (
        "a small reporter that sends now and then",
        lambda b, to: usual(b, to) if to == "google.com" else [ours(b in (20, 22, 23, 30, 41, 44))],
        DAYS,
    ),
    ("reports of four days missing", usual, range(5, 60)),
]


@pytest.mark.parametrize(("brings", "days"), [row[1:] for row in QUIET], ids=[r[0] for r in QUIET])
def test_says_nothing(brings: Brings, days: Iterable[int]) -> None:
    assert told(observed(brings, days)) == []


NEWS: list[tuple[str, Brings, Iterable[int], list[str]]] = [
    (
        "a new source on two days",
        lambda b, to: [*usual(b, to), unknown(5 * (b < 3))],
        DAYS,
        ["new-source: 198.51.100.0/24"],
    ),
    (
        "a new source on one day",
        lambda b, to: [*usual(b, to), unknown(100 * (b == 3))],
        DAYS,
        ["new-source: 198.51.100.0/24"],
    ),
    (
        "a new source of IPv6",
        lambda b, to: [*usual(b, to), unknown(5 * (b < 3), "2001:db8:1:2::7")],
        DAYS,
        ["new-source: 2001:db8:1::/48"],
    ),
    (
        "a new source with a name",
        lambda b, to: [*usual(b, to), unknown(5 * (b < 3), sender="zendesk")],
        DAYS,
        ["new-source: zendesk"],
    ),
    (
        "a new source that signs, from many addresses",
        lambda b, to: [*usual(b, to), signed(5 * (b < 3), "vendor.example", f"198.51.{b}.7")],
        DAYS,
        ["new-source: vendor.example"],
    ),
    (
        "a sender that stops aligning",
        lambda b, _to: [(broken if b == 1 else ours)(100), ours(9, "news")],
        DAYS,
        ["not-aligned: server"],
    ),
    (
        "a small sender that stops aligning",
        lambda b, _to: [(broken if b < 4 else ours)(2)],
        DAYS,
        ["not-aligned: server"],
    ),
    (
        "a sender that falls silent",
        lambda b, _to: [ours(100), ours(20 * (b > 5), "news")],
        DAYS,
        ["silent: news"],
    ),
    (
        "a sender that writes once a week, and misses two",
        lambda b, _to: [ours(100), ours(900 * (b % 7 == 2 and b > 15), "news")],
        DAYS,
        ["silent: news"],
    ),
    (
        "a sender that writes on workdays, and misses a week",
        lambda b, _to: [ours(100), ours(20 * (workday(b) and b > 9), "news")],
        DAYS,
        ["silent: news"],
    ),
    (
        "a reporter that stops",
        lambda b, to: usual(b, to) if to == "google.com" or b > 5 else [],
        DAYS,
        ["reporter-stopped: yahoo.com"],
    ),
    ("no report for five days", usual, range(7, 60), ["no-reports: reports"]),
    (
        "a wave of spoofs",
        lambda b, to: [*usual(b, to), spoofed(3 + 900 * (b == 1))],
        DAYS,
        ["spike: spoofed mail"],
    ),
    (
        "a first wave of spoofs",
        lambda b, to: [*usual(b, to), spoofed(900 * (b in (1, 2)))],
        DAYS,
        ["spike: spoofed mail"],
    ),
    (
        "a sender that sends six times as much as ever",
        lambda b, _to: [ours(600 if b == 2 else 100)],
        DAYS,
        ["spike: server"],
    ),
    (
        "a known unknown source that sends far more",
        lambda b, to: [*usual(b, to), unknown(10 + 900 * (b == 2))],
        DAYS,
        ["spike: 198.51.100.0/24"],
    ),
]


@pytest.mark.parametrize(
    ("brings", "days", "expected"), [row[1:] for row in NEWS], ids=[r[0] for r in NEWS]
)
def test_tells_once(brings: Brings, days: Iterable[int], expected: list[str]) -> None:
    found = observed(brings, days)
    first = watched(found, None, TODAY)
    assert [f"{each.kind}: {each.subject}" for each in first.new] == expected
    assert told(found, first.told) == []
    assert watched(found, first.told, TODAY).told == first.told


@pytest.mark.parametrize(
    ("brings", "days", "expected"), [row[1:] for row in NEWS], ids=[r[0] for r in NEWS]
)
def test_a_run_each_day_tells_the_same(
    brings: Brings, days: Iterable[int], expected: list[str]
) -> None:
    """Whether it runs each day, or after a month: what it has told in the end is the same."""
    before: Told | None = watched(observed(brings, [b for b in days if b > 30]), None, day(30)).told
    start = before
    found: list[str] = []
    for back in range(29, -1, -1):
        part = observed(brings, [b for b in days if b > back], today=day(back))
        result = watched(part, before, day(back))
        found += [f"{each.kind}: {each.subject}" for each in result.new]
        before = result.told
    assert found == expected
    assert told(observed(brings, days), start) == expected


@pytest.mark.parametrize(
    ("brings", "days", "expected"), [row[1:] for row in NEWS], ids=[r[0] for r in NEWS]
)
def test_since_a_day(brings: Brings, days: Iterable[int], expected: list[str]) -> None:
    found = observed(brings, days)
    for back, says in ((14, expected), (-1, [])):
        new = since(found, day(back), max(TODAY, day(back)))
        assert [f"{each.kind}: {each.subject}" for each in new] == says


def test_what_lasts_is_told_once_and_again_after_two_quiet_weeks() -> None:
    def brings(back: int, _to: str) -> Iterable[Mail]:
        yield ours(100)
        yield spoofed(1000 * (back in (90, 86, 20)))

    new = since(observed(brings, range(1, 120)), day(95), TODAY)
    assert [(each.subject, each.day) for each in new] == [
        ("spoofed mail", day(90)),
        ("spoofed mail", day(20)),
    ]

    def again(back: int, _to: str) -> Iterable[Mail]:
        yield ours(100)
        yield unknown(20 * (back < 9 or 50 < back < 54))

    new = since(observed(again, range(1, 80)), day(60), TODAY)
    assert [(each.kind, each.day) for each in new] == [
        ("new-source", day(52)),
        ("new-source", day(7)),
    ]


def test_a_late_report_is_told_of() -> None:
    def brings(back: int, to: str) -> Iterable[Mail]:
        yield from usual(back, to)
        yield unknown(50 * (back in (4, 5) and to == "yahoo.com"))

    early = observed(brings, reporters=("google.com",))
    first = watched(early, None, TODAY)
    assert not first.new
    late = observed(lambda b, to: brings(b, to) if to == "google.com" or b > 3 else [])
    assert told(late, first.told) == ["new-source: 198.51.100.0/24"]


def test_a_report_of_a_day_that_has_not_come_changes_nothing() -> None:
    found = observed(usual, [*DAYS, -400])
    assert found.last == day(1)
    assert told(found) == []


def test_numbers_are_in_the_words() -> None:
    found = observed(lambda b, to: [*usual(b, to), unknown(5 * (b < 3))])
    [change] = watched(found, None, TODAY).new
    assert (change.now, change.before, change.bound, change.day) == (20, 0, 20, day(1))
    assert change.words == (
        "198.51.100.0/24 is a new unknown source: 20 messages in 7 days, none in the 35 days before"
    )


def poisson(rate: float, source: random.Random) -> int:
    """Return how often something happens that happens `rate` times on average."""
    if rate > 30:
        return max(0, round(source.gauss(rate, rate**0.5)))
    number, left = 0, source.expovariate(1)
    while left < rate:
        number, left = number + 1, left + source.expovariate(1)
    return number


@pytest.mark.parametrize("rate", [0.1, 0.3, 1, 3, 10, 100, 3000])
def test_noise_says_nothing(rate: float) -> None:
    """Twenty domains for forty-five days each, with chance, weekends and strangers."""
    for seed in range(20):
        chance = random.Random(seed)

        def brings(back: int, _to: str, chance: random.Random = chance) -> Iterable[Mail]:
            yield ours(poisson(rate * (1 if workday(back) else 0.2), chance))
            yield broken(poisson(rate / 100, chance))
            yield ours(poisson(rate * 10, chance) * (back % 7 == 3), "news")
            yield spoofed(poisson(rate / 2, chance))
            for _ in range(3):
                address = f"198.51.{chance.randrange(60)}.7"
                yield unknown(poisson(min(rate, 0.5), chance), address)

        found = observed(brings, range(1, 81))
        assert since(found, day(45), TODAY + timedelta(days=1)) == (), seed
