"""How much of each source's mail passes, over the reports of a window."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from mailauth_dns.evidence.evidence import Window
from mailauth_dns.evidence.gate.counted import DECLARED, name_of
from mailauth_dns.evidence.sources.source_kind import AttributedRow, SourceKind


@dataclass(frozen=True, slots=True)
class SourceShare:
    """The messages of one source, and how many of them pass by the policies of today.

    `kind` is `declared` for a declared sender, else as attribution has it. `mend` is what to do
    where some do not pass.
    """

    name: str
    kind: str
    messages: int
    passed: int
    mend: str | None = None


def source_shares(
    rows: Iterable[AttributedRow], windows: Collection[Window]
) -> tuple[SourceShare, ...]:
    """Return the sources in these reports: declared senders first, then the largest."""
    found: dict[tuple[str, str], SourceShare] = {}
    for each in rows:
        if each.window not in windows:
            continue
        kind = "declared" if each.by.kind in DECLARED else each.by.kind.value
        key = (kind, name_of(each.row, each.by))
        there = found.get(key) or SourceShare(key[1], kind, 0, 0)
        found[key] = SourceShare(
            key[1],
            kind,
            there.messages + each.row.count,
            there.passed + (each.row.count if each.row.aligned is True and not each.undone else 0),
            there.mend or (each.by.mend if each.by.kind is SourceKind.NOT_ALIGNED else None),
        )
    return tuple(
        sorted(
            found.values(), key=lambda each: (each.kind != "declared", -each.messages, each.name)
        )
    )
