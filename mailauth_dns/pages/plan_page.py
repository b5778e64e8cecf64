"""The page of a plan: the sums and the risk, then each zone with its changes, then what stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mailauth_dns.diff.changed_terms import marked
from mailauth_dns.pages.page import Room, page, part
from mailauth_dns.plan.grouped import ChangeGroup, GroupedPlan, ZoneGroup, grouped
from mailauth_dns.plan.permissions import refusals
from mailauth_dns.plan.plan import ChangeEntry, LiveEntry, Plan
from mailauth_dns.render import plan_text
from mailauth_dns.render.terminal_text import shown

MAX_REFUSALS = 100

Piece = tuple[str, bool]  # a part of a value as it is shown, and whether it changes


@dataclass(frozen=True, slots=True)
class Side:
    """The values of a set before or after a change, in pieces."""

    word: str
    values: tuple[tuple[Piece, ...], ...]


def plan_page(file: Plan) -> str:
    """Return the page of a plan."""
    view = grouped(file)
    room = Room()
    zones = [(group, _zone(group, room)) for group in view.groups]
    refused = [
        f"{zone} at {provider}: {reason}"
        for (zone, provider), reasons in refusals(file, ()).items()
        for reason in reasons
    ]
    return page(
        "plan.html",
        file=file,
        view=view,
        zones=[made for _, made in zones if made is not None],
        brief=[(group, _risks(group)) for group, made in zones if made is None],
        left=room.left,
        tiles=tuple(tiles(view, len(file.failed))),
        summary=plan_text.summary(file),
        quiet=plan_text.quiet_said(file, len(view.quiet)) if view.quiet else None,
        tone="bad" if refused else _tone(file, view),
        refused=refused[:MAX_REFUSALS],
        more_refused=max(0, len(refused) - MAX_REFUSALS),
    )


def sides(change: ChangeEntry) -> tuple[Side, ...]:
    """Return a change's values before and after; none where only the TTL changes."""
    before, after = change.before, change.after
    if before == after:
        return ()
    if len(before) == len(after) == 1:
        old, new = marked(shown(before[0]), shown(after[0]))
        return Side("before", (tuple(old),)), Side("after", (tuple(new),))
    return tuple(
        Side(word, tuple(((shown(value), False),) for value in values))
        for word, values in (("before", before), ("after", after))
        if values
    )


def _zone(group: ZoneGroup, room: Room) -> Any:  # noqa: ANN401 - markup, or None
    zone = group.first
    if room.full:
        room.left += 1
        return None
    changes = [(each.first, _change(each, room)) for each in group.changes]
    rows = [room.told("live.html", row=row) for row in group.live]
    kept = [
        room.told("kept.html", entry=entry)
        for entry in zone.kept
        if entry.shared or entry.looks_like or entry.values
    ]
    told = [made for made in (*(made for _, made in changes), *rows, *kept) if made is not None]
    made = part(
        "zone.html",
        group=group,
        zone=zone,
        risks=_risks(group),
        changes=[made for _, made in changes if made is not None],
        briefly=[change for change, made in changes if made is None],
        rows=[made for made in rows if made is not None],
        rows_left=sum(made is None for made in rows),
        as_provider=_as_provider(zone.live) - _as_provider(group.live),
        unmet_said=plan_text.unmet_said,
        authority=plan_text.authority_said(zone.authority),
        kept=[made for made in kept if made is not None],
    )
    room.charge(len(made) - sum(map(len, told)))
    return made


def _change(group: ChangeGroup, room: Room) -> Any:  # noqa: ANN401 - markup, or None
    return room.told(
        "change.html",
        change=group.first,
        group=group,
        sides=sides,
        ttl_said=plan_text.ttl_said,
    )


def _risks(group: ZoneGroup) -> Counter[str]:
    return Counter(change.risk for change in group.first.changes)


def _as_provider(rows: Iterable[LiveEntry]) -> int:
    return sum(row.state == "as provider" for row in rows)


def _tone(file: Plan, view: GroupedPlan) -> str:
    if view.risks["breaking"] or view.broken or view.refused or file.failed:
        return "bad"
    return "care" if view.risks["caution"] or view.waiting else "good"


def tiles(view: GroupedPlan, failed: int) -> Iterable[tuple[int, str, str]]:
    """Yield the sums that are shown first: a number, what it counts, and its tone."""
    yield view.risks["breaking"], "breaking", "bad"
    yield view.risks["caution"], "caution", "care"
    yield view.risks["safe"], "safe", "good"
    for number, word, tone in (
        (view.broken, "tests broken", "bad"),
        (view.refused, "blocked", "bad"),
        (view.waiting, "waiting", "care"),
        (failed, "zones not planned", "bad"),
        (len(view.quiet), "zones as the policy says", ""),
    ):
        if number:
            yield number, word, tone
