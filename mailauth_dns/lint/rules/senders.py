"""Rules about the senders that a policy declares (`senders`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mailauth_dns.lint.rule import Problem, Severity, page, rule
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.senders_in_tests import is_of
from mailauth_dns.records import dmarc
from mailauth_dns.senders.use import Use


def _active(subject: Subject) -> Iterator[Use]:
    return (use for use in subject.policy.senders if use.life.retired is None)


def _key_is_known(use: Use) -> bool:
    """Tell whether the catalogue knows how the sender signs; else a selector may be for it."""
    return use.entry is not None and use.entry.dkim is not None


def _signs(subject: Subject, use: Use) -> bool:
    """Tell whether the policy publishes a key that the sender signs with."""
    named = {*use.signs_with, *(each.selector for each in use.selectors)}
    return bool(named & subject.signing.keys())


@rule("SND001", "sender-selector-undeclared", Severity.ERROR, "RFC 6376 §3.6.2")
def sender_selector_undeclared(subject: Subject) -> Iterator[Problem]:
    """A host that signs with a key which is not published: all its signatures fail.

    Bad:
        senders: {server: {ip: [192.0.2.10], dkim: [mx2026]}}
    Good:
        senders: {server: {ip: [192.0.2.10], dkim: [mx2026]}}
        dkim: {selectors: {mx2026: {key: ed25519.pem}}}
    """
    for use in _active(subject):
        for number, selector in enumerate(use.signs_with):
            if selector not in subject.signing:
                there = selector in subject.selectors
                what = "does not let sign" if there else "does not declare"
                yield Problem(
                    ("senders", use.key, "dkim", number),
                    f"{use.name} signs with {selector}, which dkim.selectors {what}: "
                    "signatures with it fail",
                    f"declare {selector} under dkim.selectors (`dkim keygen` makes a key), or take "
                    "it out here",
                )


@rule("SND002", "sender-cannot-align", Severity.ERROR, "RFC 9989 §5.3")
def sender_cannot_align(subject: Subject) -> Iterator[Problem]:
    """Mail of a sender that aligns by neither SPF nor DKIM fails DMARC, always.

    Bad:
        senders: {letters: {}}  # whose return path is its own domain, and without its key
    Good:
        senders: {letters: {p: MIGfMA0GCSqG...}}
    """
    for use in _active(subject):
        if use.relaxed == "no" and _key_is_known(use) and not _signs(subject, use):
            yield Problem(
                ("senders", use.key),
                f"mail of {use.name} aligns neither by SPF nor by DKIM as it is declared here: "
                "it fails DMARC",
                "give what is left out: "
                f"`mailauth-dns senders {use.sender}` says where it is found",
            )


@rule("SND003", "sender-key-not-given", Severity.WARNING, "RFC 9989 §5.3")
def sender_key_not_given(subject: Subject) -> Iterator[Problem]:
    """Mail of a sender without its DKIM key passes DMARC by SPF alone, which forwarding breaks.

    Bad:
        senders: {google: {}}
    Good:
        senders: {google: {p: MIIBIjANBgkqhkiG9w0B...}}
    """
    for use in _active(subject):
        if use.relaxed != "no" and _key_is_known(use) and not _signs(subject, use):
            yield Problem(
                ("senders", use.key),
                f"no DKIM key of {use.name} is published: its mail fails DMARC once forwarded",
                "turn DKIM on at the sender and give its key: "
                f"`mailauth-dns senders {use.sender}` says where it is found",
            )


@rule("SND004", "sender-alignment-unknown", Severity.WARNING, "RFC 9989 §5.3")
def sender_alignment_unknown(subject: Subject) -> Iterator[Problem]:
    """Where nobody says whether a sender's mail aligns, a strict policy may lose it.

    Bad:
        senders: {klaviyo: {subdomain: send}}
        dmarc: {p: reject}
    Good:
        senders: {klaviyo: {subdomain: send}}
        dmarc: {p: none, rua: ["mailto:dmarc@example.com"]}
    """
    record = subject.dmarc_record
    if record is None or record.p in (None, dmarc.Policy.NONE):
        return
    for use in _active(subject):
        spf = use.relaxed if _key_is_known(use) or use.relaxed == "yes" else "unknown"
        if spf == "unknown" and not _signs(subject, use):
            yield Problem(
                ("senders", use.key),
                f"nobody says whether mail of {use.name} aligns, and p={record.p} makes receivers "
                "act on mail that does not",
                "send yourself a message and look at it with `check-message`; waive this where it "
                "passes, else stay at p=none",
            )


@rule("SND005", "sender-retired-in-tests", Severity.WARNING, "practice")
def sender_retired_in_tests(subject: Subject) -> Iterator[Problem]:
    """A test of a retired sender's mail fails once its records go, and refuses that plan.

    Bad:
        senders: {mailchimp: {retired: 2026-05-01}}
        tests: [{name: news, from: a@example.com, ip: 192.0.2.1, dkim: [k2], expect: {dkim: pass}}]
    Good:
        senders: {mailchimp: {retired: 2026-05-01}}
    """
    policy = subject.policy
    retired = [use for use in policy.senders if use.life.retired is not None]
    for number, test in enumerate(policy.body.tests if retired else ()):
        if any(is_of(use, policy, test) for use in _active(subject)):
            continue
        for use in retired:
            if is_of(use, policy, test):
                yield Problem(
                    ("tests", number),
                    f"the test {test.name!r} is of mail of {use.name}, which is retired since "
                    f"{use.life.retired}",
                    "take the test out",
                )


@rule("SND006", "sender-gone", Severity.INFO, "practice")
def sender_gone(subject: Subject) -> Iterator[Problem]:
    """A retired sender whose grace is over: its records go with the next plan.

    Once that is applied, the entry says nothing any more. Taken out before, its records would stay
    in DNS, and belong to nobody.

    Bad:
        senders: {mailchimp: {retired: 2020-01-01}}
    Good:
        no entry, once `mailauth-dns senders status` says that nothing of it is left
    """
    for use in subject.policy.senders:
        if use.life.gone:
            yield Problem(
                ("senders", use.key),
                f"the grace of {use.name} ended on {use.life.gone_from}: its records go",
                "plan and apply; take the entry out once `senders status` says so",
            )


@rule("SND007", "sender-twice", Severity.WARNING, "practice")
def sender_twice(subject: Subject) -> Iterator[Problem]:
    """One account of a sender under two names: who ends one of them may miss the other.

    Bad:
        senders: {mailchimp: {}, news: {sender: mailchimp}}
    Good:
        senders: {mailchimp: {}}
    """
    seen: list[tuple[Use, Mapping[str, object]]] = []
    for use in subject.policy.senders:
        said = _answers(subject, use)
        twin = next(
            (other for other, of in seen if other.sender == use.sender and of == said), None
        )
        if twin is not None:
            yield Problem(
                ("senders", use.key),
                f"{use.key} and {twin.key} are the same account of {use.name}",
                f"take one of them out; with `retired`, keep {_kept(use, twin).key}",
            )
        seen.append((use, said))


@rule("SND009", "sender-tokens-shared", Severity.WARNING, "practice")
def sender_tokens_shared(subject: Subject) -> Iterator[Problem]:
    """A sender makes DKIM tokens for one domain; published for another, they sign nothing there.

    Bad:
        one file with domains: [example.com, example.net] and the tokens that are for example.com
    Good:
        a file for each domain, with the tokens that the console shows for it
    """
    for use in _active(subject):
        owners = map(subject.neighbours.alias_owners.get, use.aliases_by_token)
        owner = next((each for each in owners if each not in (None, subject.domain)), None)
        if owner is not None:
            yield Problem(
                ("senders", use.key),
                f"these DKIM tokens of {use.name} are also those of {owner}: as a rule they are of "
                "one domain, and mail of the other is not signed",
                "give each domain a file of its own, with the tokens that the console shows for "
                "it; waive this where the console shows the same",
            )


@page("SND010", "sender-still-sends", Severity.ERROR, "practice")
def sender_still_sends() -> None:
    """A retired sender loses its records while reports still show its mail: that will fail DMARC.

    Looked at are the latest reports in zones/evidence/, those of the last days that `dmarc.gate`
    calls the newest. Older mail does not count, nor does mail from before the sender was retired.
    Without reports nothing is known, and only the grace protects the sender's mail.

    Bad:
        senders: {zendesk: {retired: 2026-08-01}}  # and receivers still report mail of it
    Good:
        senders: {zendesk: {}}  # until it has really stopped; or stop it, and wait three days
    """


def _answers(subject: Subject, use: Use) -> Mapping[str, object]:
    """Return all answers for a sender, with the defaults of those that are not given."""
    asks = use.entry.asks if use.entry is not None else {}
    defaults = {key: ask.default for key, ask in asks.items() if ask.default is not None}
    return {**defaults, **subject.policy.body.senders[use.key].said(use.key).answers}


def _kept(use: Use, twin: Use) -> Use:
    """Return which of two entries stays: the one that still sends."""
    return use if twin.life.retired is not None and use.life.retired is None else twin
