"""Rules about DMARC records (RFC 9989)."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.evaluate.dmarc_walk import walk
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.lint.rule import Problem, Severity, rule
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.absent import ABSENT
from mailauth_dns.records import dmarc
from mailauth_dns.records.name import DomainName

_LEVEL = {dmarc.Policy.NONE: 0, dmarc.Policy.QUARANTINE: 1, dmarc.Policy.REJECT: 2}
_MANY = 2  # addresses that receivers send to at least


def _enforces(record: dmarc.Record) -> bool:
    return record.effective_p is not dmarc.Policy.NONE


@rule("DMARC008", "dmarc-unknown-tag", Severity.WARNING, "RFC 9989 §4.7")
def dmarc_unknown_tag(subject: Subject) -> Iterator[Problem]:
    """Receivers ignore tags they do not know.

    Bad:
        dmarc: {p: reject, other: {polcy: reject}}
    Good:
        dmarc: {p: reject}
    """
    for tag in subject.dmarc_section.other if subject.dmarc_section is not None else ():
        yield Problem(
            ("dmarc", "other", tag), f"{tag} is not a DMARC tag: receivers ignore it", "take it out"
        )


@rule("DMARC009", "dmarc-p-missing", Severity.ERROR, "RFC 9989 §4.10.1")
def dmarc_p_missing(subject: Subject) -> Iterator[Problem]:
    """Without `p` a record counts as p=none where it has a report address, and as no record where it has none.

    Bad:
        dmarc: {rua: ["mailto:dmarc@example.com"]}
    Good:
        dmarc: {p: none, rua: ["mailto:dmarc@example.com"]}
    """
    if subject.dmarc_record is not None and subject.dmarc_record.p is None:
        yield Problem(
            ("dmarc",),
            "has no p: at best it counts as p=none",
            "add p: none; raise it when reports show that your mail passes",
        )


@rule("DMARC011", "dmarc-removed-tag", Severity.WARNING, "RFC 9989 §9.3")
def dmarc_removed_tag(subject: Subject) -> Iterator[Problem]:
    """`pct`, `rf` and `ri` are historic: receivers ignore them, so a ramp by pct is the full policy.

    Bad:
        dmarc: {p: reject, pct: 10}
    Good:
        dmarc: {p: quarantine}
    """
    advice = {
        "pct": "lower p first where it is not none, since older receivers obey pct; then take it out",
        "rf": "take it out; failure reports have one format (RFC 9991)",
        "ri": "take it out; aggregate reports come about once a day",
    }
    for tag, fix in advice.items():
        if subject.dmarc_record is not None and getattr(subject.dmarc_record, tag) is not None:
            yield Problem(("dmarc", tag), f"{tag} is historic: receivers ignore it", fix)


@rule("DMARC015", "dmarc-rua-missing", Severity.WARNING, "RFC 9989 §4.7")
def dmarc_rua_missing(subject: Subject) -> Iterator[Problem]:
    """Without a report address nobody tells the owner who sends as the domain, and whose mail fails.

    Bad:
        dmarc: {p: quarantine}
    Good:
        dmarc: {p: quarantine, rua: ["mailto:dmarc@example.com"]}
    """
    if subject.dmarc_record is not None and not subject.dmarc_record.rua:
        yield Problem(
            ("dmarc",),
            "asks for no reports: nobody tells you whose mail fails",
            'add rua: ["mailto:..."]',
        )


@rule("DMARC023", "dmarc-sp-weaker", Severity.WARNING, "RFC 9989 §4.7")
def dmarc_sp_weaker(subject: Subject) -> Iterator[Problem]:
    """A weaker `sp` sends forgers to the subdomains.

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
        message = f"subdomains have {record.sp}, weaker than p {record.p}"
        yield Problem(
            ("dmarc", "sp"),
            message,
            "raise sp one level at a time, when reports show that their mail passes",
        )


