"""SPF records: which hosts may send mail for a domain (RFC 7208)."""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_macro import DomainSpec, domain_spec, macro_string

VERSION = "v=spf1"


class Qualifier(StrEnum):
    """What a match means (RFC 7208 §4.6.2)."""

    PASS = "+"  # noqa: S105 - the qualifier, no password
    FAIL = "-"
    SOFTFAIL = "~"
    NEUTRAL = "?"


@dataclass(frozen=True, slots=True)
class All:
    """`all`: every host (RFC 7208 §5.1)."""

    qualifier: Qualifier

    def __str__(self) -> str:
        return f"{_sign(self.qualifier)}all"


@dataclass(frozen=True, slots=True)
class Include:
    """`include:`: hosts that pass for another domain (RFC 7208 §5.2)."""

    qualifier: Qualifier
    domain: DomainSpec

    def __str__(self) -> str:
        return f"{_sign(self.qualifier)}include:{self.domain}"


@dataclass(frozen=True, slots=True)
class A:
    """`a`: the addresses of a name (RFC 7208 §5.3). Prefix lengths in bits; without a domain the current one."""

    qualifier: Qualifier
    domain: DomainSpec | None = None
    prefix4: int = 32
    prefix6: int = 128

    def __str__(self) -> str:
        return _sign(self.qualifier) + "a" + _target(self.domain, self.prefix4, self.prefix6)


@dataclass(frozen=True, slots=True)
class Mx:
    """`mx`: the addresses of a name's mail exchangers (RFC 7208 §5.4). Prefix lengths in bits."""

    qualifier: Qualifier
    domain: DomainSpec | None = None
    prefix4: int = 32
    prefix6: int = 128

    def __str__(self) -> str:
        return _sign(self.qualifier) + "mx" + _target(self.domain, self.prefix4, self.prefix6)


@dataclass(frozen=True, slots=True)
class Ptr:
    """`ptr`: hosts whose reverse name lies in a domain; not to be used (RFC 7208 §5.5)."""

    qualifier: Qualifier
    domain: DomainSpec | None = None

    def __str__(self) -> str:
        return (
            _sign(self.qualifier) + "ptr" + (f":{self.domain}" if self.domain is not None else "")
        )


@dataclass(frozen=True, slots=True)
class Ip4:
    """`ip4:`: an address or network (RFC 7208 §5.6), kept as written, host bits included."""

    qualifier: Qualifier
    network: IPv4Interface

    def __str__(self) -> str:
        return f"{_sign(self.qualifier)}ip4:{_address(self.network)}"


@dataclass(frozen=True, slots=True)
class Ip6:
    """`ip6:`: an address or network (RFC 7208 §5.6), kept as written, host bits included."""

    qualifier: Qualifier
    network: IPv6Interface

    def __str__(self) -> str:
        return f"{_sign(self.qualifier)}ip6:{_address(self.network)}"


@dataclass(frozen=True, slots=True)
class Exists:
    """`exists:`: any host, if a name that may be made of macros has an A record (RFC 7208 §5.7)."""

    qualifier: Qualifier
    domain: DomainSpec

    def __str__(self) -> str:
        return f"{_sign(self.qualifier)}exists:{self.domain}"


Term = All | Include | A | Mx | Ptr | Ip4 | Ip6 | Exists

_WIDEST = {4: 16, 6: 32}  # prefix lengths in bits: wider networks hold the hosts of many others


def too_wide_network(network: IPv4Network | IPv6Network) -> bool:
    """Tell whether a network has more hosts than a domain can have."""
    return network.prefixlen < _WIDEST[network.version]


def too_wide(term: Term) -> int | None:
    """Return the prefix length by which a term lets more hosts pass than a domain can have, None where it does not."""
    match term:
        case Ip4(network=interface) | Ip6(network=interface):
            lengths = [(interface.version, interface.network.prefixlen)]
        case A(prefix4=four, prefix6=six) | Mx(prefix4=four, prefix6=six):
            lengths = [(4, four), (6, six)]
        case _:
            return None
    wide = next((length for version, length in lengths if length < _WIDEST[version]), None)
    return wide if term.qualifier is Qualifier.PASS else None


@dataclass(frozen=True, slots=True)
class Modifier:
    """`name=value` (RFC 7208 §6); receivers ignore those they do not know."""

    name: str
    value: DomainSpec

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


