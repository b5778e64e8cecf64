"""How a comment is cut: it says so, it counts, and what is breaking goes last."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailauth_dns.plan.plan import BlockedEntry, ChangeEntry, Plan
from mailauth_dns.render import plan_markdown
from tests.conftest import RepoFolder
from tests.pages.hostile import change, plan, zone

RISKS = ("breaking", "caution", "safe")


def many(breaking: int, caution: int, safe: int) -> Plan:
    """A plan whose changes all differ, the safe ones first."""
    found: list[ChangeEntry] = []
    for risk, number in (("safe", safe), ("caution", caution), ("breaking", breaking)):
        found += [
            change(each, risk=risk, meaning=f"{risk} {each}", rules=("SPF001",) if risk == "breaking" else (), before=())
            for each in range(number)
        ]  # fmt: skip
    return plan(*(zone(number, each) for number, each in enumerate(found)))


def told(said: str) -> dict[str, int]:
    """How many changes of each risk a comment tells, in full or in a line."""
    return {
        risk: len(re.findall(rf"^(?:- )?[▲◆●] \*\*{risk}", said, re.MULTILINE)) for risk in RISKS
    }


def left_out(said: str) -> dict[str, int]:
    """What a comment says that it leaves out."""
    found = re.search(r"\*\*Left out\*\*: (.*?)\. `", said)
    numbers = re.findall(r"(\d+) × (\w+) change", found[1] if found else "")
    return {risk: int(number) for number, risk in numbers}


def test_what_is_the_same_in_ten_thousand_zones_is_told_once() -> None:
    parked = plan(
        *(zone(number, change(number), change(number, type="MX")) for number in range(10_000))
    )
    said = plan_markdown.plan(parked)
    assert told(said) == {"breaking": 0, "caution": 2, "safe": 0}
    assert said.count("and 9997 more domains") >= 2
    assert "### Plan: 20000 changes (20000 caution)" in said
    assert re.search(r"<summary>\d+ of 10000 names</summary>", said), "a fold says what it lacks"
    assert "all 10000 domains" not in said
    assert "longer than" not in said
    assert len(said) < 10_000


def test_ten_thousand_zones_that_all_differ_fit_and_are_counted() -> None:
    said = plan_markdown.plan(many(20, 5_000, 5_000))
    assert len(said) <= 65_536
    assert len(said) > 60_000, "the room is used"
    assert "### Plan: 10020 changes (20 breaking, 5000 caution, 5000 safe)" in said
    shown, left = told(said), left_out(said)
    assert {risk: shown[risk] + left.get(risk, 0) for risk in RISKS} == {"breaking": 20, "caution": 5_000, "safe": 5_000}  # fmt: skip
    assert said.count("\n▲ **breaking**") == 20, "the worst are told in full"


@given(
    st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(plan_markdown.MIN_CHARS, 20_000)
)  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_nothing_is_left_out_before_what_hurts_less(
    breaking: int, caution: int, safe: int, most: int
) -> None:
    said = plan_markdown.plan(many(breaking, caution, safe), most)
    assert len(said) <= most
    shown, left = told(said), left_out(said)
    numbers = {"breaking": breaking, "caution": caution, "safe": safe}
    for at, risk in enumerate(RISKS):
        assert shown[risk] + left.get(risk, 0) == numbers[risk]
        if left.get(risk):
            assert all(shown[other] == 0 for other in RISKS[at + 1 :])


def test_a_comment_that_is_whole_does_not_say_that_it_is_cut() -> None:
    said = plan_markdown.plan(many(1, 1, 1))
    assert "This plan is longer" not in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--max-chars", "2999"), f"--max-chars 2999: a plan needs at least {plan_markdown.MIN_CHARS}"),
        (("--max-chars", "0"), f"--max-chars 0: a plan needs at least {plan_markdown.MIN_CHARS}"),
        (("--max-chars", "-5"), "--max-chars -5: a plan needs at least"),
    ],
)  # fmt: skip
def test_too_little_room_is_refused(options: tuple[str, ...], said: str, repo: RepoFolder) -> None:
    ran = repo.run("plan", "--format", "markdown", *options)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err


def test_only_markdown_is_cut(repo: RepoFolder) -> None:
    ran = repo.run("plan", "--max-chars", "5000")
    assert (ran.code, ran.out) == (1, "")
    assert "--max-chars: only --format markdown is cut" in ran.err


def test_what_waits_is_told_apart_from_what_is_blocked() -> None:
    name = "zone1.example"
    waits = BlockedEntry(name, name, "TXT", "spf", "its parts are not in every cache yet", True)
    stuck = BlockedEntry(name, name, "MX", "null_mx", "an MX is there")
    said = plan_markdown.plan(plan(zone(1, blocked=(waits, stuck))))
    assert "### Plan: 0 changes, 1 blocked, 1 waits" in said
    assert f"▲ **blocked** · `{name}` · `{name}` MX: an MX is there" in said
    assert f"◆ **waits** · `{name}` · `{name}` TXT: its parts are not in every cache yet" in said
    assert said.index("**blocked**") < said.index("**waits**")
