"""A plan that enforces MTA-STS beside the evidence of TLS reports, and its apply."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mailauth_dns.evidence.evidence import SessionReport
from mailauth_dns.records import mta_sts
from mailauth_dns.records.name import DomainName
from tests.conftest import RepoFolder
from tests.deploy.served_zone import edit_zone
from tests.evidence.evidence_repo import put
from tests.evidence.tls_reports import MX, daily, sts

POLICY = """domain: example.com
mta_sts: {mode: %s, mx: [mx1.example.com, mx2.example.com], max_age: 86400}
"""
GOOD = daily(sts(50))
BAD = daily(sts(50, ("certificate-expired", "mx2.example.com", 2)))


def record(mode: str, max_age: int = 86400) -> str:
    """Return the record of a policy in this mode, as we derive its id."""
    hosts = tuple(map(DomainName, MX))
    id = mta_sts.derived_id(mta_sts.Policy(mta_sts.Mode(mode), hosts, max_age))
    return f'_mta-sts IN TXT "v=STSv1; id={id}"'


def published(repo: RepoFolder, live: str, declared: str, *, more: str = "") -> RepoFolder:
    edit_zone(repo, '@ IN TXT "v=spf1 ~all"\n', f'@ IN TXT "v=spf1 ~all"\n{live}\n')
    repo.policy(POLICY % declared + more, "example.com")
    return repo


def change(repo: RepoFolder) -> dict[str, Any]:
    data = json.loads((repo.root / "plan.json").read_text())
    [found] = [each for each in data["zones"][0]["changes"] if each["family"] == "mta_sts"]
    assert isinstance(found, dict)
    return found


CASES: dict[str, tuple[str, str, tuple[SessionReport, ...], str, str]] = {
    "testing to enforce, with evidence": (
        record("testing"),
        "enforce",
        GOOD,
        "caution",
        "1400 TLS sessions: the gate is met; 100 percent secured, 99 needed; 2 reporters, 2 needed",
    ),
    "testing to enforce, without evidence": (
        record("testing"),
        "enforce",
        (),
        "breaking",
        "there is no evidence for mode enforce: no TLS report counts",
    ),
    "testing to enforce, with a certificate that has expired": (
        record("testing"),
        "enforce",
        BAD,
        "breaking",
        "56 TLS sessions of mx2.example.com (certificate-expired) would not have delivered",
    ),
    "testing to enforce, with evidence of another policy": (
        record("testing"),
        "enforce",
        daily(sts(50, mx=("old.example.com",))),
        "breaking",
        "there is no evidence for mode enforce: no TLS report counts",
    ),
    "a gate that asks for less": (
        record("testing"),
        "enforce, gate: {days: 2, sessions: 10, secured: 97.5, newest: 9d}",
        GOOD,
        "caution",
        "the policy's gate asks for less than by default: "
        "days 2 (14), sessions 10 (100), secured 97.5 (99), newest 9d (7d)",
    ),
    "a gate that asks for less, without evidence": (
        record("testing"),
        "enforce, gate: {reporters: 1}",
        (),
        "breaking",
        "the policy's gate asks for less than by default: reporters 1 (2)",
    ),
    "none to enforce": (record("none"), "enforce", (), "breaking", "there is no evidence"),
    "a first record": (
        "",
        "enforce",
        (),
        "breaking",
        "there is no evidence for mode enforce: no TLS report counts",
    ),
    "a first record, at testing": ("", "testing", (), "safe", "MTA-STS is new: mode testing"),
    "a broken record": (
        '_mta-sts IN TXT "v=STSv1; id=a-b"',
        "enforce",
        (),
        "breaking",
        "there is no evidence for mode enforce",
    ),
    "an id that does not tell the mode": (
        '_mta-sts IN TXT "v=STSv1; id=2026"',
        "enforce",
        (),
        "breaking",
        "there is no evidence for mode enforce: no TLS report counts",
    ),
    "an id that does not tell the mode, with evidence": (
        '_mta-sts IN TXT "v=STSv1; id=2026"',
        "enforce",
        GOOD,
        "caution",
        "mode unknown -> enforce",
    ),
    "enforce still, with another max_age": (
        record("enforce", 604800),
        "enforce",
        (),
        "caution",
        "still mode enforce",
    ),
    "enforce to testing": (record("enforce"), "testing", (), "caution", "enforce -> testing"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_plan_judges_by_evidence(served: RepoFolder, name: str) -> None:
    live, declared, sessions, risk, said = CASES[name]
    published(served, live, declared)
    put(served, sessions=sessions)
    ran = served.run("plan", "--out", str(served.root / "plan.json"))
    assert ran.code == 0, ran.said
    found = change(served)
    rules = ("STS019",) if risk == "breaking" else ()
    assert (found["risk"], tuple(found["rules"])) == (risk, rules), ran.out
    assert said in ran.out
    applied = served.run("apply", str(served.root / "plan.json"))
    assert applied.code == (1 if risk == "breaking" else 0), applied.said
    assert ("STS019" in applied.said) == (risk == "breaking")


def test_the_policy_may_permit_it(served: RepoFolder) -> None:
    allow = 'allow: [{rule: STS019, reason: "all senders are ours", until: 2999-01-01}]\n'
    published(served, record("testing"), "enforce", more=allow)
    assert served.run("plan", "--out", str(served.root / "plan.json")).code == 0
    assert served.run("apply", str(served.root / "plan.json")).code == 0


def test_a_permission_for_a_policy_that_does_not_enforce_is_told(repo: RepoFolder) -> None:
    allow = 'allow: [{rule: STS019, reason: "later", until: 2999-01-01}]\n'
    repo.policy(POLICY % "testing" + allow, "example.com")
    said = repo.run("lint", "--select", "ALLOW002").out
    assert "apply cannot refuse this policy by STS019: it does not enforce MTA-STS" in said


def test_evidence_that_says_otherwise_makes_a_plan_stale(served: RepoFolder) -> None:
    published(served, record("testing"), "enforce")
    put(served, sessions=GOOD)
    plan = str(served.root / "plan.json")
    assert served.run("plan", "--out", plan).code == 0
    put(served, sessions=daily(sts(60)))  # which says the same
    assert served.run("plan", "--out", plan).code == 0
    put(served, sessions=BAD)
    ran = served.run("apply", plan)
    assert ran.code == 1
    assert "the gate is not met" in ran.said


def test_broken_evidence_is_unknown(served: RepoFolder) -> None:
    published(served, record("testing"), "enforce")
    served.write("zones/evidence/example.com.json", "[{}\n")
    ran = served.run("plan", "--out", str(served.root / "plan.json"))
    assert ran.code == 0
    assert change(served)["rules"] == ["STS019"]
    assert "what the evidence says is unknown: zones/evidence/example.com.json" in ran.out
