"""Which addresses an SPF name lets pass: what can replace an `include` of it (RFC 7208 §5.2).

Only a name that means the same for every message has such a set. Anything else, and anything that
DNS does not tell for sure, is an error: an incomplete set would look like a change by the sender,
and mail would be lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from mailauth_dns.errors import DependsOnMessage, NotFlattened, RecordSyntaxError
from mailauth_dns.evaluate.macro_expansion import queryable
from mailauth_dns.evaluate.resolver import Resolver, Values
from mailauth_dns.evaluate.spf import MAX_EXCHANGERS
from mailauth_dns.evaluate.spf_hosts import addresses, exchangers, record_texts
from mailauth_dns.records import spf, spf_term
from mailauth_dns.records.addresses import EVERYBODY, NOBODY, Addresses, addresses_of
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_macro import DomainSpec

# Terms that ask DNS: ten times as many as receivers follow. A record with more is a mistake.
MAX_FOLLOWED = 100


@dataclass(frozen=True, slots=True)
class Passing:
    """The addresses that pass for a name, and what DNS said on the way.

    `records` are SPF records by name, in the order in which they were read.
    `hosts` are the answers for `a` and `mx`, by name and type ("mx.example.net A"), sorted.
    """

    addresses: Addresses
    records: tuple[tuple[DomainName, str], ...]
    hosts: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Drift:
    """What a set of addresses has gained and lost."""

    added: Addresses
    removed: Addresses

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)


def passing(name: DomainName, resolver: Resolver) -> Passing:
    """Return the addresses for which check_host() of `name` returns pass (RFC 7208 §4).

    The order of terms counts: no later term lets in what `-ip4:` excludes. An `all`, a `redirect`
    or a qualifier of an included record has no effect outside that record. The limits on lookups
    do not apply, since the result serves to get below them.

    Raises:
        NotFlattened: a macro, `exists` or `ptr` makes it depend on the message; a record or host is
            missing, broken or in a loop; or no address passes, or every one.
        ObservationError: DNS did not answer a question.
    """
    walk = _Walk(resolver)
    found = walk.passing(name, ())
    if not found:
        raise NotFlattened(f"{name} lets no address pass")
    if found.v4 == EVERYBODY.v4 or found.v6 == EVERYBODY.v6:
        raise NotFlattened(f"{name} lets every address pass; take the include out of the policy")
    return Passing(found, tuple(walk.texts.items()), tuple(sorted(walk.heard.hosts.items())))


def drift(reviewed: Addresses, now: Addresses) -> Drift:
    """Return what has changed since the reviewed addresses."""
    return Drift(now - reviewed, reviewed - now)


class _Heard:
    """A resolver that keeps its answers about hosts."""

    def __init__(self, resolver: Resolver) -> None:
        self.hosts: dict[str, tuple[str, ...]] = {}
        self._resolver = resolver

    def lookup(self, name: DomainName, rrtype: str) -> Values:
        found = self._resolver.lookup(name, rrtype)
        if found and rrtype != "TXT":
            self.hosts[f"{name} {rrtype}"] = tuple(sorted(found))
        return found


class _Walk:
    """The records that a name leads to, each evaluated once."""

    def __init__(self, resolver: Resolver) -> None:
        self.texts: dict[DomainName, str] = {}
        self.heard = self._resolver = _Heard(resolver)
        self._known: dict[DomainName, Addresses] = {}
        self._terms = 0

    def passing(self, name: DomainName, path: tuple[DomainName, ...]) -> Addresses:
        """Return the addresses that pass for `name`; `path` holds the names that led to it."""
        if name in path:
            raise NotFlattened(f"{' → '.join([*path[path.index(name) :], name])} is a loop")
        if name not in self._known:
            self._known[name] = self._evaluated(name, (*path, name))
        return self._known[name]

    def _evaluated(self, name: DomainName, path: tuple[DomainName, ...]) -> Addresses:
        record = self._record(name)
        passed, left = NOBODY, EVERYBODY
        for term in record.terms:
            matched = left & self._matched(term, path)
            if term.qualifier is spf_term.Qualifier.PASS:
                passed |= matched
            left -= matched
            if isinstance(term, spf_term.All):
                return passed
        if record.redirect is not None:
            target = self._target(f"redirect={record.redirect}", record.redirect, path)
            passed |= left & self.passing(target, path)
        return passed

    def _record(self, name: DomainName) -> spf.Record:
        texts = record_texts(name, self._resolver)
        if len(texts) != 1:
            raise NotFlattened(
                f"{name} publishes "
                f"{f'{len(texts)} SPF records, one is allowed' if texts else 'no SPF record'}"
            )
        try:
            record = spf.parse(texts[0])
        except RecordSyntaxError as error:
            raise NotFlattened(f"the SPF record of {name} is not valid: {error}") from error
        self.texts[name] = texts[0]
        return record

    def _matched(self, term: spf_term.Term, path: tuple[DomainName, ...]) -> Addresses:
        """Return the addresses that the mechanism matches."""
        match term:
            case spf_term.All():
                return EVERYBODY
            case spf_term.Ip4(network=interface) | spf_term.Ip6(network=interface):
                return addresses_of([interface.network])
            case spf_term.Exists() | spf_term.Ptr():
                raise DependsOnMessage(
                    f"{term} in {path[-1]} depends on the message and has no addresses; take "
                    "the name out of `flatten`"
                )
        target = self._target(str(term), term.domain, path)
        match term:
            case spf_term.Include():
                return self.passing(target, path)
            case spf_term.A():
                return self._hosts([target], term, path[-1])
            case spf_term.Mx():
                named = exchangers(target, self._resolver.lookup(target, "MX") or ())
                hosts = [host for host in map(queryable, named) if host is not None]
                if not hosts:
                    raise NotFlattened(f"{term} in {path[-1]}: {target} has no mail exchanger")
                if len(named) > MAX_EXCHANGERS:
                    raise NotFlattened(
                        f"{term} in {path[-1]}: {target} has {len(named)} mail exchangers, "
                        f"mx allows {MAX_EXCHANGERS}"
                    )
                return self._hosts(hosts, term, path[-1])

    def _hosts(
        self, hosts: Iterable[DomainName], term: spf_term.A | spf_term.Mx, domain: DomainName
    ) -> Addresses:
        networks: list[IPv4Network | IPv6Network] = []
        for host in hosts:
            four, six = addresses(host, 4, self._resolver), addresses(host, 6, self._resolver)
            if not four and not six:
                raise NotFlattened(f"{term} in {domain}: {host} has no address")
            networks += [IPv4Network((int(each), term.prefix4), strict=False) for each in four]
            networks += [IPv6Network((int(each), term.prefix6), strict=False) for each in six]
        return addresses_of(networks)

    def _target(
        self, term: str, spec: DomainSpec | None, path: tuple[DomainName, ...]
    ) -> DomainName:
        self._terms += 1
        if self._terms > MAX_FOLLOWED:
            raise NotFlattened(f"{path[0]} has more than {MAX_FOLLOWED} terms that ask DNS")
        if spec is None:
            return path[-1]
        if "%" in str(spec):
            raise DependsOnMessage(
                f"{term} in {path[-1]} has a macro, which has no addresses; take the name "
                "out of `flatten`"
            )
        name = queryable(str(spec).removesuffix("."))
        if name is None:
            raise NotFlattened(f"{term} in {path[-1]}: DNS cannot hold this name")
        return name
