"""What the authoritative servers of one zone say that it holds.

Unknown is a value with a reason and never means absent: a timeout, SERVFAIL or REFUSED says nothing
about the record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mailauth_dns.records.name import DomainName, ancestors, below
from mailauth_dns.records.zone import RRKey, RRset


@dataclass(frozen=True, slots=True)
class Unknown:
    """The answer is unknown; `reason` says why, in words for a user."""

    reason: str


_NOT_ASKED = Unknown("was not asked")


@dataclass(frozen=True, slots=True)
class ServerView:
    """One server's own answers; a set is None where the server says that there is none."""

    server: str  # "ns1.example.net (192.0.2.53:53)", or the address alone where it was given
    sets: Mapping[RRKey, RRset | Unknown | None]

    def said(self, key: RRKey) -> RRset | Unknown | None:
        """Return what the server says of a set."""
        return self.sets.get(key, _NOT_ASKED)


def _all_values(rrset: RRset) -> frozenset[str]:
    return rrset.values


@dataclass(frozen=True, slots=True)
class Observation:
    """What every authoritative server of `zone` says about the keys that were asked.

    `servers` is empty, and `problem` says why, where the servers could not even be found.
    `delegated` is the NS set that the recursive resolver gave for the zone: absolute names in lower
    case without the trailing dot. It is None where the addresses were given by hand, so that nobody
    looked up the delegation.
    """

    zone: DomainName
    servers: tuple[ServerView, ...]
    delegated: frozenset[DomainName] | None
    problem: str | None = None

    def agreed(
        self, key: RRKey, part: Callable[[RRset], frozenset[str]] = _all_values
    ) -> RRset | Unknown | None:
        """Return what all servers say of `key`, TTLs aside; Unknown if one is, or if two differ.

        `part` gives the values of a set that matter: servers may differ in the others.
        """
        if not self.servers:
            return Unknown(self.problem or "no server was asked")
        answers = [view.said(key) for view in self.servers]
        for view, answer in zip(self.servers, answers, strict=True):
            if isinstance(answer, Unknown):
                return Unknown(f"{view.server}: {answer.reason}")
        first = answers[0]
        for view, answer in zip(self.servers, answers, strict=True):
            if _values(answer, part) != _values(first, part):
                return Unknown(f"{self.servers[0].server} and {view.server} differ")
        return first


def _values(
    answer: RRset | Unknown | None, part: Callable[[RRset], frozenset[str]]
) -> frozenset[str]:
    return part(answer) if isinstance(answer, RRset) else frozenset()


def is_synthesized(rrset: RRset, sets: Mapping[RRKey, RRset], origin: DomainName) -> bool:
    """Tell whether a wildcard above gives the same answer (RFC 4592 §3.3.1).

    The name itself may then not be there.
    """
    for upper in (*ancestors(rrset.name, origin), origin):
        wildcard = sets.get((below("*", upper), rrset.type))
        if wildcard is not None and wildcard is not rrset:
            return wildcard.values == rrset.values
    return False