@dataclass(frozen=True, slots=True)
class Record:
    """A record, for example `v=spf1 ip4:192.0.2.0/24 include:_spf.example.net -all`.

    Mechanisms count in order; where the modifiers stand among them does not (RFC 7208 §6).
    """

    terms: tuple[Term, ...]
    redirect: DomainSpec | None = None
    exp: DomainSpec | None = None
    unknown: tuple[Modifier, ...] = ()

    @property
    def all(self) -> All | None:
        """The first `all`, behind which nothing is looked at."""
        return next((term for term in self.terms if isinstance(term, All)), None)

    @property
    def own_lookups(self) -> int:
        """How many of the record's own terms ask DNS (RFC 7208 §4.6.4), what they lead to left aside."""
        asking = sum(isinstance(term, Include | A | Mx | Ptr | Exists) for term in self.terms)
        return asking + (self.redirect is not None and self.all is None)

    @property
    def meaning(self) -> Hashable:
        """Equal for records that no receiver tells apart."""
        reached = []
        for term in self.terms:
            reached.append(_folded(term))
            if isinstance(term, All):
                break
        redirect = (
            self.redirect.folded if self.redirect is not None and self.all is None else None
        )  # RFC 7208 §6.1
        exp = self.exp.folded if self.exp is not None else None
        return (
            tuple(reached),
            redirect,
            exp,
            tuple((each.name.lower(), str(each.value)) for each in self.unknown),
        )

    def __str__(self) -> str:
        """Return the record as published."""
        parts = [VERSION, *map(str, self.terms)]
        parts += [f"redirect={self.redirect}"] if self.redirect is not None else []
        parts += [f"exp={self.exp}"] if self.exp is not None else []
        return " ".join([*parts, *map(str, self.unknown)])


def _sign(qualifier: Qualifier) -> str:
    return "" if qualifier is Qualifier.PASS else qualifier.value


def _target(domain: DomainSpec | None, prefix4: int, prefix6: int) -> str:
    host = f":{domain}" if domain is not None else ""
    return (
        host + (f"/{prefix4}" if prefix4 != 32 else "") + (f"//{prefix6}" if prefix6 != 128 else "")
    )


def _address(network: IPv4Interface | IPv6Interface) -> str:
    return str(network.ip) if network.network.prefixlen == network.max_prefixlen else str(network)


def _folded(term: Term) -> Hashable:
    """Return a term so that spellings of the same hosts are equal."""
    if isinstance(term, Ip4 | Ip6):
        return (type(term).__name__, term.qualifier, term.network.network)
    domain = None if isinstance(term, All) or term.domain is None else term.domain.folded
    prefixes = (term.prefix4, term.prefix6) if isinstance(term, A | Mx) else ()
    return (type(term).__name__, term.qualifier, domain, *prefixes)


def owner_name(domain: DomainName) -> DomainName:
    """Return where a domain's record is published: at the domain itself (RFC 7208 §3)."""
    return domain


def has_version(text: str) -> bool:
    """Tell whether a TXT value is an SPF record, valid or not: it opens with the version, and then a space or the end (RFC 7208 §4.5)."""
    return text[: len(VERSION)].lower() == VERSION and text[len(VERSION) : len(VERSION) + 1] in (
        "",
        " ",
    )


@lru_cache(
    maxsize=1024
)  # a fleet publishes the same texts many times, and each is looked at by several steps
def parse(text: str) -> Record:
    """Return the record in `text`.

    Raises:
        RecordSyntaxError: receivers would return permerror, or see no SPF record.
    """
    if not has_version(text):
        end = next((at for at, character in enumerate(text) if character == " "), len(text))
        raise RecordSyntaxError(text, 0, end, "expected v=spf1 and a space")  # RFC 7208 §4.5
    terms: list[Term] = []
    modifiers: dict[str, DomainSpec] = {}
    unknown: list[Modifier] = []
    at = len(VERSION)
    for word in text[at:].split(" "):
        if word:
            parsed = _term(text, at, at + len(word))
            if not isinstance(parsed, Modifier):
                terms.append(parsed)
            elif parsed.name.lower() not in ("redirect", "exp"):
                unknown.append(parsed)
            elif parsed.name.lower() in modifiers:
                raise RecordSyntaxError(
                    text, at, at + len(word), f"{parsed.name.lower()} is given twice"
                )  # RFC 7208 §6
            else:
                modifiers[parsed.name.lower()] = parsed.value
        at += len(word) + 1
    return Record(tuple(terms), modifiers.get("redirect"), modifiers.get("exp"), tuple(unknown))


