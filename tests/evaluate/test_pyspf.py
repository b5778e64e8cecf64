"""Our SPF agrees with pyspf's over random zones and random terms."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random

from hypothesis import Phase, assume, given, note, settings
from hypothesis import strategies as st

from tests.evaluate.beside_pyspf import Sets, ours, resolver, theirs

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
    """Return a record that holds nothing pyspf is known to read otherwise.

    A `long` record has no redirect, and no record includes itself.
    """
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
    """Return random zones.

    Every mail exchanger and every name of a client has addresses, or there are no such names.
    """
    sets: Sets = {
        "why.example.com TXT": (
            "%{s} (%{l}, %{o}) may not use %{i}%_%{c}; see%%%-http://%{d}/%{h}?%{S}"
        ),
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
    """No term after `-all` is evaluated, so a term is either valid or makes a permerror."""
    term = "".join(random.choices(PIECES, k=random.randint(1, 6)))
    world = resolver({"example.com TXT": f"v=spf1 -all {term}"})
    note(term)
    # See test_pyspf_differences: pyspf accepts "%%" and a "%" that begins nothing, and refuses a
    # slash before a name (RFC 7208 §7.1).
    assume("%%%" not in term and ":/" not in term)
    assert (
        ours("192.0.2.1", "user@example.com", "x", world)[0]
        == theirs("192.0.2.1", "user@example.com", "x", world)[0]
    )
