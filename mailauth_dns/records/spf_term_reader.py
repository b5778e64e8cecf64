"""Read one term of an SPF record; an error says what to write instead (RFC 7208 §4.6.1)."""

from __future__ import annotations

import difflib
import ipaddress
import re
from ipaddress import IPv4Interface, IPv6Interface

from mailauth_dns.errors import Fault, RecordSyntaxError
from mailauth_dns.records.spf_macro import DomainSpec, domain_spec, macro_string
from mailauth_dns.records.spf_term import (
    A,
    All,
    Exists,
    Include,
    Ip4,
    Ip6,
    Modifier,
    Mx,
    Ptr,
    Qualifier,
    Term,
)

_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*|")
_HOST = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_-]{0,62}\.)+[A-Za-z][A-Za-z0-9-]{0,62}\.?")
_MECHANISMS = ("all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists")
_NO_SPACE = "a space is missing before this term"
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


def read(text: str, start: int, end: int) -> Term | Modifier:
    """Return the term that `text[start:end]` is.

    Raises:
        RecordSyntaxError: receivers would return permerror for the whole record.
    """
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
        glued = _GLUED.search(word.lstrip("+-~?"), 1)
        fault = Fault.GLUED if glued is not None else Fault.UNKNOWN_MECHANISM
        raise RecordSyntaxError(text, start, end, _unknown(word, name), fault)
    at += len(written)
    try:
        return _mechanism(name, qualifier, text, at, end)
    except RecordSyntaxError as error:
        glued = _GLUED.search(word, at - start)
        fault = Fault.GLUED if glued is not None else _fault(name, text[at:end], error)
        where, until, message = error.start, error.end, error.expected
        if ";" in word:
            where, until, message = start + word.index(";"), end, _NO_SEMICOLON
        elif glued is not None:
            where, until, message = start + glued.start(), end, _NO_SPACE
        raise RecordSyntaxError(text, where, until, message, fault) from error


def _fault(name: str, rest: str, error: RecordSyntaxError) -> Fault:
    """Return what is wrong with a term: a mechanism's name, and `rest` behind it."""
    if rest[:1] not in ("", ":", "/"):  # the word goes on, so it is another name
        return Fault.UNKNOWN_MECHANISM
    return Fault.ADDRESS if name in ("ip4", "ip6") else error.fault


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
    # "ip:" is no mechanism either, but shows what was meant.
    literal = re.sub(r"^ip:", "", bare, flags=re.IGNORECASE).partition("/")[0]
    try:
        address = ipaddress.ip_address(literal.strip("[]"))
    except ValueError:
        if bare.count(".") and _HOST.fullmatch(bare):
            return (
                f"a name needs a mechanism: {sign}include:{bare} for what its SPF record lets "
                f"pass, {sign}a:{bare} for its addresses"
            )
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
    try:
        if name.lower() in ("redirect", "exp"):
            return Modifier(name.lower(), domain_spec(text, at, end))
        return Modifier(name, macro_string(text, at, end))
    except RecordSyntaxError as error:
        glued = _GLUED.search(text[start:end], at - start)
        if glued is None:
            raise
        where = start + glued.start()
        raise RecordSyntaxError(text, where, end, _NO_SPACE, Fault.GLUED) from error


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
    plain = digits.isascii() and digits.isdigit() and len(digits) <= 3
    if not plain or (len(digits) > 1 and digits[0] == "0") or int(digits) > highest:
        message = f"a prefix length is 0 to {highest}, without leading zeros"
        raise RecordSyntaxError(text, start, end, message)
    return int(digits)


def _network(name: str, qualifier: Qualifier, text: str, at: int, end: int) -> Term:
    highest, example = (32, "ip4:192.0.2.0/24") if name == "ip4" else (128, "ip6:2001:db8::/32")
    if text[at:end][:1] != ":":
        raise RecordSyntaxError(text, at, end, f"expected an address: {example}")
    literal, slash, digits = text[at + 1 : end].partition("/")
    slash_at = at + 1 + len(literal)
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
            message = (
                "not an IPv6 address; "
                f"{'use ip4:' if _IPV4.fullmatch(literal) else f'for example {example}'}"
            )
        raise RecordSyntaxError(text, at + 1, slash_at, message) from None
