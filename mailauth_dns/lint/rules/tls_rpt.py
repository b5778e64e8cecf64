"""Rules about TLS reports (RFC 8460)."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.lint import remedies
from mailauth_dns.lint.live_rules import Asked, Served, asked, served
from mailauth_dns.lint.rule import Problem, Severity, Undecided, rule
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.absent import ABSENT
from mailauth_dns.policy.repo import Route
from mailauth_dns.records import tls_rpt
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.name import DomainName, below
from mailauth_dns.records.zone import RRKey


def _rpt(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    yield ("tls_rpt",), (tls_rpt.owner_name(subject.domain), "TXT")


@served("TLSRPT001", "tlsrpt-multiple", Severity.ERROR, "RFC 8460 §3", keys=_rpt)
def tlsrpt_multiple(found: Served) -> Iterator[Problem]:
    """Senders that find several records send no reports.

    Bad:
        _smtp._tls.example.com. with two records
    Good:
        _smtp._tls.example.com. TXT "v=TLSRPTv1; rua=mailto:tls@example.com"
    """
    records = found.of(Family.TLS_RPT)
    if len(records) > 1:
        yield Problem(
            found.route,
            f"{found.key[0]} has {len(records)} records: senders send no reports",
            remedies.publish(found.subject, Family.TLS_RPT),
        )


@served("TLSRPT002", "tlsrpt-syntax", Severity.ERROR, "RFC 8460 §3", keys=_rpt)
def tlsrpt_syntax(found: Served) -> Iterator[Problem]:
    """Senders send no reports if the record breaks the grammar.

    Bad:
        _smtp._tls.example.com. TXT "v=TLSRPTv1; mailto:tls@example.com"
    Good:
        _smtp._tls.example.com. TXT "v=TLSRPTv1; rua=mailto:tls@example.com"
    """
    for text in found.of(Family.TLS_RPT):
        try:
            tls_rpt.parse(text)
        except RecordSyntaxError as error:
            yield Problem(
                found.route,
                f"{error}: senders send no reports",
                remedies.publish(found.subject, Family.TLS_RPT),
            )


@rule("TLSRPT003", "tlsrpt-uri", Severity.ERROR, "RFC 8460 §3")
def tlsrpt_uri(subject: Subject) -> Iterator[Problem]:
    """Senders report by mail or HTTPS: an address of another kind gets no reports.

    Bad:
        tls_rpt: {rua: ["http://reports.example.com/tls"]}
    Good:
        tls_rpt: {rua: ["https://reports.example.com/tls"]}
    """
    section = subject.policy.body.tls_rpt
    for index, uri in enumerate(
        section.rua if section is not None and section is not ABSENT else ()
    ):
        if not uri.lower().startswith(("mailto:", "https:")):
            yield Problem(
                ("tls_rpt", "rua", index),
                f"{uri} is neither mailto nor https: no reports go there",
                "use mailto: or https:",
            )


# Where vendors' forms and typing errors put the record.
_WRONG_NAMES = ("_smtp-tlsrpt", "_tls._smtp", "_tlsrpt")


def _wrong_names(subject: Subject) -> Iterator[tuple[Route, DomainName]]:
    for label in _WRONG_NAMES:
        yield ("tls_rpt",), below(label, subject.domain)


@asked("TLSRPT004", "tlsrpt-wrong-name", Severity.ERROR, "RFC 8460 §3", things=_wrong_names)
def tlsrpt_wrong_name(found: Asked[DomainName]) -> Iterator[Problem | Undecided]:
    """Senders look at `_smtp._tls` and nowhere else: a record at another name brings no reports.

    Bad:
        _smtp-tlsrpt.example.com. TXT "v=TLSRPTv1; rua=mailto:tls@example.com"
    Good:
        _smtp._tls.example.com. TXT "v=TLSRPTv1; rua=mailto:tls@example.com"
    """
    right = tls_rpt.owner_name(found.subject.domain)
    if any(
        family(right, "TXT", text) is Family.TLS_RPT
        for text in found.resolver.lookup(found.thing, "TXT") or ()
    ):
        yield Problem(
            found.route,
            f"there is a record at {found.thing}, where nobody looks for it",
            remedies.take_away(found.subject, Family.TLS_RPT),
        )


@rule("TLSRPT005", "tlsrpt-stray-id", Severity.INFO, "RFC 8460 §3")
def tlsrpt_stray_id(subject: Subject) -> Iterator[Problem]:
    """Senders ignore `id` in a TLS-RPT record: it belongs to MTA-STS.

    Bad:
        tls_rpt: {rua: ["mailto:tls@example.com"], other: {id: 20260601}}
    Good:
        tls_rpt: {rua: ["mailto:tls@example.com"]}
    """
    section = subject.policy.body.tls_rpt
    if section is not None and section is not ABSENT and "id" in section.other:
        yield Problem(
            ("tls_rpt", "other", "id"),
            "id is a field of MTA-STS: senders ignore it here",
            "take it out",
        )
