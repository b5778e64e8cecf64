"""Consents to DMARC reports: hosts say that they take those of other domains (RFC 9990)."""

from __future__ import annotations

import re
from functools import lru_cache

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records.name import DomainName, domain_name
from mailauth_dns.records.uri import unescaped

REPORT_LABEL = "_report._dmarc"  # RFC 9990
_REPORT = f".{REPORT_LABEL}."


def report_name(domain: DomainName, host: DomainName) -> DomainName:
    """Return where `host` says that it takes reports about `domain` (RFC 9990)."""
    return DomainName(f"{domain}{_REPORT}{host}")


def is_report_name(name: DomainName) -> bool:
    """Tell whether consents to reports stand at `name`."""
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


@lru_cache(maxsize=1024)  # a fleet has few report addresses, and each of its domains asks for them
def report_host(uri: str) -> DomainName | None:
    """Return the host that takes a report address's mail (RFC 6068 §2); None where none does."""
    scheme, _, rest = uri.partition(":")
    _, at, host = unescaped(rest.partition("?")[0]).rpartition("@")
    if scheme.lower() != "mailto" or not at:
        return None
    try:
        name = domain_name(host)
    except RecordSyntaxError:
        return None
    return None if name.startswith("*") else name
