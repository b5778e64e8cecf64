"""What tells one row of a report from another, all but its count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from mailauth_dns.evidence.evidence import Row
from mailauth_dns.evidence.kept.fewer import Counted
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.aggregate import Disposition, DkimResult, Override, SpfResult


class RowKind(NamedTuple):
    """A row without its count, as a key."""

    source: str | None
    author: DomainName | None
    dkim_aligned: bool | None
    spf_aligned: bool | None
    disposition: Disposition | None
    overrides: tuple[Override, ...]
    dkim: tuple[DkimResult, ...]
    spf: tuple[SpfResult, ...]

    @property
    def aligned(self) -> bool:
        """Whether DMARC passed."""
        return bool(self.dkim_aligned or self.spf_aligned)

    def order(self) -> str:
        """Return a text that no other kind has."""
        return repr(self)


def _without_source(kind: RowKind) -> RowKind:
    return kind._replace(source=None)


def _without_results(kind: RowKind) -> RowKind:
    return kind._replace(source=None, overrides=(), dkim=(), spf=())


def _alignment(kind: RowKind) -> RowKind:
    return RowKind(None, None, kind.dkim_aligned, kind.spf_aligned, None, (), (), ())


# What small rows give up, one after the other; nine kinds are left at last.
LESSER = (_without_source, _without_results, _alignment)


def kind_of(row: Row) -> RowKind:
    """Return the kind of a row."""
    return RowKind(
        row.source,
        row.author,
        row.dkim_aligned,
        row.spf_aligned,
        row.disposition,
        row.overrides,
        row.dkim,
        row.spf,
    )


def rows_of(kinds: Mapping[RowKind, Counted]) -> tuple[Row, ...]:
    """Return rows in their order: the largest first."""
    ranked = sorted(kinds.items(), key=lambda item: (-item[1].number, item[0].order()))
    return tuple(
        Row(
            source=kind.source,
            author=kind.author,
            count=counted.number,
            dkim_aligned=kind.dkim_aligned,
            spf_aligned=kind.spf_aligned,
            disposition=kind.disposition,
            overrides=kind.overrides,
            dkim=kind.dkim,
            spf=kind.spf,
            sources=1 if kind.source is not None else counted.sources,
        )
        for kind, counted in ranked
    )
