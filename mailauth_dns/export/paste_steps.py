"""What a person does at a web form, step by step and in an order that loses no mail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import zip_longest

from mailauth_dns.compile.publication import Declared
from mailauth_dns.deploy.by_hand import ByHand, changes_of
from mailauth_dns.diff.change import Change
from mailauth_dns.diff.compare import DEFAULT_TTL
from mailauth_dns.diff.dmarc_tightening import tightens
from mailauth_dns.diff.equivalence import meaning
from mailauth_dns.plan import evidence_words
from mailauth_dns.plan.plan import ChangeEntry
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import MAX_STRING, quoted


class Action(StrEnum):
    """What to do with a record at the form."""

    ADD = "add"
    REPLACE = "replace"
    SET_TTL = "set the TTL"
    DELETE = "delete"
    CHECK = "check"  # what is there is unknown


@dataclass(frozen=True, slots=True)
class Entry:
    """The fields of one record at a form.

    `host` is relative to the zone, `@` at its apex. `value` is one line without quotes; None where
    the record is only deleted. `strings` is the same in several quoted strings, for a form that
    takes at most 255 characters; None where the value is shorter. `ttl` is in seconds.
    """

    name: DomainName
    host: str
    type: str
    value: str | None
    strings: str | None
    ttl: int | None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do at a form.

    `old` is the value that gives way to the new one, `deleted` are values of ours that go as well,
    `kept` are values of others in the same set. `why` says why the state is unknown, and `note`
    what must not be there beside the record. `evidence` is what reports say of the change.
    """

    number: int
    domain: DomainName
    action: Action
    family: Family
    entry: Entry
    old: str | None = None
    deleted: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    meaning: str = ""
    risk: str = "safe"
    rules: tuple[str, ...] = ()
    why: str | None = None
    note: str | None = None
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that a person needs for one zone at its form."""

    zone: DomainName
    domains: tuple[DomainName, ...]
    servers: tuple[str, ...]
    steps: tuple[Step, ...]
    there: tuple[tuple[DomainName, str], ...]
    waits: tuple[str, ...]
    refused: tuple[str, ...]


def sheets(zones: Iterable[ByHand]) -> tuple[Sheet, ...]:
    """Return a sheet for each zone; the steps of all of them are counted through."""
    found, number = [], 0
    for zone in zones:
        steps = tuple(_steps(zone, number))
        number += len(steps)
        found.append(_sheet(zone, steps))
    return tuple(found)


def _sheet(zone: ByHand, steps: tuple[Step, ...]) -> Sheet:
    blocked = zone.difference.blocked
    refused = [f"{each.key[0]} {each.key[1]}: {each.reason}" for each in blocked if not each.waits]
    return Sheet(
        zone.publication.origin,
        zone.publication.domains,
        zone.servers,
        steps,
        tuple(entry.key for entry in zone.there if entry.values),
        tuple(f"{each.key[0]} {each.key[1]}: {each.reason}" for each in blocked if each.waits),
        (*refused, *zone.refused),
    )


def _steps(zone: ByHand, number: int) -> Iterator[Step]:
    origin = zone.publication.origin
    changes = changes_of(zone)
    adding = {change.key[0] for change in changes if change.after}
    for change in sorted(
        changes,
        key=lambda each: _rank(each, goes=not each.after, makes_room=each.key[0] in adding),
    ):
        for each in _one_by_one(change):
            number += 1
            yield _changed(number, each, zone.judged.get(change.key), origin)
    for declared, why in sorted(
        zone.unknown, key=lambda each: _rank(each[0], goes=not each[0].values, makes_room=False)
    ):
        values: list[str | None] = [*sorted(declared.values)]
        for value in values or [None]:
            number += 1
            yield _to_check(number, declared, value, why, origin)


def _rank(declared: Declared | Change, *, goes: bool, makes_room: bool) -> tuple[object, ...]:
    """Return what puts records in order; `goes` where nothing of ours is left of one.

    Keys come first, since signatures need them, and parts of an SPF record before the record.
    DMARC follows SPF, which lets the domain's own mail pass. What only goes comes last, except
    where it `makes_room`: a CNAME cannot stand beside other data (RFC 1034 §3.6.2).
    """
    name, type = declared.key
    if declared.family is Family.SPF:
        place = 1 if name != declared.domain else 2
    else:
        # A return path's exchangers stand with its SPF record.
        place = {Family.DKIM: 0, Family.RETURN_PATH: 1, Family.DMARC: 4}.get(declared.family, 3)
    if goes and not makes_room:
        place = 5
    return (declared.domain, place, name, not goes, type)


def _one_by_one(change: Change) -> Iterator[Change]:
    """Yield a change of several values, as of exchangers, as one of each record."""
    if len(change.after) < 2:
        yield change
    elif change.before == change.after:
        yield from (replace(change, before=each, after=each) for each in _each(change.after))
    else:
        new, gone = _each(change.after - change.before), _each(change.before - change.after)
        for after, before in zip_longest(new, gone, fillvalue=frozenset[str]()):
            yield replace(change, before=before, after=after)


def _each(values: frozenset[str]) -> list[frozenset[str]]:
    return [frozenset({value}) for value in sorted(values)]


def _changed(number: int, change: Change, entry: ChangeEntry | None, origin: DomainName) -> Step:
    [value] = change.after or [None]
    old, deleted = _gives_way(change, value)
    if value is None:
        action = Action.DELETE
    elif not change.before:
        action = Action.ADD
    elif change.before == change.after:
        action, old = Action.SET_TTL, None
    elif old is None:
        action = Action.DELETE  # the right value stands there already, beside others
    else:
        action = Action.REPLACE
    judged = change.judgement
    evidence = entry.evidence if entry is not None else None
    return Step(
        number,
        change.domain,
        action,
        change.family,
        _entry(change.key, value, change.ttl_after, origin),
        old,
        deleted,
        tuple(sorted(change.kept)),
        judged.meaning,
        str(judged.risk) if entry is None else entry.risk,
        judged.rules if entry is None else entry.rules,
        evidence=evidence_words.refusal(evidence) if evidence is not None else None,
    )


def _gives_way(change: Change, value: str | None) -> tuple[str | None, tuple[str, ...]]:
    """Return the value to change into the new one, and those to delete."""
    if value is None:
        return None, tuple(sorted(change.before))
    type = change.key[1]
    wanted = meaning(change.family, type, value)
    before = sorted(change.before)
    as_wanted = [each for each in before if meaning(change.family, type, each) == wanted]
    if as_wanted and len(before) > 1:
        return None, tuple(each for each in before if each != as_wanted[0])
    return (before[0], tuple(before[1:])) if before else (None, ())


def _to_check(
    number: int, declared: Declared, value: str | None, why: str, origin: DomainName
) -> Step:
    return Step(
        number,
        declared.domain,
        Action.CHECK,
        declared.family,
        _entry(declared.key, value, declared.ttl or DEFAULT_TTL, origin),
        why=f"{why}{_needs_evidence(declared)}",
        note=declared.family.row.beside if value is not None else _only_of(declared),
    )


def _needs_evidence(declared: Declared) -> str:
    """Return what to make sure of before a DMARC record is entered over one that is unknown."""
    if declared.family is not Family.DMARC or not tightens(frozenset(), declared.values):
        return ""
    return (
        "; if what is there asks for less, enter it only once `mailauth-dns dmarc status "
        f"{declared.domain}` says that the step may come"
    )


def _only_of(declared: Declared) -> str | None:
    """Return what to look at before a record of one sender is deleted."""
    if declared.sender is None:
        return None
    return f"only if it is {declared.sender.name}'s; leave what others have here"


def _entry(
    key: tuple[DomainName, str], value: str | None, ttl: int | None, origin: DomainName
) -> Entry:
    name, type = key
    long = value is not None and type == "TXT" and len(value) > MAX_STRING
    return Entry(
        name,
        "@" if name == origin else name.removesuffix(f".{origin}"),
        type,
        value,
        quoted(value) if long and value is not None else None,
        ttl if value is not None else None,
    )
