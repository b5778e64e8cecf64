"""What a policy could say of who sends, from what is published; and what is odd about that.

A sender is proposed where DNS answers all that it asks, and its include, if it needs one, is there:
the policy then lets nobody send who may not send now. Of other senders a comment tells what is
missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from mailauth_dns.senders.discovery import Discovered, discovered
from mailauth_dns.senders.own_hosts import own_host
from mailauth_dns.senders.published import Published, is_redirect
from mailauth_dns.senders.recognition import Recognition, Trace
from mailauth_dns.senders.spf_arrangement import Arrangement, arranged, folded
from mailauth_dns.senders.spf_remarks import remarks_on
from mailauth_dns.senders.use import OWN_HOST, Said, Use
from mailauth_dns.senders.uses import use_of


class Kind(StrEnum):
    """What a remark is about."""

    USELESS = "useless"  # an include that can never make mail align
    MISSING = "missing"  # a recognised sender's record that is not there
    WRONG = "wrong"  # a name that guides give wrongly
    DEAD = "dead"  # an include that publishes nothing
    UNKNOWN = "unknown"  # of nobody in the catalogue
    STAYS = "stays"  # recognised, and still not said by a sender
    OPEN = "open"  # what DNS does not tell
    ORDER = "order"  # terms that change places


@dataclass(frozen=True, slots=True)
class Remark:
    """What is told of one name, beside the proposal."""

    kind: Kind
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Situation:
    """What a suggestion is made from.

    `declared` are the senders that the policy has, `own_keys` the selectors whose keys it holds as
    files, `dead` the includes that publish nothing. With `exact`, nothing may change: terms keep
    their places, and useless ones stay. `strict` tells that the policy asks for strict alignment.
    """

    there: Published
    recognition: Recognition
    declared: frozenset[str] = frozenset()
    own_keys: tuple[str, ...] = ()
    dead: frozenset[str] = frozenset()
    exact: bool = False
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Senders to add, what they say in place of the policy, and remarks.

    `terms` are taken out of the SPF record's list, because a sender says them (`said`), or because
    they are of no use. `comments` tell of the senders that are not whole.
    """

    senders: tuple[Said, ...] = ()
    uses: tuple[Use, ...] = ()
    terms: frozenset[str] = frozenset()
    selectors: frozenset[str] = frozenset()
    comments: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = field(default=())

    @property
    def is_empty(self) -> bool:
        """Whether it changes nothing in a policy."""
        return not (self.senders or self.terms or self.selectors)


def suggestion(at: Situation) -> Suggestion:
    """Return what a policy could say of who sends."""
    found = [
        each for each in discovered(at.there, at.recognition) if each.sender not in at.declared
    ]
    whole: list[tuple[Said, Use]] = []
    partial: list[Discovered] = []
    for each in found:
        said = Said(each.sender, each.sender, each.answers)
        use = _use(said, at) if each.is_whole else None
        if use is None or not _keeps(use, at):
            partial.append(each)
        else:
            whole.append((said, use))
    own = own_host(at.there, at.own_keys) if OWN_HOST not in at.declared else None
    if own is not None and (use := _use(own, at)) is not None:
        whole.append((own, use))
    found_by = {each.sender: each for each in found}
    named = frozenset(said.sender for said, _ in whole)
    listed = frozenset(term for term in at.there.terms if not is_redirect(term))
    spf = tuple(remarks_on(at.there, at.recognition, found_by, named, at.dead))
    useless = frozenset(each.term for each in spf if each.goes and not at.exact) & listed
    order = arranged(at.there.terms, useless, whole, exact=at.exact)
    return Suggestion(
        tuple(said for said, _ in order.senders),
        tuple(use for _, use in order.senders),
        useless | order.said,
        _selectors(found_by, order),
        tuple(line for each in partial for line in _comment(each)),
        (
            *(Remark(Kind(each.kind), each.term, each.text) for each in spf),
            *_order(order),
            *_missing(order, at.there),
            *(remark for each in partial for remark in _open(each, at)),
            *_unknown_keys(at, found_by),
        ),
    )


def _use(said: Said, at: Situation) -> Use | None:
    catalogue = at.recognition.catalogue
    # A sender that is not retired needs no day.
    return use_of(said, at.there.domain, catalogue, date.min, timedelta())[0]


