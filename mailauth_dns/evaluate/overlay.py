"""DNS as it will be: the sets that a plan makes, over a live resolver.

A plan changes more than its own sets. A name it makes stops a wildcard answering for that name and
everything below it, and a name whose last set it deletes lets one answer again (RFC 4592 §2.2,
§3.3). Where the whole zone is known, a `ZoneResolver` over the zone as it will be shows all that.
The overlay is for zones that only live DNS shows, so that it is unknown what else a name holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mailauth_dns.errors import ObservationError
from mailauth_dns.evaluate.resolver import Alias, Resolver, Values, ask, follow
from mailauth_dns.evaluate.zone_answers import alias_target
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import MAX_NAME, DomainName, ancestors, below, upwards
from mailauth_dns.records.ownership import SenderValues, ours
from mailauth_dns.records.zone import RRKey, RRset

# Types that names hold in practice. One of them at a name shows that the name stays when the plan
# has deleted its sets.
_OTHER_TYPES = (
    "NS",
    "A",
    "AAAA",
    "MX",
    "TXT",
    "CNAME",
    "SRV",
    "CAA",
    "PTR",
    "HTTPS",
    "TLSA",
    "DNAME",
)


@dataclass(frozen=True, slots=True)
class PlannedSet:
    """What a plan makes of one set: `values` are ours afterwards, empty where it deletes ours.

    Live values that do not belong to `family`, or are not a sender's, stay beside them. If `family`
    is None, `values` are the whole set.
    """

    values: frozenset[str]
    family: Family | None = None
    sender_values: SenderValues | None = None

    @property
    def is_whole(self) -> bool:
        """Whether no value of others can stand beside `values`."""
        # All values at a selector's name are DKIM, unless only a sender's are ours.
        return self.family is None or (self.family is Family.DKIM and self.sender_values is None)

    def beside(self, there: RRset) -> frozenset[str]:
        """Return what stays of a live set beside `values`."""
        if self.family is None or (self.values and there.type == "CNAME"):
            return frozenset()  # a name has one alias only
        return there.values - ours(there, self.family, self.sender_values)


@dataclass(frozen=True, slots=True)
class PlannedZone:
    """The sets that a plan touches in one zone."""

    origin: DomainName
    sets: Mapping[RRKey, PlannedSet]


class Overlay:
    """Answers from the plan where it says something, from live DNS where it does not."""

    def __init__(self, live: Resolver, zones: Iterable[PlannedZone]) -> None:
        self._live = live
        self._zones = {zone.origin: _Zone(live, zone) for zone in zones}

    def lookup(self, name: DomainName, rrtype: str) -> Values:
        """Return the values of one set as they will be, sorted where the plan has a part in them.

        Where a deleted set was perhaps the last one of its name, `()` says that the set is absent,
        not that the name stays.

        Raises:
            ObservationError: neither the plan nor live DNS gives the answer; or the plan deletes
                sets of a name, and the answer depends on whether that name stays.
        """
        return follow(self._hop, name, rrtype)

    def _hop(self, name: DomainName, rrtype: str) -> Values | Alias:
        zone = self._in_charge(name)
        if zone is None or zone.leaves_alone(name):
            return ask(self._live, name, rrtype)
        return zone.answer(name, rrtype)

    def _in_charge(self, name: DomainName) -> _Zone | None:
        found = (self._zones.get(origin) for origin in upwards(name))
        return next((each for each in found if each is not None), None)


class _Zone:
    """One planned zone over live DNS."""

    def __init__(self, live: Resolver, planned: PlannedZone) -> None:
        self._live = live
        self._origin = planned.origin
        self._sets = planned.sets
        self._owners = {name for name, _ in planned.sets}
        self._made: set[DomainName] = {planned.origin}  # names that the plan holds data at or below
        # Names that cannot be an alias, because the plan puts other data there.
        self._data: set[DomainName] = set()
        # The sets from which the plan deletes our values, by every name at or above them.
        self._emptied: dict[DomainName, list[RRKey]] = {}
        for key, made in planned.sets.items():
            name = key[0]
            lineage = (name, *ancestors(name, planned.origin))
            if made.values:
                self._made.update(lineage)
                if key[1] != "CNAME":
                    self._data.add(name)
            else:
                for upper in lineage:
                    self._emptied.setdefault(upper, []).append(key)

    def leaves_alone(self, name: DomainName) -> bool:
        """Tell whether the plan changes nothing that a question for `name` can see."""
        if name == self._origin:
            return name not in self._owners
        near = (name, *ancestors(name, self._origin), below("*", self._origin))
        return not any(upper in self._made or upper in self._emptied for upper in near)

    def answer(self, name: DomainName, rrtype: str) -> Values | Alias:
        """Return what will be at a name; an alias is not followed."""
        if name not in self._made and self._redirected(name):
            return ask(self._live, name, rrtype)
        answers = {self._at(source, rrtype) for source in self._sources(name)}
        if len(answers) == 1:
            return answers.pop()
        if answers == {None, ()} and (name, rrtype) in self._sets:
            return ()
        raise ObservationError(
            f"{name} {rrtype}: the plan deletes records in this branch, and live DNS does "
            "not tell whether others keep their names there"
        )

    def _sources(self, name: DomainName) -> list[DomainName | None]:
        """Return the names whose data may answer: `name`, wildcards, or None (RFC 4592 §3.3.1)."""
        exists = self._exists(name)
        if exists:
            return [name]
        found: list[DomainName | None] = [] if exists is False else [name]
        for upper in (*ancestors(name, self._origin), self._origin):
            encloses = self._exists(upper)
            if encloses is False:
                continue
            wildcard = below("*", upper)
            answers = self._exists(wildcard)
            if answers is not False:
                found.append(wildcard)
            if not answers:
                found.append(None)
            if encloses:
                break
        return found

    def _exists(self, name: DomainName) -> bool | None:
        """Tell whether the name will have data or names below it; None where that is unknown."""
        if name in self._made:
            return True
        if not self._is_live(name):
            return False
        if not any(
            self._live_values(*key) and not self._values(*key)
            for key in self._emptied.get(name, ())
        ):
            return True
        return True if any(self._values(name, rrtype) for rrtype in _OTHER_TYPES) else None

    def _at(self, source: DomainName | None, rrtype: str) -> Values | Alias:
        if source is None:
            return None
        alias = self._values(source, "CNAME") if source not in self._data else frozenset[str]()
        if alias and rrtype != "CNAME":
            return Alias(alias_target(next(iter(alias))))
        return tuple(sorted(alias if rrtype == "CNAME" else self._values(source, rrtype)))

    def _values(self, name: DomainName, rrtype: str) -> frozenset[str]:
        """Return one set as it will be, without wildcards and aliases."""
        made = self._sets.get((name, rrtype))
        if made is not None and made.is_whole:
            return made.values  # the plan knows the set without asking
        there = self._live_values(name, rrtype)
        if made is None:
            return there
        if made.values and rrtype != "CNAME" and self._values(name, "CNAME"):
            raise ObservationError(
                f"{name} is an alias (CNAME) that the plan does not touch, so its {rrtype} "
                "record cannot be published"
            )
        return made.values | made.beside(RRset(name, rrtype, None, there))

    def _live_values(self, name: DomainName, rrtype: str) -> frozenset[str]:
        """Return what live DNS holds at the name itself, not through a wildcard or an alias."""
        if not self._is_live(name):
            return frozenset()
        alias = self._live.lookup(name, "CNAME")
        if rrtype == "CNAME" or alias:
            return frozenset(alias or ()) if rrtype == "CNAME" else frozenset()
        return frozenset(self._live.lookup(name, rrtype) or ())

    def _is_live(self, name: DomainName) -> bool:
        """Tell whether the name itself is in live DNS, so that no wildcard answers for it.

        If the name exists, `*.*.<name>` does not: its closest encloser is the name or `*.<name>`,
        and neither has a wildcard below it that answers. If a wildcard answers for the name, it
        answers for `*.*.<name>` too.
        """
        if self._live.lookup(name, "CNAME") is None:
            return False
        if name == self._origin:
            return True
        probe = DomainName(f"*.*.{name}")
        if len(probe) > MAX_NAME:
            raise ObservationError(f"{name} is too long to tell whether a wildcard answers for it")
        return self._live.lookup(probe, "CNAME") is None or self._has_dname(name)

    def _redirected(self, name: DomainName) -> bool:
        """Tell whether a DNAME above the name makes it an alias (RFC 6672)."""
        above = (*ancestors(name, self._origin), self._origin)
        return bool(self._live.lookup(name, "CNAME")) and any(map(self._has_dname, above))

    def _has_dname(self, name: DomainName) -> bool:
        # An alias holds no DNAME, and a question for one would go to its target.
        return self._live.lookup(name, "CNAME") == () and bool(self._live.lookup(name, "DNAME"))
