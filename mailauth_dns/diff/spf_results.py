"""Which addresses get which result from an SPF record, as far as is known without DNS.

The first term that matches decides (RFC 7208 §4.6.2). Networks, and names in the lock, stand for
known addresses. Other terms stand for unknown addresses, so they are kept as written.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass

from mailauth_dns.records import spf, spf_term
from mailauth_dns.records.addresses import EVERYBODY, NOBODY, Addresses, addresses_of
from mailauth_dns.records.name import DomainName

Names = Mapping[DomainName, Addresses]


@dataclass(frozen=True, slots=True)
class Group:
    """Neighbouring terms with one qualifier.

    `addresses` are those that no earlier term decided. `terms` stand for unknown addresses.
    """

    qualifier: str
    addresses: Addresses
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Results:
    """The groups of a record in order, and what every other host gets.

    `rest` is a qualifier, or empty where a redirect decides.
    """

    groups: tuple[Group, ...]
    rest: str

    @staticmethod
    def of(record: spf.Record, names: Names) -> Results:
        """Return what a record says; `names` are what includes stand for."""
        groups: list[Group] = []
        decided = NOBODY
        for term in _deciding(record):
            qualifier = str(term.qualifier.value)
            known = _addresses(term, names)
            fresh, unknown = (
                (known - decided, ())
                if known is not None
                else (NOBODY, (str(term).lstrip("+-~?"),))
            )
            decided |= fresh
            if groups and groups[-1].qualifier == qualifier:
                last = groups.pop()
                groups.append(Group(qualifier, last.addresses | fresh, (*last.terms, *unknown)))
            elif fresh or unknown:
                groups.append(Group(qualifier, fresh, unknown))
        rest = rest_of(record)
        # Hosts that the last terms match get the same result without them.
        while groups and groups[-1].qualifier == rest:
            groups.pop()
        if not rest:
            groups.append(Group("+", NOBODY, (f"redirect={record.redirect}",)))
        return Results(tuple(groups), rest)

    @property
    def order(self) -> Hashable:
        """Equal for records that give every host the same result.

        The place of a term matters only beside unknown terms of another qualifier.
        """
        unknown: list[tuple[str, frozenset[str]]] = []
        behind: dict[tuple[str, frozenset[str]], Addresses] = {}
        for group in self.groups:
            others = frozenset(
                term
                for qualifier, terms in unknown
                if qualifier != group.qualifier
                for term in terms
            )
            place = (group.qualifier, others)
            behind[place] = behind.get(place, NOBODY) | group.addresses
            if group.terms:
                same = (
                    unknown.pop()[1]
                    if unknown and unknown[-1][0] == group.qualifier
                    else frozenset[str]()
                )
                unknown.append((group.qualifier, same | frozenset(group.terms)))
        # Addresses that get the result of every other host need no term of their own, where no
        # unknown term could give them another.
        last = (
            self.rest,
            frozenset(
                term for qualifier, terms in unknown if qualifier != self.rest for term in terms
            ),
        )
        return tuple(unknown), frozenset(
            (place, addresses) for place, addresses in behind.items() if addresses and place != last
        )

    def known(self, qualifier: str) -> Addresses:
        """Return the addresses that a term gives this result."""
        found = NOBODY
        for group in self.groups:
            if group.qualifier == qualifier:
                found |= group.addresses
        return found

    def having(self, qualifier: str) -> Addresses:
        """Return the addresses that get this result, including those that no term matches."""
        if qualifier != self.rest:
            return self.known(qualifier)
        other = NOBODY
        for group in self.groups:
            other |= group.addresses if group.qualifier != qualifier else NOBODY
        return EVERYBODY - other

    def terms_beyond(self, other: Results, qualifier: str) -> list[str]:
        """Return the unknown terms that give this result here and not in `other`."""
        return [term for term in self._terms(qualifier) if term not in other._terms(qualifier)]

    def _terms(self, qualifier: str) -> list[str]:
        return [
            term for group in self.groups if group.qualifier == qualifier for term in group.terms
        ]


def rest_of(record: spf.Record) -> str:
    """Return the result of hosts that no term matches.

    It is the qualifier of `all`, else neutral, or empty where a redirect decides.
    """
    if record.all is not None:
        return str(record.all.qualifier.value)
    return "" if record.redirect is not None else "?"


def _addresses(term: spf_term.Term, names: Names) -> Addresses | None:
    """Return the addresses that a term matches; None where only DNS knows."""
    if isinstance(term, spf_term.Ip4 | spf_term.Ip6):
        return addresses_of([term.network.network])
    return names.get(DomainName(term.domain.folded)) if isinstance(term, spf_term.Include) else None


def _deciding(record: spf.Record) -> Iterator[spf_term.Term]:
    for term in record.terms:
        if isinstance(term, spf_term.All):
            return
        yield term
