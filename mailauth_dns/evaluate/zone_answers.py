"""What an authoritative server answers from one zone (RFC 1034 §4.3.2, RFC 4592, RFC 6672).

It is pure, so `serve` and evaluation give the same answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from mailauth_dns.records.name import MAX_NAME, DomainName, below, is_at_or_below
from mailauth_dns.records.zone import RRset, Zone

MAX_CHAIN = 12  # names looked up for one question, so one alias fewer


class Rcode(StrEnum):
    """The response codes an answer from a zone can have (RFC 1035 §4.1.1, RFC 6672 §2.2)."""

    NOERROR = "NOERROR"
    NXDOMAIN = "NXDOMAIN"
    SERVFAIL = "SERVFAIL"
    YXDOMAIN = "YXDOMAIN"


@dataclass(frozen=True, slots=True)
class ZoneAnswer:
    """What a zone says to one question; `authoritative` is False for a referral."""

    rcode: Rcode
    answer: tuple[RRset, ...] = ()
    authority: tuple[RRset, ...] = ()
    authoritative: bool = True

    def alias(self, type: str) -> DomainName | None:
        """Return the name to ask for `type` next, where a CNAME ends the answer."""
        last = self.answer[-1] if self.answer else None
        if last is None or last.type != "CNAME" or type in ("CNAME", "ANY"):
            return None
        return alias_target(next(iter(last.values)))


def alias_target(value: str) -> DomainName:
    """Return the name that a CNAME's value stands for."""
    return DomainName(value.removesuffix(".").lower())


class Authority:
    """One zone, indexed for answering."""

    def __init__(self, zone: Zone) -> None:
        self._origin = zone.origin
        self._names: dict[DomainName, dict[str, RRset]] = {}
        for rrset in zone.rrsets:
            if is_at_or_below(rrset.name, zone.origin):
                self._names.setdefault(rrset.name, {})[rrset.type] = rrset
        self._exist = {zone.origin}
        for name in self._names:  # empty non-terminals exist too (RFC 4592 §2.2.2)
            if name not in self._exist:
                self._exist.update(_down(name, zone.origin))
        # Nearly all zones are in one piece: then no name above another one says anything of it.
        self._is_whole = not any(
            "DNAME" in sets or ("NS" in sets and name != zone.origin)
            for name, sets in self._names.items()
        )

    @property
    def has_soa(self) -> bool:
        """Tell whether the zone has its SOA; without it no denial is possible (RFC 2308 §3)."""
        return bool(self._soa)

    def answer(self, name: DomainName, type: str) -> ZoneAnswer:
        """Return the whole answer, aliases followed as far as this zone knows them."""
        chain: list[RRset] = []
        for _ in range(MAX_CHAIN):
            step = self.step(name, type)
            chain += step.answer
            target = step.alias(type)
            if target is None or not is_at_or_below(target, self._origin):
                return ZoneAnswer(
                    step.rcode, tuple(chain), step.authority, step.authoritative or bool(chain)
                )
            name = target
        return ZoneAnswer(Rcode.SERVFAIL)

    def step(self, name: DomainName, type: str) -> ZoneAnswer:
        """Return what the zone holds at `name` itself; aliases are not followed.

        `name` lies at or below the zone's origin.
        """
        if self._is_whole and name in self._exist:
            return self._found(name, self._names.get(name, {}), type)
        above = _down(name, self._origin)
        for upper in above:
            sets = self._names.get(upper, {})
            if upper != self._origin and "NS" in sets and not (upper == name and type == "DS"):
                return ZoneAnswer(Rcode.NOERROR, (), (sets["NS"],), authoritative=False)
            if upper != name and "DNAME" in sets:
                return _redirected(name, sets["DNAME"])
        if name in self._exist:
            return self._found(name, self._names.get(name, {}), type)
        encloser = next(upper for upper in reversed(above) if upper in self._exist)
        source = self._names.get(below("*", encloser))
        if source is None:
            return ZoneAnswer(Rcode.NXDOMAIN, (), self._soa)
        return self._found(name, source, type)

    def _found(self, name: DomainName, sets: Mapping[str, RRset], type: str) -> ZoneAnswer:
        found = tuple(sets.values()) if type == "ANY" else ()
        if not found and (one := sets.get(type) or sets.get("CNAME")) is not None:
            found = (one,)
        here = tuple(
            each if each.name == name else RRset(name, each.type, each.ttl, each.values)
            for each in found
        )
        return ZoneAnswer(Rcode.NOERROR, here, () if here else self._soa)

    @cached_property
    def _soa(self) -> tuple[RRset, ...]:
        soa = self._names.get(self._origin, {}).get("SOA")
        if soa is None:
            return ()
        minimum = int(next(iter(soa.values)).rsplit(" ", 1)[1])
        return (RRset(soa.name, "SOA", min(soa.ttl or 0, minimum), soa.values),)  # RFC 2308 §3


def _redirected(name: DomainName, dname: RRset) -> ZoneAnswer:
    """Return the DNAME and the CNAME that it makes for one name below it (RFC 6672 §2.2)."""
    target = below(name.removesuffix(f".{dname.name}"), alias_target(next(iter(dname.values))))
    if len(target) > MAX_NAME:
        return ZoneAnswer(Rcode.YXDOMAIN, (dname,))
    return ZoneAnswer(
        Rcode.NOERROR, (dname, RRset(name, "CNAME", dname.ttl, frozenset({f"{target}."})))
    )


def _down(name: DomainName, origin: DomainName) -> list[DomainName]:
    """Return the names from the apex down to `name` itself."""
    names = [origin]
    rest = name.removesuffix(origin).removesuffix(".")
    for label in reversed(rest.split(".") if rest else []):
        names.append(below(label, names[-1]))
    return names