def _keeps(use: Use, at: Situation) -> bool:
    """Tell whether a use lets nobody send who may not now; with `exact`, whether all is there."""
    there = at.there
    if not {folded(term) for term in use.terms} <= set(map(folded, there.terms)):
        return False
    if at.strict and use.relaxed == "yes" and use.strict == "no":
        return False
    if not at.exact:
        return True
    published = all(
        there.aliases.get(each.selector) == each.cname
        if each.cname is not None
        else each.selector in there.keys and there.keys[each.selector].p == each.p
        for each in use.selectors
    )
    path = use.path
    if path is None or not path.is_published:
        return published
    label = path.name.removesuffix(f".{there.domain}")
    return published and label in there.names_below


def _selectors(found: Mapping[str, Discovered], order: Arrangement) -> frozenset[str]:
    """Return the selectors that the senders say just as they are published."""
    return frozenset(
        each.selector
        for said, use in order.senders
        for each in use.selectors
        if said.sender in found and each.selector in found[said.sender].selectors
    )


# Remarks


def _order(order: Arrangement) -> Iterator[Remark]:
    if order.moved:
        yield Remark(
            Kind.ORDER,
            "spf.terms",
            "the terms of senders come last; each term lets its hosts pass, so their order "
            "changes no verdict",
        )


def _missing(order: Arrangement, there: Published) -> Iterator[Remark]:
    for _, use in order.senders:
        for each in use.selectors:
            if each.selector not in there.aliases and each.selector not in there.keys:
                name = f"{each.selector}._domainkey.{there.domain}"
                yield Remark(
                    Kind.MISSING, name, f"{use.name} needs it and it is not there; it is added"
                )
        path = use.path
        if path is not None and path.is_published:
            label = path.name.removesuffix(f".{there.domain}")
            if label not in there.names_below:
                yield Remark(
                    Kind.MISSING,
                    path.name,
                    f"the return path of {use.name} is not there; it is added",
                )


def _open(found: Discovered, at: Situation) -> Iterator[Remark]:
    entry = found.entry
    for key in found.missing:
        some = found.partly.get(key)
        told = f"DNS has {len(some)} of {entry.asks[key].count}" if some else "DNS does not tell it"
        yield Remark(Kind.OPEN, f"{found.sender}.{key}", f"{told}. {entry.asks[key].find.strip()}")
    if at.strict and found.is_whole and entry.return_path is not None:
        if entry.return_path.aligns.strict == "no":
            text = f"{entry.name} aligns only if relaxed; take aspf out of dmarc to name it"
            yield Remark(Kind.STAYS, found.sender, text)
    elif found.is_whole and not at.exact:
        include = entry.spf.templates[0] if entry.spf is not None else entry.name
        yield Remark(
            Kind.MISSING,
            include,
            f"{entry.name} is recognised, but its include is not in the SPF record; add the "
            "sender if mail leaves from there",
        )


def _comment(found: Discovered) -> Iterator[str]:
    """Yield a sender's entry with blanks, and where what belongs there is found."""
    parts = [f"{key}: {_text(answer)}" for key, answer in found.answers.items()]
    for key in found.missing:
        some = found.partly.get(key, ())
        parts.append(f"{key}: {_text(some) if some else ''}")
    yield f"{found.sender}: {{{', '.join(parts)}}}"
    for key in found.missing:
        yield f"  {key}: {' '.join(found.entry.asks[key].find.split())}"


def _text(answer: str | tuple[str, ...]) -> str:
    return answer if isinstance(answer, str) else f"[{', '.join(answer)}]"


def _unknown_keys(at: Situation, found: Mapping[str, Discovered]) -> Iterator[Remark]:
    there, claimed = at.there, frozenset[str]()
    for each in found.values():
        claimed |= each.selectors
    for selector, led in sorted(there.aliases.items()):
        name = f"{selector}._domainkey"
        if selector in claimed:
            continue
        wrong = at.recognition.known_wrong(Trace.WRONG_CNAME, led)
        if wrong is not None:
            yield Remark(
                Kind.WRONG, name, f"{led} is not what {wrong[0].name} gives; {wrong[1].instead}"
            )
            continue
        senders = at.recognition.entries(Trace.DKIM, led)
        ids = at.recognition.senders(Trace.DKIM, led)
        if senders and at.declared.isdisjoint(ids):
            yield Remark(Kind.STAYS, name, f"an alias of {senders[0].name} beside those it needs")
        elif not senders:
            yield Remark(Kind.UNKNOWN, name, f"nobody in the catalogue has {led}; it stays")
    for selector in sorted(there.keys.keys() - claimed - set(at.own_keys)):
        if at.declared.intersection(at.recognition.senders(Trace.SELECTOR, selector)):
            continue
        yield Remark(
            Kind.UNKNOWN, f"{selector}._domainkey", "a key that tells nobody's name; it stays"
        )
