"""Two values of one record, term by term, so that a reader sees what differs and nothing else."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterator, Sequence
from typing import Literal, NamedTuple

from mailauth_dns.records.family import Family

Mark = Literal[" ", "-", "+"]
Line = tuple[Mark, str]  # a term that stays, goes or comes


class _Term(NamedTuple):
    """A term as it is told; `tag` is the name of the tag that it belongs to."""

    tag: str
    text: str


def term_lines(family: str, type: str, before: str, after: str) -> list[Line]:
    """Return the terms of both values, each with its mark.

    The order of SPF terms counts, that of tags does not. Values that have the same terms, and
    differ in spelling alone, are told whole. The time is proportional to the length, since others
    write these texts.

    >>> term_lines("dmarc", "TXT", "v=DMARC1; p=none; np=none", "v=DMARC1; np=none; p=reject")
    [(' ', 'v=DMARC1'), ('-', 'p=none'), ('+', 'p=reject'), (' ', 'np=none')]
    """
    if type != "TXT":
        return [("-", before), ("+", after)]
    if family == Family.SPF:
        lines = _in_order(before.split(), after.split())
    else:
        lists = _lists(before) | _lists(after)
        lines = list(_tags(_split(before, lists), _split(after, lists)))
    return lines if any(mark != " " for mark, _ in lines) else [("-", before), ("+", after)]


def _apart(terms: Sequence[object], others: Sequence[object]) -> list[bool]:
    """Return for each term whether the other value lacks it."""
    left = Counter(others)
    found = []
    for term in terms:
        found.append(left[term] <= 0)
        left[term] -= 1
    return found


# SPF


def _in_order(old: Sequence[str], new: Sequence[str]) -> list[Line]:
    gone, came = _apart(old, new), _apart(new, old)
    _mark_moved(old, new, gone, came)
    lines: list[Line] = []
    to = 0
    for term, goes in zip(old, gone, strict=True):
        if goes:
            lines.append(("-", term))
            continue
        while came[to]:
            lines.append(("+", new[to]))
            to += 1
        lines.append((" ", term))
        to += 1
    return [*lines, *(("+", term) for term in new[to:])]


def _mark_moved(old: Sequence[str], new: Sequence[str], gone: list[bool], came: list[bool]) -> None:
    """Mark what lies between the first and the last term that moved."""
    stays = [at for at, marked in enumerate(gone) if not marked]
    stand = [at for at, marked in enumerate(came) if not marked]
    moved = [
        each for each, (at, to) in enumerate(zip(stays, stand, strict=True)) if old[at] != new[to]
    ]
    for each in range(moved[0], moved[-1] + 1) if moved else ():
        gone[stays[each]] = came[stand[each]] = True


# Lists of tags


def _lists(value: str) -> set[str]:
    """Return the tags whose value is a list of several."""
    return {tag.partition("=")[0].strip() for tag in value.split(";") if "," in tag}


def _split(value: str, lists: Collection[str]) -> list[_Term]:
    """Return the tags; of one that is a list, its name and then each entry by itself."""
    found = []
    for text in filter(None, map(str.strip, value.split(";"))):
        tag, equals, entries = text.partition("=")
        tag = tag.strip()
        if tag not in lists or not equals:
            found.append(_Term(tag, text))
            continue
        found.append(_Term(tag, f"{tag}="))
        found += [_Term(tag, f"  {entry.strip()}") for entry in entries.split(",")]
    return found


def _tags(old: Sequence[_Term], new: Sequence[_Term]) -> Iterator[Line]:
    """Yield the old terms in their order; what comes stands beside what goes of the same tag."""
    coming: defaultdict[str, deque[str]] = defaultdict(deque)
    for term, comes in zip(new, _apart(new, old), strict=True):
        if comes:
            coming[term.tag].append(term.text)
    last = {term.tag: at for at, term in enumerate(old)}
    for at, (term, goes) in enumerate(zip(old, _apart(old, new), strict=True)):
        yield ("-" if goes else " ", term.text)
        while coming[term.tag] and at == last[term.tag]:
            yield ("+", coming[term.tag].popleft())
    for texts in coming.values():
        yield from (("+", text) for text in texts)
