"""Records that need one another: what must not be written without the other, or before it.

If an SPF record includes a name that has none, every message gets a permanent error (RFC 7208
§5.2); if the alias of a selector leads nowhere, signatures fail. So a record begins to lead to a
name only with a plan that brings the record there, or once that is there. And a record goes only
once no record of the repo leads to it any more. A DMARC record asks more of subdomains only once
those have the record of their own that asks for less. The parts of a flattened record have their
own order (part_order.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mailauth_dns.compile.publication import Declared
from mailauth_dns.deploy.related_sets import Changes, Named, Related
from mailauth_dns.diff.change import Change, Difference, Hold
from mailauth_dns.diff.dmarc_tightening import applies, catches
from mailauth_dns.diff.led_to import FAMILIES, held_values, holds, keys_at, leads_to
from mailauth_dns.plan.plan import LIVE_DNS, Where
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, Zone

_WORD = {Family.SPF: "SPF record", Family.DKIM: "DKIM key", Family.DMARC: "DMARC record"}
_USES = {Family.SPF: "includes it", Family.DKIM: "is an alias of it"}


@dataclass(frozen=True, slots=True)
class Known:
    """What a zone holds at a place, and what would change there; of `dark` sets that is unknown."""

    zone: Zone
    difference: Difference
    dark: frozenset[RRKey] = frozenset()


# None: the zone could not be read. A place that is not there was not asked.
States = Mapping[Where, Known | None]


def changes_of(states: States) -> Changes:
    """Return all changes, each with its place."""
    return [
        (where, change)
        for where, known in states.items()
        if known is not None
        for change in known.difference.changes
    ]


def held_back(states: States, related: Related) -> Mapping[Where, Mapping[RRKey, Hold]]:
    """Return, by place, the changes that must not be made, each with the reason.

    What is held holds up in its turn what needs it.
    """
    order = _Order(states, related)
    order.note_users()
    changes = changes_of(states)
    stays = {(where, change.key[0]) for where, change in changes if change.after}
    grows = True
    while grows:
        grows = False
        for where, change in changes:
            if change.key in order.held.get(where, {}):
                continue
            goes = bool(change.before) and (where, change.key[0]) not in stays
            hold = (
                order.too_late(change) or order.too_lax(change)
                if goes
                else order.too_early(change) or order.too_strict(change)
            )
            if hold is not None:
                order.hold(where, change, hold)
                grows = True
    return order.held


@dataclass(frozen=True, slots=True)
class _Left:
    """A record that still leads to a name once the plan is applied; `state` says why."""

    key: RRKey
    state: str
    waits: bool


@dataclass(frozen=True, slots=True)
class _Order:
    states: States
    related: Related
    held: dict[Where, dict[RRKey, Hold]] = field(default_factory=dict)
    # Of very many records that go, each asks for its own name.
    left: dict[Named, list[_Left]] = field(default_factory=dict)
    # Records of which nobody knows where they lead, by family.
    dark: dict[Family, list[_Left]] = field(default_factory=dict)

    def note_users(self) -> None:
        """Note where the records lead that may lead to what goes."""
        for where, entry in self.related.users:
            known = self.states.get(where)
            if known is None or entry.key in known.dark:
                self._note_unknown(where, entry)
                continue
            made = [each for each in known.difference.changes if each.key == entry.key]
            back = [each for each in known.difference.blocked if each.key == entry.key]
            if back:
                state = "waits" if back[0].waits else "is blocked"
                self._note(entry.family, entry.key, known.zone, state, back[0].waits)
            elif made:
                self._note_values(
                    entry.family, entry.key, made[0].after, "is to stay so", waits=False
                )
            else:
                waits = entry.values != held_values(known.zone, entry.key, entry.family)
                state = "is not changed by this plan" if waits else "is to stay so"
                self._note(entry.family, entry.key, known.zone, state, waits)

    def hold(self, where: Where, change: Change, hold: Hold) -> None:
        """Hold a change back, so that its record is left as it is."""
        self.held.setdefault(where, {})[change.key] = hold
        known = self.states[where]
        if known is not None and change.family in FAMILIES:
            state = "waits" if hold.waits else "is blocked"
            self._note(change.family, change.key, known.zone, state, hold.waits)

    def too_early(self, change: Change) -> Hold | None:
        """Return why a record must not begin to lead to a name yet; None where it may."""
        type = change.key[1]
        begun = leads_to(change.family, type, change.after) - leads_to(
            change.family, type, change.before
        )
        for name in sorted(begun):
            places = self.related.homes.get((change.family, name), ())
            found = [self._lacks(change.family, DomainName(name), at) for at in places]
            if (hold := _first(found)) is not None:
                return hold
        return None

    def too_late(self, change: Change) -> Hold | None:
        """Return why a record must not go yet; None where it may."""
        name, family = change.key[0], change.family
        if family not in FAMILIES:
            return None
        using = [each for each in self.left.get((family, name), ()) if each.key[0] != name]
        if using:
            first = min(using, key=lambda each: each.waits)
            user = f"the {first.key[1]} at {first.key[0]}"
            return Hold(f"goes after {user}, which {_USES[family]} and {first.state}", first.waits)
        if name != change.domain and family is Family.SPF:
            return None  # a part, which the domain's own record alone includes
        unseen = next((each for each in self.dark.get(family, ()) if each.key[0] != name), None)
        if unseen is None:
            return None
        user = f"the {unseen.key[1]} at {unseen.key[0]}"
        return Hold(f"goes after {user}, which {unseen.state}", unseen.waits)

    def too_strict(self, change: Change) -> Hold | None:
        """Return why a DMARC record must not ask more of subdomains yet; None where it may."""
        return _first(self._lacks_own(*each) for each in self.related.below.get(change.key[0], ()))

    def too_lax(self, change: Change) -> Hold | None:
        """Return why a DMARC record must not go yet; None where it may.

        It asks for less than the record above it, which is to ask for less too.
        """
        return _first(
            self._asks_more(change, *each) for each in self.related.above.get(change.key[0], ())
        )

    def _asks_more(self, change: Change, where: Where, entry: Declared) -> Hold | None:
        known = self.states.get(where)
        if known is not None and entry.key not in known.dark:
            there = held_values(known.zone, entry.key, Family.DMARC)
            if not catches(entry.values, there, change.before):
                return None
        return self._not_there(Family.DMARC, entry.key[0], where, "is not as its policy says")

    def _lacks_own(self, where: Where, entry: Declared) -> Hold | None:
        known = self.states.get(where)
        if known is not None and applies(held_values(known.zone, entry.key, Family.DMARC)):
            return None
        return self._not_there(Family.DMARC, entry.key[0], where)

    def _lacks(self, family: Family, name: DomainName, at: Where) -> Hold | None:
        known = self.states.get(at)
        if known is not None and holds(known.zone, family, name):
            return None
        return self._not_there(family, name, at)

    def _not_there(
        self, family: Family, name: DomainName, at: Where, lack: str = "is not there"
    ) -> Hold | None:
        """Return why a record that lacks does not come with the plan; None if it does."""
        zone, provider = at
        live = provider == LIVE_DNS
        place, do = ("in live DNS", "publish") if live else (f"at {provider}", "plan and apply")
        of, keys = f"waits for the {_WORD[family]} of {name} {place}", keys_at(family, name)
        if at not in self.states:
            return Hold(
                f"{of}, which was not asked; plan without --provider, or with {provider} too",
                waits=True,
            )
        known = self.states[at]
        if known is None or not known.dark.isdisjoint(keys):
            return Hold(f"{of}, which could not be read", waits=False)
        back = {entry.key: entry.waits for entry in known.difference.blocked}
        back |= {key: hold.waits for key, hold in self.held.get(at, {}).items()}
        for key in keys:
            if key in back:
                state = "waits itself" if back[key] else "is blocked"
                return Hold(f"waits for the {key[1]} at {name} {place}, which {state}", back[key])
        if any(change.key in keys and change.after for change in known.difference.changes):
            return None
        return Hold(
            f"{of}, which {lack}, and this plan does not bring it; "
            f"{do} {zone} first, or with this zone",
            waits=True,
        )

    def _note_unknown(self, where: Where, entry: Declared) -> None:
        """Note a record that nobody saw: what its policy says of it is known all the same."""
        family, asked = entry.family, where in self.states
        state = "could not be read" if asked else "is not in this plan"
        self._note_values(family, entry.key, entry.values, state, waits=not asked)
        if family is Family.SPF and where in self.related.far:
            if not asked:
                at = where[1]
                state = f"was not asked; plan without --provider, or with {at} too"
            self.dark.setdefault(family, []).append(
                _Left(entry.key, f"may include it and {state}", waits=not asked)
            )

    def _note(self, family: Family, key: RRKey, zone: Zone, state: str, waits: bool) -> None:
        self._note_values(family, key, held_values(zone, key, family), state, waits=waits)

    def _note_values(
        self, family: Family, key: RRKey, values: frozenset[str], state: str, *, waits: bool
    ) -> None:
        for name in leads_to(family, key[1], values):
            self.left.setdefault((family, name), []).append(_Left(key, state, waits))


def _first(found: Iterator[Hold | None] | list[Hold | None]) -> Hold | None:
    """Return the hold to name: what is blocked for good before what only waits."""
    there = [hold for hold in found if hold is not None]
    return min(there, key=lambda hold: hold.waits, default=None)
