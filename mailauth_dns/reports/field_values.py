"""Words of a report as values, for XML and JSON alike.

Each function takes what the reporter wrote and a `Tolerated`. What is missing is None. What is
wrong is told; it becomes the value that was meant, or None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import TypeVar

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records.name import DomainName, domain_name
from mailauth_dns.reports.bounds import MAX_WORD
from mailauth_dns.reports.reporter import Reporter
from mailauth_dns.reports.tolerated import Odd, Tolerated, short
from mailauth_dns.reports.unreadable import UnreadableReport

_T = TypeVar("_T")
Fields = Mapping[str, str]

# Most addresses; ipaddress takes three times as long.
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,12}")
_LATEST = 253402300799  # the last second of the year 9999
_MILLISECONDS = 100_000_000_000  # as seconds, this is the year 5138
_MONTH = 32 * 86400  # seconds
_NO_NAMES = frozenset({"", "none", "null", "unknown", "n/a", "-", "<>"})


def word(
    text: str | None,
    words: Mapping[str, _T],
    told: Tolerated,
    others: Mapping[str, _T] | None = None,
    odd: Odd = Odd.OLD_WORD,
) -> _T | None:
    """Return the value that a word stands for; `others` are words that are told as `odd`."""
    if text is None:
        return None
    if (found := words.get(text)) is not None:
        return found
    bare = text.strip()
    lowered = bare.lower()
    if not lowered:
        return None
    if (found := words.get(lowered)) is not None:
        if lowered != bare:
            told.tell(Odd.CAPITALS, bare)
        return found
    if others is not None and (found := others.get(lowered)) is not None:
        told.tell(odd, bare)
        return found
    told.tell(Odd.UNKNOWN_WORD, bare)
    return None


def count(text: str | None, told: Tolerated) -> int | None:
    """Return a number of messages or sessions; None where it cannot be told."""
    if text is not None and len(text) < 13 and text.isascii() and text.isdigit():
        return int(text)
    bare = (text or "").strip()
    if _DIGITS.fullmatch(bare):
        return int(bare)
    whole, dot, rest = bare.partition(".")
    if dot and _DIGITS.fullmatch(whole) and not rest.strip("0"):
        told.tell(Odd.ODD_NUMBER, bare)
        return int(whole)
    told.tell(Odd.BAD_COUNT, bare)
    return None


@lru_cache(maxsize=4096)
def address(text: str) -> str | None:
    """Return an address in its one spelling; None where it is none.

    >>> address("2001:DB8:0::1"), address("::ffff:192.0.2.1"), address("mx.example.com")
    ('2001:db8::1', '192.0.2.1', None)
    """
    if _IPV4.fullmatch(text):
        return text
    bare = text.strip().strip("[]")
    if len(bare) > 45:  # the longest spelling of an IPv6 address
        return None
    try:
        found = ip_address(bare)
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        if found.scope_id is not None:
            return None
    return str(found)


def name(text: str | None, told: Tolerated) -> DomainName | None:
    """Return a domain name; the domain where a mail address stands in its place."""
    if text is None:
        return None
    found, odds = _name(text) if len(text) <= MAX_WORD + 65 else (None, ((Odd.BAD_NAME, text),))
    told.tell_all(odds)
    return found


@lru_cache(maxsize=4096)
def _name(text: str) -> tuple[DomainName | None, tuple[tuple[Odd, str], ...]]:
    bare = text.strip()
    if bare.lower() in _NO_NAMES:
        return None, ()
    odds: tuple[tuple[Odd, str], ...] = ()
    if "@" in bare:
        odds, bare = ((Odd.ADDRESS_FOR_NAME, ""),), bare.rpartition("@")[2].rstrip(">")
    try:
        return domain_name(bare), odds
    except RecordSyntaxError:
        return None, (*odds, (Odd.BAD_NAME, bare))


def selector(text: str | None, told: Tolerated) -> str | None:
    """Return a selector, which is spelled like a domain name (RFC 6376 §3.1)."""
    bare = (text or "").strip()
    if not bare:
        return None
    try:
        return domain_name(bare) if len(bare) <= MAX_WORD else None
    except RecordSyntaxError:
        told.tell(Odd.BAD_SELECTOR, bare)
        return None


def reporter(fields: Fields, begin: int, end: int, told: Tolerated) -> Reporter:
    """Return who sent a report, from `org_name`, `email` and `report_id`."""
    org = _kept(fields.get("org_name"))
    mail = fields.get("email") or ""
    domain = name(mail.rpartition("@")[2].rstrip("> \t\r\n"), told) if "@" in mail else None
    if "@" in org:  # no person's address is kept
        org = org.rpartition("@")[2].rstrip(">")
    if not org:
        told.tell(Odd.NO_ORG if domain else Odd.NO_REPORTER)
        org = domain or ""
    identity = _kept(fields.get("report_id"))
    if not identity:
        told.tell(Odd.NO_ID)
    return Reporter(org, domain, identity, begin, end)


def _kept(text: str | None) -> str:
    """Return words that are kept as they are, on one line and not too long."""
    return " ".join((text or "")[: 4 * MAX_WORD].split())[:MAX_WORD]


def window(begin: str | None, end: str | None, told: Tolerated) -> tuple[int, int]:
    """Return when a report begins and ends, in seconds since 1970.

    Raises:
        UnreadableReport: one of the two cannot be told.
    """
    first, last = _moment(begin, "begins", told), _moment(end, "ends", told)
    if last < first:
        told.tell(Odd.DATES_SWAPPED)
        first, last = last, first
    if last - first > _MONTH:
        told.tell(Odd.LONG_WINDOW)
    return first, last


def _moment(text: str | None, which: str, told: Tolerated) -> int:
    bare = (text or "").strip()[:MAX_WORD]
    whole, dot, fraction = bare.partition(".")
    number = int(whole) if re.fullmatch("[0-9]{1,15}", whole) else -1
    if number >= 0 and (fraction.isdecimal() or not dot):
        if dot:
            told.tell(Odd.FRACTION, bare)
        if number >= _MILLISECONDS:
            told.tell(Odd.MILLISECONDS)
            number //= 1000
    else:
        try:
            moment = datetime.fromisoformat(bare)
            if moment.tzinfo is None:
                told.tell(Odd.LOCAL_TIME)
                moment = moment.replace(tzinfo=UTC)
            number = int(moment.timestamp())
        except (ValueError, OverflowError):
            number = -1
        else:
            told.tell(Odd.DATE_TEXT, bare)
    if not 0 <= number <= _LATEST:
        raise UnreadableReport(f"does not say when it {which} (it says '{short(bare)}')")
    return number
