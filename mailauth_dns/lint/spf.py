"""Rules about SPF records (RFC 7208)."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.lint.rule import Problem, Severity, Subject, rule
from mailauth_dns.records import spf
from mailauth_dns.records.family import Family


def _records(subject: Subject) -> Iterator[spf.Record]:
    if not subject.policy.body.parked:
        for entry, text in subject.texts(Family.SPF):
            if entry.key[0] == subject.policy.domain:  # parts are judged with the record that includes them
                yield spf.parse(text)


@rule("SPF010", "spf-lookup-limit", Severity.ERROR, "RFC 7208 §4.6.4")
def spf_lookup_limit(subject: Subject) -> Iterator[Problem]:
    """Receivers stop after ten terms that ask DNS and return permerror: SPF then fails for all mail.

    Counted here are the record's own terms; what its includes add comes on top.

    Bad:
        spf: {terms: ["include:a.example", "include:b.example", "... eleven in all"]}
    Good:
        spf: {terms: ["include:a.example", "ip4:192.0.2.0/24"]}
    """
    asking = (spf.Include, spf.A, spf.Mx, spf.Ptr, spf.Exists)
    for record in _records(subject):
        own = sum(isinstance(term, asking) for term in record.terms) + (record.redirect is not None and record.all is None)
        if own > 10:
            yield Problem(
                ("spf", "terms"), f"needs {own} lookups by itself, receivers allow 10", "drop what no longer sends, or list its addresses"
            )


@rule("SPF014", "spf-ptr", Severity.WARNING, "RFC 7208 §5.5")
def spf_ptr(subject: Subject) -> Iterator[Problem]:
    """The ptr mechanism is slow, unreliable and not to be used; some receivers skip it, so that mail fails.

    Bad:
        spf: {terms: [ptr], all: fail}
    Good:
        spf: {terms: ["ip4:192.0.2.0/24"], all: fail}
    """
    for record in _records(subject):
        if any(isinstance(term, spf.Ptr) for term in record.terms):
            yield Problem(("spf", "terms"), "uses ptr, which receivers may skip", "list the hosts by ip4, ip6 or a")


@rule("SPF015", "spf-no-all", Severity.WARNING, "RFC 7208 §4.7")
def spf_no_all(subject: Subject) -> Iterator[Problem]:
    """Without `all` or `redirect` every other host is neutral: the record stops nobody.

    Bad:
        spf: {terms: [mx]}
    Good:
        spf: {terms: [mx], all: softfail}
    """
    for record in _records(subject):
        if record.all is None and record.redirect is None:
            yield Problem(("spf",), "says nothing about other hosts: they are neutral", "add all: softfail, or all: fail")


@rule("SPF016", "spf-plus-all", Severity.ERROR, "RFC 7208 §5.1")
def spf_plus_all(subject: Subject) -> Iterator[Problem]:
    """`+all` lets every host of the Internet send as the domain, with an SPF pass.

    Bad:
        spf: {terms: [mx], all: pass}
    Good:
        spf: {terms: [mx], all: fail}
    """
    for record in _records(subject):
        if record.all is not None and record.all.qualifier is spf.Qualifier.PASS:
            yield Problem(("spf", "all"), "lets every host send as this domain", "use all: fail or all: softfail")


@rule("SPF017", "spf-neutral-all", Severity.WARNING, "RFC 7208 §8.2")
def spf_neutral_all(subject: Subject) -> Iterator[Problem]:
    """`?all` makes a forged message no worse than one from a domain without SPF.

    Bad:
        spf: {terms: [mx], all: neutral}
    Good:
        spf: {terms: [mx], all: softfail}
    """
    for record in _records(subject):
        if record.all is not None and record.all.qualifier is spf.Qualifier.NEUTRAL:
            yield Problem(("spf", "all"), "treats every other host as if there were no SPF", "use all: softfail or all: fail")


@rule("SPF018", "spf-terms-after-all", Severity.WARNING, "RFC 7208 §5.1")
def spf_terms_after_all(subject: Subject) -> Iterator[Problem]:
    """Terms after `all` are never looked at: the hosts they name do not pass.

    Bad:
        spf: {terms: ["-all", mx]}
    Good:
        spf: {terms: [mx], all: fail}
    """
    for record in _records(subject):
        places = [at for at, term in enumerate(record.terms) if isinstance(term, spf.All)]
        if places and places[0] < len(record.terms) - 1:
            term = record.terms[places[0] + 1]
            yield Problem(
                ("spf", "terms"), f"{term} stands after all and is never looked at", "take `all` out of terms and give it as the key all"
            )
