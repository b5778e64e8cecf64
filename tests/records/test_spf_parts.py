"""SPF records that outgrow one name: what stays, what moves, and the budgets."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.records import spf, spf_term
from mailauth_dns.records.addresses import Addresses, addresses_of
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_parts import (
    MAX_ANSWER,
    MAX_ROOT,
    Flat,
    laid_out,
    networks_of,
    part_name,
    referred,
)

DOMAIN = DomainName("example.com")
PASS, NEUTRAL = spf_term.Qualifier.PASS, spf_term.Qualifier.NEUTRAL


def networks(*texts: str) -> Addresses:
    return addresses_of(map(IPv4Network, texts))


def scattered(count: int, block: int = 0) -> Addresses:
    """Return so many addresses of which no two make a network."""
    return addresses_of(IPv4Network((0xC6336400 + 1024 * block + 2 * n, 32)) for n in range(count))


ONE, TWO = networks("192.0.2.0/25"), networks("192.0.2.128/25", "203.0.113.1/32")
WHOLE = [
    (["mx", Flat(PASS, ONE), "-all"], "v=spf1 mx ip4:192.0.2.0/25 -all"),
    (
        [Flat(PASS, ONE), "mx", Flat(PASS, TWO), "-all"],
        "v=spf1 ip4:192.0.2.0/24 ip4:203.0.113.1 mx -all",
    ),
    (
        [Flat(PASS, ONE), "-a", Flat(PASS, TWO), "-all"],
        "v=spf1 ip4:192.0.2.0/25 -a ip4:192.0.2.128/25 ip4:203.0.113.1 -all",
    ),
    (
        [Flat(PASS, ONE), Flat(NEUTRAL, TWO), "~all"],
        "v=spf1 ip4:192.0.2.0/25 ?ip4:192.0.2.128/25 ?ip4:203.0.113.1 ~all",
    ),
    (
        ["mx", Flat(PASS, ONE), "redirect=_spf.example.net"],
        "v=spf1 mx ip4:192.0.2.0/25 redirect=_spf.example.net",
    ),
    (
        [Flat(PASS, ONE), "exp=why.example.com", Flat(PASS, TWO), "-all"],
        "v=spf1 ip4:192.0.2.0/24 ip4:203.0.113.1 exp=why.example.com -all",
    ),
]


@pytest.mark.parametrize(("items", "text"), WHOLE)
def test_what_fits_stays_in_one_record(items: list[str | Flat], text: str) -> None:
    layout = laid_out(DOMAIN, items)
    assert (layout.root, layout.parts) == (text, ())


def test_what_does_not_fit_goes_to_as_few_parts_as_hold_it() -> None:
    layout = laid_out(DOMAIN, ["mx", Flat(PASS, scattered(40)), "a", "-all"])
    assert len(layout.parts) == 2
    [(one, first), (two, second)] = layout.parts
    assert layout.root.startswith("v=spf1 mx ip4:198.51.100.0 ip4:198.51.100.2 ")
    assert layout.root.endswith(f" include:{one} include:{two} a -all")
    assert one == part_name(first, DOMAIN)
    assert one != two
    assert len(one) + len(first) <= MAX_ANSWER < len(one) + len(first) + len(" ip4:198.51.100.10")
    assert MAX_ROOT - len(" ip4:198.51.100.10") < len(layout.root) <= MAX_ROOT
    assert not {"all", "redirect", "exp"} & set(second.replace("=", " ").split())


def test_a_network_never_moves_behind_a_lookup_that_it_spared() -> None:
    layout = laid_out(
        DOMAIN,
        [
            Flat(PASS, scattered(40)),
            "exists:%{i}.example.com",
            Flat(PASS, scattered(40, 1)),
            "-all",
        ],
    )
    words = layout.root.split(" ")
    assert max(at for at, word in enumerate(words) if word.startswith("include:")) < words.index(
        "exists:%{i}.example.com"
    )


def test_networks_that_do_not_pass_stay_since_no_include_could_carry_them() -> None:
    layout = laid_out(DOMAIN, [Flat(NEUTRAL, scattered(40)), "-all"])
    assert layout.parts == ()
    assert layout.root.count("?ip4:") == 40


def test_own_terms_that_are_too_long_are_not_cut_up_for_nothing() -> None:
    own = [f"include:sender{n:02}.example.net" for n in range(9)]
    assert laid_out(DOMAIN, [*own, Flat(PASS, networks("192.0.2.1/32")), "-all"]).parts == ()


addresses = st.builds(scattered, st.integers(1, 60), st.integers(0, 1))
flats = st.builds(Flat, st.sampled_from([PASS, PASS, PASS, NEUTRAL]), addresses)
own_terms = st.sampled_from(
    [
        "mx",
        "a:mail.example.com",
        "-exists:%{i}.example.com",
        "?include:_spf.example.net",
        "ip4:192.0.2.0/24",
    ]
)


@given(
    st.lists(flats | own_terms, max_size=5),
    st.sampled_from(["-all", "~all", "redirect=_spf.example.net"]),
)
def test_budgets_order_and_addresses_hold(items: list[str | Flat], ending: str) -> None:
    layout = laid_out(DOMAIN, [*items, ending])
    root = spf.parse(layout.root)
    parts = {f"include:{name}": spf.parse(text) for name, text in layout.parts}
    for name, text in layout.parts:
        assert len(name) + len(text) <= MAX_ANSWER
        assert name == part_name(text, DOMAIN)
        assert {type(term) for term in spf.parse(text).terms} == {spf_term.Ip4}
    held = networks_of(root)
    for record in parts.values():
        held |= networks_of(record)
    given_networks = [
        item.addresses for item in items if isinstance(item, Flat) and item.qualifier is PASS
    ]
    written = networks("192.0.2.0/24") if "ip4:192.0.2.0/24" in items else Addresses()
    for each in given_networks:
        written |= each
    assert held == written
    words = [
        word
        for word in layout.root.split(" ")
        if word not in parts and not word.lstrip("?").startswith("ip4:198")
    ]
    assert words == ["v=spf1", *(item for item in items if isinstance(item, str)), ending]
    if len(layout.root) > MAX_ROOT:  # then no further part would make it shorter
        runs = (
            " ".join(run)
            for movable, run in groupby(
                layout.root.split(" "), lambda word: word.startswith("ip4:198")
            )
            if movable
        )
        assert all(len(run) <= len(f"include:{part_name('', DOMAIN)}") for run in runs)


REFERRED = [
    (
        {"v=spf1 include:_spf-1.example.com -all", "v=spf1 redirect=b.example"},
        {"_spf-1.example.com", "b.example"},
    ),
    ({"v=spf1 INCLUDE:_SPF-1.example.com. ip4:broken -all"}, {"_spf-1.example.com"}),
    (
        {"v=spf1 -include:a.example redirect=b.example redirect=c.example"},
        {"a.example", "b.example", "c.example"},
    ),
    ({"v=spf1 xinclude:a.example"}, set()),
    (set(), set()),
]


@pytest.mark.parametrize(("texts", "names"), REFERRED)
def test_referred(texts: set[str], names: set[str]) -> None:
    """A broken record still needs its parts: they must be there when somebody mends it."""
    assert referred(texts) == names
