"""Which declared sets a plan's changes have to do with, in any zone of the repo."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.diff.change import Change
from mailauth_dns.diff.dmarc_tightening import catches
from mailauth_dns.diff.led_to import FAMILIES, leads_to
from mailauth_dns.diff.our_values import is_part_of_spf
from mailauth_dns.plan.plan import Where
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import upwards

Place = tuple[Where, Declared]
Named = tuple[Family, str]  # a family, and the name at which a record of it stands
Changes = Sequence[tuple[Where, Change]]

_NOBODY = frozenset({"v=spf1 -all"})  # no mail can be lost where none may be sent


@dataclass(frozen=True, slots=True)
class Related:
    """What the changes of a plan have to do with.

    `homes`: where the names are declared that a record begins to lead to. `users`: the declared
    records that may lead to a name that goes. `below`: by name of a DMARC record, the declared
    records of subdomains that it would catch without their own. `above`: by name of a DMARC record
    that goes, the declared ones that may apply in its place. `far`: the places that have to be
    known even if nothing is planned there.
    """

    homes: Mapping[Named, Sequence[Where]]
    users: Sequence[Place]
    below: Mapping[str, Sequence[Place]]
    above: Mapping[str, Sequence[Place]]
    far: frozenset[Where]


def related(changes: Changes, publications: Iterable[Publication]) -> Related:
    """Return what these changes have to do with, out of all that a repo declares."""
    search = _Search(changes)
    if search.is_needed:
        for each in publications:
            for entry in each.declared:
                for provider in each.providers:
                    search.look_at((each.origin, provider), entry)
    return search.found


class _Search:
    """What to look for among the declared sets, and what was found of it."""

    def __init__(self, changes: Changes) -> None:
        self._begun: set[Named] = set()
        self._families: set[Family] = set()  # of SPF records and DKIM keys that go
        self._own_spf = False  # one that goes is a domain's own record, and no part of one
        self._stricter: dict[str, list[Change]] = {}
        self._lost: dict[str, set[str]] = {}  # by domain, the DMARC records below it that go
        self._homes: dict[Named, list[Where]] = {}
        self._users: list[Place] = []
        self._below: dict[str, list[Place]] = {}
        self._above: dict[str, list[Place]] = {}
        self._far: set[Where] = set()
        for _, change in changes:
            self._note(change)

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self._begun or self._families or self._stricter or self._lost)

    @property
    def found(self) -> Related:
        """What was found."""
        return Related(self._homes, self._users, self._below, self._above, frozenset(self._far))

    def _note(self, change: Change) -> None:
        name, type = change.key
        if change.family in FAMILIES:
            before, after = (
                leads_to(change.family, type, values) for values in (change.before, change.after)
            )
            self._begun |= {(change.family, each) for each in after - before}
            if not change.after:
                self._families.add(change.family)
                self._own_spf |= change.family is Family.SPF and name == change.domain
        elif change.family is Family.DMARC and change.after:
            self._stricter.setdefault(change.domain, []).append(change)
        elif change.family is Family.DMARC:
            for upper in upwards(change.domain):
                if upper != change.domain:
                    self._lost.setdefault(upper, set()).add(name)

    def look_at(self, where: Where, entry: Declared) -> None:
        """Keep a declared set if a change has to do with it."""
        named = (entry.family, entry.key[0])
        if named in self._begun and entry.values and not is_part_of_spf(entry):
            self._homes.setdefault(named, []).append(where)
            self._far.add(where)
        if entry.family in self._families and may_lead(entry):
            self._users.append((where, entry))
            if self._own_spf and entry.family is Family.SPF and entry.values != _NOBODY:
                self._far.add(where)
        if entry.family is Family.DMARC and entry.values:
            for name in _caught_by(entry, self._stricter):
                self._below.setdefault(name, []).append((where, entry))
                self._far.add(where)
            for name in self._lost.get(entry.domain, ()):
                self._above.setdefault(name, []).append((where, entry))
                self._far.add(where)


def may_lead(entry: Declared) -> bool:
    """Tell whether a declared set is one that can lead to a record of another name."""
    if entry.family is Family.DKIM:
        return entry.key[1] == "CNAME"
    return not is_part_of_spf(entry)


def _caught_by(entry: Declared, stricter: Mapping[str, Sequence[Change]]) -> Iterator[str]:
    """Yield the names of the changing DMARC records that would catch a subdomain."""
    for upper in upwards(entry.domain):
        for change in stricter.get(upper, ()) if upper != entry.domain else ():
            if catches(change.before, change.after, entry.values):
                yield change.key[0]
                break
