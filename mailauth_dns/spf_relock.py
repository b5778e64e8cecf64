"""A new lock on SPF names: resolve what policies flatten, and follow old parts until unused.

All or nothing: a name that cannot be resolved whole leaves the lock as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailauth_dns.atomic_files import alone, own_folder, replace_file
from mailauth_dns.errors import MailAuthError, NotFlattened, ObservationError, PolicyError
from mailauth_dns.evaluate.observation import Observation
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.evaluate.spf_addresses import Drift, drift, passing
from mailauth_dns.live.observe import Wanted
from mailauth_dns.plan import spf_part_timing as partsight
from mailauth_dns.plan.spf_part_timing import to_the_minute
from mailauth_dns.policy import document
from mailauth_dns.policy import spf_lock_file as lockfile
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.policy.sections.spf import SpfSection
from mailauth_dns.policy.spf_flattening import flattened_names, layout
from mailauth_dns.policy.spf_lock import Lock, LockedName, LockedPart
from mailauth_dns.policy.spf_lock_file import LOCK_FILE
from mailauth_dns.records import spf
from mailauth_dns.records.addresses import NOBODY
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_parts import referred

# How long a part outlives the last record that referred to it, unless the TTL is longer: a cached
# record must find it.
GRACE = timedelta(days=1)

Observe = Callable[[Sequence[Wanted]], Mapping[DomainName, Observation]]


@dataclass(frozen=True, slots=True)
class NameRow:
    """One name, and what it gained and lost since the review.

    `before` is None where the name is new, `after` None where nothing flattens it any more.
    """

    name: DomainName
    before: LockedName | None
    after: LockedName | None

    @property
    def drift(self) -> Drift:
        """The addresses that came and went."""
        return drift(
            *(NOBODY if side is None else side.addresses for side in (self.before, self.after))
        )


@dataclass(frozen=True, slots=True)
class PartRow:
    """One part and what becomes of it, in words; `changed` tells whether the lock says so only now.

    `unknown` tells that not every server could be asked.
    """

    domain: DomainName
    name: DomainName
    said: str
    changed: bool
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Relocked:
    """The lock before and after."""

    before: Lock
    after: Lock
    names: tuple[NameRow, ...]
    parts: tuple[PartRow, ...]

    @property
    def stale(self) -> bool:
        """Tell whether the file would be another one."""
        return lockfile.text(self.before) != lockfile.text(self.after)


def relock(
    repo: Repo, resolver: Resolver, observe: Observe, domains: tuple[DomainName, ...], now: datetime
) -> Relocked:
    """Return the lock as it should be `now`, for what these domains flatten; none named: all.

    `observe` asks the authoritative servers whether they serve the parts to be included next.

    Raises:
        MailAuthError: a domain has no policy, or names cannot be resolved, all of them listed.
    """
    chosen = repo.of(domains)
    wanted = {name for policy in chosen for name in flattened_names(policy)}
    flattened = {name for policy in repo.policies for name in flattened_names(policy)}
    names = {name: locked for name, locked in repo.lock.names.items() if name in flattened}
    rows: list[PartRow] = []
    problems: list[str] = []
    for name in sorted(wanted):
        try:
            names[name] = _locked(name, repo.lock.names.get(name), resolver, now)
        except (NotFlattened, ObservationError) as error:
            problems.append(f"  {name}: {error}")
    _refuse(problems)
    fresh = _ready(chosen, Lock(names, repo.lock.parts), observe, now, rows)
    parts: dict[DomainName, Mapping[DomainName, LockedPart]] = {}
    for policy in repo.policies:
        try:
            parts[policy.domain], told = _parts(
                policy, fresh, resolver if policy in chosen else None, now
            )
        except ObservationError as error:
            problems.append(
                f"  {policy.domain}: whether old parts of its record are still in use is unknown: {error}"
            )
            continue
        rows += told
    _refuse(problems)
    gone = {
        domain: of_domain for domain, of_domain in repo.lock.parts.items() if domain not in parts
    }
    rows += [
        PartRow(domain, name, "no policy declares the domain any more; left as it is in DNS", True)
        for domain, of_domain in sorted(gone.items())
        for name in sorted(of_domain)
    ]
    shown = sorted(repo.lock.names.keys() | names)
    return Relocked(
        repo.lock,
        Lock(names, parts),
        tuple(NameRow(name, repo.lock.names.get(name), names.get(name)) for name in shown),
        tuple(rows),
    )


def write(repo: Repo, relocked: Relocked) -> None:
    """Replace the lock file whole; runs of ours take turns.

    Raises:
        MailAuthError: it cannot be written, or is another one than was read before DNS was asked.
    """
    path = repo.root / LOCK_FILE
    try:
        path = own_folder(repo.root, LOCK_FILE.parent) / LOCK_FILE.name
        path.parent.mkdir(parents=True, exist_ok=True)
        with alone(path.parent):
            data = path.read_bytes() if path.exists() else None
            if (
                Lock() if data is None else lockfile.read(LOCK_FILE.as_posix(), data)
            ) != relocked.before:
                raise MailAuthError(
                    f"{LOCK_FILE.as_posix()}: was changed while DNS was asked, and is left as it is; run the command again"
                )
            replace_file(
                path, lockfile.text(relocked.after).encode(), durable=False, instead_of=data
            )
    except document.DocumentError as error:
        raise PolicyError(error.problems) from None
    except OSError as error:
        raise MailAuthError(f"{error.filename or path}: {error.strerror}") from None


def _refuse(problems: list[str]) -> None:
    if problems:
        raise MailAuthError("\n".join(["the lock stays as it is:", *problems]))


def _locked(
    name: DomainName, before: LockedName | None, resolver: Resolver, now: datetime
) -> LockedName:
    found = passing(name, resolver)
    same = before is not None and (before.addresses, dict(before.records)) == (
        found.addresses,
        dict(found.records),
    )
    if before is not None and same and before.proven:
        return before
    return LockedName(
        found.addresses,
        found.records,
        before.since if before is not None and same else now.date(),
        found.hosts,
    )


# Parts


def _ready(
    chosen: Sequence[Policy], lock: Lock, observe: Observe, now: datetime, rows: list[PartRow]
) -> Lock:
    """Return the lock with the time from which each part that every server has may be included.

    Only parts that were listed before this run can be there.
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
        sight = partsight.sight(policy.domain, name, part.text, seen[policy.zone])
        later, said = _seen(part, sight, now)
        parts[policy.domain][name] = later
        if said:
            rows.append(PartRow(policy.domain, name, said, later != part, sight.state == "unknown"))
    return Lock(lock.names, parts)


