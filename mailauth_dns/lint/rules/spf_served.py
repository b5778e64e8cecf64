"""Rules about SPF records as servers hold them, which no policy file can say (RFC 7208)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailauth_dns.compile.declarations import PARKED_SPF
from mailauth_dns.errors import Fault, RecordSyntaxError
from mailauth_dns.lint import remedies
from mailauth_dns.lint.live_rules import Served, served
from mailauth_dns.lint.rule import Problem, Severity
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.repo import Route
from mailauth_dns.records import spf
from mailauth_dns.records.family import Family
from mailauth_dns.records.zone import MAX_STRING, RRKey

_ANSWER = 512  # octets of an answer over UDP that every resolver takes (RFC 1035 §4.2.1)
# Octets of a record beside its text: a pointer to its name, type, class, TTL, length.
_OVERHEAD = 12
_NEARLY = re.compile(r"[\s\"'\xef\xbb\xbf]*v\s*=\s*spf1", re.IGNORECASE)


def _apex(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    yield ("spf",), (subject.domain, "TXT")


def _type_spf(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    yield ("spf",), (subject.domain, "SPF")


def _faulty(found: Served, fault: Fault) -> Iterator[Problem]:
    """Yield the records in which receivers meet this fault first."""
    for text in filter(spf.has_version, sorted(found.values)):
        try:
            spf.parse(text)
        except RecordSyntaxError as error:
            if error.fault is fault:
                yield Problem(
                    found.route,
                    f"{error}: receivers return permerror: no mail passes SPF",
                    remedies.publish(found.subject, Family.SPF),
                )


@served("SPF002", "spf-multiple-records", Severity.ERROR, "RFC 7208 §4.5", keys=_apex)
def spf_multiple_records(found: Served) -> Iterator[Problem]:
    """Receivers that find two SPF records return permerror: no mail passes SPF.

    Bad:
        example.com. TXT "v=spf1 mx -all" and TXT "v=spf1 include:_spf.example.net -all"
    Good:
        example.com. TXT "v=spf1 mx include:_spf.example.net -all"
    """
    records = [text for text in found.values if spf.has_version(text)]
    if len(records) > 1:
        yield Problem(
            found.route,
            f"{found.subject.domain} has {len(records)} SPF records: receivers return permerror "
            "for all mail",
            "put the terms of all of them into spf, then plan, apply: one record replaces them",
        )


@served("SPF003", "spf-type99", Severity.WARNING, "RFC 7208 §3.1", keys=_type_spf)
def spf_type99(found: Served) -> Iterator[Problem]:
    """Receivers no longer ask for records of type SPF: what stands there has no effect.

    One day it differs from the TXT record and misleads its reader.

    Bad:
        example.com. SPF "v=spf1 mx -all"
    Good:
        example.com. TXT "v=spf1 mx -all"
    """
    if found.values:
        yield Problem(
            found.route,
            f"{found.subject.domain} has a record of the type SPF, which receivers do not ask for",
            "delete it; SPF is published as TXT",
        )


@served("SPF004", "spf-senderid", Severity.INFO, "practice", keys=_apex)
def spf_senderid(found: Served) -> Iterator[Problem]:
    """Receivers do not read Sender ID records (`spf2.0`): they only make the answer longer.

    Bad:
        example.com. TXT "spf2.0/pra mx -all"
    Good:
        example.com. TXT "v=spf1 mx -all"
    """
    if any(text.lower().startswith("spf2.0/") for text in found.values):
        yield Problem(
            found.route,
            f"{found.subject.domain} has a Sender ID record, which receivers do not read",
            "delete it",
        )


@served("SPF005", "spf-version-prefix", Severity.ERROR, "RFC 7208 §4.5", keys=_apex)
def spf_version_prefix(found: Served) -> Iterator[Problem]:
    """Receivers see no SPF record unless it opens with exactly `v=spf1` and a space.

    Bad:
        example.com. TXT "v=spf1; mx -all"
    Good:
        example.com. TXT "v=spf1 mx -all"
    """
    for text in sorted(found.values):
        if _NEARLY.match(text) and not spf.has_version(text):
            yield Problem(
                found.route,
                f"{text[:40]!r} is no SPF record to receivers",
                remedies.take_away(found.subject, Family.SPF),
            )


@served("SPF006", "spf-syntax", Severity.ERROR, "RFC 7208 §4.6", keys=_apex)
def spf_syntax(found: Served) -> Iterator[Problem]:
    """Receivers return permerror for one term that breaks the grammar: no mail passes SPF.

    Bad:
        example.com. TXT "v=spf1 mx include -all"
    Good:
        example.com. TXT "v=spf1 mx include:_spf.example.net -all"
    """
    yield from _faulty(found, Fault.SYNTAX)


@served("SPF007", "spf-unknown-mechanism", Severity.ERROR, "RFC 7208 §4.6.1", keys=_apex)
def spf_unknown_mechanism(found: Served) -> Iterator[Problem]:
    """Receivers return permerror for a mechanism that does not exist: no mail passes SPF.

    Bad:
        example.com. TXT "v=spf1 ipv4:192.0.2.1 -all"
    Good:
        example.com. TXT "v=spf1 ip4:192.0.2.1 -all"
    """
    yield from _faulty(found, Fault.UNKNOWN_MECHANISM)


@served("SPF009", "spf-glued-terms", Severity.ERROR, "RFC 7208 §3.3", keys=_apex)
def spf_glued_terms(found: Served) -> Iterator[Problem]:
    """Receivers join strings without a space: terms glued at the seam are a permerror.

    Bad:
        example.com. TXT "v=spf1 ip4:192.0.2.0/24" "-all"
    Good:
        example.com. TXT "v=spf1 ip4:192.0.2.0/24 " "-all"
    """
    yield from _faulty(found, Fault.GLUED)


@served("SPF020", "spf-duplicate-modifier", Severity.ERROR, "RFC 7208 §6", keys=_apex)
def spf_duplicate_modifier(found: Served) -> Iterator[Problem]:
    """Receivers return permerror for a second `redirect` or `exp`: no mail passes SPF.

    Bad:
        example.com. TXT "v=spf1 redirect=a.example redirect=b.example"
    Good:
        example.com. TXT "v=spf1 redirect=a.example"
    """
    yield from _faulty(found, Fault.TWICE)


@served("SPF026", "spf-ip-invalid", Severity.ERROR, "RFC 7208 §5.6", keys=_apex)
def spf_ip_invalid(found: Served) -> Iterator[Problem]:
    """Receivers return permerror for an address or a prefix length that cannot exist.

    Bad:
        example.com. TXT "v=spf1 ip4:192.0.2.300 -all"
    Good:
        example.com. TXT "v=spf1 ip4:192.0.2.30 -all"
    """
    yield from _faulty(found, Fault.ADDRESS)


@served("SPF033", "spf-rrset-truncation", Severity.WARNING, "RFC 7208 §3.4", keys=_apex)
def spf_rrset_truncation(found: Served) -> Iterator[Problem]:
    """Receivers without EDNS get an answer over 512 octets by TCP only, and some get none.

    All TXT records of the name come in that one answer.

    Bad:
        example.com. with v=spf1 and ten verification tokens
    Good:
        example.com. with v=spf1 and the tokens that are still needed
    """
    if any(map(spf.has_version, found.values)):
        size = (
            12
            + len(found.subject.domain)
            + 6
            + sum(len(text) + len(text) // MAX_STRING + 1 + _OVERHEAD for text in found.values)
        )
        if size > _ANSWER:
            message = (
                f"the {len(found.values)} TXT records of {found.subject.domain} make an answer of "
                f"{size} octets: resolvers without EDNS must use TCP over {_ANSWER}"
            )
            yield Problem(
                found.route,
                message,
                "delete verification tokens of services that you no longer use",
            )


@served("SPF034", "spf-macro-syntax", Severity.ERROR, "RFC 7208 §7.1", keys=_apex)
def spf_macro_syntax(found: Served) -> Iterator[Problem]:
    """Receivers return permerror for a macro that breaks the grammar, or that only `exp` may use.

    Bad:
        example.com. TXT "v=spf1 exists:%{x}.example.com -all"
    Good:
        example.com. TXT "v=spf1 exists:%{i}.example.com -all"
    """
    yield from _faulty(found, Fault.MACRO)


@served("SPF043", "spf-parked-form", Severity.WARNING, "RFC 7208 §10.1.2", keys=_apex)
def spf_parked_form(found: Served) -> Iterator[Problem]:
    """Without `v=spf1 -all`, receivers may take mail in the name of a parked domain.

    Bad:
        parked: true  # and the zone has v=spf1 mx ~all
    Good:
        parked: true  # and the zone has v=spf1 -all
    """
    records = [text for text in found.values if spf.has_version(text)]
    if found.subject.parked and [text.lower() for text in records] != [PARKED_SPF]:
        yield Problem(
            ("parked",),
            f"{found.subject.domain} is parked and does not publish {PARKED_SPF}",
            remedies.park(found.subject),
        )