@rule("DMARC026", "dmarc-psd-misuse", Severity.ERROR, "RFC 9989 §4.10.2")
def dmarc_psd_misuse(subject: Subject) -> Iterator[Problem]:
    """`psd=y` is for registries: it makes each name below an organization of its own, so that nothing aligns with the domain.

    Bad:
        dmarc: {p: reject, psd: y}
    Good:
        dmarc: {p: reject, psd: n}
    """
    if subject.dmarc_record is not None and subject.dmarc_record.psd is dmarc.PublicSuffix.YES:
        message = "psd: y is for public suffixes: subdomains no longer align with this domain"
        yield Problem(("dmarc", "psd"), message, "leave it out")


@rule("DMARC012", "dmarc-pct-partial", Severity.WARNING, "RFC 9989 Appendix C")
def dmarc_pct_partial(subject: Subject) -> Iterator[Problem]:
    """Receivers that follow RFC 9989 ignore `pct`: a policy for a part of the mail is the policy for all of it.

    Bad:
        dmarc: {p: reject, pct: 10}
    Good:
        dmarc: {p: quarantine}
    """
    record = subject.dmarc_record
    if (
        record is not None
        and record.pct is not None
        and 0 < int(record.pct) < 100
        and _enforces(record)
    ):
        message = f"is meant for {record.pct} of 100 messages and is the policy for all of them"
        yield Problem(
            ("dmarc", "pct"),
            message,
            "lower p until all of the mail may get it: older receivers do not know t: y",
        )


@rule("DMARC014", "dmarc-size-suffix", Severity.INFO, "RFC 9989 §4.7")
def dmarc_size_suffix(subject: Subject) -> Iterator[Problem]:
    """A size limit behind a report address is historic: receivers ignore it.

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


@rule("DMARC017", "dmarc-rua-many", Severity.INFO, "practice")
def dmarc_rua_many(subject: Subject) -> Iterator[Problem]:
    """Receivers need not send to more than two addresses: who stands third may get nothing.

    Bad:
        dmarc: {p: none, rua: ["mailto:a@example.com", "mailto:b@example.com", "mailto:c@example.com"]}
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
        yield Problem(("dmarc", "rua", _MANY), message, "let one address pass reports on")


@rule("DMARC018", "dmarc-rua-https", Severity.INFO, "RFC 9990")
def dmarc_rua_https(subject: Subject) -> Iterator[Problem]:
    """Reports are sent by mail: an address of another kind gets none.

    Bad:
        dmarc: {p: none, rua: ["https://reports.example.com/dmarc"]}
    Good:
        dmarc: {p: none, rua: ["mailto:dmarc@example.com"]}
    """
    for tag, index, uri in subject.report_addresses:
        if not uri.text.lower().startswith("mailto:"):
            yield Problem(
                ("dmarc", tag, index),
                f"{uri.text} is no mail address, and reports go by mail",
                "use mailto:",
            )


@rule("DMARC024", "dmarc-np-missing", Severity.INFO, "RFC 9989 §4.7")
def dmarc_np_missing(subject: Subject) -> Iterator[Problem]:
    """Nobody sends from names that do not exist but forgers: `np: reject` stops them and no real mail.

    Bad:
        dmarc: {p: quarantine, rua: ["mailto:dmarc@example.com"]}
    Good:
        dmarc: {p: quarantine, np: reject, rua: ["mailto:dmarc@example.com"]}
    """
    record = subject.dmarc_record
    if (
        record is not None
        and _enforces(record)
        and record.effective_np is not dmarc.Policy.REJECT
        and _above(subject) is None
    ):
        message = f"names that do not exist have {record.effective_np}"
        yield Problem(
            ("dmarc",),
            message,
            "add np: reject, when reports show no mail of yours from such names",
        )


def _above(subject: Subject) -> DomainName | None:
    """Return the organizational domain where it is a name above this one, as far as the repo's own records tell."""
    found = walk(subject.domain, subject.neighbours.dmarc).organizational_domain
    return None if isinstance(found, Unknown) or found == subject.domain else found


