"""`dmarc status` and `dmarc advance`: the next step, what blocks it, and the edit."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from mailauth_dns.evidence.evidence import MailReport
from mailauth_dns.records.dmarc import Policy
from tests.cli.evidence_repo import MONTH, commit_days_ago, day, with_evidence
from tests.conftest import RepoFolder
from tests.evidence.histories import POLICY, days, reports
from tests.evidence.judged import GOOGLE, YAHOO, both

SOUND = tuple(both(MONTH, office=20, shop=5))
BROKEN = (
    *both(MONTH, office=20, shop=2, shop_unsigned=3, forgotten=1),
    *reports(days(25), GOOGLE, {"spoofed": 5000}, at=2),
)
PATH = "zones/policy/example.com.yaml"
TODAY = str(datetime.now(UTC).date())


def text(repo: RepoFolder) -> str:
    return (repo.root / PATH).read_text()


STATUS: Mapping[str, tuple[tuple[MailReport, ...], str]] = {
    "ready": (
        SOUND,
        f"""\
example.com  p=none
    window: {day(17)} to {day(30)} UTC, 1050 messages of 2 reporters
    office: 840 messages, 100 percent aligned
    shop: 210 messages, 100 percent aligned
    next: p none -> quarantine, now
DMARC: 1 domain, 1 ready for a step, 0 not yet
""",
    ),
    "ready, at a price": (
        (
            *both(MONTH, office=990, listed=2),
            *reports(days(25), GOOGLE, {"spoofed": 5000}, at=2),
        ),
        f"""\
example.com  p=none
    window: {day(17)} to {day(30)} UTC, 46664 messages of 2 reporters
    office: 41580 messages, 100 percent aligned
    office: 84 messages, mailing list
    spoofs: 5000 messages
    84 messages of office (mailing list) would have gone to spam
    5000 spoofed messages would have gone to spam
    next: p none -> quarantine, now
DMARC: 1 domain, 1 ready for a step, 0 not yet
""",
    ),
    "blocked": (
        BROKEN,
        f"""\
example.com  p=none
    window: {day(17)} to {day(30)} UTC, 6092 messages of 2 reporters
    office: 840 messages, 100 percent aligned
    shop: 210 messages, 40 percent aligned
    203.0.113.80: 42 messages, unknown
    spoofs: 5000 messages
    blocks: 88 percent aligned, 98 needed: shop has 40
        shop: have the server sign with DKIM for example.com, or send with example.com in MAIL FROM
    blocks: lowest of the declared senders: shop has 40 percent, 95 needed
    blocks: 3.9 percent from unknown sources, at most 1: 203.0.113.80 has 42 messages
        `reports show example.com` lists the sources: declare those that are yours as `senders`, and let them sign
    next: p none -> quarantine, once what blocks is mended
DMARC: 1 domain, 0 ready for a step, 1 not yet
""",
    ),
    "not yet": (
        tuple(both(days(25, 30), **{"office": 20})),
        f"""\
example.com  p=none
    window: {day(25)} to {day(30)} UTC, 360 messages of 2 reporters
    office: 360 messages, 100 percent aligned
    blocks: 6 days of reports without a gap, 14 needed
        wait: days count from the last gap and the last change of DNS on
    next: p none -> quarantine, not before {day(39)} if mail goes on as it does
