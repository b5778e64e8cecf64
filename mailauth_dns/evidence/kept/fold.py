"""Reports in short: what is kept of each, however many records it has.

Records that differ in nothing but their count are one row. Beyond a bound, small sources become
one row, so that the size of a report depends on nobody who sends mail.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from mailauth_dns.evidence.evidence import MailReport, Row, SessionReport, Window
from mailauth_dns.evidence.kept import result_words
from mailauth_dns.evidence.kept.fewer import Counted, add, fewer
from mailauth_dns.evidence.kept.row_kind import LESSER, RowKind, rows_of
from mailauth_dns.evidence.kept.session_policies import fewer_policies
from mailauth_dns.records.dmarc import Alignment
from mailauth_dns.records.name import DomainName, is_at_or_below
from mailauth_dns.reports.aggregate import (
    AuthResult,
    DkimResult,
    Override,
    PublishedPolicy,
    Record,
    Report,
    SpfResult,
)
from mailauth_dns.reports.bounds import MAX_WORD
from mailauth_dns.reports.reporter import Reporter
from mailauth_dns.reports.tls import TlsPolicy, TlsReport

MAX_HELD = 10_000  # kinds of rows while a report is read; most have less than a hundred
# Rows that are kept. What does not align is to be looked at, so that it has more.
MAX_ALIGNED = 20
MAX_OTHERS = 50
MAX_SIGNATURES = 6  # of one row
MAX_SPF = 3
MAX_OVERRIDES = 3


def short(report: Report, records: Iterator[Record]) -> MailReport:
    """Return a report in short."""
    domain = report.policy.domain
    found: dict[RowKind, Counted] = {}
    for record in records:
        if not record.count:
            continue
        kind = _kind(record, domain)
        add(found, kind, Counted(record.count, sources=kind not in found))
        if len(found) > MAX_HELD:
            found = fewer(found, MAX_HELD // 2, LESSER)
    window = _window(report.reporter, (*report.key, *_effective(report.policy)))
    return MailReport(window, report.policy, _rows(found))


def _rows(found: dict[RowKind, Counted]) -> tuple[Row, ...]:
    # Each has a bound of its own: many sources of spoofed mail must not hide those that align.
    aligned = {kind: counted for kind, counted in found.items() if kind.aligned}
    others = {kind: counted for kind, counted in found.items() if not kind.aligned}
    return rows_of(
        {
            **fewer(aligned, MAX_ALIGNED, LESSER, RowKind.order),
            **fewer(others, MAX_OTHERS, LESSER, RowKind.order),
        },
    )


def _kind(record: Record, domain: DomainName) -> RowKind:
    spf = (*record.spf, *_asked(record))
    return RowKind(
        record.source,
        record.header_from,
        record.dkim_aligned,
        record.spf_aligned,
        record.disposition,
        *_results(record.overrides, record.dkim, spf, domain),
    )


def _asked(record: Record) -> tuple[SpfResult, ...]:
    """Return the domain that SPF was asked about where the reporter gives no result for it.

    Without a path it was the name in HELO, and reporters call that the path, or leave it empty.
    """
    name = record.envelope_from
    if not name or any(not each.helo or each.domain == name for each in record.spf):
        return ()
    return (SpfResult(name, None),)


# The same few results stand in thousands of records.
@lru_cache(maxsize=4096)
def _results(
    overrides: tuple[Override, ...],
    dkim: tuple[DkimResult, ...],
    spf: tuple[SpfResult, ...],
    domain: DomainName,
) -> tuple[tuple[Override, ...], tuple[DkimResult, ...], tuple[SpfResult, ...]]:
    """Return results each once, in an order that does not depend on the reporter."""

    def rank(result: DkimResult | SpfResult) -> tuple[bool, bool]:
        ours = result.domain is not None and is_at_or_below(result.domain, domain)
        return (not ours, result.result is not AuthResult.PASS)

    return (
        tuple(sorted(set(overrides), key=result_words.of_override)[:MAX_OVERRIDES]),
        tuple(
            sorted(set(dkim), key=lambda each: (rank(each), result_words.of_dkim(each)))[
                :MAX_SIGNATURES
            ]
        ),
        tuple(sorted(set(spf), key=lambda each: (rank(each), result_words.of_spf(each)))[:MAX_SPF]),
    )


def sessions(report: TlsReport) -> dict[DomainName, SessionReport]:
    """Return a TLS report in short, for each domain that it is about."""
    by_domain: dict[DomainName, list[TlsPolicy]] = {}
    for policy in report.policies:
        if policy.domain is not None:
            by_domain.setdefault(policy.domain, []).append(policy)
    return {
        domain: SessionReport(
            _window(report.reporter, (*report.key, *_modes(policies))),
            fewer_policies(domain, policies),
        )
        for domain, policies in by_domain.items()
    }


def _window(reporter: Reporter, key: Sequence[object]) -> Window:
    digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()
    return Window(reporter.begin, reporter.end, _named(reporter), digest[:12])


# What was published is part of what tells reports apart. A false report with the id of a true one
# must not take its place and then, as it names another policy, count for nothing.


def _effective(found: PublishedPolicy) -> tuple[object, ...]:
    """Return a policy with what stands for each tag that is not there: some reporters fill in."""
    sp = found.sp or found.p
    modes = (found.adkim or Alignment.RELAXED, found.aspf or Alignment.RELAXED)
    return (found.p, sp, found.np or sp, *modes, bool(found.testing))


def _modes(policies: Iterable[TlsPolicy]) -> list[str]:
    return sorted({f"{each.type} {each.mode}" for each in policies})


def _named(reporter: Reporter) -> str:
    """Return what a reporter is called in evidence: nothing in it moves a cursor or turns text."""
    shown = "".join(filter(str.isprintable, reporter.org.lower())).strip()
    return reporter.domain or shown[:MAX_WORD].strip() or "nobody"
