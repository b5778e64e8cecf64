"""A receiver cannot tell a flattened record from the one with includes, but by what it costs."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address

from hypothesis import assume, event, given
from hypothesis import strategies as st

from mailauth_dns.compile.repo import compile_repo
from mailauth_dns.errors import MailAuthError
from mailauth_dns.evaluate.resolver import ZoneResolver
from mailauth_dns.evaluate.spf import MAX_TERMS, Result, check_host
from mailauth_dns.evaluate.spf_cost import lookup_cost
from mailauth_dns.evaluate.spf_tree import LookupCost
from mailauth_dns.policy.absent import ABSENT
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records import spf, spf_term
from mailauth_dns.records.name import ROOT, DomainName
from mailauth_dns.spf_relock.relock import relock, write
from tests.conftest import RepoFolder
from tests.evaluate.spf_world import Sets
from tests.evaluate.zones import zone

DOMAIN = DomainName("example.com")
NOW = datetime(2026, 6, 1, tzinfo=UTC)
HOSTS: Sets = {
    "example.com A": "192.0.2.5",
    "example.com MX": "10 mx.example.com.",
    "mx.example.com A": "192.0.2.6",
    "h0.sender.example A": ["192.0.2.9", "192.0.2.10"],
    "h1.sender.example AAAA": "2001:db8::9",
    "h1.sender.example A": "192.0.2.33",
    "h0.sender.example MX": ["10 h0.sender.example.", "20 h1.sender.example."],
}

qualifiers = st.sampled_from(["", "", "", "-", "~", "?"])
ip4 = st.builds("ip4:192.0.2.{}/{}".format, st.integers(0, 63), st.integers(26, 32))
ip6 = st.builds("ip6:2001:db8::{:x}/{}".format, st.integers(0, 63), st.integers(122, 128))
hosts = st.sampled_from(
    [
        "a:h0.sender.example",
        "a:h1.sender.example/30//126",
        "mx:h0.sender.example",
        "a:h0.sender.example/31",
    ]
)
own = st.sampled_from(
    [
        "mx",
        "a",
        "-a:h1.sender.example",
        "?ip4:192.0.2.0/30",
        "ip4:192.0.2.60",
        "exists:%{i}.list.example.com",
    ]
)
endings = st.sampled_from(["-all", "~all", "?all", ""])


def name(number: int) -> str:
    return f"n{number}.sender.example"


@st.composite
def trees(draw: st.DrawFn) -> tuple[Sets, int]:
    """Return records of which each includes only later ones, and how many there are."""
    count = draw(st.integers(1, 5))
    sets: Sets = {}
    for number in range(count):
        later = [name(each) for each in range(number + 1, count)]
        term = ip4 | ip4 | ip6 | hosts
        if later:
            term |= st.sampled_from(later).map("include:{}".format)
        terms = draw(st.lists(st.builds("{}{}".format, qualifiers, term), max_size=6))
        ending = (
            draw(endings | st.sampled_from(later).map("redirect={}".format))
            if later
            else draw(endings)
        )
        sets[f"{name(number)} TXT"] = " ".join(["v=spf1", *terms, *([ending] if ending else [])])
    return sets, count


@st.composite
def policies(draw: st.DrawFn, count: int) -> tuple[list[str], list[str], str]:
    """Return terms, the names to flatten, and what is said of the rest."""
    included = draw(
        st.lists(st.integers(0, count - 1).map(name), min_size=1, max_size=2, unique=True)
    )
    terms = [f"{draw(qualifiers)}include:{each}" for each in included]
    for term in draw(st.lists(own, max_size=3)):
        terms.insert(draw(st.integers(0, len(terms))), term)
    flatten = draw(st.lists(st.sampled_from(included), min_size=1, unique=True))
    return terms, flatten, draw(st.sampled_from(["fail", "softfail", "neutral", "pass"]))


def flattened_cost(tree: LookupCost, flatten: list[str]) -> int:
    return sum(
        child.total
        for child in tree.children
        if child.term.lstrip("-~?").removeprefix("include:") in flatten
    )


@given(st.data())
def test_the_result_is_the_same_for_every_client_and_costs_less(
    repo: RepoFolder, data: st.DataObject
) -> None:
    records, count = data.draw(trees())
    terms, flatten, rest = data.draw(policies(count))
    repo.policy(f"domain: example.com\nspf: {{terms: {terms}, all: {rest}, flatten: {flatten}}}\n")
    (repo.root / "zones/locks/spf.json").unlink(missing_ok=True)
    world = HOSTS | records
    unflattened = load_repo(repo.root)
    section = unflattened.policies[0].body.spf
    assert section is not None
    assert section is not ABSENT
    before = ZoneResolver([zone(ROOT, world | {"example.com TXT": section.text})])
    try:
        locked = relock(unflattened, before, lambda _: {}, (), NOW)
    except MailAuthError:
        event("refused")
        assume(False)
    write(unflattened, locked)
    [publication] = compile_repo(load_repo(repo.root))
    published: Sets = {
        f"{rrset.name} {rrset.type}": sorted(rrset.values) for rrset in publication.zone.rrsets
    }
    after = ZoneResolver([zone(ROOT, world | published)])
    parts = len(publication.zone.rrsets) - 1
    was, now = lookup_cost(DOMAIN, before), lookup_cost(DOMAIN, after)
    assert now.total == was.total - flattened_cost(was, flatten) + parts
    for at in data.draw(st.lists(st.integers(0, 127), min_size=8, max_size=8)):
        ip = (
            str(IPv4Address("192.0.2.0") + at)
            if at < 64
            else str(IPv6Address("2001:db8::") + at - 64)
        )
        expected = check_host(ip, DOMAIN, "user@example.com", "mx.example.com", before)
        found = check_host(ip, DOMAIN, "user@example.com", "mx.example.com", after)
        event(f"before {expected.result}")
        if expected.result not in (Result.PERMERROR, Result.TEMPERROR):
            assert found.result is expected.result, ip


def test_more_than_ten_lookups_become_fewer_with_parts(repo: RepoFolder) -> None:
    """Twelve includes of scattered hosts: a permanent error before, four lookups after."""
    senders: Sets = {
        f"s{n}.sender.example TXT": "v=spf1 "
        + " ".join(f"ip4:198.51.{n}.{2 * m}" for m in range(8))
        + " -all"
        for n in range(12)
    }
    names = [f"s{n}.sender.example" for n in range(12)]
    terms = [f"include:{each}" for each in names]
    repo.policy(f"domain: example.com\nspf: {{terms: {terms}, all: fail, flatten: {names}}}\n")
    unflattened = load_repo(repo.root)
    write(
        unflattened,
        relock(unflattened, ZoneResolver([zone(ROOT, senders)]), lambda _: {}, (), NOW),
    )
    [publication] = compile_repo(load_repo(repo.root))
    published: Sets = {
        f"{rrset.name} {rrset.type}": sorted(rrset.values) for rrset in publication.zone.rrsets
    }
    before = ZoneResolver(
        [zone(ROOT, senders | {"example.com TXT": " ".join(["v=spf1", *terms, "-all"])})]
    )
    after = ZoneResolver([zone(ROOT, published)])
    assert lookup_cost(DOMAIN, before).total > MAX_TERMS
    assert lookup_cost(DOMAIN, after).total == len(published) - 1 == 4
    for sender in senders.values():
        for term in spf.parse(str(sender)).terms:
            if isinstance(term, spf_term.Ip4):
                assert (
                    check_host(str(term.network.ip), DOMAIN, "u@example.com", "h", after).result
                    is Result.PASS
                )
    assert check_host("198.51.0.1", DOMAIN, "u@example.com", "h", after).result is Result.FAIL
    assert (
        check_host("198.51.11.14", DOMAIN, "u@example.com", "h", before).result is Result.PERMERROR
    )
