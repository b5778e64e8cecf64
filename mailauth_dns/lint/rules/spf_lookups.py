"""Rules about what an SPF record leads to: includes, redirects, and the lookups that they cost (RFC 7208 §4.6.4).

The tree is that of DNS as it will be: the policy's own record, and behind it what others publish now.
"""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.errors import NotFlattened
from mailauth_dns.evaluate.macro_expansion import queryable
from mailauth_dns.evaluate.spf import MAX_TERMS, MAX_VOIDS
from mailauth_dns.evaluate.spf_addresses import drift, passing
from mailauth_dns.evaluate.spf_cost import lookup_cost
from mailauth_dns.evaluate.spf_tree import LookupCost, Remark
from mailauth_dns.lint.rule import Asked, Needs, Problem, Severity, Undecided, asked, rule
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.absent import ABSENT
from mailauth_dns.policy.repo import Route
from mailauth_dns.records import spf, spf_term
from mailauth_dns.records.addresses import Addresses
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_macro import Macro

_ROOM = "drop what no longer sends, or flatten an include (spf.flatten, spf lock)"
_HEADROOM = 8  # lookups: what a sender adds tomorrow must still fit below ten


def _tree(subject: Subject) -> LookupCost | None:
    """Return the tree of a domain's record; None where DNS was not asked."""
    return lookup_cost(subject.domain, subject.resolver) if subject.resolver is not None else None


def _place(subject: Subject, tree: LookupCost, node: LookupCost) -> Route:
    """Return the term of the policy that leads to `node`."""
    own = next(
        (child for child in tree.children if any(each is node for each in child.walk())), None
    )
    if own is None:
        return ("spf",)
    if own.term.startswith("redirect="):
        return ("spf", "redirect")
    return next((route for route, term in subject.spf_terms if str(term) == own.term), ("spf",))


def _open(tree: LookupCost) -> Iterator[Undecided]:
    for node in tree.walk():
        if node.unknown is not None:
            yield Undecided(("spf",), f"{node.term}: {node.unknown.reason}")
            return


@rule("SPF010", "spf-lookup-limit", Severity.ERROR, "RFC 7208 §4.6.4")
def spf_lookup_limit(subject: Subject) -> Iterator[Problem | Undecided]:
    """Receivers stop after ten terms that ask DNS and return permerror: SPF then fails for all mail.

    Without DNS only the record's own terms are counted; with it the whole tree, in the worst case.

    Bad:
        spf: {terms: ["include:a.example", "include:b.example", "... eleven in all"]}
    Good:
        spf: {terms: ["include:a.example", "ip4:192.0.2.0/24"]}
    """
    record = subject.published_spf
    own = record.own_lookups if record is not None else 0
    if own > MAX_TERMS:
        message = f"needs {own} lookups by itself, receivers allow {MAX_TERMS}"
        yield Problem(("spf", "terms"), message, _ROOM)
        return
    tree = _tree(subject)
    if tree is None:
        return
    if tree.total > MAX_TERMS and tree.largest is not None:
        message = (
            f"needs {tree.total} lookups with all that it includes, receivers allow {MAX_TERMS}"
        )
        fix = f"{tree.largest} costs {tree.largest.total} of them; {_ROOM}"
        yield Problem(_place(subject, tree, tree.largest), message, fix)
    else:
        yield from _open(tree)


@rule("SPF011", "spf-lookup-budget", Severity.WARNING, "RFC 7208 §4.6.4", needs=Needs.DNS)
def spf_lookup_budget(subject: Subject) -> Iterator[Problem | Undecided]:
    """With nine or ten of ten lookups spent, the next include that a sender adds to its own record makes all mail fail.

    Bad:
        spf: {terms: ["include:a.example", "include:b.example", "... nine in all"]}
    Good:
        spf: {terms: ["include:a.example", "ip4:192.0.2.0/24"]}
    """
    tree = _tree(subject)
    if tree is None:
        return
    yield from _open(tree)
    if _HEADROOM < tree.total <= MAX_TERMS:
        yield Problem(
            ("spf",),
            f"needs {tree.total} of {MAX_TERMS} lookups: a sender that adds one more breaks it",
            _ROOM,
        )


@rule("SPF012", "spf-void-lookups", Severity.ERROR, "RFC 7208 §4.6.4", needs=Needs.DNS)
def spf_void_lookups(subject: Subject) -> Iterator[Problem | Undecided]:
    """Receivers stop after two lookups that find nothing and return permerror: SPF then fails for all mail.

    Bad:
        spf: {terms: ["a:gone1.example.com", "a:gone2.example.com", "a:gone3.example.com"], all: fail}
    Good:
        spf: {terms: ["a:mail.example.com"], all: fail}
    """
    tree = _tree(subject)
    if tree is None:
        return
    if tree.voids > MAX_VOIDS:
        void = [node for node in tree.walk() if node.voids4 or node.voids6]
        names = ", ".join(node.term for node in void[:3])
        message = f"{tree.voids} lookups find nothing, receivers allow {MAX_VOIDS}: {names}"
        yield Problem(
            _place(subject, tree, void[0]),
            message,
            "take out the terms that find nothing, if their hosts are gone for good",
        )
    else:
        yield from _open(tree)


