"""Our SPF beside pyspf's, over the same zones: where they differ, the RFC says who is right."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
import spf as pyspf
from hypothesis import Phase, assume, given, note, settings
from hypothesis import strategies as st

from mailauth_dns.errors import ObservationError
from mailauth_dns.evaluate.resolver import Resolver, ZoneResolver
from mailauth_dns.evaluate.spf import check_host
from mailauth_dns.records.name import DomainName
from tests.evaluate.zones import zone

ORIGINS = (
    "example.com",
    "in-addr.arpa",
    "ip6.arpa",
)  # what lies elsewhere, such as example.org, nobody can tell


def answers(resolver: Resolver) -> Callable[..., list[Any]]:
    """Return the resolver as pyspf calls one."""

    def lookup(name: str, rrtype: str, *limits: object) -> list[Any]:
        try:
            values = resolver.lookup(DomainName(name), rrtype) or ()
        except ObservationError as error:
            raise pyspf.TempError(str(error)) from error
        readers: dict[str, Callable[[str], Any]] = {
            "TXT": lambda text: (text.encode("latin-1"),),
            "MX": mx,
            "PTR": lambda host: host.removesuffix("."),
        }
        read = readers.get(rrtype, str)
        return [((name, rrtype), read(value)) for value in values]

    return lookup


def mx(value: str) -> tuple[int, str]:
    preference, host = value.split(" ")
    return int(preference), host


Sets = dict[str, str | list[str]]


def resolver(sets: Sets) -> Resolver:
    return ZoneResolver(
        zone(origin, {key: value for key, value in sets.items() if key.split()[0].endswith(origin)})
        for origin in ORIGINS
    )


DEFAULT = pyspf.EXPLANATIONS["fail"]


def theirs(ip: str, sender: str, helo: str, resolver: Resolver) -> tuple[str, str | None]:
    with patch.object(pyspf, "DNSLookup", answers(resolver)):
        result, explanation = pyspf.check2(i=ip, s=sender, h=helo)
    return result, None if explanation == DEFAULT or result != "fail" else explanation.lower()


def ours(ip: str, sender: str, helo: str, resolver: Resolver) -> tuple[str, str | None]:
    found = check_host(ip, sender.rpartition("@")[2] or helo, sender, helo, resolver)
    return found.result.value, found.explanation.lower() if found.explanation is not None else None


HOSTS = [f"{label}.example.com" for label in "abcdef"]
CLIENTS = [
    "192.0.2.1",
    "192.0.2.77",
    "198.51.100.9",
    "2001:db8::1",
    "2001:db8:0:1::7",
    "::ffff:192.0.2.1",
]
FOUR = CLIENTS[:3]
SIX = CLIENTS[3:5]
SENDERS = [
    "",
    "user@a.example.com",
    "strong-bad+x@b.example.com",
    "u~$/@c.example.com",
    "user@nothing.example.com",
]
NAMES = [*HOSTS, "A.example.COM.", "nothing.example.com"]
AWKWARD = [
    f"{'x' * 64}.example.com",
    "a..example.com",
    "lost.example.org",
    "c.%{d2}",
    "%{l}.%{o}",
    "%{l1r-}.%{o}",
]
MADE = [
    "%{ir}.%{v}.x.example.com",
    "%{i}.x.example.com",
    "%{l}.%{d1r}.x.example.com",
    "%{S}.x.example.com",
    "%{L1r+-}.x.example.com",
]
PREFIXES = ["", "", "", "/0", "/24", "/32", "//64", "/24//64", "/16//128"]
SLIPS = [
    "foo",
    "ip4:192.0.2.0/33",
    "a:",
    "include",
    "all:x.example",
    "a:museum",
    "exists:%{z}.example",
    "mx/129",
    "ip4:1.2.3",
    "=x",
    "x=%",
]
EXCHANGERS = [["0 ."], ["10 h1.example.com."], ["10 h1.example.com.", "20 h2.example.com."]]


def some_text(random: Random, owner: str, long: bool) -> str:
    """Return a record without what pyspf is known to read otherwise: `long` ones have no redirect, and none includes itself."""
    target = partial(random.choice, [*NAMES, *NAMES, *AWKWARD, "%{d}", "%{o}", "%{h}"])
    others = [
        name
        for name in [*NAMES, *AWKWARD]
        if name.lower().rstrip(".").replace("%{d2}", "example.com") != owner
    ]
    kinds: list[Callable[[], str]] = [
        lambda: f"ip4:{random.choice(FOUR)}{random.choice(['', '/0', '/24', '/31'])}",
        lambda: f"ip6:{random.choice(SIX)}{random.choice(['', '/0', '/48', '/64'])}",
        lambda: f"a{random.choice(PREFIXES)}",
        lambda: f"a:{target()}{random.choice(PREFIXES)}",
        lambda: f"mx{random.choice(PREFIXES)}",
        lambda: f"mx:{random.choice(NAMES)}{random.choice(PREFIXES)}",
        lambda: f"include:{random.choice(others)}",
        lambda: f"exists:{target()}",
        lambda: f"exists:{random.choice(MADE)}",
        lambda: random.choice(["ptr", "ptr:example.com", "PTR:b.example.com", f"ptr:{target()}"]),
    ]
    words = [
        random.choice(["", "", "", "+", "-", "~", "?"]) + random.choice(kinds)()
        for _ in range(random.randint(0, 14 if long else 4))
    ]
    if random.random() < 0.06:
        words.insert(random.randint(0, len(words)), random.choice(SLIPS))
    if random.random() < 0.5:
        words.append(random.choice(["-all", "~all", "all", "?ALL"]))
    elif not long and random.random() < 0.5:
        words.append(f"redirect={target()}")
    if random.random() < 0.3:
        exp = random.choice(
            [
                "why.example.com",
                "why.%{d2}",
                "why2.example.com",
                "why3.%{d2}",
                "nothing.example.com",
                "lost.example.org",
            ]
        )
        words.insert(random.randint(0, len(words)), f"exp={exp}")
    if random.random() < 0.1:
        words.insert(random.randint(0, len(words)), random.choice(["x-y=%{d}", "moo=", "a.b=%%x"]))
    return "v=spf1 " + " ".join(words)


def some_world(random: Random) -> Sets:
    """Return zones in which every mail exchanger and every name of a client has addresses, or none at all."""
    sets: Sets = {
        "why.example.com TXT": "%{s} (%{l}, %{o}) may not use %{i}%_%{c}; see%%%-http://%{d}/%{h}?%{S}",
        "why2.example.com TXT": ["one", "two"],
        "why3.example.com TXT": "broken %{z}",
        "h1.example.com A": FOUR[0],
        "h1.example.com AAAA": SIX[0],
        "h2.example.com A": FOUR,
        "h2.example.com AAAA": SIX,
        "user.example.com A": FOUR[0],
        "*.x.example.com A": random.choice(FOUR),
        "1.2.0.192.in-addr.arpa PTR": random.choice(
            [["a.example.com."], ["b.example.com.", "c.example.com."], ["H2.example.com."]]
        ),
        "77.2.0.192.in-addr.arpa PTR": [f"{host}." for host in HOSTS],
    }
    long = random.random() < 0.25
    for host in HOSTS:
        texts = [some_text(random, host, long)] if random.random() < 0.9 else []
        texts += ["v=spf1 -all"] if random.random() < 0.05 else []
        if texts or random.random() < 0.5:
            sets[f"{host} TXT"] = [*texts, "v=spf10", "token"]
        if random.random() < 0.5:
            sets[f"{host} A"] = random.sample(FOUR, random.randint(1, 3))
        if random.random() < 0.5:
            sets[f"{host} AAAA"] = random.sample(SIX, random.randint(1, 2))
        if random.random() < 0.5:
            sets[f"{host} MX"] = random.choice(EXCHANGERS)
    return sets


@settings(max_examples=3000, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.integers(0, 2**32).map(Random))
def test_we_agree(random: Random) -> None:
    sets = some_world(random)
    ip, sender, helo = random.choice(CLIENTS), random.choice(SENDERS), random.choice(HOSTS)
    world = resolver(sets)
    note(f"{ip} <{sender}> {helo}\n" + "\n".join(f"{key} {value}" for key, value in sets.items()))
    assert ours(ip, sender, helo, world) == theirs(ip, sender, helo, world)


PIECES = [
    *(
        "a",
        "mx",
        "ptr",
        "all",
        "include",
        "exists:",
        "ip4",
        "ip6",
        "redirect",
        "exp",
        "x-y.1",
        "A",
        "MX",
        ":",
        "=",
        "/",
        "//",
        "+",
        "-",
        "~",
        "?",
    ),
    *(
        "/24",
        "//64",
        "/33",
        "/0",
        "/032",
        "//129",
        "//128",
        "192.0.2.1",
        "2001:db8::1",
        "::ffff:192.0.2.1",
        "::",
        "1.2.3",
        "a.example",
        "b.example.",
    ),
    *(
        "museum",
        ".",
        "..",
        "example-",
        "xn--a",
        "1x",
        "2-3",
        "%{i}",
        "%{d2r}",
        "%{S}",
        "%{i3-}",
        "%{z}",
        "%{c}",
        "%",
        "%%x",
        "%_",
        "%-",
        "_spf",
    ),
    *("%{l1r+-,/_=.}", ";", ",", "\xe9", "*", "@", "!", "0"),
]


@settings(max_examples=3000, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.integers(0, 2**32).map(Random))
def test_we_read_the_same_grammar(random: Random) -> None:
    """Behind `-all` nothing is evaluated, so that a term either is valid or makes a permerror."""
    term = "".join(random.choices(PIECES, k=random.randint(1, 6)))
    world = resolver({"example.com TXT": f"v=spf1 -all {term}"})
    note(term)
    # See DECIDED: "%%" and a "%" that begins nothing, which pyspf lets pass, and a slash in front of a name (RFC 7208 §7.1).
    assume("%%%" not in term and ":/" not in term)
    assert (
        ours("192.0.2.1", "user@example.com", "x", world)[0]
        == theirs("192.0.2.1", "user@example.com", "x", world)[0]
    )


LEFT = "y" * 60
VOID: Sets = {
    "example.com MX": [
        "10 h1.example.com.",
        "20 void1.example.com.",
        "30 void2.example.com.",
        "40 void3.example.com.",
    ]
}
REVERSE = "1.2.0.192.in-addr.arpa PTR"
DECIDED: list[
    tuple[str, str, Sets, str, str, str]
] = [  # section, record at example.com, more, sender, ours, pyspf's
    # Which terms count, and when
    (
        "4.6.4",
        f"v=spf1 {'mx ' * 9}a redirect=b.example.com",
        {"example.com MX": "0 ."},
        "",
        "pass",
        "permerror",
    ),  # redirect not reached
    (
        "4.6.4",
        "v=spf1 ip4:192.0.2.1 include:example.com",
        {},
        "",
        "pass",
        "permerror",
    ),  # a loop is no error of syntax
    (
        "5.4",
        "v=spf1 mx -all",
        VOID,
        "",
        "pass",
        "permerror",
    ),  # hosts by preference, until one matches
    (
        "5.4",
        "v=spf1 mx -all",
        {"example.com MX": ["10 h1.example.com.", "20 h.example.org."]},
        "",
        "pass",
        "temperror",
    ),
    # Macros
    (
        "7.1",
        "v=spf1 -all mx:/0a%%",
        {},
        "",
        "fail",
        "permerror",
    ),  # a slash is a letter of a macro-string like others
    (
        "7.1",
        "v=spf1 -all exists:%%%x.example.com",
        {},
        "",
        "permerror",
        "fail",
    ),  # "%%", and then a "%" that begins nothing
    # ptr and %{p}
    (
        "5.5",
        "v=spf1 ptr ~all",
        {REVERSE: ["h.example.org.", "h1.example.com."]},
        "",
        "pass",
        "temperror",
    ),  # skipped, the search goes on
    (
        "4.6",
        "v=spf1 ip4:192.0.2.1 exists:%{p}.x.example.com",
        {REVERSE: [f"void{n}.example.com." for n in range(3)]},
        "",
        "pass",
        "permerror",
    ),  # a term that is not reached looks nothing up
    (
        "4.3",
        "v=spf1 +all",
        {"b.example.com TXT": "v=spf1 +all"},
        "user@b.example.com.",
        "pass",
        "none",
    ),  # an empty label at the end
    (
        "7.3",
        "v=spf1 exists:%{p}.x.example.com",
        {REVERSE: "h.example.org.", "unknown.x.example.com A": "127.0.0.2"},
        "",
        "pass",
        "temperror",
    ),
    # The grammar of §12
    ("12", "v=spf1 +all EXP=", {}, "", "permerror", "pass"),  # names of modifiers know no case
    (
        "12",
        "v=spf1 Redirect=b.example.com",
        {"b.example.com TXT": "v=spf1 +all"},
        "",
        "pass",
        "neutral",
    ),
    ("12", "v=spf1 +all -exists", {}, "", "permerror", "pass"),
    ("12", "v=spf1 +all x=\t", {}, "", "permerror", "pass"),  # macro-literal is what prints
    ("12", "v=spf1 +all x=%{", {}, "", "permerror", "pass"),
    ("12", "v=spf1 +all x=%%", {}, "", "pass", "permerror"),  # an escaped % may be the last
    ("12", "v=spf1 exists:%{l;}.example.com", {}, "", "permerror", "neutral"),  # ; is no delimiter
    ("12", "v=spf1 exists:%{s1-@}.example.com", {}, "", "permerror", "neutral"),  # nor is @
    (
        "6",
        "v=spf1 +all x=1 x=2",
        {},
        "",
        "pass",
        "permerror",
    ),  # only redirect and exp are to be unique
    ("7.3", "v=spf1 +all exists:%{d0}", {}, "", "permerror", "pass"),
    # Expansion
    (
        "4.3",
        "v=spf1 exists:%{s}.x.example.com",
        {"postmaster@example.com.x.example.com A": "127.0.0.2"},
        "@example.com",
        "pass",
        "neutral",
    ),
    (
        "4.3",
        "v=spf1 -all",
        {"b.example.com TXT": "v=spf1 +all"},
        '"a@b"@b.example.com',
        "pass",
        "none",
    ),  # the domain stands behind the last @
    (
        "7.3",
        "v=spf1 exists:%{h-}.example.com",
        {"a.b.example.com A": "127.0.0.2"},
        "",
        "pass",
        "neutral",
    ),  # joined by dots
    (
        "7.3",
        f"v=spf1 exists:{LEFT}.{LEFT}.{LEFT}.{LEFT}.{LEFT}.{LEFT}.x.example.com",
        {f"{LEFT}.{LEFT}.{LEFT}.x.example.com A": "127.0.0.2"},
        "",
        "pass",
        "neutral",
    ),  # as many labels go as are too many
]


@pytest.mark.parametrize(("section", "record", "more", "sender", "we", "they"), DECIDED)
def test_where_we_differ_the_rfc_decides(
    section: str, record: str, more: Sets, sender: str, we: str, they: str
) -> None:
    sets: Sets = {
        "example.com TXT": record,
        "example.com A": "192.0.2.1",
        "h1.example.com A": "192.0.2.1",
        **more,
    }
    world = resolver(sets)
    sender = sender or "user@example.com"
    assert ours("192.0.2.1", sender, "a-b", world)[0] == we
    assert theirs("192.0.2.1", sender, "a-b", world)[0] == they
