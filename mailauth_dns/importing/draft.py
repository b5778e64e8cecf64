"""Policies that say what is published, and no more: a plan with them has nothing to do.

Each record is drafted as a section of its own. Then everything is compiled and compared with what
was read. A section that would change anything is taken out again and reported, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mailauth_dns.compile.publication import Declared
from mailauth_dns.errors import MailAuthError
from mailauth_dns.importing import in_the_way
from mailauth_dns.importing.sketch import Sketch
from mailauth_dns.importing.surroundings import Draft, Surroundings
from mailauth_dns.records import mta_sts
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import Zone

# Zones as they are, each with the domains to import.
ZonesFound = Sequence[tuple[Zone, tuple[DomainName, ...]]]


def drafts(
    zones_found: ZonesFound, beside: Surroundings, served: Mapping[DomainName, mta_sts.Policy | str]
) -> tuple[Draft, ...]:
    """Return a policy for each domain.

    `served` are the known MTA-STS policies, or why one could not be fetched.

    Raises:
        PolicyError: they cannot be compiled with the repo's other policies.
        MailAuthError: a record can be neither kept in a policy nor left out of it.
    """
    sketches = [
        Sketch(domain, frozenset(domains), zone, beside, served.get(domain))
        for zone, domains in zones_found
        for domain in domains
    ]
    for sketch in sketches:
        sketch.park()
    zones = {zone.origin: zone for zone, _ in zones_found}
    before: list[tuple[Declared, str]] = []
    while found := list(
        in_the_way.entries(zones, [sketch.policy() for sketch in sketches], beside)
    ):
        if found == before:
            # No sketch has what is in the way, so nothing can be withdrawn.
            entry, reason = found[0]
            raise MailAuthError(f"{entry.key[0]} {entry.key[1]} cannot be imported: {reason}")
        before = found
        for sketch in sketches:
            sketch.withdraw(
                (entry, reason) for entry, reason in found if entry.domain == sketch.domain
            )
    return tuple(sketch.done() for sketch in sketches)
