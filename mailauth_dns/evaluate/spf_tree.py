"""The terms of an SPF record and the records behind them, as a tree with the cost of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from mailauth_dns.evaluate.observation import Unknown


class Remark(StrEnum):
    """What a node shows beside its numbers."""

    MISSING = "missing"  # no SPF record where one is included
    SEVERAL = "several"  # more than one
    INVALID = "invalid"  # one that breaks the grammar
    LOOP = "loop"
    MACRO = "macro"  # the name to look up depends on the message
    UNUSABLE = "unusable"  # DNS cannot hold the name
    EXCHANGERS = "exchangers"  # an mx with more hosts than its own limit
    UNFOLLOWED = "unfollowed"  # not looked up
    EVERYBODY = "everybody"  # a record that lets every host pass
    PERMISSIVE = "permissive"  # one that lets in hosts of others


_OPEN = frozenset({Remark.MACRO, Remark.UNFOLLOWED})


@dataclass(frozen=True, slots=True)
class Note:
    """A remark in words for a user."""

    remark: Remark
    text: str


@dataclass(frozen=True, slots=True)
class LookupCost:
    """A term and all that it leads to; at the root, a domain's own record.

    `term` is as published (the domain at the root). `own` is 1 where the term counts against the
    limit of ten. `voids4` and `voids6` count the term's own lookups of hosts that find nothing, for
    an IPv4 and an IPv6 client. A missing record is no such lookup: it ends the evaluation itself.
    `unknown` is set where DNS did not answer; what lies behind the term is then not counted.
    """

    domain: str
    term: str
    own: int
    voids4: int = 0
    voids6: int = 0
    notes: tuple[Note, ...] = ()
    unknown: Unknown | None = None
    children: tuple[LookupCost, ...] = ()

    def walk(self) -> Iterator[LookupCost]:
        """Return this node and all below it, in the order of evaluation."""
        yield self
        for child in self.children:
            yield from child.walk()

    @property
    def total(self) -> int:
        """How many terms count against the limit of ten if all of them are reached."""
        return sum(node.own for node in self.walk())

    @property
    def voids(self) -> int:
        """How many lookups find nothing, for IPv4 or IPv6 clients, whichever is more."""
        return max(
            sum(node.voids4 for node in self.walk()), sum(node.voids6 for node in self.walk())
        )

    @property
    def void_terms(self) -> tuple[LookupCost, ...]:
        """The nodes whose lookups `voids` counts."""
        nodes = tuple(self.walk())
        worse6 = sum(node.voids6 for node in nodes) > sum(node.voids4 for node in nodes)
        return tuple(node for node in nodes if (node.voids6 if worse6 else node.voids4))

    @property
    def largest(self) -> LookupCost | None:
        """The child that costs most; the first where several cost the same."""
        return max(self.children, key=lambda child: child.total, default=None)

    @property
    def lower_bound(self) -> bool:
        """Whether receivers may spend more: some node is unknown, unfollowed or has a macro."""
        return any(
            node.unknown is not None or any(note.remark in _OPEN for note in node.notes)
            for node in self.walk()
        )

    def found(self, remark: Remark) -> tuple[LookupCost, ...]:
        """Return the nodes in the tree that have this remark."""
        return tuple(
            node for node in self.walk() if any(note.remark is remark for note in node.notes)
        )

    def __str__(self) -> str:
        return self.term
