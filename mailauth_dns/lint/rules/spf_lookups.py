"""Rules about the DNS lookups that an SPF record costs receivers (RFC 7208 §4.6.4)."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.evaluate.spf import MAX_TERMS, MAX_VOIDS
from mailauth_dns.evaluate.spf_tree import Remark
from mailauth_dns.lint import policy_spf
from mailauth_dns.lint.rule import Needs, Problem, Severity, Undecided, rule
from mailauth_dns.lint.subject import Subject
from mailauth_dns.records import spf_term

_ROOM = "take out what no longer sends, or flatten an include (spf.flatten, spf lock)"


_HEADROOM = 8  # lookups: what a sender adds tomorrow must still fit below ten


def _remarked(subject: Subject, remark: Remark, fix: str) -> Iterator[Problem | Undecided]:
    tree = policy_spf.tree(subject)
    if tree is None:
        return
    nodes = tree.found(remark)
    for node in nodes:
        text = next(note.text for note in node.notes if note.remark is remark)
        yield Problem(policy_spf.place(subject, tree, node), text, fix)
    if not nodes:
        yield from policy_spf.undecided(tree)


@rule("SPF010", "spf-lookup-limit", Severity.ERROR, "RFC 7208 §4.6.4")
def spf_lookup_limit(subject: Subject) -> Iterator[Problem | Undecided]:
    """Receivers stop after ten terms that ask DNS: every host that no earlier term matches fails.

    They return permerror, which is no pass.

    Without DNS only the record's own terms are counted; with it the whole tree, in the worst case.

    Bad:
        spf: {terms: ["include:a.example", "include:b.example", "... eleven in all"]}
    Good:
        spf: {terms: ["include:a.example", "ip4:192.0.2.0/24"]}
    """
    record = subject.published_spf
    own = record.own_lookups if record is not None else 0
    if own > MAX_TERMS:
        message = (
            f"needs {own} lookups by itself, receivers allow {MAX_TERMS}: "
            "every host that no earlier term matches gets permerror"
        )
        yield Problem(("spf", "terms"), message, _ROOM)
        return
    tree = policy_spf.tree(subject)
    if tree is None:
        return
    if tree.total > MAX_TERMS and tree.largest is not None:
        message = (
            f"needs {tree.total} lookups with all that it includes, receivers allow {MAX_TERMS}: "
            "every host that no earlier term matches gets permerror"
        )
        fix = f"{tree.largest} costs {tree.largest.total} of them; {_ROOM}"
        yield Problem(policy_spf.place(subject, tree, tree.largest), message, fix)
    else:
        yield from policy_spf.undecided(tree)


@rule("SPF011", "spf-lookup-budget", Severity.WARNING, "RFC 7208 §4.6.4", needs=Needs.DNS)
def spf_lookup_budget(subject: Subject) -> Iterator[Problem | Undecided]:
    """With nine or ten of ten lookups used, one more of a sender's own breaks all that follows.

    Hosts that only later terms let pass then get permerror.

    Bad:
        spf: {terms: ["include:a.example", "include:b.example", "... nine in all"]}
    Good:
        spf: {terms: ["include:a.example", "ip4:192.0.2.0/24"]}
    """
    tree = policy_spf.tree(subject)
    if tree is None:
        return
    yield from policy_spf.undecided(tree)
    if _HEADROOM < tree.total <= MAX_TERMS:
        yield Problem(
            ("spf",),
            f"needs {tree.total} of {MAX_TERMS} lookups: if a sender adds more, hosts that only "
            "later terms let pass get permerror",
            _ROOM,
        )


@rule("SPF012", "spf-void-lookups", Severity.ERROR, "RFC 7208 §4.6.4", needs=Needs.DNS)
def spf_void_lookups(subject: Subject) -> Iterator[Problem | Undecided]:
    """Receivers return permerror at the third lookup that finds nothing.

    Only hosts that an earlier term matches still pass.

    Bad:
        spf: {terms: ["a:x.example.com", "a:y.example.com", "a:z.example.com"], all: fail}
    Good:
        spf: {terms: ["a:mail.example.com"], all: fail}
    """
    tree = policy_spf.tree(subject)
    if tree is None:
        return
    if tree.voids > MAX_VOIDS:
        void = [node for node in tree.walk() if node.voids4 or node.voids6]
        names = ", ".join(node.term for node in void[:3])
        message = (
            f"{tree.voids} lookups find nothing, receivers allow {MAX_VOIDS} and return "
            f"permerror: {names}"
        )
        yield Problem(
            policy_spf.place(subject, tree, void[0]),
            message,
            "take out the terms that find nothing, if their hosts are gone for good",
        )
    else:
        yield from policy_spf.undecided(tree)


@rule("SPF013", "spf-mx-too-many", Severity.ERROR, "RFC 7208 §4.6.4", needs=Needs.DNS)
def spf_mx_too_many(subject: Subject) -> Iterator[Problem | Undecided]:
    """Receivers return permerror for an mx term with more than ten exchangers.

    Bad:
        spf: {terms: [mx], all: fail}  # and eleven MX records
    Good:
        spf: {terms: ["ip4:192.0.2.0/24"], all: fail}
    """
    yield from _remarked(
        subject, Remark.EXCHANGERS, "list every host that sends as ip4 and ip6 instead"
    )


@rule("SPF023", "spf-include-loop", Severity.ERROR, "RFC 7208 §4.6.4", needs=Needs.DNS)
def spf_include_loop(subject: Subject) -> Iterator[Problem | Undecided]:
    """Records that include each other use up the ten lookups: receivers return permerror.

    Bad:
        spf: {terms: ["include:example.com"], all: fail}  # in the policy of example.com
    Good:
        spf: {terms: ["include:_spf.example.net"], all: fail}
    """
    yield from _remarked(
        subject, Remark.LOOP, "take out the include that closes the loop, or ask its owner to"
    )


@rule("SPF024", "spf-duplicate-include", Severity.WARNING, "RFC 7208 §4.6.4")
def spf_duplicate_include(subject: Subject) -> Iterator[Problem | Undecided]:
    """An include that is reached twice costs its lookups twice and lets no more hosts send.

    Bad:
        spf: {terms: ["include:a.example", "include:a.example"], all: fail}
    Good:
        spf: {terms: ["include:a.example"], all: fail}
    """
    seen: set[str] = set()
    for route, term in subject.spf_terms:
        if isinstance(term, spf_term.Include):
            if term.domain.folded in seen:
                yield Problem(
                    route,
                    f"{term} is there twice and costs its lookups twice",
                    "take this one out: receivers decide at the first",
                )
            seen.add(term.domain.folded)
    tree = policy_spf.tree(subject)
    if tree is None:
        return
    yield from policy_spf.undecided(tree)
    reached: set[str] = set()
    terms: set[str] = set()
    for child in tree.children:
        if child.term.lower() in terms:
            continue  # told above
        terms.add(child.term.lower())
        for node in child.walk():
            name = node.term.lower()
            if name.startswith("include:") and name in reached:
                message = f"{node.term} is reached more than once, and costs its lookups each time"
                yield Problem(
                    policy_spf.place(subject, tree, node),
                    message,
                    "take out an include of yours if another one will always include its hosts",
                )
            reached.add(name)


@rule("SPF036", "spf-macro-opaque", Severity.INFO, "RFC 7208 §7", needs=Needs.DNS)
def spf_macro_opaque(subject: Subject) -> Iterator[Problem | Undecided]:
    """Receivers may need more lookups than are counted: macros lead elsewhere for each message.

    Bad:
        spf: {terms: ["include:%{l}.spf.example.net"], all: fail}
    Good:
        spf: {terms: ["include:_spf.example.net"], all: fail}
    """
    yield from _remarked(
        subject, Remark.MACRO, "expect more lookups than are counted, and leave room for them"
    )