@lru_cache(maxsize=1024)  # as `parse`
def parse_term(text: str) -> Term | Modifier:
    """Return one mechanism or modifier, as a policy lists them.

    Raises:
        RecordSyntaxError: the text is not exactly one, or the name in it lacks a label; receivers read such a name, and it matches nothing.
    """
    if " " in text:
        at = text.index(" ")
        raise RecordSyntaxError(
            text,
            at,
            at + 1,
            "one term at a time; write terms with a space between them as two items",
        )
    parsed = _term(text, 0, len(text))
    spec = _name(parsed)
    if spec is not None and spec.lacks_label:
        raise RecordSyntaxError(text, 0, len(text), "a label is missing between two dots")
    return parsed


def _name(parsed: Term | Modifier) -> DomainSpec | None:
    """Return the name that a receiver would look up or compare."""
    if isinstance(parsed, Modifier):
        return parsed.value if parsed.name in ("redirect", "exp") else None
    return None if isinstance(parsed, All | Ip4 | Ip6) else parsed.domain


_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*|")
_HOST = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_-]{0,62}\.)+[A-Za-z][A-Za-z0-9-]{0,62}\.?")
_MECHANISMS = ("all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists")
_NO_SEMICOLON = "SPF has no semicolons; terms are separated by spaces"
_TYPOS = {
    "ipv4": "ip4",
    "ipv6": "ip6",
    "includes": "include",
    "ip": "ip4",
    "inc": "include",
    "exist": "exists",
}
_GLUED = re.compile(
    r"[~?+-]all$|(?<=.)(?:include|ip4|ip6|exists|mx|a):|(?<=.)redirect=", re.IGNORECASE
)


def _term(text: str, start: int, end: int) -> Term | Modifier:
    word = text[start:end]
    modifier = _MODIFIER.match(word)
    if modifier is not None:
        return _modifier(text, start, end, modifier[1])
    at = start
    qualifier = Qualifier.PASS
    if word[:1] in ("+", "-", "~", "?"):
        qualifier = Qualifier(word[0])
        at += 1
    match = _NAME.match(text, at, end)
    written = match[0] if match is not None else ""
    name = written.lower()
    if name not in _MECHANISMS:
        raise RecordSyntaxError(text, start, end, _unknown(word, name))
    at += len(written)
    try:
        return _mechanism(name, qualifier, text, at, end)
    except RecordSyntaxError as error:
        if ";" in word:
            raise RecordSyntaxError(text, start + word.index(";"), end, _NO_SEMICOLON) from error
        glued = _GLUED.search(word, len(written) + 1)
        if glued is None:
            raise
        where = start + glued.start()
        raise RecordSyntaxError(text, where, end, "a space is missing before this term") from error


def _unknown(word: str, name: str) -> str:
    if ";" in word:
        return _NO_SEMICOLON
    if (instead := _bare(word)) is not None:
        return instead
    close = _TYPOS.get(name) or next(
        iter(difflib.get_close_matches(name, _MECHANISMS, n=1, cutoff=0.6)), None
    )
    if close is not None:
        return f"not a mechanism; did you mean {close}?"
    return f"not a mechanism; known are {', '.join(_MECHANISMS)}"


def _bare(word: str) -> str | None:
    """Return what a word without a mechanism was meant to be: an address, or a name."""
    sign = word[:1] if word[:1] in "+-~?" else ""
    bare = word.removeprefix(sign)
    # "ip:" is no mechanism either, and says more of what was meant.
    literal = re.sub(r"^ip:", "", bare, flags=re.IGNORECASE).partition("/")[0]
    try:
        address = ipaddress.ip_address(literal.strip("[]"))
    except ValueError:
        if bare.count(".") and _HOST.fullmatch(bare):
            return f"a name needs a mechanism: {sign}include:{bare} for what its SPF record lets pass, {sign}a:{bare} for its addresses"
        return None
    digits = bare.partition("/")[2]
    length = (
        f"/{digits}"
        if digits.isascii()
        and digits.isdigit()
        and len(digits) < 4
        and int(digits) <= address.max_prefixlen
        else ""
    )
    return f"an address needs its mechanism: write {sign}ip{address.version}:{address}{length}"


