"""Rules about transport security: MTA-STS (RFC 8461) and TLS-RPT (RFC 8460)."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.lint import remedies
from mailauth_dns.lint.rule import (
    Asked,
    Needs,
    Problem,
    Served,
    Severity,
    Undecided,
    asked,
    rule,
    served,
)
from mailauth_dns.lint.rules.mx import mail_hosts
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.absent import ABSENT
from mailauth_dns.policy.repo import Route
from mailauth_dns.records import mta_sts, tlsrpt
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.name import DomainName, below
from mailauth_dns.records.zone import RRKey

_DAY = 86400  # seconds
_WRONG_NAMES = (
    "_smtp-tlsrpt",
    "_tls._smtp",
    "_tlsrpt",
)  # where vendors' forms and typing errors put TLS-RPT


def _sts(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    yield ("mta_sts",), (mta_sts.owner_name(subject.domain), "TXT")


def _rpt(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    yield ("tls_rpt",), (tlsrpt.owner_name(subject.domain), "TXT")


def _meant(found: Served, kind: Family) -> list[str]:
    return sorted(text for text in found.values if family(found.key[0], "TXT", text) is kind)


@served("STS001", "sts-txt-multiple", Severity.ERROR, "RFC 8461 §3.1", keys=_sts)
def sts_txt_multiple(found: Served) -> Iterator[Problem]:
    """Senders that find several records take it that there is no MTA-STS: mail goes without verified TLS.

    Bad:
        _mta-sts.example.com. with two records
    Good:
        _mta-sts.example.com. TXT "v=STSv1; id=20260601"
    """
    records = _meant(found, Family.MTA_STS)
    if len(records) > 1:
        yield Problem(
            found.route,
            f"{found.key[0]} has {len(records)} records: senders take it for none",
            remedies.publish(found.subject, Family.MTA_STS),
        )


@served("STS002", "sts-id-format", Severity.ERROR, "RFC 8461 §3.1", keys=_sts)
def sts_id_format(found: Served) -> Iterator[Problem]:
    """A record that breaks the grammar, or whose id is not 1 to 32 letters and digits, is none to senders.

    Bad:
        _mta-sts.example.com. TXT "v=STSv1; id=2026-06-01"
    Good:
        _mta-sts.example.com. TXT "v=STSv1; id=20260601"
    """
    for text in _meant(found, Family.MTA_STS):
        try:
            mta_sts.parse(text)
        except RecordSyntaxError as error:
            yield Problem(
                found.route,
                f"{error}: senders find no policy",
                remedies.publish(found.subject, Family.MTA_STS),
            )


@rule("STS011", "sts-max-age-short", Severity.WARNING, "RFC 8461 §3.2")
def sts_max_age_short(subject: Subject) -> Iterator[Problem]:
    """A policy that senders forget within a day protects little: an attacker only has to block its renewal for so long.

    Bad:
        mta_sts: {mode: enforce, mx: [mx.example.com], max_age: 3600}
    Good:
        mta_sts: {mode: enforce, mx: [mx.example.com], max_age: 1209600}
    """
    section = subject.mta_sts
    if section is not None and section.mode == "enforce" and section.max_age < _DAY:
        yield Problem(
            ("mta_sts", "max_age"),
            f"senders forget the policy after {section.max_age} seconds",
            "use weeks: 1209600",
        )


def _covers(pattern: str, host: str) -> bool:
    if pattern.startswith("*."):
        return host.partition(".")[2] == pattern[2:]  # RFC 8461 §4.1: exactly one label
    return host == pattern


@rule("STS012", "sts-mx-mismatch", Severity.ERROR, "RFC 8461 §4.1", needs=Needs.DNS)
def sts_mx_mismatch(subject: Subject) -> Iterator[Problem | Undecided]:
    """Under enforce senders deliver to no exchanger that the policy does not list: its mail waits and bounces.

    Bad:
        mta_sts: {mode: enforce, mx: [mx1.example.com], max_age: 604800}  # and MX mx2.example.com
    Good:
        mta_sts: {mode: enforce, mx: [mx1.example.com, mx2.example.com], max_age: 604800}
    """
    section = subject.mta_sts
    if section is not None and section.mode == "enforce":
        for host in mail_hosts(subject):
            if not any(_covers(pattern, host) for pattern in section.mx):
                yield Problem(
                    ("mta_sts", "mx"),
                    f"the exchanger {host} is not in the policy's mx: senders pass it by",
                    f"add {host}, if it is yours, and serve the policy before you apply",
                )


@rule("STS013", "sts-mx-extra", Severity.WARNING, "RFC 8461 §3.2", needs=Needs.DNS)
def sts_mx_extra(subject: Subject) -> Iterator[Problem | Undecided]:
    """A line that no exchanger fits is a typing error, or a host that is gone and may be somebody else's.

    Bad:
        mta_sts: {mode: enforce, mx: [mx.example.com, old.example.net], max_age: 604800}
    Good:
        mta_sts: {mode: enforce, mx: [mx.example.com], max_age: 604800}
    """
    section, hosts = subject.mta_sts, mail_hosts(subject)
    for index, pattern in enumerate(section.mx if section is not None and hosts else ()):
        if not any(_covers(pattern, host) for host in hosts):
            yield Problem(
                ("mta_sts", "mx", index),
                f"no exchanger fits {pattern}",
                "take it out, unless it is about to come",
            )


@rule("STS015", "sts-enforce-without-tlsrpt", Severity.WARNING, "RFC 8460 §1")
def sts_enforce_without_tlsrpt(subject: Subject) -> Iterator[Problem]:
    """Under enforce a wrong certificate stops mail, and without reports nobody hears of it.

    Bad:
        mta_sts: {mode: enforce, mx: [mx.example.com], max_age: 604800}
    Good:
        mta_sts: {mode: enforce, mx: [mx.example.com], max_age: 604800}
        tls_rpt: {rua: ["mailto:tls@example.com"]}
    """
    reports = subject.policy.body.tls_rpt
    if (
        subject.mta_sts is not None
        and subject.mta_sts.mode == "enforce"
        and reports in (None, ABSENT)
    ):
        yield Problem(
            ("mta_sts", "mode"),
            "enforces, and asks nobody to report what it stops",
            'add tls_rpt: {rua: ["mailto:..."]}',
        )


@served("TLSRPT001", "tlsrpt-multiple", Severity.ERROR, "RFC 8460 §3", keys=_rpt)
def tlsrpt_multiple(found: Served) -> Iterator[Problem]:
    """Senders that find several records send no reports.

    Bad:
        _smtp._tls.example.com. with two records
    Good:
        _smtp._tls.example.com. TXT "v=TLSRPTv1; rua=mailto:tls@example.com"
    """
    records = _meant(found, Family.TLS_RPT)
    if len(records) > 1:
        yield Problem(
            found.route,
            f"{found.key[0]} has {len(records)} records: senders take it for none",
            remedies.publish(found.subject, Family.TLS_RPT),
        )


@served("TLSRPT002", "tlsrpt-syntax", Severity.ERROR, "RFC 8460 §3", keys=_rpt)
def tlsrpt_syntax(found: Served) -> Iterator[Problem]:
    """A record that breaks the grammar is none: no reports come.

    Bad:
        _smtp._tls.example.com. TXT "v=TLSRPTv1; mailto:tls@example.com"
    Good:
        _smtp._tls.example.com. TXT "v=TLSRPTv1; rua=mailto:tls@example.com"
    """
    for text in _meant(found, Family.TLS_RPT):
        try:
            tlsrpt.parse(text)
        except RecordSyntaxError as error:
            yield Problem(
                found.route,
                f"{error}: no reports come",
                remedies.publish(found.subject, Family.TLS_RPT),
            )


@rule("TLSRPT003", "tlsrpt-uri", Severity.ERROR, "RFC 8460 §3")
def tlsrpt_uri(subject: Subject) -> Iterator[Problem]:
    """Reports go by mail or HTTPS: an address of another kind gets none.

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
    right = tlsrpt.owner_name(found.subject.domain)
    if any(
        family(right, "TXT", text) is Family.TLS_RPT
        for text in found.resolver.lookup(found.thing, "TXT") or ()
    ):
        yield Problem(
            found.route,
            f"there is a record at {found.thing}, where nobody looks",
            remedies.take_away(found.subject, Family.TLS_RPT),
        )


@rule("TLSRPT005", "tlsrpt-stray-id", Severity.INFO, "RFC 8460 §3")
def tlsrpt_stray_id(subject: Subject) -> Iterator[Problem]:
    """`id` belongs to MTA-STS: in a TLS-RPT record it says nothing.

    Bad:
        tls_rpt: {rua: ["mailto:tls@example.com"], other: {id: 20260601}}
    Good:
        tls_rpt: {rua: ["mailto:tls@example.com"]}
    """
    section = subject.policy.body.tls_rpt
    if section is not None and section is not ABSENT and "id" in section.other:
        yield Problem(
            ("tls_rpt", "other", "id"),
            "id is a field of MTA-STS: here it says nothing",
            "take it out",
        )
