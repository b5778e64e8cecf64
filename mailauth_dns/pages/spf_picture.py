"""The lookups behind an SPF record as a tree: what each term costs, and where receivers stop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mailauth_dns.errors import printable
from mailauth_dns.evaluate.spf import MAX_TERMS
from mailauth_dns.evaluate.spf_tree import LookupCost
from mailauth_dns.pages.drawing import (
    NARROW,
    Box,
    Drawing,
    Label,
    Path,
    Shape,
    circle,
    fitted,
    lines,
)
from mailauth_dns.render import spf_tree_report
from mailauth_dns.render.terminal_text import count, shown

_ROW, _NOTE, _TOP = 32, 17, 96  # pixels


@dataclass(frozen=True, slots=True)
class Node:
    """A term on its way through the evaluation; `so_far` counts lookups up to it and with it.

    `parent` is the position of the term above, None at the root.
    """

    cost: LookupCost
    depth: int
    parent: int | None
    so_far: int

    @property
    def over(self) -> bool:
        """Whether receivers stop before they evaluate it."""
        return self.cost.own > 0 and self.so_far > MAX_TERMS

    @property
    def notes(self) -> tuple[str, ...]:
        """What to say beside it."""
        cost = self.cost
        voids = max(cost.voids4, cost.voids6)
        return (
            *((f"costs {cost.total} with all below it",) if cost.children and cost.own else ()),
            *((count(voids, "void lookup"),) if voids else ()),
            *(printable(note.text) for note in cost.notes),
            *((f"unknown: {printable(cost.unknown.reason)}",) if cost.unknown is not None else ()),
        )


def nodes(root: LookupCost) -> tuple[Node, ...]:
    """Return the tree in the order of evaluation."""
    found: list[Node] = []
    so_far = 0

    def visit(cost: LookupCost, depth: int, parent: int | None) -> None:
        nonlocal so_far
        so_far += cost.own
        found.append(Node(cost, depth, parent, so_far))
        here = len(found) - 1
        for child in cost.children:
            visit(child, depth + 1, here)

    visit(root, 0, None)
    return tuple(found)


def spf_tree(title: str, cost: LookupCost, width: int) -> Drawing:
    """Return the picture of a tree."""
    walked = nodes(cost)
    rows, bottom = _rows(walked, width)
    said = spf_tree_report.lookups_said(cost)
    shapes = (*_head(title, cost, said, width), *rows)
    return Drawing(
        width,
        bottom + 8,
        f"SPF lookups of {cost.domain} {title}: {said}",
        "A tree of terms in the order of evaluation. The number at the right counts the lookups up "
        "to each term. The list below the picture on the page says the same in words.",
        shapes,
    )


def _head(title: str, cost: LookupCost, said: str, width: int) -> Iterator[Shape]:
    yield Label(12, 24, fitted(cost.domain, width - 24, "head"), "head")
    wrong = cost.total > MAX_TERMS
    yield Label(
        12, 45, fitted(f"{title}: {said}", width - 24, "word"), "word", "bad" if wrong else ""
    )
    cells = max(MAX_TERMS, min(cost.total, 2 * MAX_TERMS))
    size = min(30, (width - 24) // cells)
    for cell in range(cells):
        kind = "cell-over" if cell >= MAX_TERMS else "cell-used" if cell < cost.total else "cell"
        yield Box(12 + cell * size, 55, size - 3, 10, kind, 2)
    edge = 12 + MAX_TERMS * size - 2
    if wrong:
        yield Path(f"M{edge} 50V70", "limit")
    yield Label(width - 12, 88, "so far", "small", "soft", "end")


def _rows(walked: Sequence[Node], width: int) -> tuple[list[Shape], int]:
    """Return the rows of a tree, and where the last one ends."""
    step = 16 if width <= NARROW else 26
    bands: list[Shape] = []
    behind: list[Shape] = []
    front: list[Shape] = []
    places: list[tuple[int, int]] = []
    y, stopped = _TOP, False
    for node in walked:
        if node.over and not stopped:
            stopped = True
            behind.append(Path(f"M12 {y + 18}H{width - 6}", "limit"))
            said = f"receivers stop here: {MAX_TERMS} lookups"
            front.append(Label(width - 12, y + 12, said, "small", "bad", "end"))
            y += 28
        x = 18 + min(node.depth, 9) * step
        room = width - x - 64
        notes = [line for note in node.notes for line in lines(note, room, "small")]
        tall = _ROW + _NOTE * len(notes)
        if node.over:
            bands.append(Box(x - 10, y + 2, width - x + 4, tall - 4, "over", 6))
        if node.parent is not None:
            above_x, above_y = places[node.parent]
            kind = "branch-over" if node.over else "branch"
            # The first is drawn lowest: a branch that is in the limit covers one that is not.
            behind.insert(0, Path(f"M{above_x} {above_y + 7}V{y + 16}H{x - 6}", kind))
        places.append((x, y + 16))
        front += _node(node, x, y, room, width)
        front += [
            Label(x + 16, y + 37 + _NOTE * at, line, "small", "soft")
            for at, line in enumerate(notes)
        ]
        y += tall
    return bands + behind + front, y


def _node(node: Node, x: int, y: int, room: int, width: int) -> Iterator[Shape]:
    cost = node.cost
    middle = y + 16
    if node.over:
        yield Path(f"M{x - 5} {middle - 5}l10 10m0 -10l-10 10", "cross")
    elif cost.unknown is not None:
        yield Path(f"M{x} {middle - 7}l7 7l-7 7l-7 -7z", "mark-unknown")
    elif cost.notes:
        yield Path(f"M{x} {middle - 7}l7 13h-14z", "mark-caution")
    elif max(cost.voids4, cost.voids6):
        yield circle(x, middle, 6, "mark-void")
    else:
        yield circle(x, middle, 6 if cost.own else 5, "mark" if cost.own else "mark-root")
    yield Label(x + 16, y + 21, fitted(shown(cost.term), room, "term"), "term")
    if cost.own:
        kind = "bad" if node.over else ""
        yield Label(width - 12, y + 21, str(node.so_far), "term", kind, "end")
