"""Whose mail a report speaks of, row by row.

What aligned is judged by what made it align. What did not is judged by address, then by names that
SPF or DKIM prove. What remains is judged beside all other rows: see `strangers.py`.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from mailauth_dns.evidence.evidence import Evidence, Row
from mailauth_dns.evidence.sources import failed, passed
from mailauth_dns.evidence.sources.clues import Clues
from mailauth_dns.evidence.sources.contradicted import as_proven
from mailauth_dns.evidence.sources.declared_sources import Declared
from mailauth_dns.evidence.sources.source_kind import AttributedRow, SourceKind
from mailauth_dns.evidence.sources.strangers import Judged, settled
from mailauth_dns.evidence.sources.undone import is_undone
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.aggregate import PublishedPolicy


def attributed(
    evidence: Evidence, declared: Declared, hosts: Mapping[str, DomainName] | None = None
) -> tuple[AttributedRow, ...]:
    """Return every row of the evidence with whose messages it holds, in its order.

    Rows have no alignment that their own results rule out.
    `hosts` are the names of hosts by address, as far as they were asked for.
    """
    clues = Clues(declared, hosts or {})
    seen: dict[Hashable, Judged] = {}
    found, likes = [], list[Hashable]()
    for report in evidence.mail:
        modes = (report.published.adkim, report.published.aspf)
        for told in report.rows:
            row = as_proven(told, evidence.domain)
            alike = (
                row.source,
                row.author,
                row.dkim_aligned,
                row.spf_aligned,
                row.overrides,
                row.dkim,
                row.spf,
                modes,
            )
            if alike not in seen:
                seen[alike] = _judged(row, report.published, clues)
            found.append((report.window, row, seen[alike]))
            likes.append(alike)
    undone: dict[Hashable, bool] = {}
    rows = []
    for (window, row, _), by, like in zip(found, settled(found), likes, strict=True):
        if like not in undone:
            known = by.kind is not SourceKind.UNKNOWN
            undone[like] = is_undone(row, clues, known=known)
        rows.append(AttributedRow(window, row, by, undone[like]))
    return tuple(rows)


def _judged(row: Row, published: PublishedPolicy, clues: Clues) -> Judged:
    if row.spf_aligned:
        return passed.by_spf(row, clues)
    if row.dkim_aligned:
        return passed.by_signature(row, clues)
    return failed.judged(row, published, clues)
