"""A plan drawn for those who meet one for the first time: the sums, and the riskiest changes."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.errors import printable
from mailauth_dns.pages.drawing import Box, Drawing, Label, Path, Shape, circle, fitted, lines
from mailauth_dns.plan.grouped import RISKS, grouped
from mailauth_dns.plan.plan import ChangeEntry, Plan
from mailauth_dns.plan.totals import Totals, totals
from mailauth_dns.render import plan_text
from mailauth_dns.render.terminal_text import count, shown

_EDGE, _BAR = 16, 14  # pixels
_CHANGES = 4  # the riskiest
_TONES = {"breaking": "bad", "caution": "care", "safe": "good"}


def plan_overview(file: Plan, width: int) -> Drawing:
    """Return the picture of a plan."""
    groups = grouped(file).changes
    shapes: list[Shape] = [
        Label(_EDGE, 30, f"Plan: {plan_text.summary(file)}", "head"),
        *_bar(totals(file), width),
    ]
    y = 84
    for group in groups[:_CHANGES]:
        more = count(len(group.domains) - 1, "more domain")
        title = f"{group.domains[0]}{f' and {more}' if group.domains[1:] else ''}"
        shapes.append(Path(f"M{_EDGE} {y - 8}H{width - _EDGE}", "edge"))
        shapes.append(
            Label(_EDGE, y + 14, fitted(title, width - 2 * _EDGE, "head"), "word", "strong")
        )
        made, y = _change(group.first, width, y + 28)
        shapes += made
        y += 12
    if left := sum(len(group.spots) for group in groups[_CHANGES:]):
        shapes.append(Label(_EDGE, y + 10, f"and {count(left, 'more change')}", "small", "soft"))
        y += 22
    return Drawing(
        width,
        y + 6,
        f"A plan: {plan_text.summary(file)}",
        "Each change has its name, its risk, what it means for mail, and the values before and "
        "after it.",
        tuple(shapes),
    )


def _bar(sums: Totals, width: int) -> Iterator[Shape]:
    """Yield a bar of the risks: each as long as its share."""
    total = sums.changes or 1
    x, room = _EDGE, width - 2 * _EDGE
    for risk in RISKS:
        if number := getattr(sums, risk):
            wide = room * number // total
            yield Box(x, 44, max(wide - 3, 3), _BAR, f"fill-{_TONES[risk]}", 3)
            x += wide


def _change(change: ChangeEntry, width: int, y: int) -> tuple[list[Shape], int]:
    tone = _TONES[change.risk]
    left, room = _EDGE + 22, width - 2 * _EDGE - 22
    sign = "+" if not change.before else "−" if not change.after else "~"
    title = fitted(f"{sign} {shown(change.name)} {change.type}", room - 90, "term")
    shapes: list[Shape] = [
        _mark(change.risk, _EDGE + 7, y + 10),
        Label(left, y + 15, title, "term", "strong"),
        Label(width - _EDGE, y + 15, change.risk, "small", tone, "end"),
    ]
    y += 32
    for line in lines(printable(change.meaning), room, "word", 2):
        shapes.append(Label(left, y, line, "word"))
        y += 18
    if change.before == change.after:
        return shapes, y + 4
    for word, kind, values in (("before", "bad", change.before), ("after", "good", change.after)):
        for value in values:
            shapes.append(Box(left, y - 12, room, 22, f"tint-{kind}", 4))
            shapes.append(Label(left + 8, y + 3, word, "small", kind))
            shapes.append(Label(left + 62, y + 3, fitted(shown(value), room - 72, "term"), "term"))
            y += 25
    return shapes, y + 6


def _mark(risk: str, x: int, y: int) -> Shape:
    if risk == "breaking":
        return Path(f"M{x} {y - 7}l7 13h-14z", "fill-bad")
    if risk == "caution":
        return Path(f"M{x} {y - 7}l7 7l-7 7l-7 -7z", "fill-care")
    return circle(x, y, 6, "fill-good")
