"""One SPF record over several names: parts hold what its own name cannot (RFC 7208 §3.4, §5.2).

A part holds networks that pass and nothing else, so that no qualifier, `all` or modifier leaves the
domain's own record. Its name is made of its text: what a name once said it says for ever, and a
record that refers to it means the same before, while and after another one takes its place.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records import spf, spf_term
from mailauth_dns.records.addresses import NOBODY, Addresses, Network, addresses_of
from mailauth_dns.records.name import DomainName, below
from mailauth_dns.records.zone import MAX_STRING

# RFC 7208 §3.4: a name and all TXT values at it stay within 450 octets, so that an answer fits into
# 512.
MAX_ANSWER = 450
# The domain's own record shares its name with values that nobody declares here, verification tokens
# above all. One character-string for the record leaves them the rest.
MAX_ROOT = MAX_STRING
_PREFIX = "_spf-"
_HASH = 10  # hexadecimal digits
_REFERENCE = re.compile(r"[+?~-]?(?:include:|redirect=)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Flat:
    """Addresses that stand in the place of an include with this qualifier."""

    qualifier: spf_term.Qualifier
    addresses: Addresses


@dataclass(frozen=True, slots=True)
class SpfLayout:
    """The domain's own record, and the parts by name in the order in which it includes them."""

    root: str
    parts: tuple[tuple[DomainName, str], ...] = ()


def part_name(text: str, domain: DomainName) -> DomainName:
    """Return the name under `domain` of the part that says `text`."""
    return below(f"{_PREFIX}{hashlib.sha256(text.encode('ascii')).hexdigest()[:_HASH]}", domain)


def is_part(name: DomainName) -> bool:
    """Tell whether a name is one that parts have."""
    return name.startswith(_PREFIX)


def referred(texts: Iterable[str]) -> frozenset[str]:
    """Return the names, in lower case, whose records these SPF records lead to."""
    return frozenset(name for text in texts for name in _leads_to(text))


def _leads_to(text: str) -> frozenset[str]:
    try:
        return spf.parse(text).leads_to
    except RecordSyntaxError:
        return _leads_to_if_mended(text)


def _leads_to_if_mended(text: str) -> frozenset[str]:
    """Return the names that a broken record would lead to if its fault were mended."""
    found = (_REFERENCE.fullmatch(word) for word in text.lower().split(" "))
    return frozenset(match[1].rstrip(".") for match in found if match is not None)


def networks_of(record: spf.Record) -> Addresses:
    """Return the addresses that the networks of a record let pass, whatever else it says."""
    listed = [
        term
        for term in record.terms
        if isinstance(term, spf_term.Ip4 | spf_term.Ip6)
        and term.qualifier is spf_term.Qualifier.PASS
    ]
    return addresses_of(term.network.network for term in listed)


# A fleet flattens the same few names, and each of its domains is laid out by several steps.
@lru_cache(maxsize=256)
def terms_of(qualifier: spf_term.Qualifier, addresses: Addresses) -> tuple[str, ...]:
    """Return the fewest terms with this qualifier that hold these addresses and no other."""
    return tuple(str(_term(qualifier, network)) for network in addresses.networks)


def laid_out(domain: DomainName, items: Iterable[str | Flat]) -> SpfLayout:
    """Return the record of these terms, with as few parts as it takes.

    `items` are in order, terms as published.

    What passes is joined with what passes before it where nothing but passing terms stands between
    them, and it never moves back: no lookup comes before a network that spared it. Networks with
    another qualifier stay, since no include could carry it. Own terms that are longer than the
    record should be are not moved.
    """
    pieces = list(_pieces(items))
    parts: list[tuple[DomainName, str]] = []
    room = MAX_ANSWER - len(part_name("", domain))
    include_size = len(f" include:{part_name('', domain)}")
    while (over := len(_text(pieces)) - MAX_ROOT) > 0:
        longest = max(
            (piece for piece in pieces if isinstance(piece, _Run)),
            key=lambda run: len(run.inline),
            default=None,
        )
        if longest is None:
            break
        moved = _last(longest.terms, over + include_size, room)
        if len(" ".join(moved)) < include_size:
            break
        text = " ".join([spf.VERSION, *moved])
        del longest.terms[-len(moved) :]
        longest.includes.append(f"include:{part_name(text, domain)}")
        parts.append((part_name(text, domain), text))
    return SpfLayout(_text(pieces), tuple(parts))


@dataclass(slots=True)
class _Run:
    """Networks that pass and can move: those in the record itself, and the parts with the rest."""

    terms: list[str]
    includes: list[str]

    @property
    def inline(self) -> str:
        return " ".join(self.terms)


def _pieces(items: Iterable[str | Flat]) -> Iterator[str | _Run]:
    """Yield the terms; a stretch of passing ones has its networks where its first `Flat` is."""
    stretch: list[str | Flat] = []
    for item in items:
        if _passes(item):
            stretch.append(item)
            continue
        yield from _stretch(stretch)
        stretch = []
        if isinstance(item, Flat):
            yield from terms_of(item.qualifier, item.addresses)
        else:
            yield item
    yield from _stretch(stretch)


def _stretch(items: list[str | Flat]) -> Iterator[str | _Run]:
    joined = NOBODY
    for item in items:
        if isinstance(item, Flat):
            joined |= item.addresses
    for item in items:
        if isinstance(item, str):
            yield item
        elif joined:
            yield _Run(list(terms_of(spf_term.Qualifier.PASS, joined)), [])
            joined = NOBODY


def _passes(item: str | Flat) -> bool:
    """Tell whether what matches the item passes; a modifier matches nothing and divides nothing."""
    return (
        item.qualifier is spf_term.Qualifier.PASS
        if isinstance(item, Flat)
        else item[:1] not in ("-", "~", "?")
    )


def _term(qualifier: spf_term.Qualifier, network: Network) -> spf_term.Ip4 | spf_term.Ip6:
    if isinstance(network, IPv4Network):
        return spf_term.Ip4(qualifier, IPv4Interface(network))
    return spf_term.Ip6(qualifier, IPv6Interface(network))


def _last(terms: list[str], wanted: int, room: int) -> list[str]:
    """Return the last terms, enough to free `wanted` octets, within a record of `room` octets."""
    freed = 0
    for count, term in enumerate(reversed(terms)):
        if freed >= wanted or len(spf.VERSION) + freed + 1 + len(term) > room:
            return terms[-count:]
        freed += 1 + len(term)
    return list(terms)


def _text(pieces: Iterable[str | _Run]) -> str:
    words = [spf.VERSION]
    for piece in pieces:
        words += [piece] if isinstance(piece, str) else [*piece.terms, *piece.includes]
    return " ".join(words)
