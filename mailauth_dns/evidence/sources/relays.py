"""Mail that reached the receiver over somebody else: what tells it from mail that is sent so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_network

from mailauth_dns.evidence.evidence import Row
from mailauth_dns.evidence.sources.source_kind import Attribution, SourceKind
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.aggregate import AuthResult, OverrideReason

Key = tuple[DomainName | None, str | None]  # d= and selector
_FORWARDED = (OverrideReason.FORWARDED, OverrideReason.TRUSTED_FORWARDER)


@dataclass(frozen=True, slots=True)
class Relayed:
    """A signature of a declared key, from a host that nothing connects with its sender.

    It is forwarded mail, unless `origin` sends more mail with that key than all declared hosts do.
    `own` tells keys of one's own from those of a sender whose hosts nobody lists.
    """

    key: Key
    origin: str
    own: bool
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
    if ":" in row.source:
        return str(ip_network(f"{row.source}/64", strict=False))
    return f"{row.source.rpartition('.')[0]}.0/24"


def origin_of(row: Row) -> str:
    """Return who sent a row's mail last: the domain that SPF passes for, else the network."""
    passing = (each.domain for each in row.spf if each.result is AuthResult.PASS)
    return next(filter(None, passing), None) or network_of(row) or ""


def senders_themselves(rows: Iterable[tuple[Row, object]]) -> frozenset[tuple[Key, str]]:
    """Return the origins that send more mail with a key than anybody could forward.

    That is more than all known hosts of its sender do. Where none was seen, one's own key tells
    nothing, and of a sender's key it is the one that most mail comes from.
    """
    direct: Counter[Key] = Counter()
    total: Counter[Key] = Counter()
    relayed: Counter[tuple[Key, str]] = Counter()
    others: set[Key] = set()
    for row, by in rows:
        if isinstance(by, Relayed):
            relayed[by.key, by.origin] += row.count
            total[by.key] += row.count
            if not by.own:
                others.add(by.key)
        elif isinstance(by, Attribution) and by.kind is SourceKind.ALIGNED:
            for each in row.dkim:
                if each.result is AuthResult.PASS:
                    direct[each.domain, each.selector] += row.count
    return frozenset(
        (key, origin)
        for (key, origin), count in relayed.items()
        if (count > direct[key] > 0)
        or (direct[key] == 0 and key in others and count * 2 > total[key])
    )
