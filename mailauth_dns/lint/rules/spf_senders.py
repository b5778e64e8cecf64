"""Rules about what is delegated to senders of the catalogue: includes that buy nothing, delegations that lead elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.lint.rule import Problem, Severity, rule
from mailauth_dns.lint.sender_hints import NEVER_PUBLISHED, ReturnPath, include_of, sender_of
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.repo import Route
from mailauth_dns.records import dmarc, spf_term


def _includes(subject: Subject) -> Iterator[tuple[Route, str]]:
    for route, term in subject.spf_terms:
        if isinstance(term, spf_term.Include):
            yield route, term.domain.folded


@rule("SPF040", "spf-nonaligning-include", Severity.WARNING, "RFC 9989 §4.4")
def spf_nonaligning_include(subject: Subject) -> Iterator[Problem]:
    """The sender has its own domain in MAIL FROM, where receivers look for SPF: the include costs lookups and aligns nothing.

    Bad:
        spf: {terms: ["include:servers.mcsv.net"], all: fail}
    Good:
        dkim: {selectors: {k2: {cname: dkim2.mcsv.net}}}
    """
    for route, name in _includes(subject):
        known = include_of(name)
        if known is not None and known.return_path is ReturnPath.VENDOR:
            message = f"{known.sender} never has this domain in MAIL FROM: the include costs lookups and aligns nothing"
            yield Problem(
                route,
                message,
                "take it out; publish the selectors that its console shows, which align its mail",
            )


@rule("SPF041", "spf-include-wrong-name", Severity.WARNING, "RFC 7208 §2.4")
def spf_include_wrong_name(subject: Subject) -> Iterator[Problem]:
    """The sender has a subdomain in MAIL FROM, and receivers look for SPF there: at the domain in From the include does nothing.

    Bad:
        spf: {terms: ["include:amazonses.com"], all: fail}
        dkim: {selectors: {s1: {key: s1.pem}}}
    Good:
        domain: mail.example.com
        spf: {terms: ["include:amazonses.com"], all: fail}
    """
    for route, name in _includes(subject):
        known = include_of(name)
        if known is not None and known.return_path is ReturnPath.SUBDOMAIN and subject.signing:
            message = f"{known.sender} has a subdomain in MAIL FROM: the include belongs there, here it aligns nothing"
            yield Problem(
                route,
                message,
                "say it in the policy of the return path's name; once that is published, take it out here",
            )


@rule("SPF045", "spf-underscore-include-typo", Severity.WARNING, "RFC 7208 §5.2")
def spf_include_never_published(subject: Subject) -> Iterator[Problem]:
    """An include of a name that never had a record is a permerror: SPF then fails for all mail that gets there.

    Bad:
        spf: {terms: ["include:_spf.resend.com"], all: fail}
    Good:
        what the sender's own console shows
    """
    for route, name in _includes(subject):
        if name in NEVER_PUBLISHED:
            yield Problem(route, f"{name} has never had an SPF record", NEVER_PUBLISHED[name])


@rule("DKIM027", "dkim-cname-target-pattern", Severity.WARNING, "practice")
def dkim_cname_target_pattern(subject: Subject) -> Iterator[Problem]:
    """A delegation that leads to another name than the sender's do finds no key, or another account's: signatures fail.

    Bad:
        dkim: {selectors: {zendesk1: {cname: zendesk2._domainkey.zendesk.com}}}
    Good:
        dkim: {selectors: {zendesk1: {cname: zendesk1._domainkey.zendesk.com}}}
    """
    for selector, entry in subject.selectors.items():
        sender = (
            sender_of(entry.cname) if entry.cname is not None and entry.state != "absent" else None
        )
        if (
            sender is not None
            and entry.cname is not None
            and not sender.fits(selector, subject.domain, entry.cname)
        ):
            message = f"delegations to {sender.name} do not lead to such a name from {selector}"
            yield Problem(
                ("dkim", "selectors", selector, "cname"),
                message,
                "compare it with what the sender's console shows",
            )


@rule("DMARC029", "dmarc-strict-unsatisfiable", Severity.WARNING, "RFC 9989 §4.4")
def dmarc_strict_unsatisfiable(subject: Subject) -> Iterator[Problem]:
    """With `aspf: s` MAIL FROM must be the very domain; a sender that has a subdomain there never passes by SPF, only by DKIM.

    Bad:
        dkim: {selectors: {abc: {cname: abc.dkim.amazonses.com}}}
        dmarc: {p: reject, aspf: s, rua: ["mailto:dmarc@example.com"]}
    Good:
        dkim: {selectors: {abc: {cname: abc.dkim.amazonses.com}}}
        dmarc: {p: reject, rua: ["mailto:dmarc@example.com"]}
    """
    if (
        subject.dmarc_record is None
        or subject.dmarc_record.effective_aspf is not dmarc.Alignment.STRICT
    ):
        return
    for entry in subject.signing.values():
        sender = sender_of(entry.cname) if entry.cname is not None else None
        if sender is not None and sender.return_path is not ReturnPath.OWN_DOMAIN:
            yield Problem(
                ("dmarc", "aspf"),
                f"{sender.name} never has the very domain in MAIL FROM: its mail fails by SPF",
                "leave aspf out",
            )
            return
