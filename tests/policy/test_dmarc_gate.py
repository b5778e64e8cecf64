"""The gate in a policy: what it takes, that it is never published, and what it makes of defaults."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailauth_dns.errors import PolicyError
from mailauth_dns.evidence.gate.gate import Gate
from mailauth_dns.evidence.gate.verdict import gate_of
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.sections.dmarc import DmarcSection
from tests.conftest import RepoFolder

WRONG = [
    ("days: 0", "0 is out of range; use 1 to 365 days"),
    ("days: two weeks", "'two weeks' is not a number of days"),
    ("volume: 0", "0 is out of range"),
    ("aligned: 0.98", "0.98 is out of range; use 50 to 100 percent"),
    ("aligned: 98%", "'98%' is not a share in percent; write 98 or 99.5"),
    ("aligned: nan", "'nan' is not a share in percent"),
    ("aligned: 100.1", "100.1 is out of range"),
    ("unknown: -1", "'-1' is not a share in percent"),
    ("newest: 3", "'3' is not a time; write 7d"),
    ("newest: 1h", "reports come once a day; use 1d to 30d"),
    ("newest: 31d", "reports come once a day; use 1d to 30d"),
    ("reporters: 0", "0 is out of range; use 1 to 100 reporters"),
    ("senders: 3", "not a key here"),
]


@pytest.mark.parametrize(("key", "said"), WRONG)
def test_what_no_gate_can_ask_for(repo: RepoFolder, key: str, said: str) -> None:
    repo.policy(f"domain: example.com\ndmarc: {{p: none, gate: {{{key}}}}}\n")
    with pytest.raises(PolicyError) as error:
        load_repo(repo.root)
    [problem] = error.value.problems
    assert said in problem.message


def gate(repo: RepoFolder) -> Gate:
    [policy] = load_repo(repo.root).policies
    return gate_of(policy)


def test_keys_merge_with_those_of_the_defaults(repo: RepoFolder) -> None:
    repo.policy("dmarc: {p: none, gate: {days: 30, aligned: 99.5, newest: 36h}}\n", "_defaults")
    repo.policy("domain: example.com\ndmarc: {gate: {days: 20, unknown: 0}}\n")
    assert gate(repo) == Gate(days=20, aligned=99.5, newest=timedelta(hours=36), unknown=0)


def test_it_is_not_published(repo: RepoFolder) -> None:
    repo.policy("domain: example.com\ndmarc: {p: none, gate: {days: 20}}\n")
    [policy] = load_repo(repo.root).policies
    assert isinstance(policy.body.dmarc, DmarcSection)
    assert policy.body.dmarc.text == "v=DMARC1; p=none"
    assert repo.run("compile").code == 0
    assert "gate" not in (repo.root / "zones/compiled/example.com.yaml").read_text()


def test_a_gate_of_the_defaults_declares_no_record(repo: RepoFolder) -> None:
    repo.policy("dmarc: {gate: {days: 30}}\n", "_defaults")
    repo.policy("domain: example.com\nspf: {all: fail}\n", "own")
    repo.policy("domain: example.net\nparked: true\n", "parked")
    repo.policy("domain: example.org\ndmarc: {p: none}\n", "dmarc")
    policies = {str(policy.domain): policy for policy in load_repo(repo.root).policies}
    assert policies["example.com"].body.dmarc is None
    assert gate_of(policies["example.org"]) == Gate(days=30)
    assert gate_of(policies["example.net"]) == Gate()


def test_a_gate_alone_is_no_policy(repo: RepoFolder) -> None:
    repo.policy("domain: example.com\ndmarc: {gate: {days: 30}}\n")
    ran = repo.run("lint")
    assert ran.code == 1
    assert (
        "dmarc: gate says when a policy may be tightened, and there is none; give p too" in ran.err
    )


def test_a_parked_policy_takes_none(repo: RepoFolder) -> None:
    repo.policy("domain: example.com\nparked: true\ndmarc: {gate: {days: 30}}\n")
    assert "dmarc.gate: a parked domain always asks for reject" in repo.run("lint").err


def test_a_tag_of_that_name_is_imported_as_any_other(repo: RepoFolder) -> None:
    """No tag is called so, but whatever is in DNS can be expressed."""
    text = "v=DMARC1; p=none; gate=3; ttl=9"
    repo.policy("domain: example.com\ndmarc: {p: none, other: {gate: 3, ttl: 9}}\n")
    [policy] = load_repo(repo.root).policies
    assert isinstance(policy.body.dmarc, DmarcSection)
    assert policy.body.dmarc.text == text
    zone = f'@ 60 IN SOA ns. h. 1 2 3 4 5\n@ IN NS ns.example.com.\n_dmarc IN TXT "{text}"\n'
    repo.write("example.org.zone", zone)
    ran = repo.run("import", "example.org", "--from-zone", "example.org.zone")
    assert "  other:\n" in ran.out
    assert "    gate: '3'\n" in ran.out
