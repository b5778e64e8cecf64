"""Zones of made-up domains, with names that zones include and the spellings that people use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mailauth_dns.masterfile import loose_reader
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import Zone

SEEN = Path(__file__).parent / "seen_includes.txt"
NOBODY = ("_spf.nobody.example", "mail.stranger.example", "spf.unheard-of.example")
HEAD = "$TTL 3600\n@ IN SOA ns1 hostmaster 1 2 3 4 5\n@ IN NS ns1\n"

# How one term is spelt; each is a term that receivers read.
SPELLINGS = (
    "include:{}",
    "+include:{}",
    "INCLUDE:{}",
    "include:{}.",
    "?include:{}",
    "exists:%{{i}}._i.{}",
    "include:%{{ir}}.{}",
    "a:{}",
)


def seen() -> tuple[str, ...]:
    """The names that zones include."""
    lines = SEEN.read_text("ascii").splitlines()
    return tuple(line for line in lines if not line.startswith("#"))


def thirty() -> Iterator[tuple[DomainName, Zone, tuple[str, ...]]]:
    """Thirty zones, each with the names in its SPF record; every seen name is in one of them."""
    names = seen()
    for number in range(30):
        domain = DomainName(f"customer{number}.example")
        chosen = (*names[number::30], NOBODY[number % len(NOBODY)])
        yield domain, zone(domain, _record(chosen, number)), chosen


def zone(domain: DomainName, text: str) -> Zone:
    """The zone of a domain whose records are in `text`."""
    return loose_reader.read(domain, HEAD + text).zone


def _record(names: tuple[str, ...], number: int) -> str:
    """An SPF record with these names: one of them as a redirect, now and then, in odd strings."""
    terms = []
    for at, name in enumerate(names):
        text = name.upper() if (number + at) % 5 == 1 else name
        terms.append(SPELLINGS[(number + at) % len(SPELLINGS)].format(text))
    if number % 6 == 5:
        terms[-1] = f"redirect={names[-1]}"
    value = " ".join(["v=spf1", *terms, "" if number % 6 == 5 else "~all"])
    if number % 4 == 3:
        value += " "
    size = 40 + 7 * (number % 9)  # strings break within names
    parts = [value[at : at + size] for at in range(0, len(value), size)]
    return "@ IN TXT " + " ".join(f'"{part}"' for part in parts) + "\n"
