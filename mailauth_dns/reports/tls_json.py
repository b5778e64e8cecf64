"""A reader of TLS reports in JSON (RFC 8460 §4.4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mailauth_dns.reports import field_values, json_text
from mailauth_dns.reports.reporter import Reporter
from mailauth_dns.reports.tls import Failure, Mode, PolicyType, TlsPolicy, TlsReport
from mailauth_dns.reports.tolerated import Odd, Tolerated
from mailauth_dns.reports.unreadable import NoReport

_TYPES = {each.value: each for each in PolicyType}
_MODES = {each.value: each for each in Mode}
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}")
_LINE = re.compile(r"\s*([a-z_]{1,20})\s*:\s*(.{0,300}?)\s*", re.IGNORECASE)
_EXCHANGER = re.compile(
    r"(?:mx\s*:\s*)?((?:\*\.)?[a-z0-9._-]{1,253}?)\.?", re.IGNORECASE | re.ASCII
)

# parsedmarc's names for what RFC 8460 calls otherwise.
_PARSEDMARC = {
    "policy-domain": "policy_domain",
    "policy-type": "policy_type",
    "policy-string": "policy_strings",
    "mx-host": "mx_host_patterns",
    "total-successful-session-count": "successful_session_count",
    "total-failure-session-count": "failed_session_count",
    "failure-details": "failure_details",
    "result-type": "result_type",
    "failed-session-count": "failed_session_count",
    "sending-mta-ip": "sending_mta_ip",
    "receiving-ip": "receiving_ip",
    "receiving-mx-hostname": "receiving_mx_hostname",
    "failure-reason-code": "failure_reason_code",
}


def read(octets: bytes, told: Tolerated) -> TlsReport:
    """Return the report in a text.

    Raises:
        UnreadableReport: it is no such report.
    """
    found = json_text.document(json_text.text_of(octets))
    if not isinstance(found, dict) or "policies" not in found:
        raise NoReport(_no_report(found))
    dates = json_text.mapping(found.get("date-range"))
    if json_text.text(found.get("contact-info")) is None:
        told.tell(Odd.NO_CONTACT)
    return TlsReport(
        _reporter(
            found,
            ("organization-name", "contact-info", "report-id"),
            (dates.get("start-datetime"), dates.get("end-datetime")),
            told,
        ),
        tuple(
            _policy({**each, **json_text.mapping(each.get("policy")), **summary}, told)
            for each in json_text.objects(found["policies"], "policies", told)
            for summary in (json_text.mapping(each.get("summary")),)
        ),
    )


def from_parsedmarc(found: Mapping[str, Any], told: Tolerated) -> TlsReport:
    """Return a TLS report as parsedmarc writes it.

    Raises:
        UnreadableReport: it does not say of which time it is.
    """
    return TlsReport(
        _reporter(
            found,
            ("organization_name", "contact_info", "report_id"),
            (found.get("begin_date"), found.get("end_date")),
            told,
        ),
        tuple(
            _policy(_renamed(each), told)
            for each in json_text.objects(found.get("policies"), "policies", told)
        ),
    )


def _no_report(found: object) -> str:
    first = found[0] if isinstance(found, list) and found else found
    if isinstance(first, dict) and (
        "aggregate_reports" in first or "report_metadata" in first or "organization_name" in first
    ):
        return "looks like the output of parsedmarc: give it with --parsedmarc"
    return "is JSON, and no TLS report (it has no policies)"


def _reporter(
    found: Mapping[str, Any],
    names: tuple[str, str, str],
    times: tuple[object, object],
    told: Tolerated,
) -> Reporter:
    fields = {
        name: json_text.text(found.get(key)) or ""
        for name, key in zip(("org_name", "email", "report_id"), names, strict=True)
    }
    quiet = Tolerated()  # RFC 8460 writes times as text
    begin, end = field_values.window(json_text.text(times[0]), json_text.text(times[1]), quiet)
    told.tell_all((each.odd, each.shown) for each in quiet if each.odd is not Odd.DATE_TEXT)
    return field_values.reporter(fields, begin, end, told)


def _renamed(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object of parsedmarc's with RFC 8460's names."""
    renamed = {ours: found.get(theirs) for ours, theirs in _PARSEDMARC.items()}
    details = renamed["failure-details"]
    if isinstance(details, list):
        renamed["failure-details"] = [_renamed(each) for each in details if isinstance(each, dict)]
    return renamed


def _policy(found: Mapping[str, Any], told: Tolerated) -> TlsPolicy:
    domain = field_values.name(json_text.text(found.get("policy-domain")), told)
    if domain is None:
        told.tell(Odd.NO_DOMAIN)
    lines = _lines(found.get("policy-string"))
    details = found.get("failure-details")
    failures = tuple(
        _failure(each, told) for each in json_text.objects(details, "failure-details", told)
    )
    return TlsPolicy(
        type=field_values.word(json_text.text(found.get("policy-type")), _TYPES, told),
        domain=domain,
        mode=_MODES.get(dict(lines).get("mode", "").lower()),
        exchangers=_exchangers(found.get("mx-host"), lines),
        successful=_number(found.get("total-successful-session-count"), told) or 0,
        failed=_failed(found.get("total-failure-session-count"), failures, told),
        failures=failures,
    )


def _failed(value: object, failures: tuple[Failure, ...], told: Tolerated) -> int:
    added = sum(each.count for each in failures)
    total = _number(value, told)
    if total is None:
        if added:
            told.tell(Odd.NO_SUMMARY)
        return added
    if failures and added != total:
        told.tell(Odd.SUM_DIFFERS)
    return total


def _failure(found: Mapping[str, Any], told: Tolerated) -> Failure:
    result = (json_text.text(found.get("result-type")) or "").strip().lower()
    if not _WORD.fullmatch(result):
        told.tell(Odd.UNKNOWN_WORD, result)
        result = "unknown"
    code = (json_text.text(found.get("failure-reason-code")) or "").strip()
    exchanger = json_text.text(found.get("receiving-mx-hostname"))
    return Failure(
        result=result,
        count=_number(found.get("failed-session-count"), told) or 0,
        exchanger=field_values.name(exchanger, told),
        sending=field_values.address(json_text.text(found.get("sending-mta-ip")) or ""),
        receiving=field_values.address(json_text.text(found.get("receiving-ip")) or ""),
        code=code if _WORD.fullmatch(code) else None,  # sentences could name anybody
    )


def _number(value: object, told: Tolerated) -> int | None:
    text = json_text.text(value)
    return None if text is None else field_values.count(text, told)


def _lines(value: object) -> list[tuple[str, str]]:
    """Return the keys and values of a policy body, which stands as a list of lines.

    A DANE policy is a list of TLSA records, and has none.
    """
    found = (_LINE.fullmatch(line) for line in _all_lines(value))
    return [(match[1].lower(), match[2]) for match in found if match is not None]


def _all_lines(value: object) -> list[str]:
    return [line for text in json_text.texts(value) for line in text.splitlines()]


def _exchangers(hosts: object, lines: list[tuple[str, str]]) -> tuple[str, ...]:
    given = [*json_text.texts(hosts), *(value for key, value in lines if key == "mx")]
    found = (_EXCHANGER.fullmatch(each.strip()) for each in given)
    return tuple(dict.fromkeys(match[1].lower() for match in found if match is not None))
