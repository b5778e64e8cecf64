"""Whether a provider listed everything: all servers of the zone that answer decide together."""

from __future__ import annotations

import pytest

from mailauth_dns.diff.change import Change, Difference, Judgement
from mailauth_dns.diff.equivalence import cut
from mailauth_dns.diff.partial_read import not_told
from mailauth_dns.evaluate.observation import Observation, ServerView, Unknown
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, zone_of

COM, SELECTOR = DomainName("example.com"), DomainName("s1._domainkey.example.com")


def txt(name: DomainName, *values: str) -> RRset:
    return RRset(name, "TXT", 300, frozenset(values))


SPF, TOKEN = "v=spf1 -all", "token=1"
DOWN = Unknown("timeout")
ALIAS = RRset(COM, "CNAME", 300, frozenset({"www.example.net."}))
# what the provider tells of the name, what each server serves there, whether the provider told only
# a part of the zone
CASES: dict[str, tuple[list[RRset], list[RRset | Unknown | None], bool]] = {
    "the same": ([txt(COM, SPF, TOKEN)], [txt(COM, SPF, TOKEN)], False),
    "nothing anywhere": ([], [None], False),
    "nothing told, something served": ([], [txt(COM, TOKEN)], True),
    "nothing told, our own value served": ([], [txt(COM, SPF)], True),
    "nothing told, our new value served": ([], [txt(COM, "v=spf1 ~all")], False),
    "nothing told, our new value served, and more": (
        [],
        [txt(COM, "v=spf1 ~all"), txt(COM, "v=spf1 ~all", TOKEN)],
        True,
    ),
    "served by both": ([], [txt(COM, TOKEN), txt(COM, TOKEN)], True),
    "one server has none": ([], [txt(COM, TOKEN), None], False),
    "one server is down": ([], [txt(COM, TOKEN), DOWN], True),
    "all are down": ([], [DOWN, DOWN], False),
    "no server": ([], [], False),
    "a foreign value is not told": ([txt(COM, SPF)], [txt(COM, SPF, TOKEN)], True),
    "one of two": ([txt(COM, SPF, TOKEN)], [txt(COM, SPF, TOKEN, "token=2")], True),
    "one of two, and a server has one": (
        [txt(COM, SPF, TOKEN)],
        [txt(COM, SPF, TOKEN, "token=2"), txt(COM, SPF, TOKEN)],
        False,
    ),
    "spelled otherwise": ([txt(COM, SPF, 'say \\"x\\"')], [txt(COM, SPF, 'say "x"')], False),
    "our old value": ([txt(COM, SPF, TOKEN)], [txt(COM, "v=spf1 mx -all", TOKEN)], False),
    "an alias is not told": ([], [ALIAS], True),
    "a wildcard answers": (
        [RRset(DomainName("*.example.com"), "TXT", 300, frozenset({TOKEN}))],
        [None],
        False,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_not_told_is_found(case: str) -> None:
    told, served, part = CASES[case]
    zone = zone_of(COM, told)
    there = zone.get((COM, "TXT"))
    kept = frozenset(value for value in there.values if value != SPF) if there else frozenset[str]()
    before = frozenset({SPF}) if there else frozenset[str]()
    change = Change(
        COM,
        (COM, "TXT"),
        Family.SPF,
        before,
        frozenset({"v=spf1 ~all"}),
        300 if there else None,
        300,
        kept,
        Judgement("x"),
    )
    views = tuple(
        ServerView(
            f"server {n}",
            {(COM, "TXT"): None, answer.key: answer}
            if isinstance(answer, RRset)
            else {(COM, "TXT"): answer},
        )
        for n, answer in enumerate(served)
    )
    reason = not_told(Difference((change,), (), ()), zone, Observation(COM, views, None))
    assert (reason is not None) is part


def test_what_a_wildcard_gives_is_told() -> None:
    wildcard = RRset(DomainName("*._domainkey.example.com"), "TXT", 300, frozenset({"v=DKIM1; p="}))
    change = Change(
        COM,
        (SELECTOR, "TXT"),
        Family.DKIM,
        frozenset(),
        frozenset({"v=DKIM1; p=QUJD"}),
        None,
        300,
        frozenset(),
        Judgement("x"),
    )
    views = (ServerView("server", {(SELECTOR, "TXT"): txt(SELECTOR, "v=DKIM1; p=")}),)
    difference = Difference((change,), (), ())
    assert not_told(difference, zone_of(COM, [wildcard]), Observation(COM, views, None)) is None
    assert not_told(difference, zone_of(COM, []), Observation(COM, views, None)) is not None


NETWORKS = "v=spf1" + " ip4:192.0.2.0/24" * 8
LONG = "v=DKIM1; k=rsa; p=" + "QUJD" * 98


@pytest.mark.parametrize(
    ("there", "wanted", "lengths"),
    [
        ({LONG[:255]}, {LONG}, (255, 410)),
        ({LONG[:254], "token"}, {LONG}, (254, 410)),
        ({LONG}, {LONG}, None),
        ({"v=DKIM1; k=rsa; p="}, {LONG}, None),
        ({LONG[1:255]}, {LONG}, None),
        # A value that ends with a whole term or tag was not cut: it is an older record.
        ({NETWORKS}, {f"{NETWORKS} -all"}, None),
        ({f"{LONG[:150]}; t=s"}, {f"{LONG[:150]}; t=s; n=x"}, None),
        ({NETWORKS[:-2]}, {f"{NETWORKS} -all"}, (len(NETWORKS) - 2, len(NETWORKS) + 5)),
        (set(), {LONG}, None),
    ],
)
def test_a_value_that_was_cut_is_known(
    there: set[str], wanted: set[str], lengths: tuple[int, int] | None
) -> None:
    assert cut(frozenset(there), frozenset(wanted)) == lengths
