"""Names of hosts by address, as far as DNS proves them: the name leads back to the address.

Whoever has an address can give it any name. Only the owner of the name can give it the address.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.live.lookup import Question, ServerAddress, ask
from mailauth_dns.live.recursive_resolvers import Recursion, Reply, system_resolvers
from mailauth_dns.records.name import DomainName, domain_name
from mailauth_dns.records.zone import RRKey

MOST = 500  # addresses that are asked for
SECONDS = 20.0  # for all of them
_AT_ONCE = 50
_NAMES = 3  # names of an address that are looked at
_TIMEOUT, _TRIES = 2.0, 2  # seconds, of each try


@dataclass(frozen=True, slots=True)
class HostNames:
    """Proven names by address; an address without one is in neither part.

    Of `unknown`, DNS did not tell; `reason` is that of the first. `left_out` were not asked for.
    """

    names: Mapping[str, DomainName]
    unknown: tuple[str, ...]
    reason: str
    left_out: int


def host_names(
    addresses: Sequence[str],
    *,
    resolvers: Sequence[ServerAddress] | None = None,
    seconds: float = SECONDS,
) -> HostNames:
    """Return the names of hosts; the first `MOST` addresses are asked for."""
    end = time.monotonic() + seconds

    def in_time(questions: Iterable[Question]) -> dict[Question, Reply]:
        left = end - time.monotonic()
        if left <= 0:
            over = f"the {seconds:g} s that DNS may take for names of hosts are over"
            return dict.fromkeys(questions, Unknown(over))
        return dict(ask(questions, timeout=min(_TIMEOUT, left / _TRIES), tries=_TRIES))

    recursion = Recursion(system_resolvers() if resolvers is None else resolvers, in_time)
    names: dict[str, DomainName] = {}
    unknown: dict[str, str] = {}
    asked = list(dict.fromkeys(addresses))[:MOST]
    for at in range(0, len(asked), _AT_ONCE):
        _look(asked[at : at + _AT_ONCE], recursion, names, unknown)
    reason = next(iter(unknown.values()), "")
    return HostNames(names, tuple(unknown), reason, len(set(addresses)) - len(asked))


def _look(
    addresses: Iterable[str],
    recursion: Recursion,
    names: dict[str, DomainName],
    unknown: dict[str, str],
) -> None:
    """Add what DNS says of these addresses."""
    pointers: dict[str, RRKey] = {
        each: (DomainName(ip_address(each).reverse_pointer), "PTR") for each in addresses
    }
    replies = recursion.lookup(pointers.values())
    claimed: dict[str, list[RRKey]] = {}
    for address, key in pointers.items():
        kind = "AAAA" if ":" in address else "A"
        found = _values(replies[key])
        if isinstance(found, Unknown):
            unknown[address] = f"{key[0]}: {found.reason}"
        else:
            claimed[address] = [(name, kind) for name in map(_name, found[:_NAMES]) if name]
    back = recursion.lookup({key for keys in claimed.values() for key in keys})
    for address, keys in claimed.items():
        for key in keys:
            found = _values(back[key])
            if isinstance(found, Unknown):
                unknown.setdefault(address, f"{key[0]}: {found.reason}")
            elif address in map(_address, found):
                names[address] = key[0]
                unknown.pop(address, None)
                break


def _values(reply: Reply) -> list[str] | Unknown:
    if isinstance(reply, Unknown):
        return reply
    return sorted(reply.followed.values) if reply.followed is not None else []


def _name(text: str) -> DomainName | None:
    try:
        return domain_name(text)
    except RecordSyntaxError:
        return None


def _address(text: str) -> str:
    return str(ip_address(text))
