"""The zones of a plan in batches, so that a plan of very many of them holds few at a time.

Zones that have to do with one another are in one batch (zone_groups.py). What only the providers
tell of that is found at the end, and these zones are then planned once more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy.loose_ends import LooseEnds
from mailauth_dns.deploy.plan_batch import Batch, Entries, Noted, Run, planned
from mailauth_dns.deploy.plan_in_parts import InParts, PartsOfPlan
from mailauth_dns.deploy.proposals import Progress
from mailauth_dns.deploy.zone_groups import ZoneGroups, groups
from mailauth_dns.deploy.zone_order import Known
from mailauth_dns.diff.change import Difference
from mailauth_dns.plan.alike import Alike
from mailauth_dns.plan.plan import FailedEntry, Where, ZoneEntry
from mailauth_dns.plan.same_zones import zones_alike
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.renamed import First
from mailauth_dns.records.zone import Zone

# Zones whose answers are held at once, unless more have to do with one another.
BATCH = 500
PART = 200  # as many in another process: several parts are on their way at a time

Publications = Mapping[DomainName, Publication]
Made = dict[Where, First[ZoneEntry] | FailedEntry]


def in_batches(
    run: Run,
    chosen: Sequence[Publication],
    declared: Sequence[Publication],
    progress: Progress,
    noted: Noted,
    in_parts: InParts | None = None,
) -> Made:
    """Return the entries of the `chosen` zones; `declared` is all that the repo declares.

    Of a shard, only its own are returned: they are as a plan of all zones has them. With
    `in_parts`, other processes plan what they can.
    """
    together, shard = groups(declared), run.request.shard
    zones = [each.origin for each in chosen]
    own = frozenset(zones) if shard is None else together.in_shard(zones, shard)
    batch = Batch(tuple(chosen), tuple(declared))
    if run.repo.tested:  # a test may look at any zone
        made = _kept(planned(run, batch, progress, noted)[0], zones_alike(()))
    else:
        parts = PartsOfPlan(run, in_parts, declared) if in_parts is not None else None
        made = _some_at_a_time(run, batch, own, together, progress, noted, parts)
    if shard is None:
        return made
    return {where: entry for where, entry in made.items() if where[0] in own}


def _some_at_a_time(
    run: Run,
    whole: Batch,
    own: Collection[DomainName],
    together: ZoneGroups,
    progress: Progress,
    noted: Noted,
    parts: PartsOfPlan | None,
) -> Made:
    made, alike, ends = Made(), zones_alike(()), LooseEnds()
    mine, everywhere = (
        {each.origin: each for each in some} for some in (whole.chosen, whole.declared)
    )
    for zones in _rounds(mine, own, together, ends):
        there = parts.fit(together.each(zones)) if parts is not None else frozenset()
        if parts is not None and there:
            batches = _batches((each for each in zones if each in there), together, PART)
            sent = (_batch(some, mine, everywhere) for some in batches)
            for done in parts.planned(sent, progress):
                ends.add(done.ends)
                for zone, first in alike.known(done.zones):
                    made[_our((zone, first.value.provider), mine)] = first
                made |= {each.where: each for each in done.failed}
        for some in _batches((each for each in zones if each not in there), together, BATCH):
            batch = _batch(some, mine, everywhere)
            entries, answers = planned(run, batch, progress, noted)
            ends.look_at(batch.chosen, answers)
            made |= _kept(entries, alike)
    tied = tuple(ends.tied)
    for pair in tied:
        together.join(*pair)
    if again := {zone for pair in tied for zone in pair} | ends.own_spf:
        batch = _batch([each for zone in again for each in together.of(zone)], mine, everywhere)
        if ends.own_spf:  # nobody's record may lead to it, and of some that may be unknown
            batch = Batch(batch.chosen, whole.declared, dict(_seen(made, batch.chosen)))
        made |= _kept(planned(run, batch, lambda _zone: None, noted)[0], alike)
    return made


def _our(where: Where, mine: Publications) -> Where:
    """Return a place that came from another process with the strings that there are here."""
    own = mine[DomainName(where[0])]
    return own.origin, own.providers[own.providers.index(where[1])]


def _rounds(
    mine: Publications, own: Collection[DomainName], together: ZoneGroups, ends: LooseEnds
) -> Iterator[Collection[DomainName]]:
    """Yield the zones to look at; `ends` has what was found in those before.

    A zone of another shard can hold up a record that goes in this one, if it still leads there. So
    where a record goes, those that may do so are looked at too, and then those that may do so to
    them. What leads to a record is not changed by that, so its own shard need not know.
    """
    more, left = {*own}, {*mine}
    while more:
        yield [each for each in mine if each in more]
        left -= more
        near = [each for each in left if ends.may_tie(mine[each])]
        more = {each for group in together.each(near) for each in group} & left


def _kept(entries: Entries, alike: Alike[ZoneEntry]) -> Made:
    """Return entries as they are kept: what is the same in many zones once."""
    return {
        where: alike.first_like(each) if isinstance(each, ZoneEntry) else each
        for where, each in entries.items()
    }


def _batches(
    zones: Iterable[DomainName], together: ZoneGroups, size: int
) -> Iterator[list[DomainName]]:
    """Yield zones in batches of about a size that split no group."""
    batch: list[DomainName] = []
    for group in together.each(zones):
        batch += group
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch


def _batch(zones: Iterable[DomainName], mine: Publications, everywhere: Publications) -> Batch:
    """Return zones as a batch; some of a group may not be to be planned."""
    ordered = sorted(set(zones))
    return Batch(
        tuple(mine[each] for each in ordered if each in mine),
        tuple(everywhere[each] for each in ordered if each in everywhere),
    )


def _seen(made: Made, chosen: Iterable[Publication]) -> Iterator[tuple[Where, Known | None]]:
    """Yield what is known of zones that were planned with others than the `chosen` ones.

    No record there leads to what goes, else they were among the chosen ones.
    """
    mine = {each.origin for each in chosen}
    for where, entry in made.items():
        zone = DomainName(where[0])
        if zone not in mine:
            nothing = Known(Zone(zone, frozenset()), Difference((), (), ()))
            yield where, None if isinstance(entry, FailedEntry) else nothing
