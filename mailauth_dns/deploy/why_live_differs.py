"""Why a set in DNS differs from the policy: mistakes that are recognised, and what to do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice

from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.diff import value_mistakes, wrong_places
from mailauth_dns.diff.equivalence import meaning, same
from mailauth_dns.diff.value_mistakes import Mistake
from mailauth_dns.evaluate.observation import Observation
from mailauth_dns.plan.plan import LiveEntry
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName, below
from mailauth_dns.records.ownership import ours
from mailauth_dns.records.zone import RRKey, RRset
from mailauth_dns.spread.spread import Spread

Reasons = Mapping[tuple[str, str], tuple[Mistake, ...]]
MAX_EXPLAINED = 100  # records of a run that are looked at: each may cost MAX_PLACES questions


def reasons(
    seen: Mapping[DomainName, tuple[LiveEntry, ...]],
    publications: Iterable[Publication],
    spread: Spread | None = None,
) -> Reasons:
    """Return the mistakes that explain why rows differ, by name and type.

    Only the zones' own servers are asked, for MAX_EXPLAINED records, and for one that is missing
    at MAX_PLACES wrong places. With `spread`, other machines ask.
    """
    # This takes time to load, and only live DNS needs it.
    from mailauth_dns.live.observe import Wanted
    from mailauth_dns.live.spread_observation import observe_spread

    publications = tuple(publications)
    off = {
        (row.name, row.type): row
        for rows in seen.values()
        for row in rows
        if row.state == "differs"
    }
    asked = list(islice(_declared(publications, off), MAX_EXPLAINED))
    wanted: dict[DomainName, Wanted] = {}
    for publication, entry in asked:
        origin = publication.origin
        keys = frozenset(_keys(entry, origin, off[entry.key]))
        before = wanted[origin].keys if origin in wanted else frozenset()
        wanted[origin] = Wanted(origin, before | keys, publication.nameservers)
    found = observe_spread(list(wanted.values()), spread) if wanted else {}
    declared = {entry.key: entry for each in publications for entry in each.declared}
    told: dict[tuple[str, str], tuple[Mistake, ...]] = {}
    for publication, entry in asked:
        row, observation = off[entry.key], found[publication.origin]
        if mistakes := tuple(_explained(row, entry, publication.origin, observation, declared)):
            told[entry.key] = mistakes
    return told | {key: (mistake,) for key, mistake in _nowhere(seen, told, found)}


def _declared(
    publications: Iterable[Publication], off: Mapping[tuple[str, str], LiveEntry]
) -> Iterator[tuple[Publication, Declared]]:
    for publication in publications:
        for entry in publication.declared:
            if entry.key in off and entry.values and entry.family is not Family.NULL_MX:
                yield publication, entry


def _keys(entry: Declared, zone: DomainName, row: LiveEntry) -> Iterator[RRKey]:
    yield entry.key
    if not row.live:  # missing, or not everywhere
        yield from (place.key for place in wrong_places.places(entry, zone))
        yield (below("*", zone), entry.key[1])


def _explained(
    row: LiveEntry,
    entry: Declared,
    zone: DomainName,
    observation: Observation,
    declared: Mapping[RRKey, Declared],
) -> Iterator[Mistake]:
    """Yield what explains one row; the first that is found at a server is enough."""
    if row.servers and (lag := _lag(row, entry)) is not None:
        yield lag
        return
    there = _values(observation, entry.key)
    if (found := tuple(_of_values(entry, zone, there))) or _has_wanted(entry, there):
        yield from found
        return
    if row.reason is not None and entry.key[1] == "TXT":
        yield Mistake(
            "CNAME in place of TXT",
            row.reason,
            "a name with an alias has no record of its own (RFC 1034 §3.6.2)",
            "delete the CNAME at the form, and enter the TXT record; or leave the record to the "
            "alias's target, and take it out of the policy",
        )
        return
    everywhere = _values(observation, (below("*", zone), entry.key[1]))
    for place in wrong_places.places(entry, zone) if not row.live else ():
        entered = _values(observation, place.key) - everywhere  # what nobody entered there
        values = wrong_places.texts(place, entered) - _rightly(declared.get(place.key), entered)
        if wrong_places.entered_at(place, entry, values):
            yield wrong_places.misplaced(place, entry)
            if entry.key[1] == "TXT":
                yield from _damage(entry, values)
            return


def _values(observation: Observation, key: RRKey) -> frozenset[str]:
    """Return what any server that answers holds at a key."""
    return frozenset(
        value
        for view in observation.servers
        if isinstance(said := view.sets.get(key), RRset) and said.key == key
        for value in said.values
    )


def _rightly(there: Declared | None, values: frozenset[str]) -> frozenset[str]:
    """Return the values that a policy wants at their place, so that they stray from no other."""
    return frozenset(value for value in values if there is not None and _has_wanted(there, {value}))


def _has_wanted(entry: Declared, there: Collection[str]) -> bool:
    """Tell whether the wanted value stands there, whatever else does."""
    goals = {meaning(entry.family, entry.key[1], value) for value in entry.values}
    return any(meaning(entry.family, entry.key[1], value) in goals for value in there)


def _of_values(entry: Declared, zone: DomainName, there: frozenset[str]) -> Iterator[Mistake]:
    """Yield the mistakes that the values at the right name show."""
    if entry.key[1] != "TXT":
        wanted = {f"{value.rstrip('.')}.{zone}" for value in entry.values}
        if any(value.rstrip(".") in wanted for value in there):
            yield Mistake(
                "zone in the target",
                "the zone was added to the target",
                "it leads to a name that does not exist",
                "enter the target again with a dot at its end",
            )
        elif entry.sender is not None and there:
            yield Mistake(
                "another sender",
                f"it does not lead to {entry.sender.name}",
                "bounces go elsewhere, and the sender may refuse the domain",
                f"take away what others have at this name, or give {entry.sender.name} another "
                "return path in the policy",
            )
        return
    here = ours(RRset(*entry.key, None, there), entry.family, entry.sender_values)
    if len(here) > 1:
        yield _beside(entry, len(here), has_wanted=_has_wanted(entry, there))
    yield from _damage(entry, there)


def _damage(entry: Declared, there: frozenset[str]) -> tuple[Mistake, ...]:
    """Return what happened to the wanted value; nothing where it stands there as it should."""
    if _has_wanted(entry, there) or entry.key[1] != "TXT":
        return ()
    [wanted] = entry.values
    damaged = (value_mistakes.mistakes(entry.family, wanted, value) for value in sorted(there))
    return next(filter(None, damaged), ())


def _beside(entry: Declared, number: int, *, has_wanted: bool) -> Mistake:
    note = entry.family.row.beside or "two of them: receivers cannot tell which one counts"
    left = "the value of the policy" if has_wanted else "one, and change it to the policy's value"
    return Mistake(
        "several records",
        f"{number} records of this kind stand beside each other",
        note.rpartition(": ")[2],
        f"keep {left}, and delete every other one at the form",
    )


def _lag(row: LiveEntry, entry: Declared) -> Mistake | None:
    """Return that some servers are behind; None where none has the policy's values."""
    behind = [
        each.server
        for each in row.servers
        if not same(entry.family, row.type, frozenset(each.values or ()), entry.values)
    ]
    if len(behind) == len(row.servers) or any(each.values is None for each in row.servers):
        return None
    return Mistake(
        "server behind",
        f"{len(row.servers) - len(behind)} of {len(row.servers)} servers say what the policy "
        f"says; behind: {', '.join(behind)}",
        "a secondary server takes the zone later, and caches may hold the old value for its TTL",
        "wait, as with `verify --wait 30m`; after an hour ask whoever runs that server",
    )


