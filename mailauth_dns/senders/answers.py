"""What a policy answers to a sender's questions, checked; nothing that is missing is invented."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from mailauth_dns.senders.ask import Ask
from mailauth_dns.senders.entry import Entry
from mailauth_dns.senders.templates import filled, places
from mailauth_dns.senders.use import Said, Use

_LONGEST = 1500  # characters: an RSA key of 8192 bits in base64, and no more for a pattern to match
Route = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class AnswerProblem:
    """What is wrong with a policy's words on a sender; `route` leads from the sender's key."""

    route: Route
    message: str


Found = tuple[Use | None, tuple[AnswerProblem, ...]]  # or what is wrong with the policy's words


def problems(said: Said, entry: Entry) -> Iterator[AnswerProblem]:
    """Yield what a policy says of a sender that the sender does not have, or not so."""
    for key in said.answers:
        if key not in entry.asks:
            known = ", ".join(("sender", "retired", *entry.asks))
            message = f"{key!r} is not a key of {entry.name}; keys here: {known}"
            yield AnswerProblem((key,), message)
    for key, ask in entry.asks.items():
        answer = said.answers.get(key)
        if answer is None:
            if ask.default is None and not ask.optional:
                yield AnswerProblem((), f"{key} of {entry.name} is missing. {_how(key, ask)}")
        else:
            yield from _fits(key, ask, _folded(answer, key in entry.key_asks))


def texts_of(answer: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return an answer as a list, which a single value has one item of."""
    return (answer,) if isinstance(answer, str) else answer


def _folded(answer: str | tuple[str, ...], is_key: bool) -> str | tuple[str, ...]:
    """Return an answer as names are spelt, in lower case; a key stays as it is."""
    if is_key:
        return answer
    if isinstance(answer, str):
        return answer.removesuffix(".").lower()
    return tuple(each.removesuffix(".").lower() for each in answer)


def _fits(key: str, ask: Ask, answer: str | tuple[str, ...]) -> Iterator[AnswerProblem]:
    if ask.count is not None and (isinstance(answer, str) or len(answer) != ask.count):
        given = 1 if isinstance(answer, str) else len(answer)
        yield AnswerProblem((key,), f"{given} of {ask.count} values are given. {_how(key, ask)}")
    elif ask.count is None and not isinstance(answer, str):
        yield AnswerProblem((key,), f"expected a single value. {_how(key, ask)}")
    else:
        for number, each in enumerate(texts_of(answer)):
            if len(each) > _LONGEST or not _matches(ask, each):
                route: Route = (key,) if isinstance(answer, str) else (key, number)
                yield AnswerProblem(route, f"does not look like what is asked. {_how(key, ask)}")


def _matches(ask: Ask, text: str) -> bool:
    return ask.pattern is None or re.fullmatch(ask.pattern, text, re.IGNORECASE) is not None


def _how(key: str, ask: Ask) -> str:
    """Return where a value is found, and how it is written."""
    listed = f"[{ask.example}, ...]" if ask.count is not None and ask.count > 1 else ask.example
    if ask.count == 1:
        listed = f"[{ask.example}]"
    return f"{ask.find.strip().rstrip('.')}. It looks like `{key}: {listed}`"


class Answers:
    """A sender's templates, filled with what a policy says and what the domain is."""

    def __init__(self, said: Said, entry: Entry, domain: str) -> None:
        self._single = {"domain": domain, "dashes": domain.replace(".", "-")}
        self._many: dict[str, tuple[str, ...]] = {}
        for key, ask in entry.asks.items():
            answer = said.answers.get(key, ask.default)
            if answer is not None:
                answer = _folded(answer, key in entry.key_asks)
            if isinstance(answer, str):
                self._single[key] = answer
            elif answer is not None:
                self._many[key] = answer

    def missing(self, *templates: str | None) -> tuple[str, ...]:
        """Return the places of these templates for which the policy gives nothing."""
        needed = frozenset[str]().union(*(places(each) for each in templates if each is not None))
        return tuple(sorted(needed - self._single.keys() - self._many.keys() - {"selector"}))

    def one(self, template: str) -> str:
        """Return a template filled with single answers."""
        return filled(template, self._single)

    def each(self, *templates: str | None) -> Iterator[Mapping[str, str]]:
        """Yield the values for each item of the lists that these templates name."""
        names = [name for name in self._many if any(name in places(t) for t in templates if t)]
        for items in product(*(self._many[name] for name in names)):
            yield {**self._single, **dict(zip(names, items, strict=True))}
