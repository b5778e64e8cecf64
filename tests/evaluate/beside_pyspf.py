"""Our check_host() and pyspf's, over the same zones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import spf as pyspf

from mailauth_dns.errors import ObservationError
from mailauth_dns.evaluate.resolver import Resolver, ZoneResolver
from mailauth_dns.evaluate.spf import check_host
from mailauth_dns.records.name import DomainName
from tests.evaluate.zones import zone

# Names elsewhere, such as in example.org, do not answer.
ORIGINS = ("example.com", "in-addr.arpa", "ip6.arpa")


def answers(resolver: Resolver) -> Callable[..., list[Any]]:
    """Return the resolver as a function of the kind that pyspf calls."""

    def lookup(name: str, rrtype: str, *limits: object) -> list[Any]:
        try:
            values = resolver.lookup(DomainName(name), rrtype) or ()
        except ObservationError as error:
            raise pyspf.TempError(str(error)) from error
        readers: dict[str, Callable[[str], Any]] = {
            "TXT": lambda text: (text.encode("latin-1"),),
            "MX": mx,
            "PTR": lambda host: host.removesuffix("."),
        }
        read = readers.get(rrtype, str)
        return [((name, rrtype), read(value)) for value in values]

    return lookup


def mx(value: str) -> tuple[int, str]:
    preference, host = value.split(" ")
    return int(preference), host


Sets = dict[str, str | list[str]]


def resolver(sets: Sets) -> Resolver:
    return ZoneResolver(
        zone(origin, {key: value for key, value in sets.items() if key.split()[0].endswith(origin)})
        for origin in ORIGINS
    )


DEFAULT = pyspf.EXPLANATIONS["fail"]


def theirs(ip: str, sender: str, helo: str, resolver: Resolver) -> tuple[str, str | None]:
    with patch.object(pyspf, "DNSLookup", answers(resolver)):
        result, explanation = pyspf.check2(i=ip, s=sender, h=helo)
    return result, None if explanation == DEFAULT or result != "fail" else explanation.lower()


def ours(ip: str, sender: str, helo: str, resolver: Resolver) -> tuple[str, str | None]:
    found = check_host(ip, sender.rpartition("@")[2] or helo, sender, helo, resolver)
    return found.result.value, found.explanation.lower() if found.explanation is not None else None
