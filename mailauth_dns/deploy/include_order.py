"""SPF records that include one another: what must not be written without the other, or before it.

If a record includes a name that has no SPF record, every message gets a permanent error (RFC 7208
§5.2). So a record begins to include a name only with a plan that brings the other record, or once
that is there. And a record goes only once no record of the plan includes its name any more. The
parts of a flattened record have their own order (part_order.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy.other_providers import Answers
from mailauth_dns.diff.change import Change, Hold
from mailauth_dns.diff.our_values import is_part_of_spf
from mailauth_dns.errors import ProviderError
from mailauth_dns.octo.target import Proposal
from mailauth_dns.plan.plan import Where
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.ownership import ours
from mailauth_dns.records.spf_parts import referred
from mailauth_dns.records.zone import RRKey, Zone

Homes = Mapping[str, tuple[Where, ...]]  # by name, where the policies declare its SPF record
# What zones hold that are not planned, or why that is unknown; a zone that is not there was not
# asked.
Others = Mapping[Where, Zone | ProviderError]


def homes(answers: Answers, publications: Iterable[Publication]) -> Homes:
    """Return where the names are declared that a planned SPF record begins to include."""
    wanted = {
        name
        for _, change in _spf_changes(answers)
        for name in referred(change.after) - referred(change.before)
    }
    if not wanted:
        return {}
    return {
        entry.key[0]: tuple((each.origin, provider) for provider in each.providers)
        for each in publications
        for entry in each.declared
        if entry.key[0] in wanted
        and entry.family is Family.SPF
        and entry.values
        and not is_part_of_spf(entry)
    }


def holds(
    answers: Answers, declared: Homes, others: Others
) -> Mapping[Where, Mapping[RRKey, Hold]]:
    """Return, by zone and provider, the SPF changes that must not be made, each with the reason.

    What is held holds up in its turn what needs it.
    """
    order = _Order(answers, declared, others)
    order.note_blocked()
    changes = list(_spf_changes(answers))
    grows = True
    while grows:
        grows = False
        for where, change in changes:
            if change.key in order.held.get(where, {}):
                continue
            hold = order.too_early(change) or order.too_late(change)
            if hold is not None:
                order.hold(where, change.key, hold)
                grows = True
    return order.held


@dataclass(frozen=True, slots=True)
class _Left:
    """An SPF record that is left as it is: it waits, or it is blocked for good."""

    name: DomainName
    waits: bool


@dataclass(frozen=True, slots=True)
class _Order:
    answers: Answers
    declared: Homes
    others: Others
    held: dict[Where, dict[RRKey, Hold]] = field(default_factory=dict)
    # By name, the SPF records that are left as they are and include it: of very many records that
    # go, each asks for its own name.
    left: dict[str, list[_Left]] = field(default_factory=dict)

    def note_blocked(self) -> None:
        """Note what the blocked SPF records include."""
        for where, answer in self.answers.items():
            if isinstance(answer, Proposal):
                for entry in answer.difference.blocked:
                    if entry.family is Family.SPF:
                        self._note(where, entry.key, entry.waits)

    def hold(self, where: Where, key: RRKey, hold: Hold) -> None:
        """Hold a change back, so that its record is left as it is."""
        self.held.setdefault(where, {})[key] = hold
        self._note(where, key, hold.waits)

    def too_early(self, change: Change) -> Hold | None:
        """Return why a record must not begin to include a name yet; None where it may."""
        for name in sorted(referred(change.after) - referred(change.before)):
            found = [self._lacks(DomainName(name), at) for at in self.declared.get(name, ())]
            lacking = [hold for hold in found if hold is not None]
            if lacking:
                # What is blocked for good is named before what only waits.
                return min(lacking, key=lambda hold: hold.waits)
        return None

    def too_late(self, change: Change) -> Hold | None:
        """Return why a record must not go yet; None where it may."""
        if change.after or not change.before:
            return None
        name = change.key[0]
        including = [each for each in self.left.get(name, ()) if each.name != name]
        first = min(including, key=lambda each: each.waits, default=None)
        if first is None:
            return None
        state = "waits" if first.waits else "is blocked"
        return Hold(
            f"goes after the TXT at {first.name}, which includes it and {state}", first.waits
        )

    def _lacks(self, name: DomainName, at: Where) -> Hold | None:
        """Return why the SPF record of a name is not there once the plan is applied."""
        zone, provider = at
        of, key = f"waits for the SPF record of {name} at {provider}", (name, "TXT")
        answer = self.answers.get(at, self.others.get(at))
        if answer is None:
            return Hold(
                f"{of}, which was not asked; plan without --provider, or with {provider} too",
                waits=True,
            )
        if isinstance(answer, ProviderError):
            return Hold(f"{of}, which could not be read", waits=False)
        there = answer.reading.zone if isinstance(answer, Proposal) else answer
        if _includes_of(there, key) is not None:
            return None
        if isinstance(answer, Proposal):
            difference = answer.difference
            kept_back = {entry.key: entry.waits for entry in difference.blocked}
            kept_back |= {each: hold.waits for each, hold in self.held.get(at, {}).items()}
            if key in kept_back:
                state = "waits itself" if kept_back[key] else "is blocked"
                return Hold(
                    f"waits for the TXT at {name} at {provider}, which {state}", kept_back[key]
                )
            if any(change.key == key for change in difference.changes):
                return None
        return Hold(
            f"{of}, which is not there, and this plan does not bring it; "
            f"plan and apply {zone} first, or with this zone",
            waits=True,
        )

    def _note(self, where: Where, key: RRKey, waits: bool) -> None:
        answer = self.answers[where]
        if isinstance(answer, Proposal):
            for name in _includes_of(answer.reading.zone, key) or ():
                self.left.setdefault(name, []).append(_Left(key[0], waits))


def _spf_changes(answers: Answers) -> Iterator[tuple[Where, Change]]:
    for where, answer in answers.items():
        if isinstance(answer, Proposal):
            for change in answer.difference.changes:
                if change.family is Family.SPF:
                    yield where, change


def _includes_of(zone: Zone, key: RRKey) -> frozenset[str] | None:
    """Return the names that the SPF record at a key includes; None where there is no record."""
    there = zone.get(key)
    texts = ours(there, Family.SPF) if there is not None else frozenset[str]()
    return referred(texts) if texts else None
