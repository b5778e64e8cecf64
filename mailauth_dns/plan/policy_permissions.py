"""What policies permit of a plan: each permission beside the change, test or zone that needs it.

A permission holds for the domains of the policy that has it, and for no other domain of the zone.
It is no part of what is published, so it is in no digest: apply reads it from its own checkout.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from mailauth_dns.plan.alike import distinct
from mailauth_dns.plan.permission import IdlePermission, Permission
from mailauth_dns.plan.permissions import NOT_AUTHORITATIVE
from mailauth_dns.plan.plan import AuthorityEntry, ChangeEntry, Plan, TrialEntry, ZoneEntry
from mailauth_dns.plan.same_zones import zones_alike
from mailauth_dns.policy.repo import Policy
from mailauth_dns.records.family import Family


@dataclass(frozen=True, slots=True)
class Permissions:
    """The permissions of policies by domain; `today` is the day in UTC.

    `of_zones` has the domains with permissions by the zone that holds their records.
    """

    by_domain: Mapping[str, tuple[Permission, ...]]
    of_zones: Mapping[str, Sequence[str]]
    today: date

    def of(self, domain: str, rules: Container[str]) -> tuple[Permission, ...]:
        """Return those in force for a domain and these rules."""
        return tuple(
            permission
            for permission in self.by_domain.get(domain, ())
            if permission.rule in rules and permission.until >= self.today
        )


def permissions_of(policies: Iterable[Policy], today: date) -> Permissions:
    """Return what policies permit."""
    permitting = [each for each in policies if each.body.allow]
    of_zones: dict[str, list[str]] = {}
    for each in permitting:
        of_zones.setdefault(each.zone, []).append(each.domain)
    return Permissions({each.domain: _said(each) for each in permitting}, of_zones, today)


def _said(policy: Policy) -> tuple[Permission, ...]:
    places = (policy.place(("allow", index)) for index in range(len(policy.body.allow)))
    return tuple(
        Permission(each.rule, each.reason, each.until, place.source.path, place.line)
        for each, place in zip(policy.body.allow, places, strict=True)
    )


def with_permissions(zone: ZoneEntry, permissions: Permissions) -> ZoneEntry:
    """Return a zone with each permission beside what apply would refuse without it."""
    if not permissions.by_domain:
        return zone
    broken = set(zone.broken)
    return replace(
        zone,
        changes=tuple(permitted_change(change, permissions) for change in zone.changes),
        authority=_authority(zone, permissions),
        tests=tuple(
            permitted_test(test, permissions) if test in broken else test for test in zone.tests
        ),
    )


def permitted_change(change: ChangeEntry, permissions: Permissions) -> ChangeEntry:
    """Return a change with what its policy permits."""
    if change.risk != "breaking":
        return change
    return replace(change, permissions=permissions.of(change.domain, change.rules))


def permitted_test(test: TrialEntry, permissions: Permissions) -> TrialEntry:
    """Return a broken test with what its policy permits."""
    rules = (test.rule,) if test.rule is not None else ()
    return replace(test, permissions=permissions.of(test.domain, rules))


def _authority(zone: ZoneEntry, permissions: Permissions) -> AuthorityEntry:
    """Return the authority with the permissions for DNS008, if those who must permit it do."""
    if zone.authority.state != "differs":
        return zone.authority
    found = _of_authority(zone, permissions)
    changing = changing_domains(zone.changes)
    if not found or not found.keys() >= changing:
        return zone.authority
    said = dict.fromkeys(each for several in found.values() for each in several)
    return replace(zone.authority, permissions=tuple(said))


def _of_authority(
    zone: ZoneEntry, permissions: Permissions
) -> Mapping[str, tuple[Permission, ...]]:
    """Return, by domain, the permissions for DNS008 that count in a zone.

    Each domain of the zone that changes must have one. If only consents to reports change, they are
    there for the sake of other zones' domains: then any domain of this zone may permit it.
    """
    if not zone.changes:
        return {}
    domains = changing_domains(zone.changes) or permissions.of_zones.get(zone.zone, ())
    found = {each: permissions.of(each, (NOT_AUTHORITATIVE,)) for each in sorted(domains)}
    return {domain: several for domain, several in found.items() if several}


def changing_domains(changes: Iterable[ChangeEntry]) -> frozenset[str]:
    """Return whose policies change a zone; a consent to reports is of another zone's policy."""
    return frozenset(each.domain for each in changes if each.family != Family.DMARC_REPORT)


