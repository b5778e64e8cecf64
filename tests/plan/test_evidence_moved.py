"""What of newer evidence makes a reviewed plan stale, though the gate says the same of it."""

from __future__ import annotations

import pytest

from mailauth_dns.evidence.gate.gate import Loss
from mailauth_dns.evidence.sources.source_kind import SourceKind
from mailauth_dns.plan.evidence_entry import About, EvidenceEntry
from mailauth_dns.plan.evidence_moved import worse

UNKNOWN, SPOOF = SourceKind.UNKNOWN.value, SourceKind.SPOOF.value
OURS, FORWARDER = SourceKind.NOT_ALIGNED.value, SourceKind.FORWARDER.value
Lost = dict[str, tuple[str, int]]


def entry(messages: int, lost: Lost, about: About = "tightens", *, more: int = 0) -> EvidenceEntry:
    return EvidenceEntry(
        about,
        "not met",
        "would have been quarantined",
        messages=messages,
        lost=tuple(Loss(source, kind, count) for source, (kind, count) in lost.items()),
        more_sources=more,
        more_messages=more,
    )


CASES: dict[str, tuple[tuple[int, Lost], tuple[int, Lost], bool]] = {
    "the same": ((2800, {"a": (OURS, 168)}), (2800, {"a": (OURS, 168)}), False),
    "a few more": ((2800, {"a": (OURS, 168)}), (2900, {"a": (OURS, 180)}), False),
    "less": ((2800, {"a": (OURS, 168)}), (2800, {}), False),
    "ten thousand times as many": (
        (2800, {"a": (OURS, 168)}),
        (1_681_000, {"a": (OURS, 1_680_000)}),
        True,
    ),
    "twice as many of as much mail": (
        (100_000, {"a": (OURS, 20)}),
        (100_000, {"a": (OURS, 40)}),
        True,
    ),
    "twice as many, and few": ((100_000, {"a": (OURS, 4)}), (100_000, {"a": (OURS, 9)}), False),
    "a share that is worse by a point": (
        (10_000, {"a": (OURS, 600)}),
        (10_000, {"a": (OURS, 700)}),
        False,
    ),
    "a share that is worse by more": (
        (10_000, {"a": (OURS, 600)}),
        (10_000, {"a": (OURS, 701)}),
        True,
    ),
    "a new declared source": ((100_000, {}), (100_000, {"a": (OURS, 10)}), True),
    "a new forwarder": ((10_000, {}), (10_000, {"a": (FORWARDER, 10)}), True),
    "a new source that is one in more than a thousand": (
        (100_000, {}),
        (100_000, {"a": (UNKNOWN, 99)}),
        False,
    ),
    "a new source that is one in a thousand": (
        (100_000, {}),
        (100_000, {"a": (UNKNOWN, 100)}),
        True,
    ),
    "a new source of a handful": ((2800, {}), (2800, {"a": (UNKNOWN, 9)}), False),
    "a new spoof": ((2800, {}), (4000, {"a": (SPOOF, 1200)}), False),
    "a spoof that nobody takes for one any more": (
        (2800, {"a": (SPOOF, 100)}),
        (2800, {"a": (UNKNOWN, 100)}),
        True,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_more_that_is_lost_is_told(name: str) -> None:
    before, after, told = CASES[name]
    assert bool(list(worse(entry(*before), entry(*after)))) is told


def test_it_says_what_there_is_and_what_was() -> None:
    before, after = entry(2800, {"a": (OURS, 168)}), entry(2800, {"a": (OURS, 1680)})
    assert list(worse(before, after)) == [
        "1680 of a (declared, not aligned) would have been quarantined, 168 at the review",
        "60 percent of all would have been quarantined, 6 at the review",
    ]


def test_what_the_plan_did_not_name_may_have_been_there() -> None:
    before = entry(100_000, {"a": (OURS, 60)}, more=5)
    assert not list(worse(before, entry(100_000, {"a": (OURS, 60), "b": (OURS, 60)}, more=5)))
    assert list(worse(before, entry(100_000, {"b": (OURS, 120), "a": (OURS, 60)}, more=5)))


def test_a_weaker_policy_lets_other_spoofs_through_each_day() -> None:
    before = entry(2800, {"a": (SPOOF, 100)}, "weakens")
    assert not list(worse(before, entry(2800, {"b": (SPOOF, 110)}, "weakens")))
    assert list(worse(before, entry(28_000, {"b": (SPOOF, 220)}, "weakens")))