@rule("DMARC025", "dmarc-sp-np-on-subdomain", Severity.INFO, "RFC 9989 §4.10.1")
def dmarc_sp_np_on_subdomain(subject: Subject) -> Iterator[Problem]:
    """What has no record of its own inherits from the organizational domain: `sp` and `np` of a subdomain between are not looked at.

    Bad:
        dmarc: {p: reject, sp: reject}  # for news.example.com, below example.com
    Good:
        dmarc: {p: reject}
    """
    record, above = subject.dmarc_record, _above(subject)
    if record is None or above is None:
        return
    for tag in ("sp", "np"):
        if getattr(record, tag) is not None:
            yield Problem(
                ("dmarc", tag),
                f"is not looked at: names below inherit from {above}",
                f"take it out; {above} decides",
            )


@rule("DMARC030", "dmarc-no-aligned-path", Severity.ERROR, "RFC 9989 §4.4")
def dmarc_no_aligned_path(subject: Subject) -> Iterator[Problem]:
    """A domain that asks for quarantine or reject and has neither hosts in SPF nor a key in use gets all its own mail refused.

    Bad:
        spf: {all: fail}
        dkim: {selectors: {s1: {state: revoked}}}
        dmarc: {p: reject, rua: ["mailto:dmarc@example.com"]}
    Good:
        spf: {terms: [mx], all: fail}
        dkim: {selectors: {s1: {key: s1.pem}}}
        dmarc: {p: reject, rua: ["mailto:dmarc@example.com"]}
    """
    record, hosts = subject.dmarc_record, subject.spf_record
    if record is None or not _enforces(record) or not subject.selectors or subject.signing:
        return
    if subject.policy.body.spf is ABSENT or (
        hosts is not None and not subject.spf_terms and hosts.redirect is None
    ):
        message = "no host and no key can pass for this domain"
        yield Problem(
            ("dmarc", "p"),
            message,
            "say what sends; park the domain (parked: true) only where nothing does",
        )


@rule("DMARC031", "dmarc-spf-only-enforce", Severity.WARNING, "RFC 9989 §7.4")
def dmarc_spf_only_enforce(subject: Subject) -> Iterator[Problem]:
    """SPF fails for forwarded mail: without a signature it is quarantined or refused.

    Bad:
        spf: {terms: [mx], all: fail}
        dkim: {selectors: {s1: {state: revoked}}}
        dmarc: {p: reject, rua: ["mailto:dmarc@example.com"]}
    Good:
        spf: {terms: [mx], all: fail}
        dkim: {selectors: {s1: {key: s1.pem}}}
        dmarc: {p: reject, rua: ["mailto:dmarc@example.com"]}
    """
    if (
        subject.dmarc_record is not None
        and _enforces(subject.dmarc_record)
        and subject.selectors
        and not subject.signing
        and subject.spf_terms
    ):
        yield Problem(
            ("dmarc", "p"),
            "no key signs: forwarded mail fails, and this asks to stop it",
            "sign with DKIM first",
        )


@rule("DMARC035", "dmarc-fo", Severity.INFO, "RFC 9989 §4.7")
def dmarc_fo(subject: Subject) -> Iterator[Problem]:
    """`fo` says when to send failure reports: without `ruf` there is nobody to send them to, and it is ignored.

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
    """Failure reports hold other people's mail: hardly a receiver sends them, and who collects them has personal data to protect.

    Bad:
        dmarc: {p: none, rua: ["mailto:dmarc@example.com"], ruf: ["mailto:forensic@example.com"]}
    Good:
        dmarc: {p: none, rua: ["mailto:dmarc@example.com"]}
    """
    if subject.dmarc_record is not None and subject.dmarc_record.ruf:
        yield Problem(
            ("dmarc", "ruf"),
            "asks for failure reports, which hold other people's mail",
            "leave ruf out unless somebody reads them",
        )
