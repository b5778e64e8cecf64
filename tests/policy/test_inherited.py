"""Values as they are written, what the defaults give to policies, and lists of domains."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailauth_dns.evidence.gate.gate import TlsGate
from mailauth_dns.evidence.tls.verdict import tls_gate_of
from mailauth_dns.policy.absent import ABSENT
from mailauth_dns.policy.load import load_repo
from tests.conftest import RepoFolder
from tests.policy.refusals import marked, told


def test_scalars_are_taken_as_they_are_written(repo: RepoFolder) -> None:
    names = ["010", "on", "2026-01-31", "1e3", "0x1f", "null", "yes", "2026_01"]
    repo.policy(
        "domain: example.com\ndkim:\n  selectors:\n"
        + "".join(f"    {name}: {{state: revoked}}\n" for name in names)
    )
    [policy] = load_repo(repo.root).policies
    assert policy.body.dkim is not None
    assert list(policy.body.dkim.selectors) == names


def test_defaults_merge_and_null_takes_out(repo: RepoFolder) -> None:
    repo.write(
        "zones/policy/_defaults.yaml",
        'ttl: 60\nspf: {terms: [mx], all: fail}\ndmarc: {p: none, rua: ["mailto:a@example.com"]}\n',
    )
    repo.policy(
        "domain: example.com\nspf: {terms: [a]}\ndmarc: {p: reject, rua: null}\nttl: null\n"
    )
    [policy] = load_repo(repo.root).policies
    assert policy.body.spf is not None
    assert policy.body.spf is not ABSENT
    assert policy.body.spf.text == "v=spf1 a -all"
    assert policy.body.dmarc is not None
    assert policy.body.dmarc is not ABSENT
    assert policy.body.dmarc.text == "v=DMARC1; p=reject"
    assert policy.body.ttl is None


def test_a_gate_in_the_defaults_declares_nothing(repo: RepoFolder) -> None:
    gates = "dmarc: {gate: {volume: 50}}\nmta_sts: {gate: {sessions: 50, newest: 10d}}\n"
    repo.write("zones/policy/_defaults.yaml", gates)
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    repo.policy(
        "domain: example.net\n"
        "mta_sts: {mode: testing, mx: [mx.example.net], max_age: 9, gate: {days: 20}}\n",
        "second",
    )
    repo.policy("domain: example.org\nparked: true\n", "third")
    first, second, third = load_repo(repo.root).policies
    assert first.body.dmarc is first.body.mta_sts is third.body.mta_sts is None
    assert second.body.mta_sts is not None
    assert second.body.mta_sts is not ABSENT
    assert tls_gate_of(second.body.mta_sts) == TlsGate(
        days=20, sessions=50, newest=timedelta(days=10)
    )


NOTHING = [
    "",
    "# later\n",
    "---\n",
    "--- # later\n",
    "{}\n",
    "null\n",
    "~\n",
    "\ufeff# later\n",
    "\n\n",
    "%YAML 1.1\n---\n# later\n",
]


@pytest.mark.parametrize("text", NOTHING)
def test_defaults_that_say_nothing_are_empty(repo: RepoFolder, text: str) -> None:
    repo.write("zones/policy/_defaults.yaml", text)
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    assert len(load_repo(repo.root).policies) == 1
    assert repo.run("lint").code == 0


# What is no policy is not told to open as one does.
OPENINGS = {
    "zones/policy/_defaults.yaml": (
        "[]\n",
        ":1:1: expected `key: value` lines; defaults hold keys of policies, such as `ttl: 3600`",
    ),
    "providers/x.yaml": (
        "# later\n",
        ": the file is empty; a provider opens with `class: octodns_bind.Rfc2136Provider`",
    ),
}


@pytest.mark.parametrize("path", OPENINGS)
def test_a_file_is_told_how_its_own_kind_opens(repo: RepoFolder, path: str) -> None:
    text, expected = OPENINGS[path]
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    repo.write(path, text)
    assert told(repo).startswith(path + expected)


def test_problems_in_the_defaults_are_told_once_and_there(repo: RepoFolder) -> None:
    repo.write("zones/policy/_defaults.yaml", "dmarc: {p: rejct}\ndomain: example.com\n")
    for name in ("a", "b"):
        repo.policy(f"domain: {name}.example\n", name)
    assert [line.split(" ")[0] for line in told(repo).splitlines() if line.startswith("zones")] == [
        "zones/policy/_defaults.yaml:1:12:",
        "zones/policy/_defaults.yaml:2:1:",
    ]


def test_a_list_of_domains_is_read_with_its_own_places(repo: RepoFolder) -> None:
    repo.write(
        "zones/policy/parked.txt",
        "# ours\nexample.com  # the first\n\nexample..org\n*.example.net\nfaß.example\n",
    )
    repo.policy("domains_file: parked.txt\nparked: true\n")
    said = told(repo)
    assert (
        "zones/policy/parked.txt:4:9: not a domain name: expected a label before the dot\n" in said
    )
    assert "zones/policy/parked.txt:5:1: a wildcard cannot have a policy" in said
    repo.write("zones/policy/parked.txt", "example.com  # the first\nfaß.example\n")
    assert [policy.domain for policy in load_repo(repo.root).policies] == [
        "example.com",
        "xn--fa-hia.example",
    ]


def test_no_defaults_permit_what_apply_refuses(repo: RepoFolder) -> None:
    """They would permit it for policies that nobody has written yet."""
    repo.write(
        "zones/policy/_defaults.yaml",
        "ttl: 60\nallow: [{rule: DMARC033, reason: everywhere, until: 2999-01-01}]\n",
    )
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    line = "allow: [{rule: DMARC033, reason: everywhere, until: 2999-01-01}]"
    assert told(repo) == (
        "zones/policy/_defaults.yaml:2:1: allow: here it would permit this for every policy, also "
        "for those to come; write it in each policy that needs it\n" + marked(2, line, "allow")
    )


def test_a_parked_policy_permits_too(repo: RepoFolder) -> None:
    repo.policy(
        "domain: example.com\nparked: true\n"
        "allow: [{rule: DMARC033, reason: never used, until: 2999-01-01}]\n"
    )
    [policy] = load_repo(repo.root).policies
    assert [each.rule for each in policy.body.allow] == ["DMARC033"]
