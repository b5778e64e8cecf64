"""Which terms of an SPF record senders can say in its place, so that it says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records import spf, spf_term
from mailauth_dns.senders.use import Said, Use

Pair = tuple[Said, Use]


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The senders in the order in which their terms stand, and the terms that they say.

    `moved` tells whether terms change places.
    """

    senders: tuple[Pair, ...]
    said: frozenset[str]
    moved: bool = False


def folded(term: str) -> str:
    """Return a term as senders write it: equal for terms that say the same of the same hosts."""
    try:
        parsed = spf.parse_term(term)
    except RecordSyntaxError:
        return term
    if isinstance(parsed, spf_term.Include):
        return f"{_sign(parsed)}include:{parsed.domain.folded}"
    return str(parsed)


def _sign(term: spf_term.Include) -> str:
    return "" if term.qualifier is spf_term.Qualifier.PASS else term.qualifier.value


def arranged(
    terms: Sequence[str], gone: frozenset[str], senders: Sequence[Pair], *, exact: bool
) -> Arrangement:
    """Return the senders in order, and which terms they say.

    What senders say comes behind all other terms. Where an order decides, which it does beside a
    term that does not let hosts pass, or where nothing may change (`exact`), only the last terms
    are theirs to say, and the others are said twice: a record has each once.
    """
    left = [term for term in terms if term not in gone]
    places = {folded(term): at for at, term in reversed(list(enumerate(left)))}
    end = len(left)

    def first(pair: Pair) -> tuple[int, str]:
        return min((places.get(folded(term), end) for term in pair[1].terms), default=end), pair[
            0
        ].key

    ordered = tuple(sorted(senders, key=first))
    theirs = [folded(term) for _, use in ordered for term in use.terms]
    says = frozenset(theirs)
    said = frozenset(term for term in left if folded(term) in says)
    kept = [term for term in left if term not in said]
    wanted = [folded(term) for term in (*kept, *theirs)]
    if wanted == [folded(term) for term in left]:
        return Arrangement(ordered, said)
    if not exact and all(map(_passes, left)):
        return Arrangement(ordered, said, moved=True)
    return Arrangement(ordered, _last(left, theirs))


def _last(left: Sequence[str], theirs: Sequence[str]) -> frozenset[str]:
    """Return the terms at the record's end that senders say in the same order."""
    size = 0
    while size < min(len(left), len(theirs)):
        if [folded(term) for term in left[-size - 1 :]] != list(theirs[-size - 1 :]):
            break
        size += 1
    return frozenset(left[len(left) - size :])


def _passes(word: str) -> bool:
    term = spf.parse_term(word)
    return not isinstance(term, spf_term.Modifier) and term.qualifier is spf_term.Qualifier.PASS
