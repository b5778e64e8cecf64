"""What is a spoof, and what stays unknown: only all reports together tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from mailauth_dns.evidence.evidence import MailReport, Row
from mailauth_dns.evidence.sources.attribution import attributed
from mailauth_dns.evidence.sources.declared_sources import Declared, declared_of
from mailauth_dns.evidence.sources.source_kind import SourceKind
from mailauth_dns.policy.load import load_repo
from tests.conftest import RepoFolder
from tests.evidence.reported import DAY, FIRST, evidence, report, row

UNKNOWN, SPOOF = SourceKind.UNKNOWN, SourceKind.SPOOF


@pytest.fixture
def declared(repo: RepoFolder) -> Declared:
    repo.policy("domain: example.com\nspf: {terms: ['ip4:192.0.2.10'], all: fail}\n")
    loaded = load_repo(repo.root)
    return declared_of(loaded, loaded.policies[0])


def stranger(source: str | None = "203.0.113.9", count: int = 10, *, sources: int = 1) -> Row:
    return row(source, count, by="", path=["example.com fail"], sources=sources)


def crowd(number: int, count: int) -> list[Row]:
    return [stranger(f"198.51.{each}.7", count) for each in range(number)]


ONE, TWO = "one.example", "two.example"
LATER = report(day=9)  # nothing of these sources goes on until then
CASES: list[tuple[str, Sequence[MailReport], SourceKind, str]] = [
    ("one reporter", [report(stranger()), LATER], UNKNOWN, "nothing tells whose it is"),
    (
        "two reporters",
        [report(stranger(), reporter=ONE), report(stranger(), reporter=TWO), LATER],
        UNKNOWN,
        "nothing tells whose it is",
    ),
    (
        "invoices that leave on one day of a month",
        [report(stranger(count=900), day=3, reporter=who) for who in (ONE, TWO)] + [LATER],
        UNKNOWN,
        "nothing tells whose it is",
    ),
    (
        "two reporters, day after day",
        [report(stranger(), day=day, reporter=who) for day in range(4) for who in (ONE, TWO)],
        UNKNOWN,
        "seen on 4 days: it may be a server of yours",
    ),
    (
        "two reporters, and the servers of a network take turns",
        [
            report(stranger(f"203.0.113.{9 + day}"), day=day, reporter=who)
            for day in range(4)
            for who in (ONE, TWO)
        ],
        UNKNOWN,
        "seen on 4 days: it may be a server of yours",
    ),
    (
        "two reporters, one of which reports by the week",
        [
            replace(week := report(stranger()), window=replace(week.window, end=FIRST + 7 * DAY)),
            report(stranger(), reporter=TWO),
            LATER,
        ],
        UNKNOWN,
        "seen on 7 days: it may be a server of yours",
    ),
    (
        "two reporters, and it goes on",
        [report(stranger(), day=day, reporter=who) for day in range(2) for who in (ONE, TWO)],
        UNKNOWN,
        "nothing tells whose it is",
    ),
    (
        "two reporters, and one saw it with somebody's name",
        [
            report(stranger(), reporter=ONE),
            report(row(by="", path=["unheard.example pass"]), reporter=TWO),
            LATER,
        ],
        UNKNOWN,
        "nothing tells whose it is",
    ),
    (
        "two reporters, and one does not say what aligned",
        [report(stranger(), reporter=ONE), report(row(by=None), reporter=TWO), LATER],
        UNKNOWN,
        "nothing tells whose it is",
    ),
    (
        "a wave",
        [report(stranger(), *crowd(9, 10))],
        SPOOF,
        "part of a wave of 100 messages from 10 networks",
    ),
    ("too few for a wave", [report(stranger(), *crowd(8, 10))], UNKNOWN, "nothing tells"),
    (
        "one that sends most of it is no part of a wave",
        [report(stranger(count=500), *crowd(9, 50))],
        UNKNOWN,
        "nothing tells",
    ),
    (
        "many from one network are no wave",
        [
            report(*(stranger(f"203.0.113.{each}", 20) for each in range(9))),
        ],
        UNKNOWN,
        "nothing tells",
    ),
    (
        "a crowd",
        [report(stranger(count=1)), *(report(each, day=3) for each in crowd(5, 1))],
        SPOOF,
        "one of 6 networks that sent a few messages",
    ),
    (
        "too few for a crowd",
        [report(stranger(count=1)), *(report(each, day=3) for each in crowd(4, 1))],
        UNKNOWN,
        "nothing tells",
    ),
    (
        "one that sends more is no part of a crowd",
        [report(stranger(count=6)), *(report(each, day=3) for each in crowd(9, 1))],
        UNKNOWN,
        "nothing tells",
    ),
    (
        "sources that a report only counts",
        [report(stranger(None, 40, sources=20))],
        SPOOF,
        "one of 20 networks",
    ),
    ("a few of them", [report(stranger(None, 4, sources=4))], UNKNOWN, "nothing tells"),
    ("one source that is not said", [report(stranger(None, 400))], UNKNOWN, "nothing tells"),
]


@pytest.mark.parametrize(
    ("title", "reports", "kind", "words"), CASES, ids=[case[0] for case in CASES]
)
def test_the_first_row_is(
    declared: Declared, title: str, reports: Sequence[MailReport], kind: SourceKind, words: str
) -> None:
    by = attributed(evidence(*reports), declared)[0].by
    assert by.kind is kind, (title, by)
    assert words in by.why
    assert by.sender is None
