"""One report as one line of a file of evidence, and back.

What a reporter did not say has no key. The author of a row has one where it is not the domain of
the file; null says that the reporter named none.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from mailauth_dns.evidence.evidence import MailReport, Row, SessionReport, Window
from mailauth_dns.evidence.kept import line_model, result_words
from mailauth_dns.evidence.kept.fewer import Counted, add
from mailauth_dns.evidence.kept.line_model import MailKeys, PolicyKeys, RowKeys, WindowKeys
from mailauth_dns.evidence.kept.row_kind import RowKind, rows_of
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports.aggregate import PublishedPolicy
from mailauth_dns.reports.tls import Failure, TlsPolicy

_TAGS = ("p", "sp", "np", "adkim", "aspf", "psd", "testing", "discovery", "fo", "pct")


def line_of(domain: DomainName, report: MailReport | SessionReport) -> str:
    """Return the line of a report about a domain."""
    if isinstance(report, MailReport):
        policy = report.published
        said: dict[str, object] = {
            "published": _given({tag: getattr(policy, tag) for tag in _TAGS}),
            "rows": [_row_entry(domain, row) for row in report.rows],
        }
    else:
        said = {"policies": [_policy_entry(policy) for policy in report.policies]}
    window = report.window
    entry = {
        "begin": _time(window.begin),
        "end": _time(window.end),
        "reporter": window.reporter,
        "id": window.id,
    }
    return json.dumps(entry | said, ensure_ascii=True)


def _given(entry: dict[str, object]) -> dict[str, object]:
    """Return the keys that have a value."""
    return {key: value for key, value in entry.items() if value is not None and value != []}


def _row_entry(domain: DomainName, row: Row) -> dict[str, object]:
    entry = _given(
        {
            "source": row.source,
            "sources": None if row.sources == 1 else row.sources,
            "count": row.count,
            "dkim_aligned": row.dkim_aligned,
            "spf_aligned": row.spf_aligned,
            "disposition": row.disposition,
            "overrides": list(map(result_words.of_override, row.overrides)),
            "dkim": list(map(result_words.of_dkim, row.dkim)),
            "spf": list(map(result_words.of_spf, row.spf)),
        }
    )
    return entry if row.author == domain else entry | {"author": row.author}


def _policy_entry(policy: TlsPolicy) -> dict[str, object]:
    return _given(
        {
            "type": policy.type,
            "mode": policy.mode,
            "exchangers": list(policy.exchangers),
            "successful": policy.successful,
            "failed": policy.failed,
            "failures": list(map(_failure_entry, policy.failures)),
        }
    )


def _failure_entry(failure: Failure) -> dict[str, object]:
    return _given(
        {
            "result": failure.result,
            "count": failure.count,
            "exchanger": failure.exchanger,
            "sending": failure.sending,
            "receiving": failure.receiving,
            "code": failure.code,
        }
    )


def _time(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def report_of(domain: DomainName, found: dict[str, Any]) -> MailReport | SessionReport:
    """Return the report in a line; `found` is its JSON.

    Raises:
        pydantic.ValidationError: it is not what `line_of` writes.
    """
    keys = line_model.read(found)
    window = _window(keys)
    if isinstance(keys, MailKeys):
        said = keys.published
        published = PublishedPolicy(domain, **{tag: getattr(said, tag) for tag in _TAGS})
        return MailReport(window, published, _rows(domain, keys.rows))
    return SessionReport(window, tuple(_policy(domain, each) for each in keys.policies))


def _window(keys: WindowKeys) -> Window:
    return Window(keys.begin, keys.end, keys.reporter, keys.id)


def _rows(domain: DomainName, keys: tuple[RowKeys, ...]) -> tuple[Row, ...]:
    kinds: dict[RowKind, Counted] = {}
    for row in keys:
        kind = RowKind(
            row.source,
            row.author if "author" in row.model_fields_set else domain,
            row.dkim_aligned,
            row.spf_aligned,
            row.disposition,
            row.overrides,
            row.dkim,
            row.spf,
        )
        add(kinds, kind, Counted(row.count, row.sources))
    return rows_of(kinds)


def _policy(domain: DomainName, keys: PolicyKeys) -> TlsPolicy:
    return TlsPolicy(
        type=keys.type,
        domain=domain,
        mode=keys.mode,
        exchangers=keys.exchangers,
        successful=keys.successful,
        failed=keys.failed,
        failures=tuple(Failure(**dict(each)) for each in keys.failures),
    )
