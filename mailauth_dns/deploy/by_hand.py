"""What a person changes at a web form: the policy compared with live DNS, judged as a plan is.

A form has no interface to ask, so live DNS stands for what it holds. What apply would refuse is
refused here too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.deploy import beside_live
from mailauth_dns.deploy.beside_live import BesideLive, shown
from mailauth_dns.diff.change import Blocked, Change, Difference
from mailauth_dns.diff.joint_changes import together
from mailauth_dns.plan import permissions, policy_permissions
from mailauth_dns.plan.entries import change_entry
from mailauth_dns.plan.permissions import Allowance
from mailauth_dns.plan.plan import ChangeEntry, TrialEntry
from mailauth_dns.plan.policy_permissions import Permissions
from mailauth_dns.policy.repo import Repo

NOT_ASKED = "live DNS was not asked"


@dataclass(frozen=True, slots=True)
class ByHand:
    """One zone: what changes, what is blocked or kept, what is there, and what is unknown.

    `servers` are the name servers that were asked. `unknown` has a reason for each declaration
    that could not be compared. `refused` says why nothing of the zone may be entered: the
    policies' tests would break.
    """

    publication: Publication
    servers: tuple[str, ...]
    difference: Difference
    there: tuple[Declared, ...]
    unknown: tuple[tuple[Declared, str], ...]
    refused: tuple[str, ...] = ()


def unasked(publications: Iterable[Publication]) -> tuple[ByHand, ...]:
    """Return the zones with everything unknown, because nobody wants DNS to be asked."""
    nothing = Difference((), (), ())
    return tuple(
        ByHand(each, (), nothing, (), tuple((entry, NOT_ASKED) for entry in shown(each)))
        for each in publications
    )


def look(
    repo: Repo,
    publications: Sequence[Publication],
    now: datetime,
    allowed: Collection[Allowance] = (),
) -> tuple[ByHand, ...]:
    """Ask live DNS, and return what has to change in each zone.

    A change that needs permission, and that neither its policy nor `allowed` permits, is blocked.
    `now` has a time zone.
    """
    today = now.astimezone(UTC).date()
    permits = _Permits(tuple(allowed), policy_permissions.permissions_of(repo.policies, today))
    compared = [_permitted(each, permits) for each in beside_live.look(publications, now)]
    return tuple(_tried(repo, compared, permits))


@dataclass(frozen=True, slots=True)
class _Permits:
    """What is permitted: on the command line, and by policies."""

    allowed: tuple[Allowance, ...]
    reviewed: Permissions

    def refused(self, change: ChangeEntry) -> str:
        """Return why a change is refused, empty if it is not."""
        change = policy_permissions.permitted_change(change, self.reviewed)
        return "; ".join(map(str, permissions.of_change(change, self.allowed)))

    def refused_test(self, test: TrialEntry) -> list[str]:
        """Return why a test that the changes break refuses the zone."""
        test = policy_permissions.permitted_test(test, self.reviewed)
        return [str(each) for each in permissions.of_test(test, self.allowed)]


def _permitted(found: BesideLive, permits: _Permits) -> ByHand:
    publication, unknown = found.publication, found.unknown
    changes: list[Change] = []
    blocked = list(found.difference.blocked)
    for change in found.difference.changes:
        if reason := permits.refused(change_entry(change)):
            blocked.append(Blocked(change.domain, change.key, change.family, reason))
        else:
            changes.append(change)
    changes, blocked = together(changes, blocked)
    open_ = {each.key for each in changes} | {each.key for each in blocked}
    open_ |= {entry.key for entry, _ in unknown}
    there = tuple(entry for entry in shown(publication) if entry.key not in open_)
    difference = Difference(tuple(changes), tuple(blocked), found.difference.kept)
    return ByHand(publication, found.servers, difference, there, unknown)


def _tried(repo: Repo, compared: Sequence[ByHand], permits: _Permits) -> Iterator[ByHand]:
    """Yield the zones; one whose changes would break a test of its policies is refused."""
    changed = {change.domain for each in compared for change in each.difference.changes}
    tested = [policy for policy in repo.policies if policy.has_tests and policy.domain in changed]
    if not tested:
        yield from compared
        return
    from mailauth_dns.simulate.before_after import over_live
    from mailauth_dns.simulate.dns_views import as_it_is

    zones = (
        beside_live.planned_zone(each.publication.origin, each.difference.changes)
        for each in compared
    )
    broken: dict[str, list[str]] = {}
    for entry in over_live(tested, zones, as_it_is(repo.policies)):
        if entry.result != "passed":
            reasons = permits.refused_test(entry)
            broken.setdefault(entry.domain, []).extend(reasons)
    for each in compared:
        refused = (
            reason for domain in each.publication.domains for reason in broken.get(domain, ())
        )
        yield replace(each, refused=tuple(refused))


def unfinished(zones: Iterable[ByHand]) -> bool:
    """Tell whether something is refused or unknown, so that the steps are not all there is."""
    return any(
        each.refused or each.unknown or any(not entry.waits for entry in each.difference.blocked)
        for each in zones
    )


def changes_of(zone: ByHand) -> tuple[Change, ...]:
    """Return the changes that may be entered now."""
    return () if zone.refused else zone.difference.changes