def _wanted(zone: DomainName, entries: Sequence[tuple[Policy, DomainName]]) -> Wanted:
    keys = frozenset(
        key for policy, name in entries for key in partsight.questions(policy.domain, zone, (name,))
    )
    return Wanted(zone, keys, entries[0][0].body.nameservers)


def _seen(part: LockedPart, sight: partsight.Sight, now: datetime) -> tuple[LockedPart, str]:
    """Return a part as its servers show it, and that in words; no words where it is in use."""
    if sight.state == "served":
        later = (
            part
            if part.ready is not None
            else replace(part, ready=now.replace(microsecond=0) + sight.wait)
        )
        assert later.ready is not None
        return later, f"every server has it; the record may go from {to_the_minute(later.ready)} on"
    if sight.state == "missing":
        return replace(
            part, ready=None
        ), f"{sight.detail} does not serve it yet; apply, then run this again"
    if sight.state == "unknown":
        return part, f"whether every server has it is unknown: {sight.detail}"
    return part, ""


def _parts(
    policy: Policy, fresh: Lock, resolver: Resolver | None, now: datetime
) -> tuple[Mapping[DomainName, LockedPart], list[PartRow]]:
    """Return a domain's parts and what to tell of them; without a resolver old ones stay."""
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
    """Return the next state of a part that the policy no longer needs, and why; None: forget it."""
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
