"""Consents to DMARC reports: a host agrees to take reports about other domains (RFC 9990)."""

from __future__ import annotations

import re
from functools import lru_cache

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records.name import DomainName, domain_name
from mailauth_dns.records.uri import unescaped

REPORT_LABEL = "_report._dmarc"  # RFC 9990
_REPORT = f".{REPORT_LABEL}."


def report_name(domain: DomainName, host: DomainName) -> DomainName:
    """Return where `host` agrees to take reports about `domain` (RFC 9990)."""
    return DomainName(f"{domain}{_REPORT}{host}")


def is_report_name(name: DomainName) -> bool:
    """Tell whether `name` is one at which consents to reports stand."""
    return _REPORT in name


def report_parties(name: DomainName) -> tuple[DomainName, DomainName]:
    """Return the domain and the host of a `report_name`."""
    domain, _, host = name.partition(_REPORT)
    return DomainName(domain), DomainName(host)


_AUTHORISES = re.compile(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)")


def authorises(text: str) -> bool:
    """Tell whether a value is a consent: it only has to open as a DMARC record.

    >>> authorises("v=DMARC1; rua=mailto:other@example.com"), authorises("v=dmarc1")
    (True, False)
    """
    return _AUTHORISES.match(text) is not None


@lru_cache(maxsize=1024)  # many domains share a few report addresses
def report_host(uri: str) -> DomainName | None:
    """Return the host that takes a report address's mail (RFC 6068 §2); None where none does.

    `evaluate.report_destination.destination_host` is what receivers read from the address.
    """
    scheme, _, rest = uri.partition(":")
    _, at, host = unescaped(rest.partition("?")[0]).rpartition("@")
    if scheme.lower() != "mailto" or not at:
        return None
    try:
        name = domain_name(host)
    except RecordSyntaxError:
        return None
    return None if name.startswith("*") else name
