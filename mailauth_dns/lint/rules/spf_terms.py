"""Rules about the terms of an SPF record (RFC 7208)."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.lint.rule import Problem, Severity, rule
from mailauth_dns.lint.spf_reach import wide_open
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.repo import Route
from mailauth_dns.records import spf_term
from mailauth_dns.records.spf_macro import Macro

MAX_TEXT = 450  # octets of a record (RFC 7208 §3.4)


_SOFTFAIL = "write all: softfail; write all: fail once every host that sends is listed"


def all_place(subject: Subject) -> Route:
    """Return where the policy says `all`: the key, or the item among the terms."""
    return next(
        (route for route, term in subject.spf_terms if isinstance(term, spf_term.All)),
        ("spf", "all"),
    )


@rule("SPF008", "spf-unknown-modifier", Severity.INFO, "RFC 7208 §6")
def spf_unknown_modifier(subject: Subject) -> Iterator[Problem]:
    """Receivers ignore modifiers that they do not know, so a misspelt one does nothing.

    Bad:
        spf: {terms: ["redirct=example.net"]}
    Good:
        spf: {redirect: example.net}
    """
    for route, term in subject.spf_terms:
        if isinstance(term, spf_term.Modifier) and term.name not in ("redirect", "exp"):
            yield Problem(
                route,
                f"{term.name} is no modifier that receivers know: they ignore it",
                "take it out, or correct its name",
            )


@rule("SPF014", "spf-ptr", Severity.WARNING, "RFC 7208 §5.5")
def spf_ptr(subject: Subject) -> Iterator[Problem]:
    """Some receivers skip the ptr mechanism, which is slow and unreliable: mail then fails.

    Bad:
        spf: {terms: [ptr], all: fail}
    Good:
        spf: {terms: ["ip4:192.0.2.0/24"], all: fail}
    """
    for route, term in subject.spf_terms:
        if isinstance(term, spf_term.Ptr):
            yield Problem(
                route,
                "uses ptr, which some receivers skip: mail that only ptr lets pass then fails",
                "list the hosts that send as ip4, ip6 or a, then take ptr out",
            )


@rule("SPF015", "spf-no-all", Severity.WARNING, "RFC 7208 §4.7")
def spf_no_all(subject: Subject) -> Iterator[Problem]:
    """Without `all` or `redirect`, receivers find neutral for every other host: SPF stops nobody.

    Bad:
        spf: {terms: [mx]}
    Good:
        spf: {terms: [mx], all: softfail}
    """
    if (
        subject.spf_record is not None
        and subject.spf_record.all is None
        and subject.spf_record.redirect is None
    ):
        yield Problem(
            ("spf",), "says nothing about other hosts: receivers find neutral for them", _SOFTFAIL
        )


@rule("SPF016", "spf-plus-all", Severity.ERROR, "RFC 7208 §5.1")
def spf_plus_all(subject: Subject) -> Iterator[Problem]:
    """`+all` lets every host of the Internet send as the domain and pass SPF.

    Networks that hold most of the Internet do the same.

    Bad:
        spf: {terms: [mx], all: pass}
    Good:
        spf: {terms: [mx], all: fail}
    """
    if (
        subject.spf_record is not None
        and subject.spf_record.all is not None
        and subject.spf_record.all.qualifier is spf_term.Qualifier.PASS
    ):
        yield Problem(
            all_place(subject),
            "lets every host send as this domain and pass SPF",
            f"list every host that sends, then {_SOFTFAIL}",
        )
    elif (found := wide_open(subject)) is not None:
        route, share, version = found
        yield Problem(
            route,
            f"{share} % of all IPv{version} addresses can send as this domain, as good as +all",
            "list every network that sends, then take this out",
        )


@rule("SPF017", "spf-neutral-all", Severity.WARNING, "RFC 7208 §8.2")
def spf_neutral_all(subject: Subject) -> Iterator[Problem]:
    """With `?all`, receivers treat a forged message as if the domain had no SPF.

    Bad:
        spf: {terms: [mx], all: neutral}
    Good:
        spf: {terms: [mx], all: softfail}
    """
    if (
        subject.spf_record is not None
        and subject.spf_record.all is not None
        and subject.spf_record.all.qualifier is spf_term.Qualifier.NEUTRAL
    ):
        yield Problem(
            all_place(subject),
            "receivers treat mail from every other host as if there were no SPF",
            _SOFTFAIL,
        )


@rule("SPF018", "spf-terms-after-all", Severity.WARNING, "RFC 7208 §5.1")
def spf_terms_after_all(subject: Subject) -> Iterator[Problem]:
    """Receivers never look at terms after `all`: the hosts that they name do not pass.

    Bad:
        spf: {terms: ["-all", mx]}
    Good:
        spf: {terms: [mx], all: fail}
    """
    seen = False
    for route, term in subject.spf_terms:
        if seen and not isinstance(term, spf_term.Modifier):
            yield Problem(
                route,
                f"{term} stands after all: receivers never look at it",
                "take it out; if its hosts send, put it before all",
            )
            return
        seen = seen or isinstance(term, spf_term.All)
    if seen and subject.spf_section is not None and subject.spf_section.all is not None:
        yield Problem(
            ("spf", "all"),
            "there is an all among the terms: receivers never look at this one",
            "take this one out",
        )


@rule("SPF019", "spf-redirect-with-all", Severity.WARNING, "RFC 7208 §6.1")
def spf_redirect_with_all(subject: Subject) -> Iterator[Problem]:
    """Receivers decide at `all` and never look at `redirect`: the other domain's hosts do not pass.

    Bad:
        spf: {terms: ["redirect=example.net"], all: fail}
    Good:
        spf: {redirect: example.net}
    """
    if (
        subject.spf_record is None
        or subject.spf_record.all is None
        or subject.spf_record.redirect is None
    ):
        return
    listed = (
        route
        for route, term in subject.spf_terms
        if isinstance(term, spf_term.Modifier) and term.name == "redirect"
    )
    yield Problem(
        next(listed, ("spf", "redirect")),
        "receivers never look at redirect, because there is an all",
        "take redirect out, which changes nothing; if its hosts send, take all out instead",
    )


@rule("SPF032", "spf-record-over-450", Severity.WARNING, "RFC 7208 §3.4")
def spf_record_over_450(subject: Subject) -> Iterator[Problem]:
    """A long record may not fit into an answer of 512 octets: some receivers never get it.

    Resolvers without EDNS must ask again over TCP, and some do not get through.

    Bad:
        spf: {terms: ["ip4:192.0.2.1", "... forty addresses more"], all: fail}
    Good:
        spf: {terms: ["ip4:192.0.2.0/24"], all: fail}
    """
    size = len(str(subject.published_spf)) if subject.published_spf is not None else 0
    if size > MAX_TEXT:
        message = (
            f"a record of {size} octets: the answer may exceed 512, and resolvers without EDNS "
            f"must then use TCP; the RFC advises {MAX_TEXT} at most"
        )
        yield Problem(
            ("spf", "terms"),
            message,
            "take out what no longer sends, or flatten an include (spf.flatten), which moves its "
            "addresses to parts",
        )


@rule("SPF035", "spf-macro-p", Severity.WARNING, "RFC 7208 §7.2")
def spf_macro_p(subject: Subject) -> Iterator[Problem]:
    """`%{p}` costs receivers what ptr costs, and some skip it: the term then does not match.

    Bad:
        spf: {terms: ["exists:%{p}.allow.example.com"], all: fail}
    Good:
        spf: {terms: ["exists:%{i}.allow.example.com"], all: fail}
    """
    for route, term in subject.spf_terms:
        spec = (
            term.value
            if isinstance(term, spf_term.Modifier)
            else None
            if isinstance(term, spf_term.All | spf_term.Ip4 | spf_term.Ip6)
            else term.domain
        )
        if spec is not None and any(
            isinstance(piece, Macro) and piece.letter in "pP" for piece in spec.pieces
        ):
            yield Problem(
                route,
                f"{term} asks for the client's name, which receivers may skip",
                "use %{i}, after you have published the names that it makes",
            )


@rule("SPF046", "spf-hardfail-with-forwarding", Severity.INFO, "RFC 9989 §7.1")
def spf_hardfail_with_forwarding(subject: Subject) -> Iterator[Problem]:
    """Some receivers refuse mail on `-all` before they look at DKIM: forwarded mail is lost.

    DKIM would have saved it.

    Bad:
        spf: {terms: [mx], all: fail}
        dkim: {selectors: {s1: {key: s1.pem}}}
        dmarc: {p: reject, rua: ["mailto:dmarc@example.com"]}
    Good:
        spf: {terms: [mx], all: softfail}
        dkim: {selectors: {s1: {key: s1.pem}}}
        dmarc: {p: reject, rua: ["mailto:dmarc@example.com"]}
    """
    if (
        subject.spf_record is None
        or subject.dmarc_record is None
        or not subject.spf_terms
        or not subject.signing
    ):
        return
    ending = subject.spf_record.all
    if (
        ending is not None
        and ending.qualifier is spf_term.Qualifier.FAIL
        and subject.dmarc_record.effective_p.value == "reject"
    ):
        yield Problem(
            all_place(subject),
            "some receivers refuse forwarded mail for this, before DKIM can save it",
            "with p: reject, use all: softfail",
        )
