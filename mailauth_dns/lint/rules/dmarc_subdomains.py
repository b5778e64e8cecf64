"""Rules about what a DMARC policy does to the names below its domain (RFC 9989)."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.evaluate.dmarc_walk import walk
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.lint.rule import Problem, Severity, rule
from mailauth_dns.lint.subject import Subject
from mailauth_dns.records import dmarc
from mailauth_dns.records.name import DomainName

_LEVEL = {dmarc.Policy.NONE: 0, dmarc.Policy.QUARANTINE: 1, dmarc.Policy.REJECT: 2}


def _above(subject: Subject) -> DomainName | None:
    """Return the organizational domain where it is a name above this one.

    Only the repo's own records are asked.
    """
    found = walk(subject.domain, subject.neighbours.dmarc).organizational_domain
    return None if isinstance(found, Unknown) or found == subject.domain else found


@rule("DMARC023", "dmarc-sp-weaker", Severity.WARNING, "RFC 9989 §4.7")
def dmarc_sp_weaker(subject: Subject) -> Iterator[Problem]:
    """With a weaker `sp`, receivers let through forgeries in the names of subdomains.

    Bad:
        dmarc: {p: reject, sp: none, rua: ["mailto:dmarc@example.com"]}
    Good:
        dmarc: {p: reject, sp: reject, rua: ["mailto:dmarc@example.com"]}
    """
    record = subject.dmarc_record
    if (
        record is not None
        and record.p is not None
        and record.sp is not None
        and _LEVEL[record.sp] < _LEVEL[record.p]
    ):
        message = f"subdomains have {record.sp}, weaker than p {record.p}: forgers can use them"
        yield Problem(
            ("dmarc", "sp"),
            message,
            "raise sp one level at a time, when reports show that their mail passes",
        )


@rule("DMARC024", "dmarc-np-missing", Severity.INFO, "RFC 9989 §4.7")
def dmarc_np_missing(subject: Subject) -> Iterator[Problem]:
    """Mail from names that do not exist is forged or broken: with `np: reject` it is refused.

    Bad:
        dmarc: {p: quarantine, rua: ["mailto:dmarc@example.com"]}
    Good:
        dmarc: {p: quarantine, np: reject, rua: ["mailto:dmarc@example.com"]}
    """
    record = subject.dmarc_record
    if (
        record is not None
        and record.effective_p is not dmarc.Policy.NONE
        and record.effective_np is not dmarc.Policy.REJECT
        and _above(subject) is None
    ):
        message = f"names that do not exist have {record.effective_np}"
        yield Problem(
            ("dmarc",),
            message,
            "add np: reject, when reports show that none of your mail comes from them",
        )


@rule("DMARC025", "dmarc-sp-np-on-subdomain", Severity.INFO, "RFC 9989 §4.10.1")
def dmarc_sp_np_on_subdomain(subject: Subject) -> Iterator[Problem]:
    """Receivers do not look at `sp` and `np` of a subdomain that has a DMARC domain above it.

    Names without a record of their own inherit from the organizational domain.

    Bad:
        dmarc: {p: reject, sp: reject}  # for news.example.com, below example.com
    Good:
        dmarc: {p: reject}
    """
    record = subject.dmarc_record
    if record is None or (record.sp is None and record.np is None):
        return
    above = _above(subject)
    if above is None:
        return
    for tag in ("sp", "np"):
        if getattr(record, tag) is not None:
            yield Problem(
                ("dmarc", tag),
                f"receivers do not look at it: names below inherit from {above}",
                f"take it out; {above} decides",
            )


@rule("DMARC026", "dmarc-psd-misuse", Severity.ERROR, "RFC 9989 §4.10.2")
def dmarc_psd_misuse(subject: Subject) -> Iterator[Problem]:
    """With `psd=y` no mail from names below aligns with the domain: that is for registries.

    Bad:
        dmarc: {p: reject, psd: y}
    Good:
        dmarc: {p: reject, psd: n}
    """
    if subject.dmarc_record is not None and subject.dmarc_record.psd is dmarc.PublicSuffix.YES:
        message = "psd: y is for public suffixes: subdomains no longer align with this domain"
        yield Problem(("dmarc", "psd"), message, "leave it out")
