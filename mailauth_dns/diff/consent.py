"""Where a host agrees to take another domain's DMARC reports already (RFC 9990, verifying external destinations).

What is there satisfies us as it is, in its own spelling and TTL, whoever put it there.
"""

from __future__ import annotations

from mailauth_dns.diff.semantics import consents
from mailauth_dns.records import dmarc
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, Zone


class Consents:
    """The consents that a zone holds."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._occupied: set[DomainName] | None = None

    def has(self, key: RRKey) -> bool:
        """Tell whether receivers find a consent at `key`, a set of its own or what a wildcard answers.

        A record of ours under a wildcard would not be idle only: with `example.com` in front, `com._report._dmarc...` would exist, and
        the wildcard would no longer answer for the other domains in com (RFC 4592 §2.2.2).
        """
        there = self._zone.get(key)
        if there is not None:
            return consents(there.values)
        wildcard = self._zone.get((dmarc.report_name(DomainName("*"), dmarc.report_parties(key[0])[1]), key[1]))
        return wildcard is not None and consents(wildcard.values) and _topmost(key[0]) not in self._names()

    def _names(self) -> set[DomainName]:
        if self._occupied is None:
            self._occupied = {_topmost(rrset.name) for rrset in self._zone.rrsets if "._report._dmarc." in rrset.name}
        return self._occupied


def _topmost(name: DomainName) -> DomainName:
    """Return the name on the way up that stands right below `_report._dmarc`."""
    domain, host = dmarc.report_parties(name)
    return dmarc.report_name(DomainName(domain.rsplit(".", 1)[-1]), host)
