"""Mail that reached the receiver over somebody else: what tells it from mail that is sent so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_network

from mailauth_dns.evidence.evidence import Row
from mailauth_dns.evidence.source_kind import Attribution, SourceKind
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.aggregate import AuthResult, OverrideReason

Key = tuple[DomainName | None, str | None]  # d= and selector
_FORWARDED = (OverrideReason.FORWARDED, OverrideReason.TRUSTED_FORWARDER)


@dataclass(frozen=True, slots=True)
class Relayed:
    """A signature of a declared key, from a host that nothing connects with its sender.

    It is forwarded mail, unless `origin` sends more mail with that key than all declared hosts do.
    """

    key: Key
    origin: str
    forwarded: Attribution
    direct: Attribution


def said_by_receiver(row: Row) -> SourceKind | None:
    """Return what the receiver says of how the mail came; None where it says nothing of it."""
    reasons = {each.reason for each in row.overrides}
    if OverrideReason.MAILING_LIST in reasons:
        return SourceKind.MAILING_LIST
    if not reasons.isdisjoint(_FORWARDED) or any(each.arc for each in row.overrides):
        return SourceKind.FORWARDER
    return None


def network_of(row: Row) -> str | None:
    """Return the network that a row's address is in: of one owner, as far as one can tell."""
    if row.source is None:
        return None
    length = 64 if ":" in row.source else 24
    return str(ip_network(f"{row.source}/{length}", strict=False))


def origin_of(row: Row) -> str:
    """Return who sent a row's mail last: the domain that SPF passes for, else the network."""
    passing = (each.domain for each in row.spf if each.result is AuthResult.PASS)
    return next(filter(None, passing), None) or network_of(row) or ""


def told_apart(rows: Iterable[tuple[Row, object]]) -> frozenset[tuple[Key, str]]:
    """Return the origins that send more mail with a key than all hosts of its sender do.

    No forwarder does. Where no host of the sender was seen, nobody can tell.
    """
    direct: Counter[Key] = Counter()
    relayed: Counter[tuple[Key, str]] = Counter()
    for row, by in rows:
        if isinstance(by, Relayed):
            relayed[by.key, by.origin] += row.count
        elif isinstance(by, Attribution) and by.kind is SourceKind.ALIGNED:
            for each in row.dkim:
                if each.result is AuthResult.PASS:
                    direct[each.domain, each.selector] += row.count
    return frozenset(
        (key, origin) for (key, origin), count in relayed.items() if count > direct[key] > 0
    )
