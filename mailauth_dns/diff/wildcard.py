"""Names that lose a wildcard's answer because we publish a record at or below them.

A name that exists gets nothing from a wildcard, even if only a name below it holds records
(RFC 4592 §2.2.1, §2.2.2). With `*.example.com MX` in the zone, an SPF record at
`news.example.com` takes the MX of that name away.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailauth_dns.records.name import DomainName, ancestors
from mailauth_dns.records.zone import Zone

_REACHED = frozenset({"A", "AAAA", "MX", "CNAME", "SRV", "HTTPS"})  # types by which a host is found


@dataclass(frozen=True, slots=True)
class Shadowed:
    """`name` begins to exist, so it loses the sets of these types that `wildcard` gave it."""

    name: DomainName
    wildcard: DomainName
    types: tuple[str, ...]

    def __str__(self) -> str:
        """Return it in words."""
        types = " and ".join(self.types)
        return f"{self.name} then exists, and no longer gets {types} from {self.wildcard}"


class Wildcards:
    """The wildcards of a zone, and which names they answer for."""

    def __init__(self, zone: Zone) -> None:
        self._origin = zone.origin
        self._types: dict[DomainName, set[str]] = {}
        for rrset in zone.rrsets:
            if rrset.name.startswith("*."):
                self._types.setdefault(rrset.name, set()).add(rrset.type)
        self._existing: set[DomainName] = set()
        if self._types:
            for rrset in zone.rrsets:
                self._existing.update((rrset.name, *ancestors(rrset.name, zone.origin)))
            self._existing.add(zone.origin)

    def shadowed(self, name: DomainName) -> Shadowed | None:
        """Return what hosts lose by a new record at `name`; no host name begins with `_`."""
        if not self._types or name in self._existing:
            return None
        upward = (name, *ancestors(name, self._origin), self._origin)
        encloser = next(upper for upper in upward if upper in self._existing)
        wildcard = DomainName(f"*.{encloser}")
        types = tuple(sorted(self._types.get(wildcard, set()) & _REACHED))
        # The highest name that begins to exist. Below a label with `_` there are no hosts.
        top = upward[upward.index(encloser) - 1]
        return Shadowed(top, wildcard, types) if types and not top.startswith(("_", "*")) else None
