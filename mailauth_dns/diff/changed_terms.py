"""Which terms of a long value changed.

Two values of several lines each look alike, and the one term that differs can matter most.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_TERM = re.compile(r"[^ ;,]+[;,]?|[;,]")  # of an SPF record, of a list of tags, and of a tag's list


def changed_terms(before: str, after: str) -> tuple[str, str]:
    """Return the terms that only `before` has and those that only `after` has.

    Where both have the same terms in another order, return what lies between the first and the last
    term that moved. The time is proportional to the length, since others write these texts.

    >>> changed_terms("v=spf1 ip4:192.0.2.1 mx -all", "v=spf1 mx a:new.example -all")
    ('ip4:192.0.2.1', 'a:new.example')
    >>> changed_terms("v=spf1 a mx -all", "v=spf1 mx a -all")
    ('a mx', 'mx a')
    """
    old, new = _TERM.findall(before), _TERM.findall(after)
    gone, came = _without(old, new), _without(new, old)
    if not gone and not came:
        gone, came = _middle(old, new)
    return " ".join(gone), " ".join(came)


def _without(terms: Sequence[str], others: Sequence[str]) -> list[str]:
    left = Counter(others)
    found = []
    for term in terms:
        if left[term] > 0:
            left[term] -= 1
        else:
            found.append(term)
    return found


def _middle(old: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    first = next(
        (at for at, (one, other) in enumerate(zip(old, new, strict=True)) if one != other), len(old)
    )
    last = next(
        (
            at
            for at, (one, other) in enumerate(zip(reversed(old), reversed(new), strict=True))
            if one != other
        ),
        0,
    )
    return old[first : len(old) - last], new[first : len(new) - last]


def marked(before: str, after: str) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """Return both values in pieces, each with whether its terms changed.

    >>> marked("v=spf1 mx ~all", "v=spf1 mx -all")
    ([('v=spf1 mx ', False), ('~all', True)], [('v=spf1 mx ', False), ('-all', True)])
    """
    gone, came = (_TERM.findall(terms) for terms in changed_terms(before, after))
    return _pieces(before, Counter(gone)), _pieces(after, Counter(came))


def _pieces(value: str, changed: Counter[str]) -> list[tuple[str, bool]]:
    pieces: list[tuple[str, bool]] = []
    at = 0
    for found in _TERM.finditer(value):
        if changed[found[0]] > 0:
            changed[found[0]] -= 1
            if at < found.start():
                pieces.append((value[at : found.start()], False))
            pieces.append((found[0], True))
            at = found.end()
    if at < len(value):
        pieces.append((value[at:], False))
    return pieces
