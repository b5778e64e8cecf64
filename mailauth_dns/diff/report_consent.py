"""Where a host already agrees to take another domain's DMARC reports (RFC 9990).

A consent that is there is enough as it is, in its own spelling and TTL, whoever published it.
"""

from __future__ import annotations

from mailauth_dns.diff.equivalence import consents
from mailauth_dns.records import dmarc_consent
from mailauth_dns.records.name import DomainName, ancestors
from mailauth_dns.records.zone import RRKey, Zone


class Consents:
    """The consents that a zone holds."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._existing: set[DomainName] | None = None

    def has(self, key: RRKey) -> bool:
        """Tell whether receivers find a consent at `key`, in its own set or from a wildcard.

        A record of ours under such a wildcard would do harm: `example.com._report._dmarc...` makes
        `com._report._dmarc...` exist, and the wildcard then answers for no other domain in com
        (RFC 4592 §2.2.2).
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
        """Return the report names that exist, including those that hold only names below them."""
        if self._existing is None:
            self._existing = set()
            for rrset in self._zone.rrsets:
                if dmarc_consent.is_report_name(rrset.name):
                    self._existing.update((rrset.name, *ancestors(rrset.name, self._zone.origin)))
        return self._existing
