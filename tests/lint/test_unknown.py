"""What is unknown of one name hides nothing of the others: a rule tells both at their places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from mailauth_dns.compile.publication import Publication
from mailauth_dns.errors import ObservationError
from mailauth_dns.evaluate.resolver import Resolver, Values
from mailauth_dns.lint.catalog import RULES
from mailauth_dns.lint.subject import Subject
from mailauth_dns.records.name import DomainName
from tests.conftest import RepoFolder
from tests.lint import worlds
from tests.lint.test_cases import findings

DARK = ("dark", "9.2.0.192")  # labels of names that nobody answers for


class PartlyDeaf:
    """DNS that answers, apart from dark names."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def lookup(self, name: DomainName, rrtype: str) -> Values:
        if any(label in name for label in DARK):
            raise ObservationError(f"{name} {rrtype}: no answer in 2 s")
        return self._resolver.lookup(name, rrtype)


HOSTS = 'spf: {terms: ["ip4:192.0.2.9", "ip4:192.0.2.10"], all: fail}\n'
TESTS = """tests:
- {name: a, from: a@example.com, helo: dark.example.com, ip: 192.0.2.9, expect: {spf: pass}}
- {name: b, from: a@example.com, helo: mx.example.com, ip: 192.0.2.10, expect: {spf: pass}}
"""
PTR = "10.2.0.192.in-addr.arpa PTR other.example.com.\n"
MX = "example.com MX 1 dark.example.com.\nexample.com MX 2 mx.example.com.\n"
REPORTS = 'dmarc: {p: none, rua: ["mailto:a@dark.example.com", "mailto:b@gone.example.com"]}\n'
ABROAD = 'dmarc: {p: none, rua: ["mailto:a@dark.example.org", "mailto:b@example.net"]}\n'
KEYS = "dkim: {selectors: {s1: {cname: dark.example.net}, s2: {cname: gone.example.net}}}\n"
LISTED = 'spf: {terms: ["ip4:192.0.2.10"], all: fail}\n'
SIX = "mx.example.com A 192.0.2.10\nmx.example.com AAAA 2001:db8::10\n"

BOTH = [
    ("HOST001", HOSTS, "a.example A 192.0.2.1\n", ("2:15", "2:32")),
    ("HOST002", HOSTS, PTR, ("2:15", "2:32")),
    ("HOST003", TESTS, PTR, ("3:3", "4:34")),
    ("HOST004", LISTED + TESTS, SIX, ("4:34", "5:34")),
    ("HOST004", LISTED, MX + SIX, ("2:1", "2:15")),
    ("SPF039", LISTED + TESTS, SIX, ("4:34", "5:34")),
    ("DKIM024", KEYS, "a.example A 192.0.2.1\n", ("2:25", "2:56")),
    ("MX005", LISTED, MX + "mx.example.com CNAME a.example.\n", ("1:1", "1:1")),
    ("MX007", LISTED, MX, ("1:1", "1:1")),
    ("DMARC019", REPORTS, "a.example A 192.0.2.1\n", ("2:24", "2:53")),
    ("DMARC020", ABROAD, "a.example A 192.0.2.1\n", ("2:24", "2:53")),
]


@pytest.mark.parametrize(("id", "policy", "zone", "places"), BOTH)
def test_what_is_known_is_told_beside_what_is_not(
    repo: RepoFolder, id: str, policy: str, zone: str, places: tuple[str, str]
) -> None:
    def beside(
        subjects: Sequence[Subject], publications: Sequence[Publication]
    ) -> Iterator[Subject]:
        for subject in worlds.live(
            subjects, publications, {"192.0.2.53:53": worlds.world(zone)}, {}
        ):
            assert subject.resolver is not None
            yield replace(subject, resolver=PartlyDeaf(subject.resolver))

    [rule] = [rule for rule in RULES if rule.id == id]
    found = findings(repo, rule, f"domain: example.com\n{policy}", beside)
    dark, known = sorted(found, key=lambda finding: not finding.unknown)
    assert (dark.unknown, known.unknown) == (True, False)
    assert (
        tuple(f"{finding.place.line}:{finding.place.column}" for finding in (dark, known)) == places
    )
    assert dark.message.endswith(": no answer in 2 s")
