"""What a person changes at a web form: the policy compared with live DNS, judged as a plan is.

A form has no interface to ask, so live DNS stands for what it holds. What apply would refuse is
refused here too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.deploy import beside_live, live_order, plan_live_only
from mailauth_dns.deploy.beside_live import BesideLive, shown
from mailauth_dns.deploy.evidence_of_changes import EvidenceOfChanges
from mailauth_dns.diff.change import Blocked, Change, Difference
from mailauth_dns.plan import permissions, policy_permissions, tied_zones
from mailauth_dns.plan.permissions import Allowance, Refusal
from mailauth_dns.plan.plan import LIVE_DNS, ChangeEntry, ZoneEntry
from mailauth_dns.plan.policy_permissions import Permissions
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records.name import DomainName

NOT_ASKED = "live DNS was not asked"


@dataclass(frozen=True, slots=True)
class ByHand:
    """One zone: what changes, what is blocked or kept, what is there, and what is unknown.

    `servers` are the name servers that were asked. `unknown` has a reason for each declaration
    that could not be compared. `refused` says why nothing of the zone may be entered: a test of a
    policy would break, or the zone needs one of which nothing may be entered. `judged` has the
    changes by name and type, as a plan has them.
    """

    publication: Publication
    servers: tuple[str, ...]
    difference: Difference
    there: tuple[Declared, ...]
    unknown: tuple[tuple[Declared, str], ...]
    refused: tuple[str, ...] = ()
    judged: Mapping[tuple[str, str], ChangeEntry] = field(default_factory=dict)


def unasked(publications: Iterable[Publication]) -> tuple[ByHand, ...]:
    """Return the zones with everything unknown, because nobody wants DNS to be asked."""
    nothing = Difference((), (), ())
    return tuple(
        ByHand(each, (), nothing, (), tuple((entry, NOT_ASKED) for entry in shown(each)))
        for each in publications
    )


def look(
    repo: Repo,
    chosen: Sequence[Publication],
    now: datetime,
    declared: Iterable[Publication],
    allowed: Collection[Allowance] = (),
) -> tuple[ByHand, ...]:
    """Ask live DNS, and return what has to change in each zone, each after those that it needs.

    A change that needs permission, and that neither its policy nor `allowed` permits, is blocked.
    So is what must not come without it, in any zone. What is left is refused as apply refuses it.
    `declared` is all that the repo declares. `now` has a time zone.
    """
    today = now.astimezone(UTC).date()
    permitted = policy_permissions.permissions_of(repo.policies, today)
    evidence = EvidenceOfChanges(repo, today)
    found = [
        _permitted(each, evidence, permitted, allowed) for each in beside_live.look(chosen, now)
    ]
    differences = live_order.in_order(found, declared, now)
    zones: tuple[ZoneEntry, ...] = ()
    if any(each.changes for each in differences.values()):
        zones = plan_live_only.judged(repo, found, differences, now)
    refused = permissions.refusals(zones, allowed)
    turns = tied_zones.in_turn(
        ((each.publication.origin, LIVE_DNS) for each in found), tied_zones.needs(zones)
    )
    by_zone = {each.publication.origin: each for each in found}
    judged = {
        zone.where: {(change.name, change.type): change for change in zone.changes}
        for zone in zones
    }
    return tuple(
        replace(
            _by_hand(by_zone[DomainName(zone)], differences[DomainName(zone)], refused.get(at, ())),
            judged=judged.get(at, {}),
        )
        for turn in turns
        for at in turn
        for zone in at[:1]
    )


def _permitted(
    found: BesideLive,
    evidence: EvidenceOfChanges,
    permitted: Permissions,
    allowed: Collection[Allowance],
) -> BesideLive:
    """Return a zone in which what is not permitted is blocked."""
    changes: list[Change] = []
    blocked = list(found.difference.blocked)
    entries = evidence.entries(found.difference.changes, {})
    for change, judged in zip(found.difference.changes, entries, strict=True):
        entry = policy_permissions.permitted_change(judged, permitted)
        if refused := permissions.of_change(entry, allowed):
            reason = "; ".join(map(str, refused))
            blocked.append(Blocked(change.domain, change.key, change.family, reason))
        else:
            changes.append(change)
    difference = replace(found.difference, changes=tuple(changes), blocked=tuple(blocked))
    return replace(found, difference=difference)


def _by_hand(found: BesideLive, whole: Difference, refused: Iterable[Refusal]) -> ByHand:
    unknown = {entry.key for entry, _ in found.unknown}
    blocked = tuple(each for each in whole.blocked if each.key not in unknown)
    open_ = {each.key for each in whole.changes} | {each.key for each in blocked} | unknown
    return ByHand(
        found.publication,
        found.servers,
        replace(whole, blocked=blocked),
        tuple(entry for entry in shown(found.publication) if entry.key not in open_),
        found.unknown,
        tuple(map(str, refused)),
    )


def unfinished(zones: Iterable[ByHand]) -> bool:
    """Tell whether something is refused or unknown, so that the steps are not all there is."""
    return any(
        each.refused or each.unknown or any(not entry.waits for entry in each.difference.blocked)
        for each in zones
    )


def changes_of(zone: ByHand) -> tuple[Change, ...]:
    """Return the changes that may be entered now."""
    return () if zone.refused else zone.difference.changes
