"""A part of an SPF record is no record of its own to the rules: it needs no `all`."""

from __future__ import annotations

from datetime import date
from ipaddress import IPv4Network

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.lint.catalog import RULES
from mailauth_dns.lint.run_rules import run
from mailauth_dns.lint.subject import subjects
from mailauth_dns.policy import spf_lock_file as lockfile
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.spf_lock import Lock, LockedPart
from mailauth_dns.records.addresses import addresses_of
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_parts import part_name
from tests.conftest import RepoFolder
from tests.policy.locks import locked_name

TEXT = "v=spf1 ip4:192.0.2.7"
COM = DomainName("example.com")


def test_parts_have_no_findings(repo: RepoFolder) -> None:
    repo.policy(
        'domain: example.com\nspf: {terms: ["include:a.example"], all: fail, flatten: [a.example]}\n'
    )
    sender = DomainName("a.example")
    lock = Lock(
        {sender: locked_name(sender, addresses_of([IPv4Network("192.0.2.0/24")]))},
        {COM: {part_name(TEXT, COM): LockedPart(TEXT)}},
    )
    repo.write("zones/locks/spf.json", lockfile.text(lock))
    loaded = load_repo(repo.root)
    publications = compile_repo(loaded)
    assert len(publications[0].zone.rrsets) == 2
    assert run(RULES, subjects(loaded, publications, date(2026, 6, 1))) == []
