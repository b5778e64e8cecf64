"""TLS-RPT records: where senders report failures of TLS to a domain's hosts (RFC 8460 §3)."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.tags import Tag, comma_separated, extensions, parse_fields
from mailauth_dns.records.uri import is_uri

LABEL = "_smtp._tls"  # RFC 8460 §3
_KNOWN = frozenset({"rua"})


@dataclass(frozen=True, slots=True)
class Record:
    """A record, such as `v=TLSRPTv1; rua=mailto:tls@example.com`; senders ignore `other`."""

    rua: tuple[str, ...]
    other: tuple[tuple[str, str], ...] = ()

    @property
    def meaning(self) -> Hashable:
        """Equal for records that no sender tells apart."""
        return (self.rua, frozenset(self.other))

    def __str__(self) -> str:
        """Return the record as published."""
        return "; ".join(
            [
                "v=TLSRPTv1",
                f"rua={','.join(self.rua)}",
                *(f"{name}={value}" for name, value in self.other),
            ]
        )


def owner_name(domain: DomainName) -> DomainName:
    """Return where a domain's record is published (RFC 8460 §3)."""
    return DomainName(f"{LABEL}.{domain}")


# A fleet publishes the same texts many times, and several steps look at each.
@lru_cache(maxsize=1024)
def parse(text: str) -> Record:
    """Return the record in `text`; `rua` may repeat, and all its addresses count.

    Raises:
        RecordSyntaxError: senders would send no reports.
    """
    fields = parse_fields(text, "v=TLSRPTv1", _KNOWN)
    rua = tuple(uri for field in fields if field.name == "rua" for uri in _uris(text, field))
    if not rua:
        raise RecordSyntaxError(text, len(text), len(text), "expected rua=, where reports go")
    return Record(rua, extensions(fields, _KNOWN))


def _uris(text: str, field: Tag) -> tuple[str, ...]:
    uris = []
    for start, uri in comma_separated(field):
        if not is_uri(uri):
            raise RecordSyntaxError(
                text, start, start + len(uri), "expected an address such as mailto:tls@example.com"
            )
        if "!" in uri:
            raise RecordSyntaxError(
                text,
                start + uri.index("!"),
                start + len(uri),
                "a ! inside an address must be written %21",
            )
        uris.append(uri)
    return tuple(uris)