@rule("SPF013", "spf-mx-too-many", Severity.ERROR, "RFC 7208 §4.6.4", needs=Needs.DNS)
def spf_mx_too_many(subject: Subject) -> Iterator[Problem | Undecided]:
    """An mx term with more than ten exchangers gives permerror: SPF then fails for all mail that reaches it.

    Bad:
        spf: {terms: [mx], all: fail}  # and eleven MX records
    Good:
        spf: {terms: ["ip4:192.0.2.0/24"], all: fail}
    """
    yield from _remarked(
        subject, Remark.EXCHANGERS, "list every host that sends by ip4 and ip6 in its place"
    )


def _remarked(subject: Subject, remark: Remark, fix: str) -> Iterator[Problem | Undecided]:
    tree = _tree(subject)
    if tree is None:
        return
    nodes = tree.found(remark)
    for node in nodes:
        text = next(note.text for note in node.notes if note.remark is remark)
        yield Problem(_place(subject, tree, node), text, fix)
    if not nodes:
        yield from _open(tree)


def _broken(subject: Subject, *, redirect: bool) -> Iterator[Problem | Undecided]:
    tree = _tree(subject)
    if tree is None:
        return
    yield from _open(tree)
    for node in tree.walk():
        if node is tree or node.term.startswith("redirect=") is not redirect:
            continue
        for note in node.notes:
            if note.remark in (Remark.MISSING, Remark.SEVERAL, Remark.INVALID):
                own = any(child is node for child in tree.children)
                fix = (
                    "correct the name, or drop it if it is gone for good"
                    if own
                    else f"ask the owner of the record that has {node.term}"
                )
                yield Problem(
                    _place(subject, tree, node),
                    f"{node.term}: {note.text}; receivers return permerror",
                    fix,
                )


@rule("SPF021", "spf-redirect-target-none", Severity.ERROR, "RFC 7208 §6.1", needs=Needs.DNS)
def spf_redirect_target_none(subject: Subject) -> Iterator[Problem | Undecided]:
    """A redirect to a name without one valid SPF record is a permerror: SPF then fails for all mail that gets there.

    Bad:
        spf: {redirect: gone.example.net}
    Good:
        spf: {redirect: _spf.example.net}
    """
    yield from _broken(subject, redirect=True)


@rule("SPF022", "spf-include-target-none", Severity.ERROR, "RFC 7208 §5.2", needs=Needs.DNS)
def spf_include_target_none(subject: Subject) -> Iterator[Problem | Undecided]:
    """An include of a name without one valid SPF record is a permerror: SPF then fails for all mail that gets there.

    Bad:
        spf: {terms: ["include:gone.example.net"], all: fail}
    Good:
        spf: {terms: ["include:_spf.example.net"], all: fail}
    """
    yield from _broken(subject, redirect=False)


@rule("SPF023", "spf-include-loop", Severity.ERROR, "RFC 7208 §4.6.4", needs=Needs.DNS)
def spf_include_loop(subject: Subject) -> Iterator[Problem | Undecided]:
    """Records that include each other use up the ten lookups and give permerror.

    Bad:
        spf: {terms: ["include:example.com"], all: fail}  # in the policy of example.com
    Good:
        spf: {terms: ["include:_spf.example.net"], all: fail}
    """
    yield from _remarked(
        subject, Remark.LOOP, "take the include that closes the loop out, or ask its owner to"
    )


