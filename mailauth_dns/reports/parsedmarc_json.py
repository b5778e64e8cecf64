"""A reader of what parsedmarc writes: its aggregate.json, smtp_tls.json, or both in one document.

The whole text is held, and one report of it at a time is taken apart.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from typing import Any

from mailauth_dns.reports import aggregate_fields, json_text, tls_json
from mailauth_dns.reports.aggregate import Record, Report
from mailauth_dns.reports.tls import TlsReport
from mailauth_dns.reports.tolerated import Odd, Tolerated
from mailauth_dns.reports.unreadable import UnreadableReport

_SPACE = re.compile(r"[\s,]*")
_KEYS = frozenset({"aggregate_reports", "smtp_tls_reports"})
_ZONES = 15 * 3600  # the farthest that a zone is from UTC


def objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the reports of a file: it is a list of them, has them in lists by kind, or is one.

    Raises:
        UnreadableReport: it is no JSON, or is none of these.
    """
    at = _after(text, 0)
    if text[at : at + 1] == "[":
        yield from _listed(text, at)
        return
    if text[at : at + 1] != "{":
        raise UnreadableReport("is no JSON")
    if not any(f'"{key}"' in text[at : at + 2000] for key in _KEYS):
        found, at = json_text.value_at(text, at)
        yield found
        while (at := _after(text, at)) < len(text):  # one report a line
            found, at = json_text.value_at(text, at)
            yield json_text.mapping(found)
        return
    at = _after(text, at + 1)
    while text[at : at + 1] not in ("}", ""):
        key, at = json_text.value_at(text, at)
        at = _after(text, at)
        if not isinstance(key, str) or text[at : at + 1] != ":":
            raise UnreadableReport("is no JSON")
        at = _after(text, at + 1)
        if key in _KEYS and text[at : at + 1] == "[":
            at = yield from _listed(text, at)
        else:
            _, at = json_text.value_at(text, at)  # failure reports hold mail: read over
        at = _after(text, at)
    if not text[at : at + 1]:
        raise UnreadableReport("breaks off")


def _listed(text: str, at: int) -> Generator[dict[str, Any], None, int]:
    """Yield the objects of the list that begins at a place; return the place behind it."""
    at = _after(text, at + 1)
    while text[at : at + 1] not in ("]", ""):
        found, at = json_text.value_at(text, at)
        yield json_text.mapping(found)
        at = _after(text, at)
    if not text[at : at + 1]:
        raise UnreadableReport("breaks off")
    return at + 1


def _after(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    assert found is not None
    return found.end()


def report(found: dict[str, Any], told: Tolerated) -> tuple[Report, Iterator[Record]] | TlsReport:
    """Return one report of either kind.

    Raises:
        UnreadableReport: it is none.
    """
    if "report_metadata" in found:
        return _aggregate(found, told)
    if "policies" in found:
        return tls_json.from_parsedmarc(found, told)
    raise UnreadableReport("is no report as parsedmarc writes it")


def _aggregate(found: dict[str, Any], told: Tolerated) -> tuple[Report, Iterator[Record]]:
    metadata = json_text.mapping(found["report_metadata"])
    records = found.get("records")
    begin, end = _window(metadata, records)
    if metadata.get("timespan_requires_normalization") is True:
        told.tell(Odd.SPREAD)
    fields = {
        "org_name": json_text.text(metadata.get("org_name")) or "",
        "email": json_text.text(metadata.get("org_email")) or "",
        "report_id": json_text.text(metadata.get("report_id")) or "",
        "begin": begin,
        "end": end,
        "error": "".join(json_text.texts(metadata.get("errors"))),
    }
    header = aggregate_fields.report(fields, _texts(found.get("policy_published")), told)
    return header, _records(records, told)


def _records(records: object, told: Tolerated) -> Iterator[Record]:
    for each in json_text.objects(records, "records", told):
        if (read := _record(each, told)) is not None:
            yield read


def _record(found: dict[str, Any], told: Tolerated) -> Record | None:
    results = json_text.mapping(found.get("auth_results"))
    evaluated = json_text.mapping(found.get("policy_evaluated"))
    source = json_text.mapping(found.get("source"))
    fields = {
        **_texts(evaluated),
        **_texts(found.get("identifiers")),
        **{"count": json_text.text(found.get("count")) or ""},
        **{"source_ip": json_text.text(source.get("ip_address")) or ""},
    }
    dkim, spf, overrides = [], [], []
    for each in json_text.objects(results.get("dkim"), "dkim", told):
        signature, odds = aggregate_fields.dkim_result(*_three(each, "domain", "selector"))
        dkim.append(signature)
        told.tell_all(odds)
    for each in json_text.objects(results.get("spf"), "spf", told):
        sender, odds = aggregate_fields.spf_result(*_three(each, "domain", "scope"))
        spf.append(sender)
        told.tell_all(odds)
    reasons = evaluated.get("policy_override_reasons")
    for each in json_text.objects(reasons, "policy_override_reasons", told):
        reason, odds = aggregate_fields.override(
            json_text.text(each.get("type")), json_text.text(each.get("comment"))
        )
        overrides += [reason] if reason is not None else []
        told.tell_all(odds)
    return aggregate_fields.record(
        fields,
        aggregate_fields.first(dkim, told),
        aggregate_fields.first(spf, told),
        aggregate_fields.first(overrides, told),
        told,
    )


def _three(found: dict[str, Any], one: str, two: str) -> tuple[str | None, str | None, str | None]:
    first, second, result = (json_text.text(found.get(key)) for key in (one, two, "result"))
    # parsedmarc fills in what a report leaves out.
    return first, None if (two, second) == ("selector", "none") else second, result


def _texts(value: object) -> dict[str, str]:
    found = ((key, json_text.text(each)) for key, each in json_text.mapping(value).items())
    return {key: text for key, text in found if text is not None}


def _window(metadata: dict[str, Any], records: object) -> tuple[str, str]:
    """Return when a report begins and ends.

    parsedmarc writes both in the time of the machine that it runs on, and the time of a record in
    UTC. The difference is the zone.
    """
    begin = json_text.text(metadata.get("begin_date")) or ""
    end = json_text.text(metadata.get("end_date")) or ""
    first = next(iter(records), None) if isinstance(records, list) else None
    utc = json_text.text(json_text.mapping(first).get("interval_begin"))
    try:
        moments = [datetime.fromisoformat(each) for each in (begin, end, utc or "")]
    except ValueError:
        return begin, end
    if any(each.tzinfo is not None for each in moments):
        return begin, end
    zone = moments[2] - moments[0]
    if abs(zone.total_seconds()) > _ZONES:
        return begin, end
    shown = [str(int((each + zone).replace(tzinfo=UTC).timestamp())) for each in moments[:2]]
    return shown[0], shown[1]
