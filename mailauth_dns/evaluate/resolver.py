"""How evaluation asks DNS: through a resolver of the caller, for DNS as it is or would be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from mailauth_dns.errors import ObservationError
from mailauth_dns.evaluate.zone_answers import MAX_CHAIN, Authority, Rcode, alias_target
from mailauth_dns.records.name import DomainName, upwards
from mailauth_dns.records.zone import Zone

Values = tuple[str, ...] | None


class Resolver(Protocol):
    """Answers questions about names, with CNAMEs followed.

    None: the name does not exist (NXDOMAIN). Empty: it exists but has no such type. Values are as
    in `records.zone`: TXT as joined octets, one character an octet; MX as `10 mx.example.com.`;
    names absolute, in lower case. A question for CNAME itself follows no alias.
    """

    def lookup(self, name: DomainName, rrtype: str) -> Values:
        """Return the values of one set.

        Raises:
            ObservationError: the answer is unknown (timeout, SERVFAIL, a loop of aliases). It
                never means "absent".
        """
        ...


@dataclass(frozen=True, slots=True)
class Alias:
    """An answer that sends the question on to another name."""

    target: DomainName


Hop = Callable[[DomainName, str], Values | Alias]  # one lookup, no alias followed


def follow(hop: Hop, name: DomainName, rrtype: str) -> Values:
    """Return the values at the end of a chain of aliases.

    Raises:
        ObservationError: the chain does not end, or `hop` cannot tell.
    """
    at = name
    for _ in range(MAX_CHAIN):
        answer = hop(at, rrtype)
        if not isinstance(answer, Alias):
            return answer
        at = answer.target
    raise ObservationError(
        f"{name} {rrtype}: its aliases (CNAME) are a loop, or {MAX_CHAIN} and more"
    )


def ask(resolver: Resolver, name: DomainName, rrtype: str) -> Values | Alias:
    """Return what `resolver` says of `name` itself; an alias is returned, not followed.

    Raises:
        ObservationError: the resolver cannot tell.
    """
    alias = resolver.lookup(name, "CNAME")
    if rrtype == "CNAME" or alias is None:
        return alias
    return Alias(alias_target(alias[0])) if alias else resolver.lookup(name, rrtype)


class ZoneResolver:
    """Answers from whole zones, as the servers that hold them would.

    A name in none of the zones, or delegated by one of them to a zone that is missing, is looked up
    `elsewhere`; without a resolver there, it is unknown. For a closed world, give a zone whose
    origin is the root.
    """

    def __init__(self, zones: Iterable[Zone], elsewhere: Resolver | None = None) -> None:
        self._authorities = {zone.origin: Authority(zone) for zone in zones}
        self._elsewhere = elsewhere

    def lookup(self, name: DomainName, rrtype: str) -> Values:
        """Return the values of one set, sorted.

        Raises:
            ObservationError: the zones do not say, or their aliases do not end.
        """
        return follow(self._hop, name, rrtype)

    def _hop(self, name: DomainName, rrtype: str) -> Values | Alias:
        authority = self._in_charge(name)
        answer = authority.step(name, rrtype) if authority is not None else None
        if answer is None or not answer.authoritative:
            if self._elsewhere is None:
                raise ObservationError(
                    f"{name} {rrtype}: none of the zones at hand holds this name"
                )
            return ask(self._elsewhere, name, rrtype)
        if answer.rcode not in (Rcode.NOERROR, Rcode.NXDOMAIN):
            raise ObservationError(f"{name} {rrtype}: {answer.rcode}")
        target = answer.alias(rrtype)
        if target is not None:
            return Alias(target)
        if answer.rcode is Rcode.NXDOMAIN:
            return None
        values = [value for each in answer.answer if each.type == rrtype for value in each.values]
        return tuple(sorted(values))

    def _in_charge(self, name: DomainName) -> Authority | None:
        """Return the deepest zone that holds `name`."""
        for origin in upwards(name):
            if (found := self._authorities.get(origin)) is not None:
                return found
        return None


class WatchedResolver(ZoneResolver):
    """A `ZoneResolver` that remembers the names it was asked for, also behind aliases."""

    def __init__(self, zones: Iterable[Zone], elsewhere: Resolver | None = None) -> None:
        super().__init__(zones, elsewhere)
        self.asked: set[DomainName] = set()

    def _hop(self, name: DomainName, rrtype: str) -> Values | Alias:
        self.asked.add(name)
        return super()._hop(name, rrtype)
