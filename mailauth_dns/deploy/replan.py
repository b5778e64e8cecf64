"""Plan again what was reviewed, and refuse if it is no longer what was reviewed.

A reviewed change is pending (our values are as before), done (as after) or moved (anything else). A
zone with a moved change is stale, and so is one of which the files say something else than at the
review, be it the policy or the evidence.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain

from mailauth_dns.compile.publication import Publication, selected
from mailauth_dns.deploy.make_plan import make_plan
from mailauth_dns.deploy.moved import foreign_differences
from mailauth_dns.deploy.plan_in_parts import InParts
from mailauth_dns.deploy.plan_request import Holds, PlanRequest
from mailauth_dns.deploy.proposals import Progress
from mailauth_dns.deploy.provider_pool import ProviderPool
from mailauth_dns.deploy.reviewed_notes import ReviewedNotes
from mailauth_dns.diff.change import Hold
from mailauth_dns.errors import PlanRefused
from mailauth_dns.plan.alike import matching
from mailauth_dns.plan.digests import digests, no_longer
from mailauth_dns.plan.plan import Plan, Where
from mailauth_dns.plan.policy_permissions import moved as permissions_moved
from mailauth_dns.plan.same_zones import ZonesByPlace, places, zones_alike
from mailauth_dns.plan.tied_zones import needs
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.records.name import DomainName
from mailauth_dns.spread.spread import Spread

Reasons = dict[str, list[str]]
MAX_NAMED = 20  # zones that an error names


class NoLongerReviewed(PlanRefused):
    """Zones of a plan are stale, so nothing was written in any of them.

    `files` has what the files say otherwise, each with its zones; `moved` has lines by zone. `rest`
    are the other zones with something to do, which can be applied without the stale ones.
    """

    def __init__(
        self,
        files: Mapping[str, Sequence[str]],
        moved: Mapping[str, Sequence[str]],
        rest: tuple[str, ...],
    ) -> None:
        lines = [
            *(f"{_listed(zones)}: {what}" for what, zones in files.items()),
            *(line for lines in moved.values() for line in lines),
        ]
        head = "the plan is no longer what was reviewed; nothing was written:"
        super().__init__("\n".join([head, *(f"  {line}" for line in lines)]))
        self.stale = tuple(dict.fromkeys([*chain.from_iterable(files.values()), *moved]))
        self.rest = rest


def _listed(zones: Sequence[str]) -> str:
    more = len(zones) - MAX_NAMED
    return ", ".join(zones[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def replan(
    repo: Repo,
    pool: ProviderPool,
    publications: Iterable[Publication],
    reviewed: Plan,
    *,
    live: bool = True,
    progress: Progress = lambda _zone: None,
    spread: Spread | None = None,
) -> tuple[Plan, tuple[str, ...]]:
    """Plan again what was reviewed; return the plan, and notes of what moved outside it.

    With `spread`, other processes plan too.

    Raises:
        NoLongerReviewed: the files, or our records, are not as they were reviewed.
        ProviderError: a stanza is wrong, or a provider of the plan cannot be read.
    """
    publications = tuple(publications)
    named = frozenset(places(reviewed.zones))
    chosen = _chosen(repo, publications, reviewed, {zone for zone, _ in named})
    files = _of_files(repo, chosen, reviewed)
    stale = set(chain.from_iterable(files.values()))
    # A provider that could not be read at the review is asked too: what waited for it still waits.
    asked = named | {failed.where for failed in reviewed.failed}
    # The file narrows whom we ask, and not what we know: no file can leave out what holds a change.
    request = PlanRequest(
        (),
        live,
        reviewed.normalize,
        held=_waited(reviewed),
        places=frozenset(asked),
        declared=publications,
    )
    current = [each for each in chosen if each.origin not in stale]
    notes = ReviewedNotes(ZonesByPlace(reviewed.zones))
    in_parts = InParts(spread, reviewed=notes) if spread is not None else None
    made = make_plan(repo, pool, current, request, progress, notes.note, in_parts)
    plan = _only(made, named)
    moved = _of_zones(notes.moved, reviewed)
    if files or moved:
        raise NoLongerReviewed(files, moved, _rest(plan, moved))
    return replace(plan, domains=reviewed.domains), _notes(plan, reviewed)


def _rest(plan: Plan, moved: Container[str]) -> tuple[str, ...]:
    """Return the zones with something to do that are not stale, and need no zone that is."""
    needed = needs(plan.zones)
    left = {zone.zone: None for zone in plan.zones if zone.changes and zone.zone not in moved}
    while lost := {
        need.zone[0] for need in needed if need.zone[0] in left and need.needed[0] not in left
    }:
        left = {zone: None for zone in left if zone not in lost}
    return tuple(left)


def _chosen(
    repo: Repo, publications: Iterable[Publication], reviewed: Plan, zones: Container[str]
) -> tuple[Publication, ...]:
    """Return the publications of the planned zones, cut to the domains that were asked for."""
    publications = tuple(each for each in publications if each.origin in zones)
    if reviewed.domains is None:
        return publications
    known = {domain for publication in publications for domain in publication.domains}
    # One that is gone, or whose zone failed, is no reason to refuse the others.
    domains = [DomainName(domain) for domain in reviewed.domains if domain in known]
    return selected(repo, publications, domains) if domains else ()


def _of_files(repo: Repo, publications: Iterable[Publication], reviewed: Plan) -> Reasons:
    """Return what the files say otherwise than at the review, each with its zones."""
    by_zone = {publication.origin: publication for publication in publications}
    found: Reasons = {}
    for zone in reviewed.zones:
        publication = by_zone.get(DomainName(zone.zone))
        if publication is None or zone.provider not in publication.providers:
            changed = [f"no policy publishes it at {zone.provider} any more"]
        else:
            now = digests(repo, publication, zone.provider)
            changed = no_longer(zone.digests, now, zone.provider)
            if now.policy != zone.digests.policy:
                changed += _ended(repo.by_zone[publication.origin], reviewed)
        for what in changed:
            zones = found.setdefault(what, [])
            if zone.zone not in zones[-1:]:
                zones.append(zone.zone)
    return found


def _ended(policies: Iterable[Policy], reviewed: Plan) -> Iterator[str]:
    """Yield whose grace ended after the review: no file need have changed for that."""
    try:
        made = datetime.fromisoformat(reviewed.made_at).astimezone(UTC).date()
    except (ValueError, OverflowError):
        return  # a plan file may say anything
    ends = dict.fromkeys((use.name, use.life) for policy in policies for use in policy.senders)
    for name, life in ends:
        if life.gone and life.gone_from is not None and life.gone_from > made:
            yield f"the grace of {name} ended on {life.gone_from}, after the review: its records go"


def _of_zones(moved: Mapping[Where, list[str]], reviewed: Plan) -> Reasons:
    """Return, by zone and in the order of the plan, what of it has moved."""
    reasons: Reasons = {}
    for where in places(reviewed.zones) if moved else ():
        if told := moved.get(where):
            reasons.setdefault(where[0], []).extend(told)
    return reasons


def _notes(plan: Plan, reviewed: Plan) -> tuple[str, ...]:
    by_key = ZonesByPlace(plan.zones)
    return tuple(
        note
        for zone in reviewed.zones
        if (now := by_key.get(zone.where)) is not None
        for note in (*foreign_differences(zone, now), *permissions_moved(zone, now))
    )


def _waited(reviewed: Plan) -> Holds:
    """Return what had to wait at the review: nobody approved it, so it needs a new plan."""
    hold = Hold("had to wait when it was reviewed; plan again to publish it", waits=True)
    return {
        zone.where: {(DomainName(entry.name), entry.type): hold for entry in zone.waiting}
        for zone in matching(reviewed.zones, lambda each: each.waiting)
    }


def _only(plan: Plan, named: Container[Where]) -> Plan:
    """Return a plan without the zones, and the failures, at providers that are not named."""
    failed = tuple(failed for failed in plan.failed if failed.where in named)
    if all(where in named for where in places(plan.zones)):
        return replace(plan, failed=failed)
    zones = zones_alike(zone for zone in plan.zones if zone.where in named)
    return replace(plan, zones=zones, failed=failed)
