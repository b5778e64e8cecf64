"""Where a domain's mail records stand, and what is found elsewhere."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from mailauth_dns.policy.repo import Route
from mailauth_dns.records import dmarc_consent
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.name import DomainName, is_at_or_below
from mailauth_dns.records.zone import RRKey

# Looser than any receiver, and than ours: pasted quotes, a lost or doubled sign, the right record
# at the wrong name.
_LIKE_A_RECORD = re.compile(
    r"[\s\"'\\(]*v\s*=*\s*(?:spf|dkim|dmarc|stsv|tlsrpt|bimi)|[\s\"']*spf2\.0", re.IGNORECASE
)
_MARK = re.compile(
    "|".join(
        ("(?:.+\\.)?" if found.row.selected else "") + re.escape(found.row.label) + "\\."
        for found in sorted(Family, key=lambda found: not found.row.selected)
        if found.row.label
    )
)


@dataclass(frozen=True, slots=True)
class Spot:
    """A name that a section of a policy is about."""

    family: Family
    route: Route


def spot_of(name: DomainName, domain: DomainName) -> Spot | None:
    """Return what the domain's policy would say at `name`; None where it says nothing."""
    for found in Family:
        if found in (Family.DMARC_REPORT, Family.NULL_MX, Family.RETURN_PATH):
            continue  # they follow from `rua`, from `parked`, and from `senders`
        if not found.row.selected:
            if name == found.owner_name(domain):
                return Spot(found, found.row.section)
            continue
        selector = name.removesuffix(f".{found.owner_name(domain)}")
        if selector != name:
            return Spot(found, (*found.row.section, selector))
    return None


def owner_of(name: DomainName, domains: Collection[DomainName]) -> DomainName | None:
    """Return the domain that a name belongs to: the deepest one at or above it."""
    above = [domain for domain in domains if is_at_or_below(name, domain)]
    return max(above, key=len, default=None)


def stray(key: RRKey, value: str, domain: DomainName) -> str | None:
    """Return why a mail value is not part of the domain's policy; None if it is no mail value."""
    name, type = key
    spot = spot_of(name, domain)
    if type == "CNAME":
        return "an alias: its target decides what is found here" if _MARK.match(name) else None
    if type not in ("TXT", "MX"):
        return None
    found = family(name, type, value)
    if found is Family.DMARC_REPORT:
        about, _ = dmarc_consent.report_parties(name)
        return f"a consent to reports about {about}; a plan counts on it as it is"
    if found is Family.NULL_MX and name == domain:
        return (
            "a null MX (RFC 7505): only `parked: true` declares one, and what is published "
            "here is not exactly that"
        )
    if found is not None and spot is None:
        owner = _MARK.sub("", name, count=1)
        if owner.startswith("*"):
            return (
                "a wildcard, which no policy declares: it answers for every name below that does "
                "not exist"
            )
        return f"belongs to {owner}, which mail treats as a domain of its own; import it as well"
    if type == "TXT" and (found is not None or _LIKE_A_RECORD.match(value) or _MARK.match(name)):
        return "no receiver reads this value, at this name, as a mail record"
    return None
