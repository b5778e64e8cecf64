"""A plan for which no provider is asked: live DNS stands for what the providers hold.

It is for machines that must not have secrets, and for stanzas of strangers. So no provider class is
imported, and nothing that a stanza names in the environment is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy import beside_live
from mailauth_dns.deploy.beside_live import BesideLive
from mailauth_dns.deploy.make_plan import PlanRequest, begun
from mailauth_dns.diff.change import Blocked, Difference
from mailauth_dns.diff.joint_changes import together
from mailauth_dns.plan.digests import Digests
from mailauth_dns.plan.entries import blocked_entry, change_entry, kept_entry
from mailauth_dns.plan.plan import (
    LIVE_DNS,
    AuthorityEntry,
    FailedEntry,
    Plan,
    TrialEntry,
    ZoneEntry,
)
from mailauth_dns.plan.policy_permissions import permissions_of, with_permissions
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.records.name import DomainName

SAID = (
    "this plan is of live DNS alone (--live-only) and cannot be applied: no provider was asked; "
    "what a zone holds at names that no policy declares is unknown"
)
_UNASKED = "no provider was asked"


def plan_live_only(repo: Repo, publications: Iterable[Publication], request: PlanRequest) -> Plan:
    """Work out what would change in live DNS.

    A zone of which DNS tells nothing is in `failed`. A set that it does not tell is blocked.
    """
    now = datetime.now(UTC)
    chosen = request.chosen(repo, publications)
    found = beside_live.look(chosen, now, normalize=request.normalize)
    silent = [each for each in found if _is_silent(each)]
    seen = {
        each.publication.origin: (each, _difference(each)) for each in found if each not in silent
    }
    tests = _tests(repo, chosen, {origin: said for origin, (_, said) in seen.items()})
    permissions = permissions_of(repo.policies, now.date())
    zones = tuple(
        with_permissions(
            replace(_entry(*each, request), tests=tuple(tests.get(origin, ()))), permissions
        )
        for origin, each in seen.items()
    )
    return replace(
        begun(repo, request, now),
        zones=zones,
        failed=tuple(map(_failed, silent)),
        notes=(SAID, *request.notes),
        live_only=True,
    )


def _failed(found: BesideLive) -> FailedEntry:
    publication = found.publication
    place = next(iter(publication.places.values()), None)
    return FailedEntry(publication.origin, LIVE_DNS, f"unknown: {found.unknown[0][1]}", place)


def _is_silent(found: BesideLive) -> bool:
    return bool(found.unknown) and len(found.unknown) == len(
        list(beside_live.shown(found.publication))
    )


def _difference(found: BesideLive) -> Difference:
    """Return the difference, with what is unknown blocked, and what must not come without it."""
    unknown = (
        Blocked(entry.domain, entry.key, entry.family, f"unknown in live DNS: {reason}")
        for entry, reason in found.unknown
    )
    changes, blocked = together(found.difference.changes, (*found.difference.blocked, *unknown))
    return replace(found.difference, changes=tuple(changes), blocked=tuple(blocked))


def _entry(found: BesideLive, difference: Difference, request: PlanRequest) -> ZoneEntry:
    places = found.publication.places
    return ZoneEntry(
        zone=found.publication.origin,
        provider=LIVE_DNS,
        digests=Digests(found.publication.digest, tests="", provider=""),  # for no apply
        changes=tuple(
            change_entry(each, places.get((each.key, each.family))) for each in difference.changes
        ),
        blocked=tuple(
            blocked_entry(each, places.get((each.key, each.family))) for each in difference.blocked
        ),
        kept=tuple(kept_entry(kept, request.show_kept) for kept in difference.kept),
        live=(),  # each change says it already
        authority=AuthorityEntry(
            state="unasked", reason=_UNASKED, delegation_checked=found.delegation_checked
        ),
        tests=(),
    )


def _tests(
    repo: Repo, chosen: Sequence[Publication], differences: Mapping[DomainName, Difference]
) -> Mapping[DomainName, list[TrialEntry]]:
    """Run the tests of the planned domains, and of others those that the changes break."""
    planned = {domain for publication in chosen for domain in publication.domains}
    changing = [origin for origin, each in differences.items() if each.changes]
    tested = [
        policy
        for policy in repo.policies
        if policy.has_tests
        and (policy.zone in differences if policy.domain in planned else changing)
    ]
    if not tested:
        return {}
    from mailauth_dns.simulate.before_after import over_live  # loads dnspython
    from mailauth_dns.simulate.dns_views import as_it_is

    zones = [beside_live.planned_zone(origin, each.changes) for origin, each in differences.items()]
    by_domain: dict[str, Policy] = {policy.domain: policy for policy in tested}
    found: dict[DomainName, list[TrialEntry]] = {}
    for entry in over_live(tested, zones, as_it_is(repo.policies)):
        zone = by_domain[entry.domain].zone
        where = zone if zone in differences else next(iter(changing), None)
        breaks = entry.result != "passed" and entry.before == "passed"
        if where is not None and (breaks or entry.domain in planned):
            found.setdefault(where, []).append(entry)
    return found
