"""TLS reports, and what senders get wrong in them."""

from __future__ import annotations

from typing import Any

import pytest

from mailauth_dns.reports.tls import Failure, Mode, PolicyType
from tests.reports import made
from tests.reports.made import read_tls, tls, tls_policy, why

[POLICY] = made.TLS["policies"]
[DETAIL] = POLICY["failure-details"]


def test_a_report_is_read_whole() -> None:
    report, told = read_tls(tls())
    assert told == []
    reporter = report.reporter
    assert (reporter.org, reporter.domain) == ("Receiver Example", "receiver.example")
    assert (reporter.begin, reporter.end) == (made.BEGIN, made.END)
    [policy] = report.policies
    assert (policy.type, policy.domain, policy.mode) == (
        PolicyType.STS,
        "example.com",
        Mode.TESTING,
    )
    assert policy.exchangers == ("mx.example.com",)
    assert (policy.successful, policy.failed) == (40, 2)
    assert policy.failures == (
        Failure(
            "certificate-expired", 2, policy.failures[0].exchanger, "198.51.100.7", "192.0.2.10"
        ),
    )
    assert policy.failures[0].exchanger == "mx.example.com"


def detail(**changes: Any) -> str:
    named = {key.replace("_", "-"): value for key, value in changes.items()}
    return tls_policy(failure_details=[{**DETAIL, **named}])


def policy(**changes: Any) -> str:
    named = {key.replace("_", "-"): value for key, value in changes.items()}
    return tls_policy(policy={**POLICY["policy"], **named})


ODD: list[tuple[str, str, list[str]]] = [
    ("no contact", tls(contact_info=None), ["has no contact"]),
    ("a contact of null", tls().replace('"tls-reports@receiver.example"', "null"), ["has no contact"]),
    ("no organization", tls(organization_name=None),
     ["does not name its organization; the domain of its address stands for it"]),
    ("no id", tls(report_id=None), ["has no report id"]),
    ("neither addresses nor exchanger", tls_policy(failure_details=[
        {"result-type": "sts-policy-fetch-error", "failed-session-count": 2}]), []),
    ("empty fields", detail(sending_mta_ip="", receiving_ip="", receiving_mx_hostname=""), []),
    ("no policy", tls_policy(policy={"policy-type": "no-policy-found", "policy-domain": "example.com"}), []),
    ("no domain", tls_policy(policy={"policy-type": "no-policy-found"}), ["has a policy without a domain"]),
    ("an unknown type", policy(policy_type="dnssec"),
     ["writes 'dnssec', which means nothing there; it counts as unknown"]),
    ("a type in capitals", policy(policy_type="STS"), ["writes 'STS' in capitals"]),
    ("lists without their brackets", policy(policy_string="version: STSv1\nmode: testing\nmx: mx.example.com",
                                            mx_host="mx.example.com"), []),
    ("mx: in mx-host", policy(mx_host=["mx: mx.example.com"]), []),
    ("details without a list", tls_policy(failure_details=DETAIL), ["writes 'failure-details' without its list"]),
    ("no summary", tls_policy(summary={}), ["does not say how many sessions failed; its details are added up"]),
    ("numbers as text", tls_policy(summary={"total-successful-session-count": "40", "total-failure-session-count": "2"}), []),
    ("another sum", tls_policy(summary={"total-failure-session-count": 3}),
     ["counts failed sessions otherwise than its details add up to"]),
    ("a negative number", tls_policy(summary={"total-successful-session-count": -1, "total-failure-session-count": 2}),
     ["has records with the count '-1', which are left out"]),
    ("no details", tls_policy(failure_details=None), []),
    ("a sentence for a code", detail(failure_reason_code="bad https response code: 404"), []),
    ("times without a zone", tls(date_range={"start-datetime": "2025-11-28T00:00:00", "end-datetime": "2025-11-28T23:59:59Z"}),
     ["gives its times without a zone; they are taken as UTC"]),
    ("times with a zone", tls(date_range={"start-datetime": "2025-11-28T01:00:00+01:00", "end-datetime": "2025-11-28T23:59:59.5Z"}), []),
    ("times in seconds", tls(date_range={"start-datetime": made.BEGIN, "end-datetime": made.END}), []),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "told"), ODD, ids=[name for name, _, _ in ODD])
def test_what_senders_get_wrong_is_told(name: str, text: str, told: list[str]) -> None:
    report, said = read_tls(text)
    assert said == told
    assert (report.reporter.begin, report.reporter.end) == (made.BEGIN, made.END)
    [policy] = report.policies
    assert policy.failed in (2, 3)
    assert policy.domain == (None if name == "no domain" else "example.com")
    assert policy.mode is (None if policy.exchangers == () else Mode.TESTING)
    assert all(each.code is None for each in policy.failures)


def test_a_code_of_one_word_is_kept() -> None:
    [policy] = read_tls(detail(failure_reason_code="X509_V_ERR_CERT_HAS_EXPIRED"))[0].policies
    assert policy.failures[0].code == "X509_V_ERR_CERT_HAS_EXPIRED"


UNREADABLE = [
    ("{", "is no JSON: line 1, column 2: expecting property name enclosed in double quotes"),
    ('{"policies": ', "is no JSON: line 1, column 14: expecting value"),
    ("{}", "is JSON, and no TLS report (it has no policies)"),
    ("[1, 2]", "is JSON, and no TLS report (it has no policies)"),
    (tls() + "x", "goes on after its JSON"),
    (tls(date_range=None), "does not say when it begins (it says '')"),
    (tls(date_range=[]), "does not say when it begins (it says '')"),
    (tls(date_range={"start-datetime": "yesterday"}), "does not say when it begins (it says 'yesterday')"),
    (tls(date_range={"start-datetime": True}), "does not say when it begins (it says '')"),
    ('{"policies": NaN}', "is no JSON: nan is no number"),
    ('{"policies": %s}' % ("9" * 5000), "is no JSON: exceeds the limit (4300 digits) for integer string conversion: value has 5000 digits"),
    ("[" * 200_000, "has JSON that is nested too deep"),
    ('{"a":' * 100_000, "has JSON that is nested too deep"),
    ("[" + "{}," * 1_000_001, "has more than 1000000 objects and lists"),
    ("{" + " " * 10_000_001, "a TLS report of more than 10000000 octets is not read"),
    (b'{"a": "\xe4"}', "is no JSON in UTF-8"),
    ('{"aggregate_reports": []}', "looks like the output of parsedmarc: give it with --parsedmarc"),
    ('[{"report_metadata": {}}]', "looks like the output of parsedmarc: give it with --parsedmarc"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), UNREADABLE, ids=[said for _, said in UNREADABLE])
def test_what_cannot_be_read_says_why(text: str | bytes, said: str) -> None:
    assert why(text) == said


@pytest.mark.parametrize(
    "value", [None, 1, -1.5, True, "x", [], {}, [[]], [{}], "9" * 2000, 10**30]
)
@pytest.mark.parametrize(
    "key", sorted({*made.TLS, *POLICY, *POLICY["policy"], *POLICY["summary"], *DETAIL})
)
def test_any_type_anywhere_ends_in_words(key: str, value: Any) -> None:
    def changed(node: Any) -> Any:
        if isinstance(node, dict):
            return {each: value if each == key else changed(of) for each, of in node.items()}
        return [changed(each) for each in node] if isinstance(node, list) else node

    [found] = made.outcomes(
        tls(**{each.replace("-", "_"): of for each, of in changed(made.TLS).items()})
    )
    assert found.place == "FILE"
