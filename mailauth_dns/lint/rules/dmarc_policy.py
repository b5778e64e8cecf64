"""Rules about what a DMARC policy asks of receivers (RFC 9989)."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.lint.rule import Problem, Severity, page, rule
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.absent import ABSENT
from mailauth_dns.records import dmarc
from mailauth_dns.senders.recognition import Trace


@rule("DMARC008", "dmarc-unknown-tag", Severity.WARNING, "RFC 9989 §4.7")
def dmarc_unknown_tag(subject: Subject) -> Iterator[Problem]:
    """Receivers ignore tags that they do not know, so a misspelt one does nothing.

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
    """Without `p`, receivers apply p=none if there is a report address, and otherwise nothing.

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
    """Receivers ignore `pct`, `rf` and `ri`, which are historic: with pct, p counts for all mail.

    Bad:
        dmarc: {p: reject, pct: 10}
    Good:
        dmarc: {p: quarantine}
    """
    advice = {
        "pct": (
            "lower p first where it is not none, since older receivers obey pct; then take it out"
        ),
        "rf": "take it out; failure reports have one format (RFC 9991)",
        "ri": "take it out; aggregate reports come about once a day",
    }
    for tag, fix in advice.items():
        if subject.dmarc_record is not None and getattr(subject.dmarc_record, tag) is not None:
            yield Problem(("dmarc", tag), f"{tag} is historic: receivers ignore it", fix)


@rule("DMARC012", "dmarc-pct-partial", Severity.WARNING, "RFC 9989 Appendix C")
def dmarc_pct_partial(subject: Subject) -> Iterator[Problem]:
    """Receivers that follow RFC 9989 ignore `pct`: the policy counts for all mail, not a part.

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
        and record.effective_p is not dmarc.Policy.NONE
    ):
        message = f"is meant for {record.pct} of 100 messages and is the policy for all of them"
        yield Problem(
            ("dmarc", "pct"),
            message,
            "lower p until it may count for all mail; t: y is no way out, older receivers do not "
            "know it",
        )


@rule("DMARC029", "dmarc-strict-unsatisfiable", Severity.WARNING, "RFC 9989 §4.4")
def dmarc_strict_unsatisfiable(subject: Subject) -> Iterator[Problem]:
    """With `aspf: s`, a sender with a subdomain in MAIL FROM never passes by SPF, only by DKIM.

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
        if entry.cname is None:
            continue
        senders = subject.recognition.entries(Trace.DKIM, entry.cname)
        paths = [sender.return_path for sender in senders if sender.return_path is not None]
        if paths and all(path.aligns.strict == "no" for path in paths):
            yield Problem(
                ("dmarc", "aspf"),
                f"{senders[0].name} never has exactly this domain in MAIL FROM: "
                "SPF may pass, but never aligned, so only DKIM can make DMARC pass",
                "leave aspf out",
            )
            return


@rule("DMARC030", "dmarc-no-aligned-path", Severity.ERROR, "RFC 9989 §4.4")
def dmarc_no_aligned_path(subject: Subject) -> Iterator[Problem]:
    """No mail passes DMARC without a host in SPF or a key in use: receivers stop all of it.

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
    if (
        record is None
        or not record.effective_p is not dmarc.Policy.NONE
        or not subject.selectors
        or subject.signing
    ):
        return
    if subject.policy.body.spf is ABSENT or (
        hosts is not None and not subject.spf_terms and hosts.redirect is None
    ):
        message = "no host and no key can pass for this domain: receivers stop all its mail"
        yield Problem(
            ("dmarc", "p"),
            message,
            "list what sends in spf or dkim; park the domain (parked: true) only if nothing sends",
        )


@rule("DMARC031", "dmarc-spf-only-enforce", Severity.WARNING, "RFC 9989 §7.4")
def dmarc_spf_only_enforce(subject: Subject) -> Iterator[Problem]:
    """Forwarded mail has no aligned SPF pass: without a signature, DMARC fails for it.

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
        and subject.dmarc_record.effective_p is not dmarc.Policy.NONE
        and subject.selectors
        and not subject.signing
        and subject.spf_terms
    ):
        yield Problem(
            ("dmarc", "p"),
            "no key signs: forwarded mail fails, and this asks receivers to stop it",
            "sign with DKIM first",
        )


@page("DMARC032", "dmarc-tightened-without-evidence", Severity.ERROR, "RFC 9989 §5.1.7")
def dmarc_tightened_without_evidence() -> None:
    """A stricter policy stops mail that fails, and no evidence of reports shows that ours passes.

    Reports of receivers show whose mail passes. `reports read --write` keeps what they say in
    zones/evidence/, and `dmarc.gate` says how much of it a stricter policy needs: days, messages,
    reporters, and the share of them that passes. `dmarc status` shows what is missing and on which
    day the step may come; `dmarc advance` writes the step.

    Reports count where they are about the policy that is published now, and from after the last
    change of SPF and DKIM. No reports are never good reports. A domain that sends nothing by its
    own policy needs none, as long as none shows mail of it. A step that is only tried (`t: y`)
    needs as much, because older receivers do not know it.

    Bad:
        dmarc: {p: quarantine}  # and p=none is published, and nobody has read a report
    Good:
        dmarc: {p: quarantine}  # once `mailauth-dns dmarc status` says that it may come
    """


@page("DMARC033", "dmarc-policy-skip", Severity.ERROR, "RFC 9989 §7.4")
def dmarc_policy_skip() -> None:
    """A jump from none to reject makes receivers reject all mail that failed unnoticed under none.

    The same is true after no record, where the domain has mail: an MX, an SPF record that lets
    anybody send, or a DKIM key. To park a domain is no such step. `t: y` does not make the step
    smaller, because older receivers do not know it.

    Bad:
        dmarc: {p: reject}  # and p=none is published
    Good:
        dmarc: {p: quarantine}  # first, and read the reports
    """


@page("DMARC034", "dmarc-policy-weaken", Severity.WARNING, "RFC 9989 §4.7")
def dmarc_policy_weaken() -> None:
    """With a weaker policy, receivers deliver mail that they stop now, forgeries among it.

    Bad:
        dmarc: {p: none}  # and p=reject is published
    Good:
        dmarc: {p: reject}
    """