def _nowhere(
    seen: Mapping[DomainName, tuple[LiveEntry, ...]],
    told: Reasons,
    found: Mapping[DomainName, Observation],
) -> Iterator[tuple[tuple[str, str], Mistake]]:
    """Yield where none of a zone's records is found: they may have gone to another account."""
    for zone, observation in found.items():
        missing = [row for row in seen[zone] if row.policy]
        if any(row.live != () or (row.name, row.type) in told for row in missing):
            continue
        servers = ", ".join(view.server for view in observation.servers)
        at_servers = observation.agreed((zone, "NS"))
        hosts = (
            {value.rstrip(".").lower() for value in at_servers.values}
            if isinstance(at_servers, RRset)
            else set()
        )
        moved = (
            f"; the delegation names {', '.join(sorted(observation.delegated))}, and they name "
            f"{', '.join(sorted(hosts))}"
            if observation.delegated and hosts and hosts != observation.delegated
            else ""
        )
        yield (
            (missing[0].name, missing[0].type),
            Mistake(
                "nothing there",
                f"none of the policy's records is in the zone, as {servers} serve it{moved}",
                "they are not saved yet, or they are at a form whose account does not run these "
                "servers",
                "look whose servers these are: enter the records at the form of whoever runs "
                "them, or change the name servers at the registrar",
            ),
        )