DMARC: 1 domain, 0 ready for a step, 1 not yet
""",
    ),
}


@pytest.mark.parametrize("name", STATUS)
def test_status_says_what_blocks_and_when_the_step_may_come(repo: RepoFolder, name: str) -> None:
    made, expected = STATUS[name]
    with_evidence(repo, made)
    ran = repo.run("dmarc", "status")
    assert (ran.code, ran.out) == (0, expected)


# The policy before and after: its form, its comments and its quotes stay.
EDITS = [
    ("dmarc: {p: none, rua: [x]} # first\n", "dmarc: {p: quarantine, rua: [x]} # first\n"),
    ("dmarc:\n  # later\n  p: none  # 2026\n", "dmarc:\n  # later\n  p: quarantine  # 2026\n"),
    ('dmarc: {p: "none"}\n', "dmarc: {p: quarantine}\n"),
    ("dmarc: {rua: [x]}\n", "dmarc: {rua: [x], p: quarantine}\n"),
    ("dmarc:\n    rua: [x]\nttl: 60\n", "dmarc:\n    rua: [x]\n    p: quarantine\nttl: 60\n"),
]


@pytest.mark.parametrize(("before", "after"), EDITS)
def test_advance_edits_the_policy_and_nothing_else(
    repo: RepoFolder, before: str, after: str
) -> None:
    head = POLICY[: POLICY.index("dmarc:")] + "# what receivers should do\n"
    before, after = (each.replace("[x]", '["mailto:d@example.com"]') for each in (before, after))
    with_evidence(repo, SOUND, head + before)
    ran = repo.run("dmarc", "advance", "example.com")
    assert (ran.code, text(repo)) == (0, head + after)
    assert ran.out == (
        f"{PATH}: dmarc: p: quarantine\n"
        f"    p none -> quarantine: {day(17)} to {day(30)} UTC, 1050 messages of 2 reporters\n"
    )
    assert ran.next == "compile example.com  (then commit, plan and apply)"
    assert repo.run("lint").code == 0


def test_what_is_inherited_gets_a_section_of_its_own(repo: RepoFolder) -> None:
    defaults = 'dmarc: {p: none, rua: ["mailto:d@example.com"], gate: {days: 20}}\n'
    repo.policy(defaults, "_defaults")
    head = POLICY[: POLICY.index("dmarc:")]
    with_evidence(repo, SOUND, head)
    assert repo.run("dmarc", "advance", "example.com").code == 0
    assert text(repo) == head + "dmarc: {p: quarantine}\n"
    assert (repo.root / "zones/policy/_defaults.yaml").read_text() == defaults


# The gate of the defaults and of the policy, which merge key by key, and what blocks.
GATES = [
    ("dmarc: {gate: {days: 31}}", "p: none", "30 days of reports without a gap, 31 needed"),
    ("dmarc: {gate: {days: 31}}", "p: none, gate: {days: 30}", None),
    ("dmarc: {gate: {days: 31}}", "p: none, gate: {days: null}", None),
    ("dmarc: {gate: {days: 31}}", "p: none, gate: null", None),
    ("dmarc: {gate: {reporters: 3}}", "p: none, gate: {days: 20}", "2 reporters, 3 needed"),
    ("ttl: 60", "p: none, gate: {volume: 5000}", "2250 messages of declared senders, 5000 needed"),
]


@pytest.mark.parametrize(("defaults", "own", "blocks"), GATES)
def test_the_gate_is_that_of_the_policy(
    repo: RepoFolder, defaults: str, own: str, blocks: str | None
) -> None:
    repo.policy(f"{defaults}\n", "_defaults")
    with_evidence(repo, SOUND, POLICY.replace("p: none", own))
    ran = repo.run("dmarc", "advance", "example.com")
    assert ran.code == (0 if blocks is None else 1)
    if blocks is not None:
        assert f"\n    {blocks}\n" in ran.err


def refusal(repo: RepoFolder, *arguments: str) -> str:
    before = {path: path.read_bytes() for path in repo.root.rglob("zones/**/*") if path.is_file()}
    ran = repo.run("dmarc", "advance", "example.com", *arguments)
    assert (ran.code, ran.out) == (1, "")
    after = {path: path.read_bytes() for path in repo.root.rglob("zones/**/*") if path.is_file()}
    assert after == before
    return ran.told


def test_a_step_is_refused_with_the_number_that_blocks_it(repo: RepoFolder) -> None:
    with_evidence(repo, BROKEN)
    assert refusal(repo) == (
        f"example.com: p none -> quarantine is refused, and {PATH} is left as it is:\n"
        "    88 percent aligned, 98 needed: shop has 40\n"
        "        shop: have the server sign with DKIM for example.com, or send with example.com in MAIL FROM\n"
        "    lowest of the declared senders: shop has 40 percent, 95 needed\n"
        "    3.9 percent from unknown sources, at most 1: 203.0.113.80 has 42 messages\n"
        "        `reports show example.com` lists the sources: declare those that are yours as `senders`, and let them sign\n"
    )


REFUSED = {
    "parked": ("domain: example.com\nparked: true\n", "is parked, and asks for reject already"),
    "no record": ("domain: example.com\nspf: {all: fail}\n", "declares no DMARC record; write one"),
    "absent": ("domain: example.com\ndmarc: absent\n", "declares no DMARC record; write one first"),
    "the end": (POLICY.replace("p: none", "p: reject"), "asks for reject already; no step is left"),
    "shared": (
        POLICY.replace("domain: example.com", "domains: [example.com, example.net]"),
        "is the policy of 2 domains, and each would take the step; give example.com a policy of "
        "its own, with `p: quarantine` below dmarc",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_where_there_is_no_step_to_write_it_says_so(repo: RepoFolder, name: str) -> None:
    policy, words = REFUSED[name]
    with_evidence(repo, SOUND, policy)
    assert words in refusal(repo)


def test_where_git_does_not_tell_since_when_dns_is_so_nothing_is_ready(repo: RepoFolder) -> None:
    with_evidence(repo, SOUND, committed=False)
    ran = repo.run("dmarc", "status")
    assert ran.code == 1
    assert "not counted: 60 reports while nobody knows how DNS was\n" in ran.out
    assert "not a git repository" in ran.out
    assert [line for line in ran.out.splitlines() if "blocks: " in line] == [
        "    blocks: nobody knows since when DNS is as it is, and older reports do not count"
    ]
    assert "nobody knows since when DNS is as it is" in refusal(repo)


def test_a_key_that_went_ends_the_window(repo: RepoFolder) -> None:
    with_evidence(repo, SOUND)
    repo.policy(
        POLICY.replace("    mx2026", "    mx2025: {state: revoked}\n    mx2026"), "example.com"
    )
    commit_days_ago(repo, 20)
    assert repo.run("dmarc", "status").out.startswith(f"example.com  p=none\n    window: {day(17)}")
    repo.policy(
        POLICY.replace(", shop2026", "").replace("dkim: [shop2026]", "dkim: []"), "example.com"
    )
    gone = POLICY.replace(
        "    shop2026: {p: 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=, k: ed25519}\n", ""
    )
    repo.policy(gone.replace(", dkim: [shop2026]", ""), "example.com")
    commit_days_ago(repo, 5)
    ran = repo.run("dmarc", "status")
    assert "4 days of reports without a gap, 14 needed" in ran.out
    assert "not counted: 52 reports from before the last change of DNS\n" in ran.out


def test_a_step_may_be_tried_first(repo: RepoFolder) -> None:
    with_evidence(repo, SOUND)
    ran = repo.run("dmarc", "advance", "example.com", "--test")
    assert (ran.code, ran.out.splitlines()[0]) == (0, f"{PATH}: dmarc: p: quarantine, t: y")
    assert text(repo) == POLICY.replace(
        'p: none, rua: ["mailto:dmarc@example.com"]',
        'p: quarantine, rua: ["mailto:dmarc@example.com"], t: y',
    )
    assert "has t=y already" in refusal(repo, "--test")


# Tags in the policy and in the defaults, and those of the policy after the trial.
TRIALS = [
    ("p: quarantine, t: y", "", "p: quarantine"),
    ("p: quarantine", "t: y", "p: quarantine, t: n"),
    ("p: quarantine, t: y", "t: y", "p: quarantine, t: n"),
]


@pytest.mark.parametrize(("own", "inherited", "after"), TRIALS)
def test_a_trial_ends_wherever_it_is_declared(
    repo: RepoFolder, own: str, inherited: str, after: str
) -> None:
    from mailauth_dns.records.dmarc import Policy

    repo.policy(f"ttl: 60\ndmarc: {{{inherited}}}\n", "_defaults")
    policy = POLICY.replace('p: none, rua: ["mailto:dmarc@example.com"]', own)
    made = (
        each
        for reporter in (GOOGLE, YAHOO)
        for each in reports(MONTH, reporter, {"office": 20}, p=Policy.QUARANTINE)
    )
    with_evidence(repo, made, policy)
    assert repo.run("dmarc", "advance", "example.com").code == 0
    assert text(repo) == policy.replace(own, after)


def test_both_write_json(repo: RepoFolder) -> None:
    with_evidence(repo, BROKEN)
    [status] = json.loads(repo.run("dmarc", "status", "--format", "json").out)["domains"]
    assert status["step"] == {
        "tag": "p",
        "before": "none",
        "after": "quarantine",
        "record": "v=DMARC1; p=quarantine; rua=mailto:dmarc@example.com",
        "words": "p none -> quarantine",
    }
    assert [each["part"] for each in status["verdict"]["parts"] if not each["met"]] == [
        "aligned",
        "each",
        "unknown",
    ]
    ran = repo.run("dmarc", "advance", "example.com", "--format", "json")
    assert (ran.code, json.loads(ran.out)["written"]) == (1, None)
    with_evidence(repo, SOUND, committed=False)
    ran = repo.run("dmarc", "advance", "example.com", "--format", "json")
    assert (ran.code, json.loads(ran.out)["written"]) == (0, {"p": "quarantine"})


def test_broken_evidence_is_an_error_with_its_line(repo: RepoFolder) -> None:
    with_evidence(repo, SOUND)
    repo.write("zones/evidence/example.com.json", "[\n")
    ran = repo.run("dmarc", "status")
    assert (ran.code, ran.out) == (1, "")
    assert "zones/evidence/example.com.json" in ran.err


def test_each_domain_is_shown_and_parked_ones_are_counted(repo: RepoFolder) -> None:
    with_evidence(repo, SOUND)
    repo.policy("domains: [a.example, b.example]\nparked: true\n", "parked")
    repo.policy("domain: example.net\nspf: {all: fail}\n", "net")
    repo.policy("domain: example.org\ndmarc: {p: reject, sp: reject, np: none}\n", "org")
    repo.policy("domain: example.edu\ndmarc: {p: reject}\n", "edu")
    out = repo.run("dmarc", "status").out.splitlines()
    assert [line for line in out if not line.startswith(" ")] == [
        "example.com  p=none",
        "example.edu  p=reject: no step is left",
        "example.net  declares no DMARC record",
        "example.org  p=reject sp=reject np=none",
        "DMARC: 6 domains, 1 ready for a step, 1 not yet, 2 parked",
    ]
    assert repo.run("dmarc", "status", "a.example").out == (
        "a.example  parked: it asks for reject, and sends nothing\n"
        "DMARC: 1 domain, 0 ready for a step, 0 not yet, 1 parked\n"
    )


SHARED = POLICY.replace("domain: example.com", "domains: [example.com, example.net]")


def test_the_next_command_can_be_run_as_it_is_printed(repo: RepoFolder) -> None:
    with_evidence(repo, SOUND)
    printed = repo.run("dmarc", "status").err
    [line] = [line for line in printed.splitlines() if line.startswith("Next: ")]
    command = shlex.split(line.removeprefix("Next: ").partition("  (")[0])
    assert command[-3:] == ["dmarc", "advance", "example.com"]
    assert repo.run(*command[-3:]).code == 0


@pytest.mark.parametrize("command", [("dmarc", "status"), ("next", "example.com")])
def test_nobody_is_sent_to_advance_a_file_of_several_domains(
    repo: RepoFolder, command: tuple[str, ...]
) -> None:
    """`dmarc advance` refuses it: each domain would take the step."""
    with_evidence(repo, SOUND, SHARED)
    ran = repo.run(*command)
    assert "dmarc advance" not in ran.out + ran.err
    if command[0] == "dmarc":
        assert "compile  (once `p: quarantine` is below dmarc in a policy of its own" in ran.err
    assert repo.run("dmarc", "advance", "example.com").code == 1


# What the newest report found, and what is said where that is not what the file has.
FOUND: Mapping[Policy, str | None] = {
    Policy.NONE: None,
    Policy.QUARANTINE: (
        f"    DNS differs: the newest report, of {day(30)} UTC, found p=quarantine; {PATH} has "
        "v=DMARC1; p=none; rua=mailto:dmarc@example.com; only reports of what the file has count\n"
    ),
}


@pytest.mark.parametrize("p", FOUND)
def test_status_says_where_dns_is_not_as_the_file_has_it(repo: RepoFolder, p: Policy) -> None:
    newest = reports(days(30), GOOGLE, {"office": 20}, p=p)
    with_evidence(repo, (*both(range(1, 30), office=20), *newest))
    ran = repo.run("dmarc", "status")
    said = FOUND[p]
    assert ("DNS differs" in ran.out) == (said is not None)
    assert said is None or said in ran.out
    [found] = json.loads(repo.run("dmarc", "status", "--format", "json").out)["domains"]
    assert (found["differs"] is None) == (said is None)