@rule("SPF024", "spf-duplicate-include", Severity.WARNING, "RFC 7208 §4.6.4")
def spf_duplicate_include(subject: Subject) -> Iterator[Problem | Undecided]:
    """An include that is reached twice is paid twice, out of ten lookups, and lets nobody more send.

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
                    "take this one out: the first has decided",
                )
            seen.add(term.domain.folded)
    tree = _tree(subject)
    if tree is None:
        return
    yield from _open(tree)
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
                    _place(subject, tree, node),
                    message,
                    "take out an include of yours whose hosts another one brings along for good",
                )
            reached.add(name)


@rule("SPF025", "spf-include-neutral-child", Severity.WARNING, "RFC 7208 §5.2", needs=Needs.DNS)
def spf_include_passes_all(subject: Subject) -> Iterator[Problem | Undecided]:
    """An included record that ends in `+all` passes every host of the Internet, and so does the one that includes it.

    Bad:
        spf: {terms: ["include:open.example.net"], all: fail}  # open.example.net: v=spf1 +all
    Good:
        spf: {terms: ["include:_spf.example.net"], all: fail}
    """
    tree = _tree(subject)
    if tree is None:
        return
    yield from _open(tree)
    for node in tree.found(Remark.EVERYBODY):
        if node is not tree:
            yield Problem(
                _place(subject, tree, node),
                f"{node.term} passes every host (+all)",
                "ask its owner to end it in -all; drop it if it does not send for you",
            )


@rule("SPF036", "spf-macro-opaque", Severity.INFO, "RFC 7208 §7", needs=Needs.DNS)
def spf_macro_opaque(subject: Subject) -> Iterator[Problem | Undecided]:
    """What a name with macros leads to depends on the message: the lookups counted here are the fewest there can be.

    Bad:
        spf: {terms: ["include:%{l}.spf.example.net"], all: fail}
    Good:
        spf: {terms: ["include:_spf.example.net"], all: fail}
    """
    yield from _remarked(subject, Remark.MACRO, "know that the count of lookups is a lower bound")


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
    """An explanation whose name has no text, or several, is not shown to anybody.

    Bad:
        spf: {terms: [mx, "exp=gone.example.com"], all: fail}
    Good:
        spf: {terms: [mx, "exp=why.example.com"], all: fail}  # why.example.com TXT: Not one of our hosts
    """
    texts = found.resolver.lookup(found.thing, "TXT") or ()
    if len(texts) != 1:
        message = f"{found.thing} has {len(texts)} texts, so that no explanation is shown"
        yield Problem(found.route, message, "publish one TXT there, or take exp out")


@rule("SPF001", "spf-missing", Severity.ERROR, "RFC 7208 §3")
def spf_missing(subject: Subject) -> Iterator[Problem | Undecided]:
    """A domain whose mail is signed sends mail; without an SPF record it never passes SPF, and large receivers refuse it.

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
            "say in spf which hosts send",
        )
    elif subject.resolver is not None and not any(
        map(spf.has_version, subject.resolver.lookup(subject.domain, "TXT") or ())
    ):
        yield Problem(
            ("domain",),
            "the domain signs mail and has no SPF record: its mail cannot pass SPF",
            "add spf: which hosts send",
        )


@rule("SPF038", "spf-wildcard", Severity.WARNING, "RFC 7208 §3.5", needs=Needs.DNS)
def spf_wildcard(subject: Subject) -> Iterator[Problem | Undecided]:
    """A wildcard answers only for names that have nothing: hosts with an address of their own stay without SPF.

    Bad:
        "*.example.com. TXT v=spf1 -all" in the zone
    Good:
        a record of its own at every name that has an address
    """
    if subject.resolver is not None:
        texts = subject.resolver.lookup(DomainName(f"*.{subject.domain}"), "TXT") or ()
        if any(map(spf.has_version, texts)):
            message = f"*.{subject.domain} has an SPF record, which does not answer for names that exist, and does for _dmarc and selectors"
            yield Problem(
                ("domain",),
                message,
                "publish at names with an address what sends from them: v=spf1 a -all, or v=spf1 -all for nothing",
            )


def _flattened(subject: Subject) -> Iterator[tuple[Route, tuple[DomainName, Addresses]]]:
    reviewed = {
        name: addresses for entry in subject.declared for name, addresses in entry.spf_names
    }
    for index, name in enumerate(
        map(DomainName, subject.spf_section.flatten if subject.spf_section is not None else ())
    ):
        yield ("spf", "flatten", index), (name, reviewed[name])


@asked("SPF042", "spf-stale-flatten", Severity.WARNING, "practice", things=_flattened)
def spf_stale_flatten(found: Asked[tuple[DomainName, Addresses]]) -> Iterator[Problem | Undecided]:
    """The published addresses are those of the last `spf lock`: mail from hosts that the sender has added since fails.

    Bad:
        spf: {terms: ["include:_spf.sender.example"], flatten: [_spf.sender.example], all: fail}  # and a lock of last year
    Good:
        spf lock --check, every day
    """
    name, reviewed = found.thing
    try:
        change = drift(reviewed, passing(name, found.resolver).addresses)
    except NotFlattened as error:
        yield Problem(
            found.route,
            f"{name} can no longer be flattened: {error}",
            "take it out of flatten, if its lookups fit, or ask its owner",
        )
        return
    if change:
        told = [
            f"{word} {len(part.networks)}"
            for word, part in (("gained", change.added), ("lost", change.removed))
            if part
        ]
        message = f"{name} has {' and '.join(told)} networks since it was reviewed"
        yield Problem(found.route, message, "run `mailauth-dns spf lock`, review and apply")


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
    """Bounces have no MAIL FROM, so that receivers look for SPF at the name in HELO: without a record there, they pass nowhere.

    The names are those that the policy's tests give.

    Bad:
        tests: [{name: ours, from: a@example.com, helo: mx.example.com, ip: 192.0.2.10, expect: {spf: pass}}]
    Good:
        mx.example.com. TXT "v=spf1 a -all", beside it
    """
    if not any(map(spf.has_version, found.resolver.lookup(found.thing, "TXT") or ())):
        message = f"{found.thing} has no SPF record: bounces from it pass nowhere"
        yield Problem(
            found.route,
            message,
            "publish v=spf1 a -all there; name the addresses too, if mail leaves from others",
        )
