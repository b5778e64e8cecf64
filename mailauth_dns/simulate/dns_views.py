"""The DNS to judge messages by: as it is, as the policies would make it, and as a plan would."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mailauth_dns.compile.publication import Publication
from mailauth_dns.diff.change import Difference
from mailauth_dns.evaluate.overlay import Overlay, PlannedSet, PlannedZone
from mailauth_dns.evaluate.resolver import Resolver, WatchedResolver
from mailauth_dns.live.resolver import LiveResolver
from mailauth_dns.plan.plan import Plan
from mailauth_dns.policy.repo import Policy
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, Zone, zone_of

if TYPE_CHECKING:
    from mailauth_dns.octo.target import Proposal  # also loads octoDNS


def as_it_is(policies: Iterable[Policy]) -> LiveResolver:
    """Return live DNS, asked where the policies say."""
    return LiveResolver({policy.zone: policy.body.nameservers for policy in policies})


def as_published(publications: Iterable[Publication], live: Resolver) -> Overlay:
    """Return DNS with everything that these publications declare."""
    zones = []
    for publication in publications:
        sets = {
            entry.key: PlannedSet(entry.values, entry.family, entry.sender_values)
            for entry in publication.declared
        }
        zones.append(PlannedZone(publication.origin, sets))
    return Overlay(live, zones)


def as_planned(plan: Plan, live: Resolver) -> Overlay:
    """Return DNS with the changes of a plan; foreign values beside ours come from live DNS."""
    zones: dict[DomainName, dict[tuple[DomainName, str], PlannedSet]] = {}
    for zone in plan.zones:  # one zone at two providers becomes the same at both
        sets = zones.setdefault(DomainName(zone.zone), {})
        for change in zone.changes:
            sets[DomainName(change.name), change.type] = PlannedSet(
                frozenset(change.after), Family(change.family), change.sender_values
            )
    return Overlay(live, (PlannedZone(origin, sets) for origin, sets in zones.items()))


def as_provided(
    proposals: Iterable[Proposal], live: Resolver | None, *, changed: bool
) -> WatchedResolver:
    """Return DNS with the providers' zones as they are, or `changed` as proposed.

    `live` is asked for everything else. If a zone comes twice, the first one counts.
    """
    whole: dict[DomainName, Zone] = {}
    partly: list[PlannedZone] = []
    for proposal in proposals:
        zone = proposal.reading.zone
        if zone.origin in whole or not proposal.reading.exists:
            continue
        if not _is_exact(proposal):
            changes = proposal.difference.changes
            sets = {
                change.key: PlannedSet(
                    change.values_after if changed else change.before | change.kept
                )
                for change in changes
            }
            partly.append(PlannedZone(zone.origin, sets))
        else:
            whole[zone.origin] = zone_after(zone, proposal.difference) if changed else zone
    return WatchedResolver(
        whole.values(), elsewhere=Overlay(live, partly) if live is not None and partly else live
    )


def _is_exact(proposal: Proposal) -> bool:
    """Tell whether the zone holds all that its servers answer.

    It does not if a file was read in part, or if servers answer ALIAS as A.
    """
    kinds = {rrset.type for rrset in proposal.reading.zone.rrsets}
    return proposal.reading.unwritable.zone is None and not any(
        kind == "ALIAS" or "/" in kind for kind in kinds
    )


def zone_after(zone: Zone, difference: Difference) -> Zone:
    """Return a provider's zone as its changes will leave it."""
    sets = {rrset.key: rrset for rrset in zone.rrsets}
    for change in difference.changes:
        sets.pop(change.key, None)
        if change.values_after:
            sets[change.key] = RRset(*change.key, change.ttl_after, change.values_after)
    return zone_of(zone.origin, sets.values())
