"""Published names beside a sender's templates: what answers they give, and which do not fit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from mailauth_dns.senders.ask import Ask
from mailauth_dns.senders.entry import Entry

Answers = Mapping[str, str]  # what a template's places stand for

_PLACE = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def answers_in(
    pairs: Iterable[tuple[str, str]], known: Answers, asks: Mapping[str, Ask]
) -> Answers | None:
    """Return what places stand for so that each template says the text beside it.

    None where they do not. `known` places count as they are; every other is one of `asks`. Names
    in DNS know no upper case, so both sides are compared in lower case.

    >>> answers_in([("{selector}.dkim.a.example", "s1.dkim.a.example")], {}, {})
    {'selector': 's1'}
    """
    found = dict(known)
    for template, text in pairs:
        folded = text.rstrip(".").lower()
        wanted = {key: value for key, value in found.items() if f"{{{key}}}" in template}
        match = _pattern(template, tuple(sorted(wanted.items())), _patterns(asks)).fullmatch(folded)
        if match is None:
            return None
        found |= match.groupdict()
    return {key: value for key, value in found.items() if key not in known}


def _patterns(asks: Mapping[str, Ask]) -> tuple[tuple[str, str], ...]:
    return tuple((key, ask.pattern) for key, ask in asks.items() if ask.pattern is not None)


@lru_cache(maxsize=1024)
def _pattern(
    template: str, known: tuple[tuple[str, str], ...], patterns: tuple[tuple[str, str], ...]
) -> re.Pattern[str]:
    values, asked = dict(known), dict(patterns)
    seen: set[str] = set()

    def place(match: re.Match[str]) -> str:
        key = match[1]
        if key in values:
            return re.escape(values[key].lower())
        if key in seen:
            return f"(?P={key})"
        seen.add(key)
        return f"(?P<{key}>{asked.get(key, '.+')})"

    pieces = _PLACE.split(template)
    found = list(_PLACE.finditer(template))
    parts = [re.escape(pieces[0].lower())]
    for number, match in enumerate(found):
        parts += [place(match), re.escape(pieces[2 * number + 2].lower())]
    return re.compile("".join(parts), re.IGNORECASE)


def given(domain: str) -> dict[str, str]:
    """Return the places that every domain fills by itself."""
    return {"domain": domain, "dashes": domain.replace(".", "-")}


def aliases(
    entry: Entry, selector: str, domain: str, target: str, known: Answers
) -> Iterator[Answers]:
    """Yield the answers that a selector's alias gives, for each template that it fits."""
    known = {**given(domain), **known}
    for each in entry.dkim.selectors if entry.dkim is not None else ():
        if each.cname is None:
            continue
        named = answers_in([(each.selector, selector)], known, entry.asks)
        if named is not None:
            # {selector} stands for the selector itself, whether it is asked for or not.
            own = {**known, **named, "selector": selector.lower()}
            led = answers_in([(each.cname, target)], own, entry.asks)
            if led is not None:
                found = {**named, **led}
                yield {key: text for key, text in found.items() if key in entry.asks}


def leads_astray(senders: Iterable[Entry], selector: str, domain: str, target: str) -> bool:
    """Tell whether an alias leads where no alias of that selector at these senders does.

    A selector that no template has is not judged: senders let customers choose.
    """
    judged = False
    for entry in senders:
        for each in entry.dkim.selectors if entry.dkim is not None else ():
            if each.cname is None:
                continue
            if answers_in([(each.selector, selector)], given(domain), entry.asks) is None:
                continue
            judged = True
            if any(True for _ in aliases(entry, selector, domain, target, {})):
                return False
    return judged
