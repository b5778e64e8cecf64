"""A domain that gives up its DMARC record: what is declared above its zone applies then."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from mailauth_dns.evidence.evidence import Row
from mailauth_dns.records.dmarc import Policy
from tests.conftest import RepoFolder
from tests.deploy import evidence_repo
from tests.deploy.evidence_repo import astray, commit_ago, own, policy_of, reports

NAME = "s.example.com"
ZONE = """$TTL 3600
@ IN SOA ns1.example.net. hostmaster.example.net. 41 7200 1800 1209600 300
@ IN NS ns1.example.net.
"""
MAIL = '@ IN TXT "v=spf1 ip4:192.0.2.10 -all"\n'
SENDS = "senders: {server: {ip: [192.0.2.10]}}\nspf: {all: fail}\n"
UNKNOWN = "no policy tells what applies above s.example.com, so it may be the strictest"
APPLIES = "the record declared for example.com applies then"


@dataclass(frozen=True)
class Case:
    """What is live, what is declared above, the reports, the rules and what the plan says."""

    live: str
    above: str | None
    rules: tuple[str, ...]
    said: str
    rows: tuple[Row, ...] = ()
    mail: bool = True


CASES = {
    "none, under a parent that rejects": Case("p=none", "{p: reject}", ("DMARC032",), APPLIES),
    "none, under a parent that rejects for names below": Case(
        "p=none", "{p: none, sp: reject}", ("DMARC032",), APPLIES
    ),
    "none, under a parent that asks for nothing of names below": Case(
        "p=none", "{p: reject, sp: none}", (), "no DMARC record any more"
    ),
    "none, under a parent that tries to reject": Case(
        "p=none", "{p: reject, t: y}", ("DMARC032",), APPLIES
    ),
    "none, under strict alignment alone": Case(
        "p=none", "{p: none, aspf: s}", (), "no DMARC record any more"
    ),
    "reject, under a parent that rejects": Case(
        "p=reject", "{p: reject}", (), "no DMARC record any more"
    ),
    "reject, under a parent that asks for less": Case(
        "p=reject", "{p: quarantine}", (), "what a weaker policy costs is unknown"
    ),
    "none, under a parent that has no record": Case(
        "p=none", "absent", (), "no DMARC record any more"
    ),
    "none, where the parent's policy does not say": Case("p=none", None, ("DMARC032",), UNKNOWN),
    "none, with evidence": Case("p=none", "{p: quarantine}", (), "the gate is met", (own(NAME),)),
    "none, with evidence, where the parent's policy does not say": Case(
        "p=none", None, (), "the gate is met", (own(NAME),)
    ),
    "none, with mail that does not align": Case(
        "p=none",
        "{p: quarantine}",
        ("DMARC032",),
        "336 messages of server (declared, not aligned) would have been quarantined",
        (own(NAME), astray(NAME, 12)),
    ),
    "none, where nobody sends": Case(
        "p=none", "{p: reject}", (), "no DMARC record any more", mail=False
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_it_needs_the_evidence_that_a_stricter_record_needs(repo: RepoFolder, name: str) -> None:
    case = CASES[name]
    repo.local("example.com", ZONE)
    repo.local(NAME, f'{ZONE}{MAIL if case.mail else ""}_dmarc IN TXT "v=DMARC1; {case.live}"\n')
    repo.write("zones/policy/_defaults.yaml", "providers: [local]\n")
    above = f"dmarc: {case.above}\n" if case.above else "spf: {all: fail}\n"
    repo.policy(f"domain: example.com\n{above}", "example.com")
    sends = SENDS if case.mail else ""
    repo.policy(f"domain: {NAME}\nzone: {NAME}\n{sends}dmarc: absent\n", NAME)
    if case.rows:
        published = policy_of(NAME, Policy.NONE)
        evidence_repo.write(repo.root, NAME, reports(NAME, case.rows, published=published))
    commit_ago(repo.root, 60)
    ran = repo.run("plan", "--no-live", "--out", str(repo.root / "plan.json"))
    assert ran.code == 0, ran.said
    zones = json.loads((repo.root / "plan.json").read_text())["zones"]
    [change] = [
        each
        for zone in zones
        for each in zone["changes"]
        if (each["domain"], each["family"]) == (NAME, "dmarc")
    ]
    refused = tuple(rule for rule in change["rules"] if rule == "DMARC032")
    assert refused == case.rules, ran.out
    assert case.said in ran.out
