"""Whose mail it is: a table of rows, and what they are with which policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from ipaddress import ip_network

import pytest

from mailauth_dns.evidence.evidence import Row
from mailauth_dns.evidence.sources.attribution import attributed
from mailauth_dns.evidence.sources.declared_sources import Declared, declared_of
from mailauth_dns.evidence.sources.source_kind import Attribution
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.spf_lock import Lock
from mailauth_dns.records.addresses import addresses_of
from mailauth_dns.records.name import DomainName
from tests.conftest import RepoFolder
from tests.evidence import cases_failed, cases_passed
from tests.evidence.reported import DOMAIN, evidence, report, row
from tests.evidence.senders_of_mail import (
    ALIGNED,
    FORWARDER,
    KEY,
    MX,
    OURS,
    UNKNOWN,
    Case,
    with_everybody,
)
from tests.policy.locks import locked_name

TODAY = date(2026, 3, 1)
BOX = DomainName("_spf.box.example")  # its networks are in the lock
CASES = [*cases_passed.CASES, *cases_failed.CASES]


@pytest.fixture
def declared(repo: RepoFolder) -> Declared:
    loaded = load_repo(with_everybody(repo).root, today=TODAY)
    held = locked_name(BOX, addresses_of([ip_network("198.51.100.192/26")]))
    [policy] = loaded.of([DOMAIN])
    return declared_of(replace(loaded, lock=Lock({BOX: held})), policy)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_row_is(case: Case, declared: Declared) -> None:
    there = evidence(report(case.row, *case.beside, strict=case.strict))
    by = attributed(there, declared, case.hosts)[0].by
    assert (by.kind, by.sender) == (case.kind, case.sender), by
    assert case.words in f"{by.why} | {by.mend}"


# A policy whose addresses files tell, all of them; `letters` signs, and nobody knows its hosts.
CLOSED = f"""
domain: example.com
spf: {{terms: ["ip4:192.0.2.10"], all: fail}}
dkim:
  selectors:
    mx2026: {{p: {KEY}, k: ed25519}}
    l1: {{cname: l1.letters.example}}
"""
L1 = ["l1._domainkey.example.com pass"]


def in_closed(repo: RepoFolder, *rows: Row) -> list[Attribution]:
    repo.policy(CLOSED)
    loaded = load_repo(repo.root)
    there = evidence(report(*rows))
    return [each.by for each in attributed(there, declared_of(loaded, loaded.policies[0]))]


def test_a_host_that_spf_named_once_is_not_taken_for_one_that_it_names_now(
    repo: RepoFolder,
) -> None:
    [by] = in_closed(repo, row("203.0.113.9", by="spf", path=[OURS]))
    assert (by.kind, by.sender) == (UNKNOWN, None)
    assert by.why == "SPF passes for example.com, and the policy lists no such host"


def test_the_way_by_which_most_mail_of_a_sender_comes_is_its_own(repo: RepoFolder) -> None:
    """Nobody lists the hosts of this sender, and no forwarder has more than half of its mail."""
    own, forwarded = in_closed(
        repo,
        row("203.0.113.9", 60, by="dkim", signed=L1, path=["bounce.unheard.example pass"]),
        row("198.51.100.9", 50, by="dkim", signed=L1, path=["alumni.example pass"]),
    )
    assert (own.kind, own.sender, own.mend) == (ALIGNED, "selector l1", None)
    assert (forwarded.kind, forwarded.sender) == (FORWARDER, "selector l1")


def test_with_our_own_key_and_no_host_of_ours_all_is_forwarded(repo: RepoFolder) -> None:
    [by] = in_closed(
        repo, row("203.0.113.9", 60, by="dkim", signed=[f"{MX} pass"], path=["alumni.example pass"])
    )
    assert (by.kind, by.sender) == (FORWARDER, "selector mx2026")


def test_a_parked_domain_declares_nobody(repo: RepoFolder) -> None:
    repo.policy("domain: example.com\nparked: true\n")
    loaded = load_repo(repo.root)
    assert declared_of(loaded, loaded.policies[0]).sources == ()
