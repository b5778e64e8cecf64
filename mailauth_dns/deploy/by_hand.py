"""What a person changes at a web form: the policy compared with live DNS, judged as a plan is.

A form has no interface to ask, so live DNS stands for what it holds. What apply would refuse is
refused here too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.diff.change import Blocked, Change, Difference
from mailauth_dns.diff.compare import compare
from mailauth_dns.diff.joint_changes import together
from mailauth_dns.diff.meaning import judge_at
from mailauth_dns.evaluate.observation import Observation, Unknown, is_synthesized
from mailauth_dns.plan import permissions, policy_permissions, spf_part_timing
from mailauth_dns.plan.permissions import Allowance
from mailauth_dns.plan.plan import ChangeEntry, TrialEntry, change_entry
from mailauth_dns.plan.policy_permissions import Permissions
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records import dmarc
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName, ancestors, below
from mailauth_dns.records.zone import RRKey, RRset, Zone, zone_of

NOT_ASKED = "live DNS was not asked"
_HOST_TYPES = ("A", "AAAA", "MX", "CNAME")  # what a wildcard gives to hosts


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
        ByHand(each, (), nothing, (), tuple((entry, NOT_ASKED) for entry in _shown(each)))
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
    from mailauth_dns.live.observe import Wanted, observe  # dnspython takes time to load

    wanted = [
        Wanted(
            each.origin,
            frozenset(key for entry in each.declared for key in _keys(entry, each.origin)),
            each.nameservers,
        )
        for each in publications
    ]
    found = observe(wanted) if wanted else {}
    today = now.astimezone(UTC).date()
    permits = _Permits(tuple(allowed), policy_permissions.permissions_of(repo.policies, today))
    compared = [_compared(each, found[each.origin], now, permits) for each in publications]
    return tuple(_tried(repo, compared, permits))


@dataclass(frozen=True, slots=True)
class _Permits:
    """What is permitted: on the command line, and by policies."""

    allowed: tuple[Allowance, ...]
    reviewed: Permissions

    def refused(self, change: ChangeEntry, zone: str) -> str:
        """Return why a change is refused, empty if it is not."""
        change = policy_permissions.permitted_change(change, self.reviewed)
        return "; ".join(map(str, permissions.of_change(change, zone, self.allowed)))

    def refused_test(self, test: TrialEntry, zone: str) -> list[str]:
        """Return why a test that the changes break refuses the zone."""
        test = policy_permissions.permitted_test(test, self.reviewed)
        return [str(each) for each in permissions.of_test(test, zone, self.allowed)]


def _compared(
    publication: Publication, observation: Observation, now: datetime, permits: _Permits
) -> ByHand:
    origin = publication.origin
    zone, dark = _zone(publication, observation)
    unknown = {
        entry.key: (entry, reason)
        for entry in _shown(publication)
        if (reason := _reason(entry, origin, dark)) is not None
    }
    held = spf_part_timing.held(publication, observation, now)
    whole = compare(zone, publication, judge_at(now), held=held)
    changes: list[Change] = []
    blocked = [entry for entry in whole.blocked if entry.key not in unknown]
    for change in whole.changes:
        if change.key in unknown:
            continue
        if reason := permits.refused(change_entry(change), origin):
            blocked.append(Blocked(change.domain, change.key, change.family, reason))
        else:
            changes.append(change)
    changes, blocked = together(changes, blocked)
    open_ = {each.key for each in changes} | {each.key for each in blocked} | unknown.keys()
    there = tuple(entry for entry in _shown(publication) if entry.key not in open_)
    servers = tuple(view.server for view in observation.servers)
    return ByHand(
        publication,
        servers,
        Difference(tuple(changes), tuple(blocked), whole.kept),
        there,
        tuple(unknown.values()),
    )


def _tried(repo: Repo, compared: Sequence[ByHand], permits: _Permits) -> Iterator[ByHand]:
    """Yield the zones; one whose changes would break a test of its policies is refused."""
    changed = {change.domain for each in compared for change in each.difference.changes}
    tested = [policy for policy in repo.policies if policy.body.tests and policy.domain in changed]
    if not tested:
        yield from compared
        return
    from mailauth_dns.evaluate.overlay import Overlay, PlannedSet, PlannedZone
    from mailauth_dns.simulate.before_after import trial_entry
    from mailauth_dns.simulate.dns_views import as_it_is
    from mailauth_dns.simulate.run_mail_tests import TestResult, conduct, tests_of

    live = as_it_is(repo.policies)
    after = Overlay(
        live,
        (
            PlannedZone(
                each.publication.origin,
                {
                    change.key: PlannedSet(change.after, change.family)
                    for change in each.difference.changes
                },
            )
            for each in compared
        ),
    )
    broken: dict[DomainName, list[str]] = {}
    for domain, test in tests_of(tested):
        live.next_message()
        trial = conduct(domain, test, after)
        if trial.outcome is not TestResult.PASSED:
            live.next_message()
            before = conduct(domain, test, live).outcome
            entry = trial_entry(trial, before)
            broken.setdefault(domain, []).extend(permits.refused_test(entry, domain))
    for each in compared:
        reasons = (
            reason for domain in each.publication.domains for reason in broken.get(domain, ())
        )
        yield replace(each, refused=tuple(reasons))


def _shown(publication: Publication) -> Iterator[Declared]:
    """Yield what is declared, without the empty half, TXT or CNAME, of a published selector."""
    published = {entry.key[0] for entry in publication.declared if entry.values}
    for entry in publication.declared:
        if entry.values or entry.key[0] not in published or entry.family is Family.NULL_MX:
            yield entry


def _keys(entry: Declared, origin: DomainName) -> Iterator[RRKey]:
    """Yield what to ask about one declaration: its set, what hides it, what a wildcard gives."""
    name, type = entry.key
    yield from ((name, type), (name, "TXT"), (name, "CNAME"))
    yield from ((entry.domain, "TXT"), (entry.domain, "MX"), (origin, "DNAME"))
    above = ancestors(name, origin)
    for upper in above if name == origin else (name, *above):
        yield (upper, "NS")
    for upper in above:
        yield from ((upper, "CNAME"), (upper, "DNAME"))
    for upper in (*above, origin):
        if upper != name:
            yield (below("*", upper), type)
    if entry.family is Family.DMARC and entry.domain != origin:
        # What a new record replaces: the policy that the domain inherits.
        for upper in (*ancestors(entry.domain, origin), origin):
            yield from ((below(dmarc.LABEL, upper), kind) for kind in ("TXT", "CNAME"))
    if entry.domain != origin:
        for host_type in _HOST_TYPES:
            yield (entry.domain, host_type)
            for upper in (*ancestors(entry.domain, origin), origin):
                yield (below("*", upper), host_type)


def _zone(publication: Publication, observation: Observation) -> tuple[Zone, Mapping[RRKey, str]]:
    """Return what all servers say of the zone, and why the rest is unknown."""
    sets: dict[RRKey, RRset] = {}
    dark: dict[RRKey, str] = {}
    for key in {key for entry in publication.declared for key in _keys(entry, publication.origin)}:
        said = observation.agreed(key)
        if isinstance(said, Unknown):
            dark[key] = said.reason
        elif said is not None:
            sets[key] = said
    own = (each for each in sets.values() if not is_synthesized(each, sets, publication.origin))
    return zone_of(publication.origin, own), dark


def _reason(entry: Declared, origin: DomainName, dark: Mapping[RRKey, str]) -> str | None:
    """Return why a declaration cannot be compared; None where all that matters is known."""
    first = (entry.key, *_keys(entry, origin))
    return next((dark[key] for key in first if key in dark), None)


def unfinished(zones: Iterable[ByHand]) -> bool:
    """Tell whether something is refused or unknown, so that the steps are not all there is."""
    return any(
        each.refused or each.unknown or any(not entry.waits for entry in each.difference.blocked)
        for each in zones
    )


def changes_of(zone: ByHand) -> tuple[Change, ...]:
    """Return the changes that may be entered now."""
    return () if zone.refused else zone.difference.changes
