"""What a record costs at worst, counted by RFC 7208 §4.6.4, in any order of terms."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.evaluate.observation import Unknown
from mailauth_dns.evaluate.resolver import Resolver, ZoneResolver
from mailauth_dns.evaluate.spf import check_host
from mailauth_dns.evaluate.spf_cost import MAX_FOLLOWED, lookup_cost
from mailauth_dns.evaluate.spf_tree import LookupCost, Remark
from mailauth_dns.records.name import DomainName
from tests.evaluate.zones import zone

ROOT = DomainName("example.com")
Sets = dict[str, str | list[str]]

BASE: Sets = {
    "both.example.com A": "192.0.2.1",
    "both.example.com AAAA": "2001:db8::1",
    "four.example.com A": "192.0.2.1",
    "six.example.com AAAA": "2001:db8::1",
    "three.example.com MX": [
        "10 both.example.com.",
        "20 four.example.com.",
        "30 void.example.com.",
    ],
    "null.example.com MX": "0 .",
    "eleven.example.com MX": [f"{n} mx{n}.example.com." for n in range(11)],
    "lost.example.com MX": ["10 both.example.com.", "20 x.example.org."],
    "leaf.example.com TXT": "v=spf1 ip4:192.0.2.0/24 -all",
    "two.example.com TXT": "v=spf1 a:both.example.com mx:null.example.com -all",
    "four.example.com TXT": "v=spf1 include:two.example.com include:leaf.example.com -all",
    "macro.example.com TXT": "v=spf1 exists:%{i}.%{d} -all",
    "unknown.example.com TXT": "v=spf1 include:x.example.org a:both.example.com -all",
    "several.example.com TXT": ["v=spf1 -all", "v=spf1 ~all"],
    "invalid.example.com TXT": "v=spf1 foo",
    "loop1.example.com TXT": "v=spf1 a:both.example.com include:loop2.example.com -all",
    "loop2.example.com TXT": "v=spf1 redirect=LOOP1.example.com.",
    "self.example.com TXT": "v=spf1 include:%{d} -all",
}


def cost(record: str, **more: str | list[str]) -> LookupCost:
    return lookup_cost(
        ROOT, ZoneResolver([zone("example.com", BASE | {"example.com TXT": record} | more)])
    )


TOTALS = [  # record, total, voids, whether it may be more
    ("v=spf1 -all", 0, 0, False),
    ("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all exp=why.example.com", 0, 0, False),
    ("v=spf1 a:both.example.com -all", 1, 0, False),
    ("v=spf1 +A:BOTH.example.com. -all", 1, 0, False),
    ("v=spf1 a:four.example.com a:four.example.com -all", 2, 2, False),  # for IPv6 clients
    ("v=spf1 a:four.example.com a:six.example.com -all", 2, 1, False),  # no client finds both void
    ("v=spf1 a:void.example.com/24 -all", 1, 1, False),
    ("v=spf1 mx:three.example.com -all", 1, 2, False),
    ("v=spf1 mx:null.example.com -all", 1, 0, False),
    ("v=spf1 mx:both.example.com -all", 1, 1, False),
    ("v=spf1 exists:four.example.com -all", 1, 0, False),  # A for all
    ("v=spf1 exists:six.example.com -all", 1, 1, False),
    ("v=spf1 ptr -all", 1, 1, False),
    ("v=spf1 include:leaf.example.com -all", 1, 0, False),
    ("v=spf1 include:two.example.com -all", 3, 0, False),
    ("v=spf1 include:four.example.com include:two.example.com -all", 8, 0, False),
    ("v=spf1 include:two.%{d} a:void.%{d2} -all", 4, 1, False),  # %{d} is known
    ("v=spf1 +all a mx", 0, 0, False),  # never reached
    ("v=spf1 a:both.example.com redirect=two.example.com", 4, 0, False),
    ("v=spf1 redirect=two.example.com a:both.example.com", 4, 0, False),
    ("v=spf1 redirect=two.example.com ?all", 0, 0, False),
    ("v=spf1 redirect=four.example.com", 5, 0, False),
    ("v=spf1 exists:%{i}.example.com -all", 1, 0, True),
    ("v=spf1 include:%{l}.example.com -all", 1, 0, True),
    ("v=spf1 redirect=%{o}", 1, 0, True),
    ("v=spf1 include:macro.example.com -all", 2, 0, True),
    ("v=spf1 include:unknown.example.com -all", 3, 0, True),
    ("v=spf1 a:x.example.org -all", 1, 0, True),
    ("v=spf1 mx:lost.example.com -all", 1, 0, True),
    ("v=spf1 mx:eleven.example.com -all", 1, 0, False),
    ("v=spf1 a:a..example.com -all", 1, 0, False),
    ("v=spf1 include:nothing.example.com -all", 1, 0, False),
    ("v=spf1 include:several.example.com include:invalid.example.com -all", 2, 0, False),
    ("v=spf1 include:loop1.example.com -all", 4, 0, False),
    ("v=spf1 include:self.example.com -all", 2, 0, False),
]


@pytest.mark.parametrize(("record", "total", "voids", "lower_bound"), TOTALS)
def test_totals(record: str, total: int, voids: int, lower_bound: bool) -> None:
    found = cost(record)
    assert (found.total, found.voids, found.lower_bound) == (total, voids, lower_bound)


REMARKS = [  # record, remark, the term that bears it, text
    (
        "v=spf1 include:nothing.example.com",
        Remark.MISSING,
        "include:nothing.example.com",
        "nothing.example.com publishes no SPF record",
    ),
    (
        "v=spf1 redirect=both.example.com",
        Remark.MISSING,
        "redirect=both.example.com",
        "both.example.com publishes no SPF record",
    ),
    ("v=spf1 include:%{d1}", Remark.MISSING, "include:%{d1}", "com is not a full domain name"),
    (
        "v=spf1 include:several.example.com",
        Remark.SEVERAL,
        "include:several.example.com",
        "several.example.com publishes 2 SPF records",
    ),
    (
        "v=spf1 include:invalid.example.com",
        Remark.INVALID,
        "include:invalid.example.com",
        "the SPF record of invalid.example.com is not valid",
    ),
    ("v=spf1 foo", Remark.INVALID, "example.com", "the SPF record of example.com is not valid"),
    (
        "v=spf1 redirect=loop2.example.com",
        Remark.LOOP,
        "include:loop2.example.com",
        "loop2.example.com → loop1.example.com → loop2.example.com",
    ),
    (
        "v=spf1 include:example.com",
        Remark.LOOP,
        "include:example.com",
        "example.com → example.com is a loop",
    ),
    ("v=spf1 -exists:%{i}.x", Remark.MACRO, "-exists:%{i}.x", "depends on the message"),
    (
        "v=spf1 ?mx:eleven.example.com",
        Remark.EXCHANGERS,
        "?mx:eleven.example.com",
        "eleven.example.com has 11 mail exchangers, mx allows 10",
    ),
    (
        "v=spf1 a:a..example.com",
        Remark.UNUSABLE,
        "a:a..example.com",
        "a..example.com cannot be a name in DNS",
    ),
]


@pytest.mark.parametrize(("record", "remark", "term", "text"), REMARKS)
def test_remarks(record: str, remark: Remark, term: str, text: str) -> None:
    (node,) = cost(record.replace(".x", ".example.com")).found(remark)
    assert str(node) == term.replace(".x", ".example.com")
    assert text in node.notes[0].text


def test_the_tree() -> None:
    found = cost(
        "v=spf1 a:four.example.com include:four.example.com ip4:192.0.2.1 mx:null.example.com -all"
    )
    assert [(node.domain, node.term, node.own, node.total) for node in found.walk()] == [
        ("example.com", "example.com", 0, 7),
        ("example.com", "a:four.example.com", 1, 1),
        ("example.com", "include:four.example.com", 1, 5),
        ("four.example.com", "include:two.example.com", 1, 3),
        ("two.example.com", "a:both.example.com", 1, 1),
        ("two.example.com", "mx:null.example.com", 1, 1),
        ("four.example.com", "include:leaf.example.com", 1, 1),
        ("example.com", "mx:null.example.com", 1, 1),
    ]
    assert str(found.largest) == "include:four.example.com"
    assert found.largest is not None
    assert str(found.largest.largest) == "include:two.example.com"
    assert cost("v=spf1 -all").largest is None


def test_a_domain_without_a_record_says_so() -> None:
    found = lookup_cost(DomainName("both.example.com"), ZoneResolver([zone("example.com", BASE)]))
    assert (found.total, [note.remark for note in found.notes]) == (0, [Remark.MISSING])


def test_what_dns_does_not_answer_is_unknown_and_never_nothing() -> None:
    reason = "x.example.org TXT: none of the zones at hand holds this name"
    (node,) = (
        node
        for node in cost("v=spf1 include:unknown.example.com -all").walk()
        if node.unknown is not None
    )
    assert (node.term, node.own, node.unknown) == ("include:x.example.org", 1, Unknown(reason))
    root = lookup_cost(DomainName("x.example.org"), ZoneResolver([zone("example.com", BASE)]))
    assert (root.unknown, root.lower_bound) == (Unknown(reason), True)


@pytest.mark.timeout(20)
def test_no_zone_makes_the_tree_endless() -> None:
    """Each of thirty records includes all of them, which is some 10^32 paths."""
    every = " ".join(f"include:n{n}.example.com a:n{n}.example.com" for n in range(30))
    found = cost(
        f"v=spf1 {every}", **{f"n{n}.example.com TXT": f"v=spf1 {every}" for n in range(30)}
    )
    assert found.total > MAX_FOLLOWED
    assert found.lower_bound
    assert len(found.found(Remark.UNFOLLOWED)) > MAX_FOLLOWED
    assert found.voids == 0  # nor are addresses looked up in such a tree
    chain: Sets = {
        f"n{n}.example.com TXT": f"v=spf1 redirect=n{n + 1}.example.com" for n in range(1000)
    }
    found = cost("v=spf1 redirect=n0.example.com", **chain)
    assert MAX_FOLLOWED < found.total < 1000
    assert [node.term for node in found.found(Remark.UNFOLLOWED)] == [
        f"redirect=n{MAX_FOLLOWED}.example.com"
    ]


TERMS = [
    "a:four.example.com",
    "include:four.example.com",
    "mx:three.example.com",
    "include:unknown.example.com",
    "include:loop1.example.com",
]


@pytest.mark.parametrize("order", permutations(TERMS))
def test_order_says_nothing(order: tuple[str, ...]) -> None:
    first, other = cost(f"v=spf1 {' '.join(TERMS)} -all"), cost(f"v=spf1 {' '.join(order)} -all")
    assert (first.total, first.voids, first.lower_bound) == (
        other.total,
        other.voids,
        other.lower_bound,
    )


names = st.sampled_from(["n0", "n1", "n2", "n3", "both", "four", "void", "three"])
words = st.builds(
    "{}:{}.example.com".format, st.sampled_from(["a", "mx", "include", "exists"]), names
)
records = st.lists(words | st.just("ptr"), max_size=6)


@given(st.lists(records, min_size=4, max_size=4), st.randoms(use_true_random=False))
def test_order_says_nothing_anywhere_in_the_tree(nodes: list[list[str]], random: object) -> None:
    def world(shuffle: bool) -> Resolver:
        sets = dict(BASE)
        for n, node in enumerate(nodes):
            order = list(node)
            if shuffle:
                random.shuffle(order)  # type: ignore[attr-defined]
            sets[f"n{n}.example.com TXT"] = f"v=spf1 {' '.join(order)} -all"
        return ZoneResolver([zone("example.com", sets)])

    start = DomainName("n0.example.com")
    found, shuffled = (
        lookup_cost(start, world(shuffle=False)),
        lookup_cost(start, world(shuffle=True)),
    )
    assert (found.total, found.voids) == (shuffled.total, shuffled.voids)


@given(st.lists(records, min_size=4, max_size=4), st.sampled_from(["192.0.2.200", "2001:db8::200"]))
def test_no_message_costs_more(nodes: list[list[str]], ip: str) -> None:
    """The tree counts at least what a receiver spends on any message.

    It counts exactly that where there is no loop and no term matches.
    """
    sets = BASE | {
        f"n{n}.example.com TXT": f"v=spf1 {' '.join(node)} -all" for n, node in enumerate(nodes)
    }
    resolver = ZoneResolver(
        [zone("example.com", sets), zone("2.0.192.in-addr.arpa", {}), zone("ip6.arpa", {})]
    )
    start = DomainName("n0.example.com")
    tree = lookup_cost(start, resolver)
    found = check_host(ip, start, f"user@{start}", "x", resolver)
    if not tree.found(Remark.LOOP):
        assert found.cost.terms <= tree.total
        assert found.cost.voids <= tree.voids
        if found.result == "fail" and "exists:" not in " ".join(" ".join(node) for node in nodes):
            assert found.cost.terms == tree.total
            assert found.cost.voids == sum(
                node.voids4 if ip == "192.0.2.200" else node.voids6 for node in tree.walk()
            )
