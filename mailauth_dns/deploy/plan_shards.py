"""The shards of a plan, made on several machines, put together to the plan that one would make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy.make_plan import finished
from mailauth_dns.deploy.plan_request import PlanRequest
from mailauth_dns.errors import PlanRefused
from mailauth_dns.plan.plan import FailedEntry, Plan, Where, ZoneEntry
from mailauth_dns.plan.policy_permissions import permissions_of
from mailauth_dns.plan.same_zones import zones_alike
from mailauth_dns.plan.shard_entry import ShardEntry, places_digest
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.renamed import First

_Made = dict[Where, First[ZoneEntry] | FailedEntry]


def merged(
    repo: Repo, publications: Iterable[Publication], shards: Mapping[str, Plan]
) -> tuple[Plan, ShardEntry]:
    """Return the plan that these shards are of, and how it was asked for.

    The `shards` were checked (plan/plan_shard.py).

    What a single shard cannot tell is found out anew: which permissions have no effect, and the
    notes about senders.

    Raises:
        PlanRefused: the zones of the shards are not those of the plan.
    """
    publications, first = tuple(publications), next(iter(shards.values()))
    how = first.shard
    assert how is not None, "they were checked"
    made = _made(shards)
    places = [
        (each.origin, at)
        for each in publications
        for at in each.providers
        if (each.origin, at) in made
    ]
    if len(places) != len(made) or places_digest(places) != how.places:
        raise PlanRefused("the shards do not hold all zones of the plan, each once; plan again")
    zones = zones_alike(())
    for at in places:
        if isinstance(each := made[at], First):
            zones.append_like(at[0], each)
    failed = tuple(each for at in places if isinstance(each := made[at], FailedEntry))
    made_at = min(each.made_at for each in shards.values())
    plan = replace(first, made_at=made_at, zones=zones, failed=failed, shard=None)
    request = PlanRequest(
        tuple(map(DomainName, first.domains or ())),
        providers=how.providers,
        zones=frozenset(DomainName(zone) for zone, _ in places),
    )
    permissions = permissions_of(repo.policies, date.fromisoformat(made_at[:10]))
    plan = finished(plan, repo, permissions, request.chosen(repo, publications), request)
    return plan, how


def _made(shards: Mapping[str, Plan]) -> _Made:
    """Return what the shards say by place.

    Raises:
        PlanRefused: two of them say something of one place.
    """
    made, whose = _Made(), dict[Where, str]()
    for name, shard in shards.items():
        for where, each in _entries(shard):
            if where in made:
                raise PlanRefused(
                    f"{name}: {where[0]} at {where[1]} is in {whose[where]} too; plan again"
                )
            made[where], whose[where] = each, name
    return made


def _entries(shard: Plan) -> Sequence[tuple[Where, First[ZoneEntry] | FailedEntry]]:
    rows = zones_alike(shard.zones).rows()
    return [
        *(((zone, first.value.provider), first) for zone, first in rows),
        *((each.where, each) for each in shard.failed),
    ]
