"""The tree of lookups behind an SPF record, drawn and as JSON data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from mailauth_dns.errors import octets, printable
from mailauth_dns.evaluate.spf import MAX_TERMS, MAX_VOIDS
from mailauth_dns.evaluate.spf_tree import LookupCost
from mailauth_dns.render.json_data import FORMAT
from mailauth_dns.render.terminal_text import count, shown


def tree(title: str, cost: LookupCost) -> Iterator[Text]:
    """Yield the tree, one line a term with its whole cost, and below it the sums."""
    yield Text.assemble((cost.domain, "bold"), f" {title}")
    yield from _notes(cost, "")
    yield from _branches(cost, "")
    terms = _sum("lookups", cost.total, MAX_TERMS, cost.lower_bound)
    yield Text.assemble(
        "SPF: ", terms, ", ", _sum("void lookups", cost.voids, MAX_VOIDS, cost.lower_bound)
    )
    for sentence in over_limits(cost):
        yield Text(sentence, style="red")


def over_limits(cost: LookupCost) -> Iterator[str]:
    """Yield a sentence for each limit that the record exceeds, and which terms do that."""
    if cost.voids > MAX_VOIDS:
        blame = ", ".join(dict.fromkeys(octets(node.term) for node in cost.void_terms))
        yield (
            "over the limit of void lookups: SPF is a permerror for mail that no earlier term "
            f"matches: {blame}"
        )
    if cost.total > MAX_TERMS:
        yield (
            "over the limit: SPF is a permerror for mail that no earlier term matches: "
            f"{_blame(cost)}"
        )


def _branches(node: LookupCost, indent: str) -> Iterator[Text]:
    for child in node.children:
        last = child is node.children[-1]
        yield Text.assemble(
            indent,
            "└── " if last else "├── ",
            shown(child.term),
            "  ",
            (str(child.total), "bold"),
            *_voids(child),
        )
        below = indent + ("    " if last else "│   ")
        yield from _notes(child, below)
        yield from _branches(child, below)


def _voids(node: LookupCost) -> Iterator[tuple[str, str]]:
    if voids := max(node.voids4, node.voids6):
        yield (f", {count(voids, 'void lookup')}", "yellow")


def _notes(node: LookupCost, indent: str) -> Iterator[Text]:
    for note in node.notes:
        yield Text.assemble(indent, ("! ", "yellow"), printable(note.text))
    if node.unknown is not None:
        yield Text.assemble(indent, ("unknown: ", "magenta"), printable(node.unknown.reason))


def lookups_said(cost: LookupCost) -> str:
    """Return how many lookups a record costs, of how many."""
    return _sum("lookups", cost.total, MAX_TERMS, cost.lower_bound)[0]


def voids_said(cost: LookupCost) -> str:
    """Return how many lookups find nothing, of how many."""
    return _sum("void lookups", cost.voids, MAX_VOIDS, cost.lower_bound)[0]


def _sum(nouns: str, number: int, limit: int, at_least: bool) -> tuple[str, str]:
    said = f"{'at least ' if at_least else ''}{number} of {limit} {nouns}"
    return (said, "bold red" if number > limit else "bold")


def _blame(cost: LookupCost) -> str:
    """Return the terms that cost most, from the root down."""
    parts = []
    node = cost.largest
    while node is not None and node.total > 1:
        parts.append(f"{octets(node.term)} costs {node.total}")
        node = node.largest
    return ", of which ".join(parts) or "no single term costs more than one"


def tree_data(state: str, cost: LookupCost) -> dict[str, Any]:
    """Return the tree; `largest` is the term of the record that costs most."""
    return {
        "format": FORMAT,
        "domain": cost.domain,
        "state": state,
        "total": cost.total,
        "voids": cost.voids,
        "lower_bound": cost.lower_bound,
        "largest": cost.largest.term if cost.largest is not None else None,
        "tree": _node_data(cost),
    }


def _node_data(node: LookupCost) -> dict[str, Any]:
    return {
        "domain": node.domain,
        "term": node.term,
        "own": node.own,
        "total": node.total,
        "voids": max(node.voids4, node.voids6),
        "notes": [{"remark": str(note.remark), "text": note.text} for note in node.notes],
        "unknown": node.unknown.reason if node.unknown is not None else None,
        "children": [_node_data(child) for child in node.children],
    }
