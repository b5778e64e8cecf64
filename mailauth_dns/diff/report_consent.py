"""Where a host agrees to take another domain's DMARC reports already (RFC 9990, verifying external destinations).

What is there satisfies us as it is, in its own spelling and TTL, whoever put it there.
"""

from __future__ import annotations

from mailauth_dns.diff.equivalence import consents
from mailauth_dns.records import dmarc
from mailauth_dns.records.name import DomainName, ancestors
from mailauth_dns.records.zone import RRKey, Zone


class Consents:
    """The consents that a zone holds."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._existing: set[DomainName] | None = None

    def has(self, key: RRKey) -> bool:
        """Tell whether receivers find a consent at `key`, a set of its own or what a wildcard among the report names answers.

        A record of ours under a wildcard would not be idle only: with `example.com` in front, `com._report._dmarc...` would exist, and
        the wildcard would no longer answer for the other domains in com (RFC 4592 §2.2.2).
        """
        there = self._zone.get(key)
        if there is not None:
            return consents(there.values)
        existing = self._names()
        if key[0] in existing:
            return False
        encloser = next(
            (name for name in ancestors(key[0], self._zone.origin) if name in existing), None
        )
        wildcard = (
            self._zone.get((DomainName(f"*.{encloser}"), key[1])) if encloser is not None else None
        )
        return wildcard is not None and consents(wildcard.values)

    def _names(self) -> set[DomainName]:
        """Return the report names that exist, those with nothing but names below them included."""
        if self._existing is None:
            self._existing = set()
            for rrset in self._zone.rrsets:
                if dmarc.is_report_name(rrset.name):
                    self._existing.update((rrset.name, *ancestors(rrset.name, self._zone.origin)))
        return self._existing
