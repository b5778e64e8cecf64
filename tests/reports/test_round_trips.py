"""Any report that is written as its RFC says reads back as what was meant."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.records.dmarc import Alignment, Policy, PublicSuffix
from mailauth_dns.records.name import DomainName, domain_name
from mailauth_dns.reports.aggregate import (
    AuthResult,
    Disposition,
    DkimResult,
    Override,
    OverrideReason,
    PublishedPolicy,
    Record,
    Report,
    SpfResult,
)
from mailauth_dns.reports.field_values import address
from mailauth_dns.reports.reporter import Reporter
from mailauth_dns.reports.tls import Failure, Mode, PolicyType, TlsPolicy, TlsReport
from tests.records.strategies import hosts
from tests.reports.made import read, read_tls

names = hosts.map(domain_name)
addresses = st.ip_addresses().map(str).map(address).filter(bool)
counts = st.integers(0, 10**12 - 1)
words = st.text("abcXYZ019 .&<>'\"äß漢_-", min_size=1, max_size=30).map(
    lambda text: " ".join(text.split())
)
ids = words.filter(bool)
moments = st.integers(0, 99_999_999_999)
maybe_names = st.none() | names


def enums(kind: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(list(kind))


@st.composite
def reporters(draw: st.DrawFn) -> Reporter:
    begin = draw(moments)
    end = draw(st.integers(begin, min(begin + 31 * 86400, 99_999_999_999)))
    return Reporter(draw(ids), draw(names), draw(ids), begin, end)


policies = st.builds(
    PublishedPolicy,
    domain=names,
    p=enums(Policy),
    sp=st.none() | enums(Policy),
    np=st.none() | enums(Policy),
    adkim=st.none() | enums(Alignment),
    aspf=st.none() | enums(Alignment),
    psd=st.none() | enums(PublicSuffix),
    testing=st.none() | st.booleans(),
    discovery=st.sampled_from([None, "psl", "treewalk"]),
    fo=st.sampled_from([None, "0", "1:d:s"]),
    pct=st.none() | st.integers(0, 100),
)
records = st.builds(
    Record,
    source=addresses,
    count=counts,
    disposition=st.none() | enums(Disposition),
    dkim_aligned=st.booleans(),
    spf_aligned=st.booleans(),
    overrides=st.lists(st.builds(Override, enums(OverrideReason), st.booleans()), max_size=2).map(
        tuple
    ),
    header_from=names,
    envelope_from=maybe_names,
    dkim=st.lists(
        st.builds(DkimResult, maybe_names, maybe_names, st.none() | enums(AuthResult)), max_size=3
    ).map(tuple),
    spf=st.lists(
        st.builds(SpfResult, maybe_names, st.none() | enums(AuthResult), st.booleans()), max_size=1
    ).map(tuple),
)


def element(name: str, value: object) -> str:
    if value is None:
        return ""
    return f"<{name}>{escape(str(value))}</{name}>"


def elements(**values: object) -> str:
    return "".join(element(name, value) for name, value in values.items())


def verdict(aligned: bool | None) -> str | None:
    return None if aligned is None else "pass" if aligned else "fail"


def xml_record(record: Record) -> str:
    reasons = "".join(
        f"<reason>{elements(type=each.reason, comment='arc=pass' if each.arc else None)}</reason>"
        for each in record.overrides
    )
    evaluated = elements(
        disposition=record.disposition,
        dkim=verdict(record.dkim_aligned),
        spf=verdict(record.spf_aligned),
    )
    signatures = "".join(
        f"<dkim>{elements(domain=each.domain, selector=each.selector, result=each.result)}</dkim>"
        for each in record.dkim
    )
    senders = "".join(
        f"<spf>{elements(domain=each.domain, scope='helo' if each.helo else 'mfrom', result=each.result)}</spf>"
        for each in record.spf
    )
    return (
        f"<record><row>{elements(source_ip=record.source, count=record.count)}"
        f"<policy_evaluated>{evaluated}{reasons}</policy_evaluated></row><identifiers>"
        f"{elements(envelope_from=record.envelope_from, header_from=record.header_from)}"
        f"</identifiers><auth_results>{signatures}{senders}</auth_results></record>"
    )


def xml(report: Report, found: list[Record], attributes: str) -> str:
    reporter, policy = report.reporter, report.policy
    testing = None if policy.testing is None else "y" if policy.testing else "n"
    dates = f"<date_range>{elements(begin=reporter.begin, end=reporter.end)}</date_range>"
    metadata = elements(
        org_name=reporter.org, email=f"reports@{reporter.domain}", report_id=reporter.report_id
    )
    published = elements(
        domain=policy.domain,
        discovery_method=policy.discovery,
        p=policy.p,
        sp=policy.sp,
        np=policy.np,
        fo=policy.fo,
        adkim=policy.adkim,
        aspf=policy.aspf,
        psd=policy.psd,
        pct=policy.pct,
        testing=testing,
    )
    return (
        f'<?xml version="1.0"?><feedback{attributes}><version>1.0</version><report_metadata>'
        f"{metadata}{dates}</report_metadata><policy_published>{published}</policy_published>"
        f"{''.join(map(xml_record, found))}</feedback>"
    )


@given(
    st.builds(Report, reporters(), policies),
    st.lists(records, min_size=1, max_size=4),
    st.sampled_from(["", ' xmlns="urn:ietf:params:xml:ns:dmarc-2.0"']),
    st.sampled_from(["utf-8", "utf-16"]),
)
def test_aggregate_reports(
    report: Report, found: list[Record], attributes: str, encoding: str
) -> None:
    text = xml(report, found, attributes).replace("?>", f' encoding="{encoding}"?>', 1)
    assert read(text.encode(encoding)) == (report, found, [])


failures = st.builds(
    Failure,
    result=st.sampled_from(["certificate-expired", "sts-policy-invalid", "a-later-word"]),
    count=st.integers(0, 10**6),
    exchanger=maybe_names,
    sending=st.none() | addresses,
    receiving=st.none() | addresses,
    code=st.none() | st.just("X509_V_ERR_UNSPECIFIED"),
)


@st.composite
def tls_policies(draw: st.DrawFn) -> TlsPolicy:
    found = tuple(draw(st.lists(failures, max_size=3)))
    failed = sum(each.count for each in found)
    exchangers: list[DomainName] = draw(st.lists(names, max_size=2, unique=True))
    kind, mode = draw(enums(PolicyType)), draw(st.none() | enums(Mode))
    domain, successful = draw(names), draw(counts)
    return TlsPolicy(kind, domain, mode, tuple(exchangers), successful, failed, found)


def tls_json(report: TlsReport) -> str:
    reporter = report.reporter
    begin, end = (
        datetime.fromtimestamp(each, UTC).isoformat().replace("+00:00", "Z")
        for each in (reporter.begin, reporter.end)
    )
    return json.dumps(
        {
            "organization-name": reporter.org,
            "date-range": {"start-datetime": begin, "end-datetime": end},
            "contact-info": f"reports@{reporter.domain}",
            "report-id": reporter.report_id,
            "policies": [tls_policy(each) for each in report.policies],
        }
    )


def tls_policy(policy: TlsPolicy) -> dict[str, Any]:
    lines = ["version: STSv1", *([f"mode: {policy.mode}"] if policy.mode else [])]
    return {
        "policy": {
            "policy-type": policy.type,
            "policy-string": lines,
            "policy-domain": policy.domain,
            "mx-host": list(policy.exchangers),
        },
        "summary": {
            "total-successful-session-count": policy.successful,
            "total-failure-session-count": policy.failed,
        },
        "failure-details": [
            {
                "result-type": each.result,
                "failed-session-count": each.count,
                "receiving-mx-hostname": each.exchanger,
                "sending-mta-ip": each.sending,
                "receiving-ip": each.receiving,
                "failure-reason-code": each.code,
            }
            for each in policy.failures
        ],
    }


@given(st.builds(TlsReport, reporters(), st.lists(tls_policies(), max_size=3).map(tuple)))
def test_tls_reports(report: TlsReport) -> None:
    assert read_tls(tls_json(report)) == (report, [])
