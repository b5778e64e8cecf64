"""The steps of the ramp, in their order, and which step a change of the record is."""

from __future__ import annotations

import pytest

from mailauth_dns.evidence.gate.gate import Gate
from mailauth_dns.evidence.gate.ramp import next_step, step_between, tried
from mailauth_dns.policy.sections.dmarc_gate import DmarcGate
from mailauth_dns.records import dmarc

# The tags, the step from there, the tags after it; own: it touches the domain's mail, below: that
# of names below it.
STEPS = [
    ("", "p none -> quarantine", "p=quarantine", "own below"),
    ("p=none", "p none -> quarantine", "p=quarantine", "own below"),
    ("p=none; sp=none", "p none -> quarantine", "p=quarantine; sp=none", "own"),
    ("p=none; sp=reject", "p none -> quarantine", "p=quarantine; sp=reject", "own"),
    ("p=none; np=reject", "p none -> quarantine", "p=quarantine; np=reject", "own below"),
    ("p=quarantine", "p quarantine -> reject", "p=reject", "own below"),
    ("p=reject; sp=none", "np none -> reject", "p=reject; sp=none; np=reject", "below"),
    (
        "p=reject; sp=none; np=quarantine",
        "np quarantine -> reject",
        "p=reject; sp=none; np=reject",
        "below",
    ),
    (
        "p=reject; sp=none; np=reject",
        "sp none -> quarantine",
        "p=reject; sp=quarantine; np=reject",
        "below",
    ),
    (
        "p=reject; sp=quarantine; np=reject",
        "sp quarantine -> reject",
        "p=reject; sp=reject; np=reject",
        "below",
    ),
    ("p=none; pct=10", "p none -> quarantine", "p=quarantine; pct=10", "own below"),
    ("p=quarantine; t=y", "p quarantine (t=y) -> quarantine", "p=quarantine", "own below"),
    ("p=reject; t=y", "p reject (t=y) -> reject", "p=reject", "own below"),
    (
        "p=none; sp=quarantine; t=y",
        "sp quarantine (t=y) -> quarantine",
        "p=none; sp=quarantine",
        "below",
    ),
    ("p=none; t=y", "p none -> quarantine (t=y)", "p=quarantine; t=y", "own below"),
    ("p=reject", None, None, ""),
    ("p=reject; sp=reject; np=reject", None, None, ""),
]


@pytest.mark.parametrize(("before", "words", "after", "touched"), STEPS)
def test_the_next_step(before: str, words: str | None, after: str | None, touched: str) -> None:
    step = next_step(dmarc.parse(f"v=DMARC1; {before}"))
    if step is None:
        assert words is None
        return
    assert step.words == words
    assert str(step.record_after) == f"v=DMARC1; {after}"
    assert [way for way in ("own", "below") if getattr(step, way)] == touched.split()


# What comes first where the next step is only tried; None where t=y would take something back.
TRIED = [
    ("p=none", "p none -> quarantine (t=y)"),
    ("p=quarantine", "p quarantine -> reject (t=y)"),
    ("p=quarantine; sp=quarantine", None),
    ("p=none; sp=reject", None),
    ("p=reject; sp=none", None),
    ("p=quarantine; t=y", None),
]


@pytest.mark.parametrize(("before", "words"), TRIED)
def test_a_step_is_tried_where_nothing_is_taken_back(before: str, words: str | None) -> None:
    step = next_step(dmarc.parse(f"v=DMARC1; {before}"))
    assert step is not None
    test = tried(step)
    assert (test.words if test is not None else None) == words


def test_the_ramp_ends() -> None:
    record, seen = dmarc.parse("v=DMARC1; p=none; sp=none; np=none"), list[str]()
    while (step := next_step(record)) is not None:
        record = step.record_after
        seen.append(step.tag)
    assert seen == ["p", "p", "np", "sp", "sp"]


# The values of a set before and after, and the step that this is; None where nothing tightens.
CHANGES = [
    (["v=DMARC1; p=none"], ["v=DMARC1; p=reject"], "p none -> reject"),
    ([], ["v=DMARC1; p=reject"], "p nothing -> reject"),
    ([], ["v=DMARC1; p=none"], None),
    (["v=DMARC1; p=reject"], ["v=DMARC1; p=none"], None),
    (["v=DMARC1; p=reject"], [], None),
    (
        ["v=DMARC1; p=none", "v=DMARC1; p=reject"],
        ["v=DMARC1; p=quarantine"],
        "p nothing -> quarantine",
    ),
    (
        ["v=DMARC1; p=quarantine; t=y"],
        ["v=DMARC1; p=quarantine"],
        "p quarantine (t=y) -> quarantine",
    ),
    (["v=DMARC1; p=reject; sp=none"], ["v=DMARC1; p=reject"], "sp none -> reject"),
    (["v=DMARC1; p=reject"], ["v=DMARC1; p=reject; adkim=s"], "adkim r -> s"),
    (["v=DMARC1; p=none"], ["v=DMARC1; p=none; aspf=s"], None),
    (["v=DMARC1; p=none; aspf=s"], ["v=DMARC1; p=reject"], "p none -> reject"),
]


@pytest.mark.parametrize(("before", "after", "words"), CHANGES)
def test_the_step_of_a_change(before: list[str], after: list[str], words: str | None) -> None:
    step = step_between(frozenset(before), frozenset(after))
    assert (step.words if step is not None else None) == words


def test_the_section_tells_the_defaults_of_the_gate() -> None:
    told = {
        name: str(field.description).partition("default: ")[2]
        for name, field in DmarcGate.model_fields.items()
    }
    gate = Gate()
    assert told == {
        **{key: f"{getattr(gate, key):g}" for key in told if key != "newest"},
        "newest": f"{gate.newest.days}d",
    }
    assert told.keys() == set(Gate.__dataclass_fields__)
