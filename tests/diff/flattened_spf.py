"""Changes of example.com's SPF record and of its parts, with names whose addresses are known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import IPv4Network

from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.diff.change import Change
from mailauth_dns.diff.compare import compare
from mailauth_dns.diff.meaning import judge_at
from mailauth_dns.records.addresses import addresses_of
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_parts import part_name
from mailauth_dns.records.zone import RRset, zone_of

COM = DomainName("example.com")
SENDER = DomainName("_spf.example.net")
TEXT, OTHER = "v=spf1 ip4:192.0.2.0/25 ip4:198.51.100.0/24", "v=spf1 ip4:192.0.2.128/25"
PART, OLD = part_name(TEXT, COM), part_name(OTHER, COM)
NAMES = tuple(
    (DomainName(name), addresses_of(map(IPv4Network, networks)))
    for name, networks in (
        (SENDER, ["192.0.2.0/25", "198.51.100.0/24"]),
        (PART, ["192.0.2.0/25", "198.51.100.0/24"]),
        (OLD, ["192.0.2.128/25"]),
    )
)
EIGHT = [f"ip4:203.0.113.{2 * n}" for n in range(8)]
SAME = "the same hosts may send, listed in another way"


def changed(
    before: Mapping[DomainName, str], *declared: Declared
) -> tuple[list[Change], list[str]]:
    """Return the changes of a zone that holds these TXT values, and why others are blocked."""
    there = zone_of(
        COM,
        (RRset(name, "TXT", 300, frozenset({text})) for name, text in before.items()),
    )
    difference = compare(
        there, Publication(COM, declared, (), ()), judge_at(datetime(2026, 6, 1, tzinfo=UTC))
    )
    return list(difference.changes), [entry.reason for entry in difference.blocked]


def root(text: str) -> Declared:
    return Declared(COM, (COM, "TXT"), Family.SPF, None, frozenset({text}), spf_names=NAMES)


def part(name: DomainName, text: str | None) -> Declared:
    return Declared(
        COM, (name, "TXT"), Family.SPF, None, frozenset() if text is None else frozenset({text})
    )
