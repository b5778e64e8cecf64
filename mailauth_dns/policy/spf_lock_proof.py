"""Work out a lock's entry again from the records that it quotes; if it differs, refuse the lock.

A review reads the records. An edit of `networks` alone would let hosts send that no record names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from mailauth_dns.errors import NotFlattened, ObservationError
from mailauth_dns.evaluate.resolver import Values
from mailauth_dns.evaluate.spf_addresses import Passing, passing
from mailauth_dns.records import spf, spf_term
from mailauth_dns.records.addresses import Addresses
from mailauth_dns.records.name import DomainName

_SHOWN = 3  # networks told of each kind


class HostsUnknown(Exception):
    """The records name hosts, and an earlier version wrote the entry without their addresses."""


def disproved(
    name: DomainName,
    addresses: Addresses,
    records: Mapping[str, str],
    hosts: Mapping[str, tuple[str, ...]] | None,
) -> list[str]:
    """Return what is wrong with an entry whose records and hosts let other addresses pass.

    Raises:
        HostsUnknown: `hosts` is None, and the records need some.
    """
    try:
        found = passing(name, _Quoted(records, hosts))
    except (NotFlattened, ObservationError) as error:
        return [f"its records do not say who passes: {error}"]
    return list(_differences(addresses, found, records, hosts or {}))


class _Quoted:
    """DNS as an entry quotes it."""

    def __init__(
        self, records: Mapping[str, str], hosts: Mapping[str, tuple[str, ...]] | None
    ) -> None:
        self._records = records
        self._hosts = hosts

    def lookup(self, name: DomainName, rrtype: str) -> Values:
        if rrtype == "TXT":
            return (self._records[name],) if name in self._records else None
        if self._hosts is None:
            raise HostsUnknown
        return self._hosts.get(f"{name} {rrtype}")


def _differences(
    addresses: Addresses,
    found: Passing,
    records: Mapping[str, str],
    hosts: Mapping[str, tuple[str, ...]],
) -> Iterator[str]:
    if more := _listed(addresses - found.addresses):
        yield f"networks holds {more}, which its records do not let pass"
    if less := _listed(found.addresses - addresses):
        yield f"networks lacks {less}, which its records let pass"
    reached = {*dict(found.records), *dict(found.hosts)}
    if stray := [name for name in chain(records, hosts) if name not in reached]:
        yield f"nothing leads to {', '.join(stray[:_SHOWN])}"


def _listed(addresses: Addresses) -> str:
    networks = addresses.networks
    more = len(networks) - _SHOWN
    return ", ".join(map(str, networks[:_SHOWN])) + (f" and {more} more" if more > 0 else "")


def is_networks(text: str) -> bool:
    """Tell whether a record says nothing but networks that pass, as the parts of a record do."""
    record = spf.parse(text)
    passes = (
        isinstance(term, spf_term.Ip4 | spf_term.Ip6) and term.qualifier is spf_term.Qualifier.PASS
        for term in record.terms
    )
    return (
        bool(record.terms)
        and all(passes)
        and (record.redirect, record.exp, record.unknown) == (None, None, ())
    )
