"""Rules about the names where receivers look for SPF: the domain, HELO names, explanations."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.evaluate.macro_expansion import queryable
from mailauth_dns.lint.live_rules import Asked, asked
from mailauth_dns.lint.rule import Needs, Problem, Severity, Undecided, rule
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.absent import ABSENT
from mailauth_dns.policy.repo import Route
from mailauth_dns.records import spf, spf_term
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_macro import Macro


@rule("SPF001", "spf-missing", Severity.ERROR, "RFC 7208 §3")
def spf_missing(subject: Subject) -> Iterator[Problem | Undecided]:
    """Mail of a domain without an SPF record never passes SPF: large receivers refuse it.

    A domain whose DKIM keys sign sends mail.

    Bad:
        spf: absent
        dkim: {selectors: {s1: {key: s1.pem}}}
    Good:
        spf: {terms: ["ip4:192.0.2.10"], all: fail}
        dkim: {selectors: {s1: {key: s1.pem}}}
    """
    if subject.parked or not subject.signing or subject.spf_record is not None:
        return
    if subject.policy.body.spf is ABSENT:
        yield Problem(
            ("spf",),
            "the domain signs mail and has no SPF record: its mail cannot pass SPF",
            "list in spf the hosts that send",
        )
    elif subject.resolver is not None and not any(
        map(spf.has_version, subject.resolver.lookup(subject.domain, "TXT") or ())
    ):
        yield Problem(
            ("domain",),
            "the domain signs mail and has no SPF record: its mail cannot pass SPF",
            "add an spf section with the hosts that send",
        )


def _explanations(subject: Subject) -> Iterator[tuple[Route, DomainName]]:
    """Yield the names of explanations; what a name with macros leads to depends on the message."""
    for route, term in subject.spf_terms:
        if (
            isinstance(term, spf_term.Modifier)
            and term.name == "exp"
            and not any(isinstance(piece, Macro) for piece in term.value.pieces)
        ):
            name = queryable(term.value.folded)
            if name is not None:
                yield route, name


@asked("SPF037", "spf-exp-target", Severity.WARNING, "RFC 7208 §6.2", things=_explanations)
def spf_exp_target(found: Asked[DomainName]) -> Iterator[Problem | Undecided]:
    """Receivers show no explanation if its name has no text, or several.

    Bad:
        spf: {terms: [mx, "exp=gone.example.com"], all: fail}
    Good:
        spf: {terms: [mx, "exp=why.example.com"], all: fail}  # which has one TXT
    """
    texts = found.resolver.lookup(found.thing, "TXT") or ()
    if len(texts) != 1:
        message = f"{found.thing} has {len(texts)} texts: receivers show no explanation"
        yield Problem(found.route, message, "publish one TXT there, or take exp out")


@rule("SPF038", "spf-wildcard", Severity.WARNING, "RFC 7208 §3.5", needs=Needs.DNS)
def spf_wildcard(subject: Subject) -> Iterator[Problem | Undecided]:
    """A wildcard does not answer for hosts that exist: receivers find no SPF record for them.

    Bad:
        "*.example.com. TXT v=spf1 -all" in the zone
    Good:
        a record of its own at every name that has an address
    """
    if subject.resolver is not None:
        texts = subject.resolver.lookup(DomainName(f"*.{subject.domain}"), "TXT") or ()
        if any(map(spf.has_version, texts)):
            message = (
                f"*.{subject.domain} has an SPF record: it does not answer for names that exist, "
                "but for _dmarc and selectors"
            )
            yield Problem(
                ("domain",),
                message,
                "at each name with an address publish v=spf1 a -all if it sends mail, otherwise "
                "v=spf1 -all",
            )


def _own_helo_names(subject: Subject) -> Iterator[tuple[Route, DomainName]]:
    told: set[str] = set()
    for index, test in enumerate(subject.policy.body.tests):
        helo = test.helo
        if (
            helo is not None
            and test.expect.spf == "pass"
            and helo not in told
            and helo.endswith(f".{subject.domain}")
        ):
            told.add(helo)
            yield ("tests", index, "helo"), DomainName(helo)


@asked("SPF039", "spf-helo-missing", Severity.WARNING, "RFC 7208 §2.3", things=_own_helo_names)
def spf_helo_missing(found: Asked[DomainName]) -> Iterator[Problem | Undecided]:
    """Bounces have no MAIL FROM: they pass SPF only by a record at the HELO name.

    The names are those in the policy's tests.

    Bad:
        tests: [{name: ours, helo: mx.example.com, ip: 192.0.2.10, ...}]
    Good:
        mx.example.com. TXT "v=spf1 a -all", beside it
    """
    if not any(map(spf.has_version, found.resolver.lookup(found.thing, "TXT") or ())):
        message = f"{found.thing} has no SPF record: bounces from it do not pass SPF"
        yield Problem(
            found.route,
            message,
            "publish v=spf1 a -all there; add the addresses too if mail leaves from others",
        )
