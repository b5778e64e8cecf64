"""Whose mail a report speaks of, row by row.

What aligned is judged by what made it align. What did not is judged by address, then by names that
SPF or DKIM prove. What remains is judged beside all other rows: see `strangers.py`.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from mailauth_dns.evidence import failed, passed
from mailauth_dns.evidence.clues import Clues
from mailauth_dns.evidence.declared_sources import Declared
from mailauth_dns.evidence.evidence import Evidence, Row
from mailauth_dns.evidence.source_kind import AttributedRow
from mailauth_dns.evidence.strangers import Judged, settled
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.aggregate import PublishedPolicy


def attributed(
    evidence: Evidence, declared: Declared, hosts: Mapping[str, DomainName] | None = None
) -> tuple[AttributedRow, ...]:
    """Return every row of the evidence with whose messages it holds, in its order.

    `hosts` are the names of hosts by address, as far as they were asked for.
    """
    clues = Clues(declared, hosts or {})
    seen: dict[Hashable, Judged] = {}
    found = []
    for report in evidence.mail:
        modes = (report.published.adkim, report.published.aspf)
        for row in report.rows:
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
    return tuple(
        AttributedRow(window, row, by)
        for (window, row, _), by in zip(found, settled(found), strict=True)
    )


def _judged(row: Row, published: PublishedPolicy, clues: Clues) -> Judged:
    if row.spf_aligned:
        return passed.by_spf(row, clues)
    if row.dkim_aligned:
        return passed.by_signature(row, clues)
    return failed.judged(row, published, clues)
