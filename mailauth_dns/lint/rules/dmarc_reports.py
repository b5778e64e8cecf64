"""Rules about DMARC reports and their addresses (RFC 9990, RFC 9991)."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.report_destination import destination, destination_host
from mailauth_dns.lint.live_rules import Asked, asked
from mailauth_dns.lint.rule import Problem, Severity, Undecided, rule
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.repo import Route
from mailauth_dns.records import dmarc

_MANY = 2  # addresses that receivers send to at least


def _addresses(subject: Subject) -> Iterator[tuple[Route, dmarc.Uri]]:
    for tag, index, uri in subject.report_addresses:
        yield ("dmarc", tag, index), uri


@rule("DMARC014", "dmarc-size-suffix", Severity.INFO, "RFC 9989 §4.7")
def dmarc_size_suffix(subject: Subject) -> Iterator[Problem]:
    """Receivers ignore a size limit after a report address, which is historic.

    Bad:
        dmarc: {p: none, rua: ["mailto:dmarc@example.com!10m"]}
    Good:
        dmarc: {p: none, rua: ["mailto:dmarc@example.com"]}
    """
    for tag, index, uri in subject.report_addresses:
        if uri.size is not None:
            yield Problem(
                ("dmarc", tag, index),
                f"!{uri.size} is historic: receivers ignore it",
                "take it out",
            )


@rule("DMARC015", "dmarc-rua-missing", Severity.WARNING, "RFC 9989 §4.7")
def dmarc_rua_missing(subject: Subject) -> Iterator[Problem]:
    """Without a report address, no receiver tells you who sends as the domain and whose mail fails.

    Bad:
        dmarc: {p: quarantine}
    Good:
        dmarc: {p: quarantine, rua: ["mailto:dmarc@example.com"]}
    """
    if subject.dmarc_record is not None and not subject.dmarc_record.rua:
        yield Problem(
            ("dmarc",),
            "asks for no reports: no receiver tells you whose mail fails",
            'add rua: ["mailto:..."]',
        )


@rule("DMARC017", "dmarc-rua-many", Severity.INFO, "practice")
def dmarc_rua_many(subject: Subject) -> Iterator[Problem]:
    """Receivers need not send reports to more than two addresses: the third may get none.

    Bad:
        dmarc: {p: none, rua: ["mailto:a@a.example", "mailto:b@a.example", "mailto:c@a.example"]}
    Good:
        dmarc: {p: none, rua: ["mailto:a@example.com"]}
    """
    if (
        subject.dmarc_record is not None
        and subject.dmarc_record.rua
        and len(subject.dmarc_record.rua) > _MANY
    ):
        message = (
            f"{len(subject.dmarc_record.rua)} report addresses: receivers may stop after {_MANY}"
        )
        yield Problem(("dmarc", "rua", _MANY), message, "let one address forward the reports")


@rule("DMARC018", "dmarc-rua-https", Severity.INFO, "RFC 9990")
def dmarc_rua_https(subject: Subject) -> Iterator[Problem]:
    """Receivers send reports by mail: an address of another kind gets none.

    Bad:
        dmarc: {p: none, rua: ["https://reports.example.com/dmarc"]}
    Good:
        dmarc: {p: none, rua: ["mailto:dmarc@example.com"]}
    """
    for tag, index, uri in subject.report_addresses:
        if not uri.text.lower().startswith("mailto:"):
            yield Problem(
                ("dmarc", tag, index),
                f"{uri.text} is no mail address: it gets no reports",
                "use mailto:",
            )


@asked("DMARC019", "dmarc-rua-no-mx", Severity.ERROR, "RFC 5321 §5.1", things=_addresses)
def dmarc_rua_no_mx(found: Asked[dmarc.Uri]) -> Iterator[Problem | Undecided]:
    """Receivers cannot send reports to a domain that takes no mail.

    Bad:
        dmarc: {p: none, rua: ["mailto:dmarc@gone.example.com"]}
    Good:
        dmarc: {p: none, rua: ["mailto:dmarc@example.com"]}
    """
    host = destination_host(found.thing)
    if host is not None:
        exchangers = found.resolver.lookup(host, "MX")
        if exchangers == ("0 .",) or not (
            exchangers or any(found.resolver.lookup(host, kind) for kind in ("A", "AAAA"))
        ):
            yield Problem(
                found.route,
                f"{host} takes no mail: no reports go there",
                "use an address whose domain takes mail",
            )


@asked("DMARC020", "dmarc-external-auth", Severity.ERROR, "RFC 9990", things=_addresses)
def dmarc_external_auth(found: Asked[dmarc.Uri]) -> Iterator[Problem | Undecided]:
    """Receivers send reports to another organization only if it publishes its consent.

    Bad:
        dmarc: {p: none, rua: ["mailto:d@example.net"]}  # no example.com._report._dmarc there
    Good:
        example.com._report._dmarc.example.net. TXT "v=DMARC1"
    """
    reports = destination(found.subject.domain, found.thing, found.resolver)
    if isinstance(reports.accepted, Unknown):
        yield Undecided(found.route, reports.accepted.reason)
    elif not reports.accepted:
        yield Problem(
            found.route,
            f"{reports.reason}: no reports go there",
            "ask its owner to publish v=DMARC1 there",
        )


@rule("DMARC035", "dmarc-fo", Severity.INFO, "RFC 9989 §4.7")
def dmarc_fo(subject: Subject) -> Iterator[Problem]:
    """Receivers ignore `fo` without `ruf`: there is no address to send failure reports to.

    Bad:
        dmarc: {p: none, fo: 1, rua: ["mailto:dmarc@example.com"]}
    Good:
        dmarc: {p: none, rua: ["mailto:dmarc@example.com"]}
    """
    if (
        subject.dmarc_record is not None
        and subject.dmarc_record.fo is not None
        and not subject.dmarc_record.ruf
    ):
        yield Problem(("dmarc", "fo"), "fo is ignored where there is no ruf", "take it out")


@rule("DMARC036", "dmarc-ruf-privacy", Severity.INFO, "RFC 9991")
def dmarc_ruf_privacy(subject: Subject) -> Iterator[Problem]:
    """Few receivers send failure reports, which hold other people's mail.

    Whoever collects them has personal data to protect.

    Bad:
        dmarc: {p: none, rua: ["mailto:dmarc@example.com"], ruf: ["mailto:forensic@example.com"]}
    Good:
        dmarc: {p: none, rua: ["mailto:dmarc@example.com"]}
    """
    if subject.dmarc_record is not None and subject.dmarc_record.ruf:
        yield Problem(
            ("dmarc", "ruf"),
            "asks for failure reports, which hold other people's mail",
            "leave ruf out unless somebody reads the reports",
        )