def idle(
    permissions: Permissions, planned: Container[str], zones: Sequence[ZoneEntry]
) -> tuple[IdlePermission, ...]:
    """Return the permissions of the `planned` domains that permit nothing in these zones.

    Whether one is unused is open where a domain that has it is not planned, or where something is
    blocked or unknown.
    """
    open_ = {entry.domain for zone in zones for entry in zone.blocked}
    dark = any(zone.authority.state == "unknown" for zone in zones)
    not_unused = {each for zone in zones for each in _needed(zone, permissions)}
    own: dict[Permission, list[str]] = {}
    for domain, several in permissions.by_domain.items():
        if domain in planned:
            for each in several:
                own.setdefault(each, []).append(domain)
        if domain not in planned or domain in open_:
            not_unused.update(several)
    return tuple(
        IdlePermission(
            each, "expired" if each.until < permissions.today else "unused", tuple(domains)
        )
        for each, domains in own.items()
        if each.until < permissions.today
        or (each not in not_unused and not (dark and each.rule == NOT_AUTHORITATIVE))
    )


def _given(zone: ZoneEntry) -> Iterator[Permission]:
    """Yield the permissions that stand in a zone, one for each use."""
    for change in zone.changes:
        yield from change.permissions
    for test in zone.tests:
        yield from test.permissions
    yield from zone.authority.permissions


def _needed(zone: ZoneEntry, permissions: Permissions) -> Iterator[Permission]:
    yield from _given(zone)
    if zone.authority.state == "differs":
        for several in _of_authority(zone, permissions).values():
            yield from several


def still_in_force(plan: Plan, today: date) -> Plan:
    """Return a plan without the permissions whose day has passed since it was made."""

    def left(permissions: tuple[Permission, ...]) -> tuple[Permission, ...]:
        return tuple(each for each in permissions if each.until >= today)

    def in_force(zone: ZoneEntry) -> ZoneEntry:
        if all(each.until >= today for each in _given(zone)):
            return zone
        return replace(
            zone,
            changes=tuple(
                replace(each, permissions=left(each.permissions)) for each in zone.changes
            ),
            authority=replace(zone.authority, permissions=left(zone.authority.permissions)),
            tests=tuple(replace(each, permissions=left(each.permissions)) for each in zone.tests),
        )

    if all(each.until >= today for zone, _ in distinct(plan.zones) for each in _given(zone)):
        return plan
    return replace(plan, zones=zones_alike(map(in_force, plan.zones)))


def moved(reviewed: ZoneEntry, now: ZoneEntry) -> list[str]:
    """Return notes about what policies permit since the plan, and what they do no more."""
    before, after = _told(reviewed), _told(now)
    came = [
        f"{what}: {rule} {permission} (not yet in the plan)"
        for (what, rule), permission in after.items()
        if (what, rule) not in before
    ]
    return came + [
        f"{what}: {rule} was permitted in the plan, and is not any more"
        for what, rule in sorted(before.keys() - after.keys())
    ]


def _told(zone: ZoneEntry) -> dict[tuple[str, str], Permission]:
    """Return the permissions by what they are for, and by their rule."""
    found = {
        (f"{change.name} {change.type}", each.rule): each
        for change in zone.changes
        for each in change.permissions
    }
    for test in zone.tests:
        what = f"the test {test.name!r} of {test.domain}"
        found |= {(what, each.rule): each for each in test.permissions}
    return found | {(zone.zone, each.rule): each for each in zone.authority.permissions}
