"""What an SPF record costs its receivers at worst (RFC 7208 §4.6.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from mailauth_dns.errors import ObservationError, RecordSyntaxError
from mailauth_dns.evaluate.macro_expansion import Envelope, queryable, target_name
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.evaluate.spf import MAX_EXCHANGERS
from mailauth_dns.evaluate.spf_hosts import addresses, exchangers, record_texts
from mailauth_dns.evaluate.spf_tree import LookupCost, Note, Remark
from mailauth_dns.records import spf, spf_term
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_macro import DomainSpec, Macro

# Receivers stop at ten terms, so there is no need to follow a tree of ten times as many.
MAX_FOLLOWED = 100


def lookup_cost(domain: DomainName, resolver: Resolver) -> LookupCost:
    """Return a tree of the DNS terms that `domain`'s SPF record costs at worst (RFC 7208 §4.6.4).

    It counts include, a, mx, ptr, exists and redirect, one each, in any order: which of them
    matches first differs between messages. Terms after `all` are never reached, and `redirect`
    counts only without `all`. A `total` above 10 means permerror for messages that no earlier term
    matches. The hosts of an mx have their own limit, which a note tells. A `ptr` counts as one void
    lookup, as for a client without a reverse name. Nothing is raised: what DNS does not answer is
    an unknown node.
    """
    return _Tree(domain, resolver).root


_UNFOLLOWED = Note(
    Remark.UNFOLLOWED, f"not followed: the tree has more than {MAX_FOLLOWED} terms without it"
)
# Only `%{d}` is the same for every message.
_SESSION = Envelope(IPv4Address(0), "", "", "")


class _Tree:
    """The records that a domain leads to, each looked up once."""

    def __init__(self, domain: DomainName, resolver: Resolver) -> None:
        self._resolver = resolver
        self._records: dict[DomainName, spf.Record | Note | Unknown] = {}
        depth, terms = self._extent(domain)
        self._crowded = terms > MAX_FOLLOWED
        self.root = self._node(domain, domain, domain, (domain,), 0, depth)

    def _extent(self, domain: DomainName) -> tuple[int, int]:
        """Return how many levels of records to follow, and how many terms they have.

        A level is followed whole or not at all, so the order of terms does not matter.
        """
        level: list[tuple[DomainName, ...]] = [(domain,)]
        depth = terms = 0
        while level and terms <= MAX_FOLLOWED:
            below = []
            for path in level:
                record = self._record(path[-1])
                if isinstance(record, spf.Record):
                    asking = list(_asking(record))
                    terms += len(asking)
                    targets = (
                        _target(term.domain, path[-1])
                        for term in asking
                        if isinstance(term, spf_term.Include | _Redirect)
                    )
                    below += [
                        (*path, name)
                        for name in map(_full_name, targets)
                        if name is not None and name not in path
                    ]
            level = below
            depth += 1
        return depth, terms

    def _node(
        self,
        name: DomainName,
        domain: str,
        term: str,
        path: tuple[DomainName, ...],
        own: int,
        depth: int,
    ) -> LookupCost:
        """Return the node of the term that leads to the record of `name`; `path` ends in it."""
        if not depth:
            return LookupCost(domain, term, own, notes=(_UNFOLLOWED,))
        record = self._record(name)
        if isinstance(record, Unknown):
            return LookupCost(domain, term, own, unknown=record)
        if isinstance(record, Note):
            return LookupCost(domain, term, own, notes=(record,))
        notes = tuple(_permissive(record, included=len(path) > 1))
        return LookupCost(
            domain,
            term,
            own,
            notes=notes,
            children=tuple(self._term(each, path, depth - 1) for each in _asking(record)),
        )

    def _record(self, name: DomainName) -> spf.Record | Note | Unknown:
        if name not in self._records:
            self._records[name] = self._read(name)
        return self._records[name]

    def _read(self, name: DomainName) -> spf.Record | Note | Unknown:
        try:
            texts = record_texts(name, self._resolver)
        except ObservationError as error:
            return Unknown(str(error))
        if not texts:
            return Note(Remark.MISSING, f"{name} publishes no SPF record")
        if len(texts) > 1:
            return Note(
                Remark.SEVERAL, f"{name} publishes {len(texts)} SPF records, one is allowed"
            )
        try:
            return spf.parse(texts[0])
        except RecordSyntaxError as error:
            return Note(Remark.INVALID, f"the SPF record of {name} is not valid: {error}")

    def _term(self, term: _Asking, path: tuple[DomainName, ...], depth: int) -> LookupCost:
        domain = path[-1]
        if isinstance(term, spf_term.Ptr):
            return LookupCost(domain, str(term), 1, voids4=1, voids6=1)
        target = _target(term.domain, domain)
        if target is None:
            return LookupCost(
                domain,
                str(term),
                1,
                notes=(Note(Remark.MACRO, "what it asks for depends on the message"),),
            )
        if isinstance(term, spf_term.Include | _Redirect):
            return self._branch(term, target, path, depth)
        name = queryable(target)
        if name is None:
            return LookupCost(
                domain,
                str(term),
                1,
                notes=(Note(Remark.UNUSABLE, f"{target} cannot be a name in DNS"),),
            )
        if self._crowded:
            return LookupCost(domain, str(term), 1, notes=(_UNFOLLOWED,))
        try:
            return self._leaf(term, name, domain)
        except ObservationError as error:
            return LookupCost(domain, str(term), 1, unknown=Unknown(str(error)))

    def _branch(
        self,
        term: spf_term.Include | _Redirect,
        target: str,
        path: tuple[DomainName, ...],
        depth: int,
    ) -> LookupCost:
        name = _full_name(target)
        if name is None:
            return LookupCost(
                path[-1],
                str(term),
                1,
                notes=(Note(Remark.MISSING, f"{target} is not a full domain name"),),
            )
        if name in path:
            loop = " → ".join([*path[path.index(name) :], name])
            return LookupCost(
                path[-1], str(term), 1, notes=(Note(Remark.LOOP, f"{loop} is a loop"),)
            )
        return self._node(name, path[-1], str(term), (*path, name), 1, depth)

    def _leaf(
        self, term: spf_term.A | spf_term.Mx | spf_term.Exists, name: DomainName, domain: str
    ) -> LookupCost:
        if isinstance(term, spf_term.Exists):
            void = self._void(name, 4)  # RFC 7208 §5.7: A for IPv6 clients too
            return LookupCost(domain, str(term), 1, void, void)
        if isinstance(term, spf_term.A):
            return LookupCost(domain, str(term), 1, self._void(name, 4), self._void(name, 6))
        values = self._resolver.lookup(name, "MX") or ()
        hosts = exchangers(name, values)
        if len(hosts) > MAX_EXCHANGERS:
            note = Note(
                Remark.EXCHANGERS,
                f"{name} has {len(hosts)} mail exchangers, mx allows {MAX_EXCHANGERS}",
            )
            return LookupCost(domain, str(term), 1, notes=(note,))
        named = [host for host in map(queryable, hosts) if host is not None]
        voids4, voids6 = (
            int(not values) + sum(self._void(host, version) for host in named) for version in (4, 6)
        )
        return LookupCost(domain, str(term), 1, voids4, voids6)

    def _void(self, name: DomainName, version: int) -> int:
        return int(not addresses(name, version, self._resolver))


@dataclass(frozen=True, slots=True)
class _Redirect:
    """`redirect=`, which counts as a term."""

    domain: DomainSpec

    def __str__(self) -> str:
        return f"redirect={self.domain}"


_Asking = spf_term.Include | spf_term.A | spf_term.Mx | spf_term.Ptr | spf_term.Exists | _Redirect


def _asking(record: spf.Record) -> Iterator[_Asking]:
    """Yield the terms that can be reached and ask DNS."""
    for term in record.terms:
        if isinstance(term, spf_term.All):
            return
        if not isinstance(term, spf_term.Ip4 | spf_term.Ip6):
            yield term
    if record.redirect is not None:
        yield _Redirect(record.redirect)


def _permissive(record: spf.Record, *, included: bool) -> Iterator[Note]:
    """Yield what lets in too many hosts; an `included` record does not decide for the others."""
    for term in record.terms:
        wide = spf_term.too_wide(term)
        if wide is not None:
            yield Note(Remark.PERMISSIVE, f"{term} lets every host of a /{wide} pass")
        if isinstance(term, spf_term.All):
            break
    rest = record.all
    if rest is not None and rest.qualifier is spf_term.Qualifier.PASS:
        yield Note(Remark.EVERYBODY, "+all lets every host pass")
    elif (
        not included
        and record.redirect is None
        and (rest is None or rest.qualifier is spf_term.Qualifier.NEUTRAL)
    ):
        yield Note(
            Remark.PERMISSIVE,
            f"{rest or 'without `all` it'} leaves open whether other hosts may send: they "
            "are neutral",
        )


def _target(spec: DomainSpec | None, domain: str) -> str | None:
    """Return the name of a term; None where it depends on the message."""
    if spec is None:
        return domain
    if any(isinstance(piece, Macro) and piece.letter not in "dD" for piece in spec.pieces):
        return None
    return target_name(spec, _SESSION, domain, tuple)


def _full_name(target: str | None) -> DomainName | None:
    """Return the name; None where it cannot have a record of its own (RFC 7208 §4.3)."""
    name = queryable(target) if target is not None else None
    return name if name is not None and "." in name else None
