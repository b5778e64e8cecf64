"""`plan --changed-since REF` plans what a branch really changes, and says what no plan can show."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network

import pytest

from mailauth_dns.policy import spf_lock_file
from mailauth_dns.policy.spf_lock import Lock
from mailauth_dns.records.addresses import addresses_of
from mailauth_dns.records.dmarc import Policy
from tests.conftest import RepoFolder
from tests.deploy import evidence_repo
from tests.deploy.branch_repo import POLICIES, ZONE, ZONES, pem, planned, zones
from tests.deploy.evidence_repo import own, policy_of, reports
from tests.deploy.git_repo import commit, git
from tests.policy.locks import NAME, locked_name
from tests.senders.mailers import OWN_DOMAIN

TEST = "tests: [{name: own, from: x@a.example, ip: 192.0.2.1, expect: {spf: fail}}]\n"
ALLOW = "allow: [{rule: DMARC033, reason: agreed, until: 2099-01-31}]\n"
WAIVER = "waivers: [{rule: SPF046, reason: legacy, until: 2099-01-31}]\n"


def add(name: str, text: str) -> Callable[[RepoFolder], object]:
    return lambda repo: repo.policy(POLICIES.get(name, "") + text, name)


def put(name: str, text: str) -> Callable[[RepoFolder], object]:
    return lambda repo: repo.policy(text, name)


def stanza(**more: object) -> Callable[[RepoFolder], object]:
    kind = "mailauth_dns.octo.LocalProvider"
    return lambda repo: repo.provider("other", {"class": kind, "directory": "served", **more})


def evidence(domain: str, p: Policy) -> Callable[[RepoFolder], object]:
    """Reports that found this policy."""
    found = reports(domain, [own(domain)], published=policy_of(domain, p))
    return lambda repo: evidence_repo.write(repo.root, domain, found)


NONE = Policy.NONE
EVERY = set(ZONES)
EDITS: dict[str, tuple[Callable[[RepoFolder], object], set[str]]] = {
    "nothing": (lambda _repo: None, set()),
    "a comment": (add("a", "# why\n"), set()),
    "a comment in the defaults": (add("_defaults", "# why\n"), set()),
    "what was there, written otherwise": (
        put("a", '"domain": "A.example"\nproviders:\n- other\n- local\n'),
        set(),
    ),
    "the name of a file": (
        lambda repo: (repo.root / "zones/policy/a.yaml").rename(repo.root / "zones/policy/z.yaml"),
        set(),
    ),
    "a policy": (add("a", "tls_rpt: {rua: ['mailto:t@a.example']}\n"), {"a.example"}),
    "a TTL": (add("a", "ttl: 600\n"), {"a.example"}),
    "a name server": (add("a", 'nameservers: ["192.0.2.53"]\n'), {"a.example"}),
    "a new policy": (put("new", "domain: new.example\n"), {"new.example"}),
    "a key": (
        lambda repo: repo.write("zones/keys/keys.example/s1.pem", pem(2)),
        {"keys.example"},
    ),
    "a key that nobody names": (
        lambda repo: repo.write("zones/keys/keys.example/s2.pem", pem(2)),
        set(),
    ),
    "a domain more in a list": (
        lambda repo: repo.write("zones/parked.txt", "one.example\n\nthree.example\ntwo.example\n"),
        {"three.example"},
    ),
    "a default that one policy replaces": (
        put("_defaults", POLICIES["_defaults"].replace("none", "reject")),
        {"a.example", "keys.example"},
    ),
    "a default for all": (add("_defaults", "ttl: 600\n"), EVERY),
    "a provider": (stanza(reload=["true"]), {"a.example"}),
    "a comment in a stanza": (
        lambda repo: repo.write(
            "providers/other.yaml",
            "# why\ndirectory: served\nclass: mailauth_dns.octo.LocalProvider\n",
        ),
        set(),
    ),
    "a test": (add("a", TEST), {"a.example"}),
    "a permission": (add("a", ALLOW), {"a.example"}),
    "a waiver, which no plan heeds": (add("a", WAIVER), set()),
    "evidence, where DMARC is to change": (evidence("b.example", NONE), {"b.example"}),
    "evidence, where DMARC is as the policy says": (
        evidence("b.example", Policy.QUARANTINE),
        set(),
    ),
    "evidence of a domain without a policy": (evidence("c.example", NONE), set()),
    "evidence that is broken": (
        lambda repo: repo.write("zones/evidence/a.example.json", "[\n"),
        {"a.example"},
    ),
}


@pytest.mark.parametrize("case", EDITS)
@pytest.mark.parametrize("committed", [False, True])
def test_planned_are_the_zones_that_a_branch_changes(
    branch: RepoFolder, case: str, committed: bool
) -> None:
    edit, expected = EDITS[case]
    edit(branch)
    if committed:
        git(branch.root, "add", "-A")
        git(branch.root, "commit", "-qm", "the branch", "--allow-empty")
    plan = planned(branch)
    assert zones(plan) == expected
    assert plan["notes"] == [
        f"planned are the zones that changed since main ({git(branch.root, 'rev-parse', 'main')[:12]}): "
        f"{len(expected)} of {len(EVERY | expected)}"
    ]


@pytest.mark.parametrize(("mode", "expected"), [("enforce", {"b.example"}), ("testing", set())])
def test_evidence_changes_a_zone_that_enforces_mta_sts(
    branch: RepoFolder, mode: str, expected: set[str]
) -> None:
    """TLS reports are in the same file as the others, and here DMARC is as the policy says."""
    git(branch.root, "checkout", "-q", "main")
    sts = f"mta_sts: {{mode: {mode}, mx: [mx.b.example], max_age: 86400}}\n"
    branch.policy(POLICIES["b"] + sts, "b")
    commit(branch.root, "with MTA-STS")
    git(branch.root, "checkout", "-qB", "branch")
    assert zones(planned(branch)) == set()
    evidence("b.example", Policy.QUARANTINE)(branch)
    assert zones(planned(branch)) == expected


def test_another_policy_that_reports_to_a_zone_changes_that_zone_too(branch: RepoFolder) -> None:
    branch.policy("domain: b.example\ndmarc: {p: quarantine, rua: ['mailto:d@a.example']}\n", "b")
    assert zones(planned(branch)) == {"a.example", "b.example"}


def locked(*networks: str) -> str:
    addresses = addresses_of(map(IPv4Network, networks))
    return spf_lock_file.text(Lock({NAME: locked_name(NAME, addresses)}))


def test_the_lock_changes_the_zones_that_are_flattened_by_it(branch: RepoFolder) -> None:
    git(branch.root, "checkout", "-q", "main")
    spf = f'{{terms: ["include:{NAME}"], all: fail, flatten: [{NAME}]}}'
    branch.policy(f"domain: b.example\nspf: {spf}\n", "b")
    branch.write("zones/locks/spf.json", locked("192.0.2.0/24"))
    commit(branch.root, "with a lock")
    git(branch.root, "checkout", "-qB", "branch")
    assert zones(planned(branch)) == set()
    branch.write("zones/locks/spf.json", locked("198.51.100.0/24"))
    assert zones(planned(branch)) == {"b.example"}


def test_what_others_merged_since_is_no_change_of_the_branch(branch: RepoFolder) -> None:
    branch.policy(POLICIES["a"] + "ttl: 600\n", "a")
    commit(branch.root, "the branch")
    git(branch.root, "checkout", "-q", "main")
    branch.policy(POLICIES["b"] + "ttl: 600\n", "b")
    commit(branch.root, "somebody else's")
    git(branch.root, "checkout", "-q", "branch")
    assert zones(planned(branch)) == {"a.example"}
    git(branch.root, "merge", "-q", "main")  # as a CI system checks out a pull request
    assert zones(planned(branch)) == {"a.example"}
    assert zones(planned(branch, ref="HEAD")) == set()
    assert zones(planned(branch, ref="HEAD~1")) == {"b.example"}


def test_domains_and_providers_that_are_gone_are_told(branch: RepoFolder) -> None:
    (branch.root / "zones/policy/b.yaml").unlink()
    branch.policy("domain: a.example\nproviders: [local]\n", "a")
    branch.write("zones/parked.txt", "two.example\n")
    plan = planned(branch)
    assert zones(plan) == {"a.example"}
    assert plan["notes"][1:] == [
        "no policy speaks of b.example, one.example any more: what is published stays, and no plan "
        "shows it; to take it away, declare it absent first",
        "a.example is no longer planned at other: what is published there stays, and no plan shows it",
    ]
    assert (
        "note: no policy speaks of b.example"
        in branch.run("plan", "--changed-since", "main", "--no-live").out
    )


def test_a_list_that_is_empty_now_had_domains_then(branch: RepoFolder) -> None:
    branch.write("zones/parked.txt", "# none\n")
    plan = planned(branch)
    assert zones(plan) == set()
    assert plan["notes"][1].startswith("no policy speaks of one.example, two.example any more")


def test_a_policy_that_was_broken_then_counts_as_changed(branch: RepoFolder) -> None:
    git(branch.root, "checkout", "-q", "main")
    branch.policy("domain: b.example\nnonsense: 1\n", "b")
    (branch.root / "zones/keys/keys.example/s1.pem").unlink()
    was = commit(branch.root, "broken")
    git(branch.root, "checkout", "-qB", "branch")
    branch.policy(POLICIES["b"], "b")
    branch.write("zones/keys/keys.example/s1.pem", pem(1))
    plan = planned(branch)
    assert zones(plan) == {"b.example", "keys.example"}
    assert plan["notes"][1:] == [
        f"zones/policy/b.yaml, zones/policy/keys.yaml were broken at {was[:12]}: "
        "its zones count as changed"
    ]


def test_policies_that_contradicted_one_another_count_as_changed(branch: RepoFolder) -> None:
    git(branch.root, "checkout", "-q", "main")
    branch.policy("domain: b.example\n", "twice")
    was = commit(branch.root, "broken")
    git(branch.root, "checkout", "-qB", "branch")
    (branch.root / "zones/policy/twice.yaml").unlink()
    plan = planned(branch)
    assert zones(plan) == EVERY
    assert f"broken at {was[:12]}: every zone counts as changed" in plan["notes"][1]


def test_a_repo_that_was_not_there_is_all_new(branch: RepoFolder) -> None:
    git(branch.root, "checkout", "-q", "--orphan", "old")
    git(branch.root, "rm", "-rfq", "--cached", ".")
    git(branch.root, "commit", "-qm", "nothing", "--allow-empty")
    assert zones(planned(branch, ref="old")) == EVERY


def test_domains_narrow_it_further_and_apply_keeps_to_it(branch: RepoFolder) -> None:
    branch.policy(POLICIES["a"] + "ttl: 600\n", "a")
    branch.policy(POLICIES["b"] + "ttl: 600\n", "b")
    assert zones(planned(branch, "b.example", "keys.example")) == {"b.example"}
    out = ("--out", str(branch.root / "plan.json"))
    ran = branch.run("plan", "--changed-since", "main", "--no-live", "b.example", *out)
    assert ran.code == 0, ran.said
    allowed = ("--allow", "live-unknown", "--allow", "DMARC032")
    ran = branch.run("apply", "plan.json", "--no-live", *allowed)
    assert ran.code == 0, ran.said
    assert "v=spf1" in (branch.root / "served/b.example.zone").read_text()
    assert (branch.root / "served/a.example.zone").read_text() == ZONE


def test_no_change_is_a_plan_that_applies_to_nothing(branch: RepoFolder) -> None:
    out = ("--out", str(branch.root / "plan.json"))
    ran = branch.run("plan", "--changed-since", "main", *out)
    assert (ran.code, ran.told) == (0, "")
    assert ran.next == "plan  (plans every zone)"
    assert branch.run("apply", "plan.json").code == 0


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2020-01-15", {"b.example"}), ("2020-01-30", {"b.example"}), ("2020-01-31", set())],
)
def test_a_sender_whose_grace_ended_since_changes_its_zone(
    branch: RepoFolder, monkeypatch: pytest.MonkeyPatch, day: str, expected: set[str]
) -> None:
    """No file changes on the day on which its records go."""
    git(branch.root, "checkout", "-q", "main")
    branch.policy("domain: b.example\nsenders: {mailchimp: {retired: 2020-01-01}}\n", "b")
    monkeypatch.setenv("GIT_COMMITTER_DATE", f"{day}T12:00:00Z")
    commit(branch.root, "retired")
    git(branch.root, "checkout", "-qB", "branch")
    assert zones(planned(branch)) == expected


def test_a_sender_of_ones_own_changes_who_uses_it(branch: RepoFolder) -> None:
    git(branch.root, "checkout", "-q", "main")
    branch.policy("domain: b.example\nsenders: {box: {}}\n", "b")
    branch.write("zones/senders/box.yaml", OWN_DOMAIN)
    commit(branch.root, "with a sender")
    git(branch.root, "checkout", "-qB", "branch")
    assert zones(planned(branch)) == set()
    branch.write("zones/senders/box.yaml", OWN_DOMAIN.replace("_spf.box", "_spf2.box"))
    assert zones(planned(branch)) == {"b.example"}