def _modifier(text: str, start: int, end: int, name: str) -> Modifier:
    at = start + len(name) + 1
    if name.lower() in ("redirect", "exp"):
        return Modifier(name.lower(), domain_spec(text, at, end))
    return Modifier(name, macro_string(text, at, end))


def _mechanism(name: str, qualifier: Qualifier, text: str, at: int, end: int) -> Term:
    if name == "all":
        if at < end:
            raise RecordSyntaxError(text, at, end, "all takes no value")
        return All(qualifier)
    if name in ("ip4", "ip6"):
        return _network(name, qualifier, text, at, end)
    if name in ("include", "exists"):
        if text[at:end][:1] != ":":
            raise RecordSyntaxError(text, at, end, f"expected a domain: {name}:example.com")
        kind = Include if name == "include" else Exists
        return kind(qualifier, domain_spec(text, at + 1, end))
    prefix_at = end
    prefix4, prefix6 = 32, 128
    if name != "ptr":
        prefix_at, prefix4, prefix6 = _dual_prefix(text, at, end)
    spec: DomainSpec | None = None
    if text[at:prefix_at][:1] == ":":
        spec = domain_spec(text, at + 1, prefix_at)
    elif at < prefix_at:
        raise RecordSyntaxError(
            text,
            at,
            prefix_at,
            f"expected {name}:example.com" + ("" if name == "ptr" else f" or {name}/24"),
        )
    if name == "ptr":
        return Ptr(qualifier, spec)
    return (
        A(qualifier, spec, prefix4, prefix6)
        if name == "a"
        else Mx(qualifier, spec, prefix4, prefix6)
    )


_IPV4 = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_DUAL = re.compile(r"(?:/([0-9]+))?(?://([0-9]+))?\Z")


def _dual_prefix(text: str, at: int, end: int) -> tuple[int, int, int]:
    """Return where the prefix lengths start, and both of them (RFC 7208 §12, dual-cidr-length)."""
    word = text[at:end]
    match = _DUAL.search(word)
    assert match is not None  # it also matches nothing at the end
    start = at + match.start()
    four = _prefix(match[1], 32, text, start, end)
    return start, four, _prefix(match[2], 128, text, start, end)


def _prefix(digits: str | None, highest: int, text: str, start: int, end: int) -> int:
    if digits is None:
        return highest
    if len(digits) > 3 or (len(digits) > 1 and digits[0] == "0") or int(digits) > highest:
        raise RecordSyntaxError(
            text, start, end, f"a prefix length is 0 to {highest}, without leading zeros"
        )
    return int(digits)


def _network(name: str, qualifier: Qualifier, text: str, at: int, end: int) -> Term:
    highest, example = (32, "ip4:192.0.2.0/24") if name == "ip4" else (128, "ip6:2001:db8::/32")
    if text[at:end][:1] != ":":
        raise RecordSyntaxError(text, at, end, f"expected an address: {example}")
    literal, slash, digits = text[at + 1 : end].partition("/")
    slash_at = at + 1 + len(literal)
    if slash and not (digits.isascii() and digits.isdigit()):
        raise RecordSyntaxError(
            text, slash_at, end, f"a prefix length is 0 to {highest}, without leading zeros"
        )
    prefix = _prefix(digits if slash else None, highest, text, slash_at, end)
    try:
        # As a number: an interface would print the address and read it again, twice.
        if name == "ip4":
            return Ip4(qualifier, IPv4Interface((int(ipaddress.IPv4Address(literal)), prefix)))
        if "%" in literal:  # a zone id is Python's, not SPF's
            raise ValueError(literal)
        return Ip6(qualifier, IPv6Interface((int(ipaddress.IPv6Address(literal)), prefix)))
    except ValueError:
        if name == "ip4":
            message = (
                "an IPv6 address; use ip6:"
                if ":" in literal
                else f"not an IPv4 address; for example {example}"
            )
        else:
            message = f"not an IPv6 address; {'use ip4:' if _IPV4.fullmatch(literal) else f'for example {example}'}"
        raise RecordSyntaxError(text, at + 1, slash_at, message) from None
