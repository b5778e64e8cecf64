"""What rules ask about other policies, while not all of these are known.

A question is answered by the policies of the part and by what is told of others. Who asked what is
noted, so that an answer that turns out to be another one is found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from mailauth_dns.evaluate.dmarc_walk import DmarcAlone
from mailauth_dns.lint.subject import Neighbours
from mailauth_dns.records.name import DomainName
from mailauth_dns.senders.use import Selector

# ("key", a digest of p) and ("alias", a selector) ask for the first domain that has it, ("dmarc", a
# domain) asks for its record.
Question = tuple[str, bytes | Selector | str]
Answers = dict[Question, str | None]
Facts = dict[Question, str]

_Key = TypeVar("_Key")


def facts_of(known: Neighbours) -> Facts:
    """Return everything that these policies answer."""
    return {
        **{_of_key(p): owner for p, owner in known.key_owners.items()},
        **{_of_alias(alias): owner for alias, owner in known.alias_owners.items()},
        **{_of_dmarc(domain): text for domain, text in known.dmarc.texts.items()},
    }


def add_facts(facts: Facts, more: Facts) -> None:
    """Add what other policies answer. The owner of something is the first domain that has it."""
    for question, answer in more.items():
        known = facts.setdefault(question, answer)
        if answer < known:
            facts[question] = answer


def _of_key(p: str) -> Question:
    return "key", hashlib.sha256(p.encode()).digest()


def _of_alias(alias: Selector) -> Question:
    return "alias", alias


def _of_dmarc(domain: DomainName) -> Question:
    return "dmarc", domain


class Asked:
    """Answers the questions of rules. `noted` holds those that other policies may change."""

    def __init__(self, facts: Facts, told: Answers) -> None:
        self._facts, self._told = facts, told
        self.noted: Answers = {}

    @property
    def neighbours(self) -> Neighbours:
        """What the rules ask."""
        return Neighbours(
            _Answering(_of_key, self._owner),
            DmarcAlone(_Answering(_of_dmarc, self._record)),
            _Answering(_of_alias, self._owner),
        )

    def _owner(self, question: Question) -> DomainName | None:
        found = (self._facts.get(question), self._told.get(question))
        answer = min((each for each in found if each is not None), default=None)
        self.noted[question] = answer
        return None if answer is None else DomainName(answer)

    def _record(self, question: Question) -> str | None:
        if question in self._facts:  # no other policy is for this domain
            return self._facts[question]
        answer = self.noted[question] = self._told.get(question)
        return answer


_Answer = TypeVar("_Answer", bound=str)


class _Answering(Mapping[_Key, _Answer]):
    """Looks like all that the repo's policies say. Only what is asked for is known."""

    def __init__(
        self,
        question: Callable[[_Key], Question],
        answer: Callable[[Question], _Answer | None],
    ) -> None:
        self._question, self._answer = question, answer

    def __getitem__(self, key: _Key) -> _Answer:
        answer = self._answer(self._question(key))
        if answer is None:
            raise KeyError(key)
        return answer

    def __iter__(self) -> Iterator[_Key]:
        raise NotImplementedError("other parts have more; ask for one")

    def __len__(self) -> int:
        raise NotImplementedError("other parts have more; ask for one")
