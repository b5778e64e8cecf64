"""Mail that a reporter calls aligned while its own results say otherwise.

Some reporters take what SPF says of the name in HELO for alignment, others the bare result of SPF
or DKIM, whatever domain it is for. Other receivers do neither, and fail the same mail.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mailauth_dns.evidence.evidence import Row
from mailauth_dns.evidence.kept.fold import MAX_SIGNATURES, MAX_SPF
from mailauth_dns.evidence.sources.declared_sources import have_one_owner
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.aggregate import AuthResult, DkimResult, SpfResult


def as_proven(row: Row, domain: DomainName) -> Row:
    """Return a row without an alignment that its results rule out; what is not said rules out none.

    `domain` is the author domain where the reporter named none.
    """
    author = row.author or domain
    spf = row.spf_aligned and _may_align(_of_mail_from(row.spf), MAX_SPF, author)
    dkim = row.dkim_aligned and _may_align(row.dkim, MAX_SIGNATURES, author)
    if (spf, dkim) == (row.spf_aligned, row.dkim_aligned):
        return row
    return replace(row, spf_aligned=spf, dkim_aligned=dkim)


def _of_mail_from(results: tuple[SpfResult, ...]) -> tuple[SpfResult, ...]:
    """Return what SPF says of MAIL FROM: the name in HELO is it where the path is null.

    DMARC knows no other use of that name (RFC 9989 §4.4.2, RFC 7208 §2.4).
    """
    return tuple(each for each in results if not each.helo) or results


def _may_align(results: Iterable[SpfResult | DkimResult], most: int, author: DomainName) -> bool:
    """Tell whether one of the results can have made mail of `author` align."""
    found = tuple(results)
    # Of so many, some were not kept.
    return not 0 < len(found) < most or any(
        each.result in (AuthResult.PASS, None)
        and (each.domain is None or have_one_owner(each.domain, author))
        for each in found
    )
