"""A plan for which no provider is asked: live DNS stands for what the providers hold.

It is for machines that must not have secrets, and for stanzas of strangers. So no provider class is
imported, and nothing that a stanza names in the environment is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy import beside_live, live_order, plan_notes
from mailauth_dns.deploy.beside_live import BesideLive, is_silent
from mailauth_dns.deploy.evidence_of_changes import EvidenceOfChanges
from mailauth_dns.deploy.live_order import Differences
from mailauth_dns.deploy.make_plan import begun
from mailauth_dns.deploy.plan_request import PlanRequest
from mailauth_dns.diff.change import Change, Difference
from mailauth_dns.plan.digests import Digests
from mailauth_dns.plan.entries import blocked_entry, kept_entry
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
    publications = tuple(publications)
    chosen = request.chosen(repo, publications)
    found = beside_live.look(chosen, now, normalize=request.normalize)
    differences = live_order.in_order(found, request.declared or publications, now)
    zones = judged(repo, found, differences, now, show_kept=request.show_kept)
    return replace(
        begun(repo, request, now),
        zones=zones,
        failed=tuple(_failed(each) for each in found if is_silent(each)),
        notes=(SAID, *request.notes, *plan_notes.of_senders(repo.policies, zones)),
        live_only=True,
    )


def judged(
    repo: Repo,
    found: Sequence[BesideLive],
    differences: Differences,
    now: datetime,
    *,
    show_kept: bool = False,
) -> tuple[ZoneEntry, ...]:
    """Return the zones of a plan of live DNS, with tests and what policies permit."""
    evidence = EvidenceOfChanges(repo, now.astimezone(UTC).date())
    seen = {
        each.publication.origin: _entry(
            each, differences[each.publication.origin], evidence, show_kept=show_kept
        )
        for each in found
        if not is_silent(each)
    }
    changes = {origin: differences[origin].changes for origin in seen}
    tests = _tests(repo, [each.publication for each in found], changes)
    permissions = permissions_of(repo.policies, now.date())
    return tuple(
        with_permissions(replace(zone, tests=tuple(tests.get(origin, ()))), permissions)
        for origin, zone in seen.items()
    )


def _failed(found: BesideLive) -> FailedEntry:
    publication = found.publication
    place = next(iter(publication.places.values()), None)
    return FailedEntry(publication.origin, LIVE_DNS, f"unknown: {found.unknown[0][1]}", place)


def _entry(
    found: BesideLive, difference: Difference, evidence: EvidenceOfChanges, *, show_kept: bool
) -> ZoneEntry:
    places, origin = found.publication.places, found.publication.origin
    return ZoneEntry(
        zone=origin,
        provider=LIVE_DNS,
        digests=Digests(found.publication.digest, tests="", provider=""),  # for no apply
        changes=evidence.entries(difference.changes, places),
        blocked=tuple(
            blocked_entry(each, places.get((each.key, each.family))) for each in difference.blocked
        ),
        kept=tuple(kept_entry(kept, origin, show_kept) for kept in difference.kept),
        live=(),  # each change says it already
        authority=AuthorityEntry(
            state="unasked", reason=_UNASKED, delegation_checked=found.delegation_checked
        ),
        tests=(),
    )


def _tests(
    repo: Repo,
    chosen: Sequence[Publication],
    changes: Mapping[DomainName, Sequence[Change]],
) -> Mapping[DomainName, list[TrialEntry]]:
    """Run the tests of the planned domains, and of others those that the changes break."""
    planned = {domain for publication in chosen for domain in publication.domains}
    changing = [origin for origin, each in changes.items() if each]
    tested = [
        policy
        for policy in repo.policies
        if policy.has_tests and (policy.zone in changes if policy.domain in planned else changing)
    ]
    if not tested:
        return {}
    from mailauth_dns.simulate.before_after import over_live  # loads live/
    from mailauth_dns.simulate.dns_views import as_it_is

    zones = [beside_live.planned_zone(origin, each) for origin, each in changes.items()]
    by_domain: dict[str, Policy] = {policy.domain: policy for policy in tested}
    found: dict[DomainName, list[TrialEntry]] = {}
    for entry in over_live(tested, zones, as_it_is(repo.policies)):
        zone = by_domain[entry.domain].zone
        where = zone if zone in changes else next(map(DomainName, entry.depends_on), None)
        breaks = entry.result != "passed" and entry.before == "passed"
        if where is not None and (breaks or entry.domain in planned):
            found.setdefault(where, []).append(entry)
    return found
