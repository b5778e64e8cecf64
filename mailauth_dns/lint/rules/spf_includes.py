"""Rules about the records that an SPF record includes or redirects to (RFC 7208 §5.2)."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.evaluate.spf_tree import Remark
from mailauth_dns.lint import policy_spf
from mailauth_dns.lint.rule import Needs, Problem, Severity, Undecided, rule
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.repo import Route
from mailauth_dns.records import spf_term
from mailauth_dns.senders.entry import Entry, ReturnPathClass
from mailauth_dns.senders.recognition import Trace


def _broken(subject: Subject, *, redirect: bool) -> Iterator[Problem | Undecided]:
    tree = policy_spf.tree(subject)
    if tree is None:
        return
    yield from policy_spf.undecided(tree)
    for node in tree.walk():
        if node is tree or node.term.startswith("redirect=") is not redirect:
            continue
        for note in node.notes:
            if note.remark in (Remark.MISSING, Remark.SEVERAL, Remark.INVALID):
                own = any(child is node for child in tree.children)
                fix = (
                    "correct the name, or take the term out if the name is gone for good"
                    if own
                    else f"ask the owner of the record that has {node.term} to correct it"
                )
                yield Problem(
                    policy_spf.place(subject, tree, node),
                    f"{node.term}: {note.text}; receivers return permerror",
                    fix,
                )


def _includes(subject: Subject) -> Iterator[tuple[Route, str]]:
    for route, term in subject.spf_terms:
        if isinstance(term, spf_term.Include):
            yield route, term.domain.folded


_BELOW = (
    ReturnPathClass.OWN_SUBDOMAIN_CNAME,
    ReturnPathClass.OWN_SUBDOMAIN_MX_SPF,
    ReturnPathClass.SUBDOMAIN_NS,
)


def _elsewhere(subject: Subject, include: str, *classes: ReturnPathClass) -> Entry | None:
    """Return whose include it is where its return path is of these classes, and no other.

    Where a setting at the sender decides, the best one for the customer counts.
    """
    senders = subject.recognition.entries(Trace.INCLUDE, include)
    paths = [sender.return_path for sender in senders if sender.return_path is not None]
    useful = any(sender.spf is not None and sender.spf.useful != "no" for sender in senders)
    if not paths or useful or any(path.class_ not in classes for path in paths):
        return None
    return senders[0]


@rule("SPF021", "spf-redirect-target-none", Severity.ERROR, "RFC 7208 §6.1", needs=Needs.DNS)
def spf_redirect_target_none(subject: Subject) -> Iterator[Problem | Undecided]:
    """A redirect to a name without one valid SPF record is a permerror for mail that gets there.

    Bad:
        spf: {redirect: gone.example.net}
    Good:
        spf: {redirect: _spf.example.net}
    """
    yield from _broken(subject, redirect=True)


@rule("SPF022", "spf-include-target-none", Severity.ERROR, "RFC 7208 §5.2", needs=Needs.DNS)
def spf_include_target_none(subject: Subject) -> Iterator[Problem | Undecided]:
    """An include of a name without one valid SPF record is a permerror for mail that gets there.

    Bad:
        spf: {terms: ["include:gone.example.net"], all: fail}
    Good:
        spf: {terms: ["include:_spf.example.net"], all: fail}
    """
    yield from _broken(subject, redirect=False)


@rule("SPF025", "spf-include-neutral-child", Severity.WARNING, "RFC 7208 §5.2", needs=Needs.DNS)
def spf_include_neutral_child(subject: Subject) -> Iterator[Problem | Undecided]:
    """An included record that ends in `+all` lets every host send as this domain and pass SPF.

    Bad:
        spf: {terms: ["include:open.example.net"], all: fail}  # open.example.net: v=spf1 +all
    Good:
        spf: {terms: ["include:_spf.example.net"], all: fail}
    """
    tree = policy_spf.tree(subject)
    if tree is None:
        return
    yield from policy_spf.undecided(tree)
    for node in tree.found(Remark.EVERYBODY):
        if node is not tree:
            yield Problem(
                policy_spf.place(subject, tree, node),
                f"{node.term} passes every host (+all): anybody can send as this domain",
                "ask its owner to end it in -all; take it out if it does not send for you",
            )


@rule("SPF040", "spf-nonaligning-include", Severity.WARNING, "RFC 9989 §4.4")
def spf_nonaligning_include(subject: Subject) -> Iterator[Problem]:
    """The include helps no mail pass DMARC: SPF is judged at MAIL FROM, the sender's own domain.

    It costs lookups all the same.

    Bad:
        spf: {terms: ["include:servers.mcsv.net"], all: fail}
    Good:
        dkim: {selectors: {k2: {cname: dkim2.mcsv.net}}}
    """
    for route, name in _includes(subject):
        sender = _elsewhere(subject, name, ReturnPathClass.VENDOR_DOMAIN)
        if sender is not None:
            message = (
                f"{sender.name} never has this domain in MAIL FROM: the include costs lookups "
                "and helps no mail pass DMARC"
            )
            yield Problem(
                route,
                message,
                "take it out; publish the selectors that its console shows: they align its mail",
            )


@rule("SPF041", "spf-include-wrong-name", Severity.WARNING, "RFC 7208 §2.4")
def spf_include_wrong_name(subject: Subject) -> Iterator[Problem]:
    """The include helps no mail pass DMARC here: SPF is judged at MAIL FROM, a subdomain.

    Bad:
        spf: {terms: ["include:amazonses.com"], all: fail}
        dkim: {selectors: {s1: {key: s1.pem}}}
    Good:
        domain: mail.example.com
        spf: {terms: ["include:amazonses.com"], all: fail}
    """
    for route, name in _includes(subject):
        sender = _elsewhere(subject, name, *_BELOW) if subject.signing else None
        if sender is not None:
            message = (
                f"{sender.name} has a subdomain in MAIL FROM: the include belongs there; here it "
                "helps no mail pass DMARC"
            )
            yield Problem(
                route,
                message,
                "put it into the policy of the return path's name; once that is published, take "
                "it out here",
            )


@rule("SPF045", "spf-underscore-include-typo", Severity.WARNING, "RFC 7208 §5.2")
def spf_underscore_include_typo(subject: Subject) -> Iterator[Problem]:
    """An include of a name that only guides give is a permerror, or lets strangers send.

    The sender itself does not publish it, or means something else by it.

    Bad:
        spf: {terms: ["include:_spf.resend.com"], all: fail}
    Good:
        what the sender's own console shows
    """
    for route, name in _includes(subject):
        known = subject.recognition.known_wrong(Trace.WRONG_INCLUDE, name)
        if known is not None:
            sender, wrong = known
            yield Problem(
                route,
                f"{name} is not the name that {sender.name} gives: guides have it wrong",
                wrong.instead,
            )
