"""Answers from zones: wildcards, aliases, cuts, and the three kinds of nothing kept apart."""

from __future__ import annotations

import pytest

from mailauth_dns.errors import ObservationError
from mailauth_dns.evaluate.resolver import Values, ZoneResolver
from mailauth_dns.records.name import ROOT, DomainName
from tests.evaluate.zones import zone

COM = zone(
    "example.com",
    {
        "example.com TXT": ["v=spf1 -all", "token"],
        "host.example.com A": "192.0.2.1",
        "*.example.com MX": "10 host.example.com.",
        "*.w.example.com TXT": "wild",
        "*.wc.example.com CNAME": "Host.Example.COM.",
        "a.b.ent.example.com A": "192.0.2.1",
        "sub.example.com NS": "ns.example.org.",
        "held.example.com NS": "ns.example.org.",
        "alias.example.com CNAME": "host.example.com.",
        "alias2.example.com CNAME": "alias.example.com.",
        "out.example.com CNAME": "a.example.net.",
        "gone.example.com CNAME": "nothing.host.example.com.",
        "lost.example.com CNAME": "x.example.org.",
        "lame.example.com CNAME": "x.sub.example.com.",
        "empty.example.com CNAME": "a.example.net.",
        "loop1.example.com CNAME": "loop2.example.com.",
        "loop2.example.com CNAME": "loop1.example.com.",
        "moved.example.com DNAME": "target.example.net.",
        "rooted.example.com DNAME": ".",
        "long.example.com DNAME": f"{'x' * 63}.{'y' * 63}.{'z' * 63}.example.net.",
        "example.org A": "192.0.2.99",  # out of the zone: no server takes it
    },
)
HELD = zone("held.example.com", {"_dmarc.held.example.com TXT": "v=DMARC1; p=none"})
NET = zone(
    "example.net",
    {
        "a.example.net A": "192.0.2.7",
        "x.target.example.net TXT": "moved",
        "back.example.net CNAME": "host.example.com.",
    },
)
RESOLVER = ZoneResolver([COM, HELD, NET])

ANSWERS: list[tuple[str, str, Values]] = [
    ("example.com", "TXT", ("token", "v=spf1 -all")),
    ("example.com", "A", ()),
    ("host.example.com", "TXT", ()),
    ("below.host.example.com", "MX", None),
    # RFC 4592 §2.2.1: a wildcard answers for what does not exist, and only there
    ("nx.example.com", "MX", ("10 host.example.com.",)),
    ("nx.nx.example.com", "MX", ("10 host.example.com.",)),
    ("nx.example.com", "A", ()),
    ("host.example.com", "MX", ()),
    ("x.y.w.example.com", "TXT", ("wild",)),
    ("w.example.com", "TXT", ()),
    ("x.wc.example.com", "A", ("192.0.2.1",)),
    ("x.wc.example.com", "CNAME", ("Host.Example.COM.",)),
    ("*.example.com", "MX", ("10 host.example.com.",)),
    ("x.*.example.com", "MX", None),
    # RFC 4592 §2.2.2: empty non-terminals exist
    ("ent.example.com", "MX", ()),
    ("b.ent.example.com", "TXT", ()),
    ("c.ent.example.com", "MX", None),
    # aliases
    ("alias2.example.com", "A", ("192.0.2.1",)),
    ("alias2.example.com", "CNAME", ("alias.example.com.",)),
    ("alias.example.com", "TXT", ()),
    ("gone.example.com", "A", None),
    ("out.example.com", "A", ("192.0.2.7",)),
    ("empty.example.com", "TXT", ()),
    ("back.example.net", "A", ("192.0.2.1",)),
    # RFC 6672: below the DNAME only, and not the name itself
    ("x.moved.example.com", "TXT", ("moved",)),
    ("y.moved.example.com", "TXT", None),
    ("moved.example.com", "TXT", ()),
    # a deeper zone answers below its cut
    ("_dmarc.held.example.com", "TXT", ("v=DMARC1; p=none",)),
    ("x.held.example.com", "MX", None),
]

UNKNOWN = [
    ("sub.example.com", "TXT", "none of the zones at hand holds this name"),
    ("x.sub.example.com", "TXT", "none of the zones"),
    ("lame.example.com", "TXT", "x.sub.example.com TXT: none of the zones"),
    ("example.org", "A", "none of the zones"),
    ("aexample.com", "A", "none of the zones"),
    ("lost.example.com", "A", "x.example.org A: none of the zones"),
    ("loop1.example.com", "A", "loop1.example.com A: its aliases"),
    ("a.rooted.example.com", "A", "a A: none of the zones"),
    (f"{'a' * 63}.long.example.com", "A", "YXDOMAIN"),
]


@pytest.mark.parametrize(("name", "rrtype", "values"), ANSWERS)
def test_answers(name: str, rrtype: str, values: Values) -> None:
    assert RESOLVER.lookup(DomainName(name), rrtype) == values


@pytest.mark.parametrize(("name", "rrtype", "reason"), UNKNOWN)
def test_what_the_zones_do_not_say_is_unknown(name: str, rrtype: str, reason: str) -> None:
    with pytest.raises(ObservationError, match=reason):
        RESOLVER.lookup(DomainName(name), rrtype)


@pytest.mark.parametrize(("aliases", "ends"), [(11, True), (12, False)])
def test_a_chain_of_aliases_has_an_end(aliases: int, ends: bool) -> None:
    links = {f"c{at}.example.com CNAME": f"c{at + 1}.example.com." for at in range(aliases)}
    resolver = ZoneResolver(
        [zone("example.com", {**links, f"c{aliases}.example.com A": "192.0.2.1"})]
    )
    if ends:
        assert resolver.lookup(DomainName("c0.example.com"), "A") == ("192.0.2.1",)
    else:
        with pytest.raises(ObservationError, match="are a loop, or 12 and more"):
            resolver.lookup(DomainName("c0.example.com"), "A")


def test_what_is_not_in_the_zones_is_asked_elsewhere() -> None:
    """Aliases may lead out of the zones and back in."""
    elsewhere = ZoneResolver(
        [
            zone(
                "example.org",
                {"x.example.org CNAME": "host.example.com.", "y.example.org A": "192.0.2.8"},
            ),
            HELD,
        ]
    )
    resolver = ZoneResolver([COM], elsewhere)
    assert resolver.lookup(DomainName("y.example.org"), "A") == ("192.0.2.8",)
    assert resolver.lookup(DomainName("y.example.org"), "CNAME") == ()
    assert resolver.lookup(DomainName("z.example.org"), "A") is None
    assert resolver.lookup(DomainName("lost.example.com"), "A") == ("192.0.2.1",)
    assert resolver.lookup(DomainName("_dmarc.held.example.com"), "TXT") == ("v=DMARC1; p=none",)


def test_a_zone_of_the_root_holds_every_name() -> None:
    world = ZoneResolver([zone(ROOT, {"a.example TXT": "x", "b.example CNAME": "a.example."})])
    assert world.lookup(DomainName("a.example"), "TXT") == ("x",)
    assert world.lookup(DomainName("b.example"), "TXT") == ("x",)
    assert world.lookup(DomainName("example"), "TXT") == ()
    assert world.lookup(ROOT, "NS") == ()
    assert world.lookup(DomainName("com"), "TXT") is None
