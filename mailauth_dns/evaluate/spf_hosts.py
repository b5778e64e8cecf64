"""What SPF looks up: records, addresses, exchangers and validated names (RFC 7208 §4.5, §5)."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address

from mailauth_dns.errors import ObservationError
from mailauth_dns.evaluate.macro_expansion import IPAddress, queryable
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.records import spf
from mailauth_dns.records.name import DomainName

_PREFERENCE = re.compile(r"[0-9]{1,5}")
MAX_NAMES = 10  # RFC 7208 §4.6.4: names behind the first ten are ignored


def record_texts(name: DomainName, resolver: Resolver) -> list[str]:
    """Return the SPF records that a name publishes, valid or not (RFC 7208 §4.5).

    Raises:
        ObservationError: DNS did not tell.
    """
    return [value for value in resolver.lookup(name, "TXT") or () if spf.has_version(value)]


def addresses(name: DomainName, version: int, resolver: Resolver) -> tuple[IPAddress, ...]:
    """Return the addresses of a name for clients of that IP version (RFC 7208 §5).

    Raises:
        ObservationError: DNS did not tell.
    """
    rrtype, kind = ("A", IPv4Address) if version == 4 else ("AAAA", IPv6Address)
    try:
        return tuple(map(kind, resolver.lookup(name, rrtype) or ()))
    except ValueError as error:
        raise ObservationError(f"{name} {rrtype}: {error}") from error


def exchangers(name: DomainName, values: tuple[str, ...]) -> list[str]:
    """Return the hosts of MX values without the last dot, preferred first; "" for a null MX.

    Raises:
        ObservationError: a value is not an MX record's.
    """
    found = []
    for value in values:
        preference, _, host = value.partition(" ")
        if not _PREFERENCE.fullmatch(preference):
            raise ObservationError(f"{name} MX: {value!r} is not a preference and a host")
        found.append((int(preference), host.removesuffix(".")))
    return [host for _, host in sorted(found)]


def validated_names(ip: IPAddress, resolver: Resolver) -> tuple[tuple[DomainName, ...], int]:
    """Return the validated names of an address, and how many lookups found nothing.

    The names are in the resolver's order. A name that cannot be resolved is not validated; here,
    and nowhere else in SPF, that is no error.
    """
    try:
        names = resolver.lookup(DomainName(ip.reverse_pointer), "PTR")
    except ObservationError:
        return (), 0
    voids = 0 if names else 1
    validated = []
    for text in (names or ())[:MAX_NAMES]:
        name = queryable(text.removesuffix("."))
        if name is None:
            continue
        try:
            found = addresses(name, ip.version, resolver)
        except ObservationError:
            continue
        voids += not found
        if ip in found:
            validated.append(name)
    return tuple(validated), voids
