"""The parts of flattened records: when each may be included, and when an old one may go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailauth_dns.evaluate.observation import Observation
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.live.observe import Wanted
from mailauth_dns.plan import spf_part_timing
from mailauth_dns.plan.spf_part_timing import to_the_minute
from mailauth_dns.policy.repo import Policy
from mailauth_dns.policy.sections.spf import SpfSection
from mailauth_dns.policy.spf_flattening import flattened_names, layout
from mailauth_dns.policy.spf_lock import Lock, LockedPart
from mailauth_dns.records import spf
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_parts import referred

# How long a part stays once no record refers to it, unless the TTL is longer: a cached record may.
GRACE = timedelta(days=1)

Observe = Callable[[Sequence[Wanted]], Mapping[DomainName, Observation]]


@dataclass(frozen=True, slots=True)
class PartRow:
    """One part and its next step, in words.

    `changed` tells whether this run changes the lock for it, `unknown` that not every server could
    be asked.
    """

    domain: DomainName
    name: DomainName
    said: str
    changed: bool
    unknown: bool = False


def ready(
    chosen: Sequence[Policy], lock: Lock, observe: Observe, now: datetime, rows: list[PartRow]
) -> Lock:
    """Return the lock with the time from which each part may be included, if every server has it.

    Only parts that were in the lock before this run can be on the servers.
    """
    waiting: list[tuple[Policy, DomainName]] = []
    for policy in chosen:
        needed = layout(policy, lock)
        listed = lock.parts.get(policy.domain, {})
        names = [
            name
            for name, _ in (needed.parts if needed is not None else ())
            if name in listed and not listed[name].absent
        ]
        waiting += [
            (policy, name) for name in names if (at := listed[name].ready) is None or at > now
        ]
    by_zone: dict[DomainName, list[tuple[Policy, DomainName]]] = {}
    for policy, name in waiting:
        by_zone.setdefault(policy.zone, []).append((policy, name))
    seen = observe([_wanted(zone, entries) for zone, entries in by_zone.items()]) if by_zone else {}
    parts = {domain: dict(of_domain) for domain, of_domain in lock.parts.items()}
    for policy, name in waiting:
        part = parts[policy.domain][name]
        sight = spf_part_timing.sight(policy.domain, name, part.text, seen[policy.zone])
        later, said = _seen(part, sight, now)
        parts[policy.domain][name] = later
        if said:
            rows.append(PartRow(policy.domain, name, said, later != part, sight.state == "unknown"))
    return Lock(lock.names, parts)


def _wanted(zone: DomainName, entries: Sequence[tuple[Policy, DomainName]]) -> Wanted:
    keys = frozenset(
        key
        for policy, name in entries
        for key in spf_part_timing.questions(policy.domain, zone, (name,))
    )
    return Wanted(zone, keys, entries[0][0].body.nameservers)


def _seen(part: LockedPart, sight: spf_part_timing.Sight, now: datetime) -> tuple[LockedPart, str]:
    """Return a part as its servers show it, and a text about it; no text if it is in use."""
    if sight.state == "served":
        later = (
            part
            if part.ready is not None
            else replace(part, ready=now.replace(microsecond=0) + sight.wait)
        )
        assert later.ready is not None
        return (
            later,
            "every server has it; the SPF record may include it from "
            f"{to_the_minute(later.ready)} on",
        )
    if sight.state == "missing":
        return replace(
            part, ready=None
        ), f"{sight.detail} does not serve it yet; apply, then run this again"
    if sight.state == "unknown":
        return part, f"whether every server has it is unknown: {sight.detail}"
    return part, ""


def next_parts(
    policy: Policy, fresh: Lock, resolver: Resolver | None, now: datetime
) -> tuple[Mapping[DomainName, LockedPart], list[PartRow]]:
    """Return a domain's parts and the rows about them; without a resolver, old parts stay."""
    listed = fresh.parts.get(policy.domain, {})
    if resolver is None and any(name not in fresh.names for name in flattened_names(policy)):
        return listed, []
    needed = layout(policy, fresh)
    found = {
        name: _needed(text, listed.get(name))
        for name, text in (needed.parts if needed is not None else ())
    }
    rows = [PartRow(policy.domain, name, "new", True) for name in found if name not in listed]
    old = {name: part for name, part in listed.items() if name not in found}
    if resolver is None:
        return {**old, **found}, rows
    used = (
        referred(filter(spf.has_version, resolver.lookup(policy.domain, "TXT") or ()))
        if old
        else frozenset[str]()
    )
    for name, part in sorted(old.items()):
        there = any(spf.has_version(value) for value in resolver.lookup(name, "TXT") or ())
        later, said = _later(part, name in used, there, now, _grace(policy))
        rows.append(PartRow(policy.domain, name, said, later != part))
        if later is not None:
            found[name] = later
    return found, rows


def _needed(text: str, listed: LockedPart | None) -> LockedPart:
    return LockedPart(
        text, ready=listed.ready if listed is not None and not listed.absent else None
    )


def _later(
    part: LockedPart, referred: bool, there: bool, now: datetime, grace: timedelta
) -> tuple[LockedPart | None, str]:
    """Return the next state of a part that the policy no longer needs, and why; None: drop it."""
    if referred:
        return LockedPart(
            part.text, ready=part.ready
        ), "still in use: the record in live DNS refers to it; apply first"
    if not there:
        return None, "not in DNS, and forgotten"
    if part.absent:
        return part, "to be deleted by the next apply"
    if part.unused_since is None:
        return replace(
            part, unused_since=now.replace(microsecond=0)
        ), f"no longer in use; stays until {to_the_minute(now + grace)}"
    if now - part.unused_since < grace:
        return part, f"no longer in use; stays until {to_the_minute(part.unused_since + grace)}"
    return LockedPart(part.text, part.unused_since, absent=True), "to be deleted by the next apply"


def _grace(policy: Policy) -> timedelta:
    own = policy.body.spf.ttl if isinstance(policy.body.spf, SpfSection) else None
    return max(GRACE, timedelta(seconds=own or policy.body.ttl or 0))
