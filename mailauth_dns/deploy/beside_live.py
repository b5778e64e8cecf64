"""Policies compared with live DNS, which plays the provider's part: one algorithm for all users.

DNS shows only what is asked for. So the questions cover each declared set, and all that may hide
it, answer in its place, or decide what its change means.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.diff.change import Blocked, Change, Difference
from mailauth_dns.diff.compare import compare
from mailauth_dns.diff.meaning import judge_at
from mailauth_dns.evaluate.observation import Observation, Unknown, is_synthesized
from mailauth_dns.evaluate.overlay import PlannedSet, PlannedZone
from mailauth_dns.plan import spf_part_timing
from mailauth_dns.records import dmarc
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName, ancestors, below
from mailauth_dns.records.zone import RRKey, RRset, Zone, zone_of

_HOST_TYPES = ("A", "AAAA", "MX", "CNAME")  # what a wildcard gives to hosts


@dataclass(frozen=True, slots=True)
class BesideLive:
    """One zone beside live DNS.

    `unknown` has a reason for each declaration that could not be compared; the difference has
    nothing of those. `delegation_checked`: the servers are those that the delegation names. `zone`
    has what all servers say of the declared sets, and of those around them.
    """

    publication: Publication
    servers: tuple[str, ...]
    delegation_checked: bool
    zone: Zone
    difference: Difference
    unknown: tuple[tuple[Declared, str], ...]

    @property
    def blocked_if_unknown(self) -> Iterator[Blocked]:
        """What could not be compared, as changes that must not be made."""
        for entry, reason in self.unknown:
            yield Blocked(entry.domain, entry.key, entry.family, f"unknown in live DNS: {reason}")


def look(
    publications: Sequence[Publication], now: datetime, *, normalize: bool = False
) -> tuple[BesideLive, ...]:
    """Ask live DNS, and return what it has and lacks of each publication.

    `now` has a time zone.
    """
    from mailauth_dns.live.observe import Wanted, observe  # it takes time to load

    wanted = [
        Wanted(
            each.origin,
            frozenset(key for entry in each.declared for key in _keys(entry, each.origin)),
            each.nameservers,
        )
        for each in publications
    ]
    found = observe(wanted) if wanted else {}
    return tuple(_compared(each, found[each.origin], now, normalize) for each in publications)


def _compared(
    publication: Publication, observation: Observation, now: datetime, normalize: bool
) -> BesideLive:
    zone, dark = _zone(publication, observation)
    unknown = {
        entry.key: (entry, reason)
        for entry in shown(publication)
        if (reason := _reason(entry, publication.origin, dark)) is not None
    }
    held = spf_part_timing.held(publication, observation, now)
    whole = compare(zone, publication, judge_at(now), held=held, normalize=normalize)
    known = replace(
        whole,
        changes=tuple(each for each in whole.changes if each.key not in unknown),
        blocked=tuple(each for each in whole.blocked if each.key not in unknown),
    )
    return BesideLive(
        publication,
        tuple(view.server for view in observation.servers),
        observation.delegated is not None,
        zone,
        known,
        tuple(unknown.values()),
    )


def shown(publication: Publication) -> Iterator[Declared]:
    """Yield what is declared, without the empty half, TXT or CNAME, of a published selector."""
    published = {entry.key[0] for entry in publication.declared if entry.values}
    for entry in publication.declared:
        if entry.values or entry.key[0] not in published or entry.family is Family.NULL_MX:
            yield entry


def is_silent(found: BesideLive) -> bool:
    """Tell whether DNS tells nothing of a zone."""
    return bool(found.unknown) and len(found.unknown) == len(list(shown(found.publication)))


def planned_zone(origin: DomainName, changes: Iterable[Change]) -> PlannedZone:
    """Return changes of a zone as they are laid over live DNS."""
    return PlannedZone(
        origin,
        {
            change.key: PlannedSet(change.after, change.family, change.sender_values)
            for change in changes
        },
    )


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
    # Names that hosts may have: what a wildcard gives them, and what an alias cannot stand beside.
    hosts = {entry.domain, name} if _is_at_return_path(entry) else {entry.domain}
    for host in hosts - {origin}:
        for host_type in _HOST_TYPES:
            yield (host, host_type)
            for upper in (*ancestors(host, origin), origin):
                yield (below("*", upper), host_type)


def _is_at_return_path(entry: Declared) -> bool:
    return entry.is_return_path or entry.family is Family.RETURN_PATH


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
