"""Rules about MTA-STS records and policies (RFC 8461)."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.lint import remedies
from mailauth_dns.lint.live_rules import Served, served
from mailauth_dns.lint.rule import Needs, Problem, Severity, Undecided, page, rule
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.absent import ABSENT
from mailauth_dns.policy.repo import Route
from mailauth_dns.records import mta_sts
from mailauth_dns.records.family import Family
from mailauth_dns.records.zone import RRKey

_DAY = 86400  # seconds


def _sts(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    yield ("mta_sts",), (mta_sts.owner_name(subject.domain), "TXT")


def _covers(pattern: str, host: str) -> bool:
    if pattern.startswith("*."):
        return host.partition(".")[2] == pattern[2:]  # RFC 8461 §4.1: exactly one label
    return host == pattern


@served("STS001", "sts-txt-multiple", Severity.ERROR, "RFC 8461 §3.1", keys=_sts)
def sts_txt_multiple(found: Served) -> Iterator[Problem]:
    """Senders that find several records ignore MTA-STS: mail goes without verified TLS.

    Bad:
        _mta-sts.example.com. with two records
    Good:
        _mta-sts.example.com. TXT "v=STSv1; id=20260601"
    """
    records = found.of(Family.MTA_STS)
    if len(records) > 1:
        yield Problem(
            found.route,
            f"{found.key[0]} has {len(records)} records: senders ignore MTA-STS",
            remedies.publish(found.subject, Family.MTA_STS),
        )


@served("STS002", "sts-id-format", Severity.ERROR, "RFC 8461 §3.1", keys=_sts)
def sts_id_format(found: Served) -> Iterator[Problem]:
    """Senders ignore a record that breaks the grammar or whose id is not 1 to 32 letters or digits.

    Bad:
        _mta-sts.example.com. TXT "v=STSv1; id=2026-06-01"
    Good:
        _mta-sts.example.com. TXT "v=STSv1; id=20260601"
    """
    for text in found.of(Family.MTA_STS):
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
    """Senders forget the policy within a day: an attacker need only block its renewal that long.

    Bad:
        mta_sts: {mode: enforce, mx: [mx.example.com], max_age: 3600}
    Good:
        mta_sts: {mode: enforce, mx: [mx.example.com], max_age: 1209600}
    """
    section = subject.mta_sts
    if section is not None and section.mode == "enforce" and section.max_age < _DAY:
        yield Problem(
            ("mta_sts", "max_age"),
            f"senders forget the policy after {section.max_age} seconds: it protects little",
            "use weeks: 1209600",
        )


@rule("STS012", "sts-mx-mismatch", Severity.ERROR, "RFC 8461 §4.1", needs=Needs.DNS)
def sts_mx_mismatch(subject: Subject) -> Iterator[Problem | Undecided]:
    """Under enforce, senders deliver to no exchanger that the policy does not list: mail bounces.

    Bad:
        mta_sts: {mode: enforce, mx: [mx1.example.com], max_age: 604800}  # and MX mx2.example.com
    Good:
        mta_sts: {mode: enforce, mx: [mx1.example.com, mx2.example.com], max_age: 604800}
    """
    section = subject.mta_sts
    if section is not None and section.mode == "enforce":
        for host in subject.mail_hosts():
            if not any(_covers(pattern, host) for pattern in section.mx):
                yield Problem(
                    ("mta_sts", "mx"),
                    f"the exchanger {host} is not in the policy's mx: senders do not deliver to it",
                    f"add {host}, if it is yours, and serve the policy before you apply",
                )


@rule("STS013", "sts-mx-extra", Severity.WARNING, "RFC 8461 §3.2", needs=Needs.DNS)
def sts_mx_extra(subject: Subject) -> Iterator[Problem | Undecided]:
    """Senders trust every host that the policy lists: one that is gone may be somebody else's.

    A line that fits no exchanger can also be a typing error.

    Bad:
        mta_sts: {mode: enforce, mx: [mx.example.com, old.example.net], max_age: 604800}
    Good:
        mta_sts: {mode: enforce, mx: [mx.example.com], max_age: 604800}
    """
    section, hosts = subject.mta_sts, subject.mail_hosts()
    for index, pattern in enumerate(section.mx if section is not None and hosts else ()):
        if not any(_covers(pattern, host) for host in hosts):
            yield Problem(
                ("mta_sts", "mx", index),
                f"no exchanger fits {pattern}: senders would trust it all the same",
                "take it out, unless it is about to come",
            )


@rule("STS015", "sts-enforce-without-tlsrpt", Severity.WARNING, "RFC 8460 §1")
def sts_enforce_without_tlsrpt(subject: Subject) -> Iterator[Problem]:
    """Under enforce, a wrong certificate stops mail, and without reports nobody tells you.

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
            "enforces, but asks no sender to report what it stops",
            'add tls_rpt: {rua: ["mailto:..."]}',
        )


@page("STS017", "sts-remove-order", Severity.ERROR, "RFC 8461 §8.3")
def sts_remove_order() -> None:
    """Senders obey a policy until its max_age ends, unless they have fetched mode none since.

    Bad:
        mta_sts: absent  # and mode enforce is published
    Good:
        mta_sts: {mode: none, max_age: 86400}  # and `absent` when the old max_age is over
    """


@page("STS019", "sts-enforced-without-evidence", Severity.ERROR, "RFC 8461 §5")
def sts_enforced_without_evidence() -> None:
    """Under enforce, senders deliver to no exchanger that they cannot verify: mail bounces.

    Under testing they deliver anyway, and their TLS reports say what would have failed. `reports
    read --write` keeps what they say in zones/evidence/, and `mta_sts.gate` says how much of it
    mode enforce needs: days, sessions, reporters, and the share that could be verified. `mta_sts
    status` shows what is missing and on which day the step may come; `mta_sts advance` writes it.

    Looked at is a plan that goes to enforce from mode testing or none, from no record, or from an
    id that does not tell the mode. Only who enforced before needs no reports. Reports count where
    they are about a policy that lists the same exchangers. No reports are never good reports.

    Bad:
        mta_sts: {mode: enforce, ...}  # and testing is published, and nobody has read a report
    Good:
        mta_sts: {mode: enforce, ...}  # once `mailauth-dns mta_sts status` says that it may come
    """
