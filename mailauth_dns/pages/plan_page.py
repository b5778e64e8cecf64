"""The page of a plan: what its comment says, in the same order, with room for more of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mailauth_dns.diff.changed_terms import marked
from mailauth_dns.diff.shown_values import public
from mailauth_dns.pages.page import Room, page
from mailauth_dns.plan import evidence_words
from mailauth_dns.plan.checks import checks
from mailauth_dns.plan.grouped import RISKS, ChangeGroup, Group, GroupedPlan, grouped
from mailauth_dns.plan.permission import expired
from mailauth_dns.plan.permissions import Refusal
from mailauth_dns.plan.plan import ChangeEntry, Plan, TrialEntry
from mailauth_dns.plan.totals import totals
from mailauth_dns.render import plan_text, plan_words, refusal_words
from mailauth_dns.render.terminal_text import shown

MAX_NAMED = 1_500_000  # characters of what is told by name alone

Piece = tuple[str, bool]  # a part of a value as it is shown, and whether it changes


@dataclass(frozen=True, slots=True)
class Side:
    """The values of a set before or after a change, in pieces."""

    word: str
    values: tuple[tuple[Piece, ...], ...]


@dataclass(frozen=True, slots=True)
class Named:
    """What is told by name alone: for each domain the names, and the risks of its changes."""

    domains: tuple[tuple[str, tuple[str, ...], str], ...]
    left: int  # changes that not even a name is told of


def plan_page(file: Plan) -> str:
    """Return the page of a plan."""
    view, sums = grouped(file), totals(file)
    room = Room()
    made = [(group, _change(group, file, room)) for group in view.changes]
    told = {
        "gates": [_gate(group, file, room) for group in view.gates],
        "blocked": _each("blocked.html", (*view.refused, *view.waiting), room),
        "failed": _each("failed.html", view.failed, room),
        "broken": [_trial(group, file, room, broken=True) for group in view.broken],
        "unmet": [_trial(group, file, room, broken=False) for group in view.unmet],
        "live": _each("live.html", view.live, room),
    }
    return page(
        "plan.html",
        file=file,
        view=view,
        checks=tuple(checks(view, file.idle)),
        hurts=[each for group, each in made if each is not None and group.hurts],
        safe=[each for group, each in made if each is not None and not group.hurts],
        named=_named([group for group, each in made if each is None]),
        told={key: [each for each in found if each is not None] for key, found in told.items()},
        left={key: sum(each is None for each in found) for key, found in told.items()},
        tiles=tuple(plan_words.tiles(view, sums)),
        summary=plan_text.summary(file),
        verdict=plan_words.verdict(file, view, sums),
        permission_said=plan_words.permission_said,
        idle_said=plan_text.idle_said,
        tests_said=plan_words.tests_said(view) if view.tests else None,
        kept_said=plan_words.kept_said(view) if view.kept else None,
        quiet=plan_text.quiet_said(file, len(view.quiet)) if view.quiet else None,
        tone=_tone(file, view),
    )


def sides(change: ChangeEntry) -> tuple[Side, ...]:
    """Return a change's values before and after; none where only the TTL changes."""
    if change.before == change.after:
        return ()
    before, after = (tuple(map(public, values)) for values in (change.before, change.after))
    if len(before) == len(after) == 1:
        old, new = marked(shown(before[0]), shown(after[0]))
        return Side("before", (tuple(old),)), Side("after", (tuple(new),))
    return tuple(
        Side(word, tuple(((shown(value), False),) for value in values))
        for word, values in (("before", before), ("after", after))
        if values
    )


def _change(group: ChangeGroup, file: Plan, room: Room) -> Any:  # noqa: ANN401 - markup, or None
    return room.told(
        "change.html",
        group=group,
        change=group.first,
        sides=sides(group.first),
        ttl=plan_text.ttl_said(group.first),
        evidence=_evidence(group.first),
        permission_said=plan_words.permission_said,
        **_missing(group, plan_words.unpermitted(group.first), file),
    )


def _evidence(change: ChangeEntry) -> tuple[str, ...]:
    return () if change.evidence is None else tuple(evidence_words.lines(change.evidence))


def _gate(group: Group[Refusal], file: Plan, room: Room) -> Any:  # noqa: ANN401 - markup, or None
    rule = group.first.rule
    missing = _missing(group, [rule] if rule is not None else [], file)
    return room.told("gate.html", group=group, entry=group.first, **missing)


def _trial(group: Group[TrialEntry], file: Plan, room: Room, *, broken: bool) -> Any:  # noqa: ANN401 - markup, or None
    rule = group.first.rule
    missing = [rule] if broken and rule is not None and not group.first.permitted else []
    return room.told(
        "trial.html",
        group=group,
        entry=group.first,
        broken=broken,
        permission_said=plan_words.permission_said,
        **_missing(group, missing, file),
    )


def _missing(group: Group[Any], rules: Sequence[str], file: Plan) -> dict[str, object]:
    """Return what apply asks permission for, and the permissions for it whose day is over."""
    over = expired(file.idle, rules, group.domains)
    return {
        "missing": tuple(map(refusal_words.explained, rules)),
        "over": tuple(map(refusal_words.expired_said, over)),
    }


def _each(template: str, groups: Iterable[Group[Any]], room: Room) -> list[Any]:
    return [room.told(template, group=group, entry=group.first) for group in groups]


def _named(groups: Sequence[ChangeGroup]) -> Named:
    """Return what has no room for more than its name, by domain."""
    found: dict[str, tuple[list[str], Counter[str]]] = {}
    for group in groups:
        for domain in group.domains:
            names, risks = found.setdefault(domain, ([], Counter()))
            names.append(f"{group.first.name.replace(group.domains[0], domain)} {group.first.type}")
            risks[group.first.risk] += 1
    room, told, left = MAX_NAMED, [], 0
    for domain, (names, risks) in found.items():
        room -= len(shown(domain)) + sum(len(shown(name)) + 2 for name in names) + 60
        if room < 0:
            left += len(names)
        else:
            numbers = ", ".join(f"{risks[risk]} {risk}" for risk in RISKS if risks[risk])
            told.append((domain, tuple(dict.fromkeys(names)), numbers))
    return Named(tuple(told), left)


def _tone(file: Plan, view: GroupedPlan) -> str:
    if view.refused_zones or view.refused or file.failed:
        return "bad"
    return "care" if any(group.hurts for group in view.changes) or view.waiting else "good"
