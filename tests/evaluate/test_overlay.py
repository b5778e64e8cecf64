"""The overlay answers as DNS will after the plan, case by case."""

from __future__ import annotations

import pytest

from mailauth_dns.errors import ObservationError
from mailauth_dns.evaluate.overlay import Overlay, PlannedSet, PlannedZone
from mailauth_dns.evaluate.resolver import Values, ZoneResolver
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.ownership import SenderValues
from mailauth_dns.records.zone import RRKey, Zone
from tests.evaluate.zones import zone

COM = DomainName("example.com")
LIVE = zone(
    "example.com",
    {
        "example.com SOA": "ns1.example.com. h.example.com. 1 2 3 4 5",
        "example.com TXT": ["v=spf1 ?all", "token"],
        "*.example.com MX": "10 mx.example.com.",
        "*.example.com TXT": "v=spf1 -all",
        "mx.example.com A": "192.0.2.1",
        "only.example.com TXT": "v=spf1 a -all",
        "both.example.com TXT": "v=spf1 a -all",
        "both.example.com A": "192.0.2.2",
        "shared.example.com TXT": ["v=spf1 a -all", "token"],
        "s1._domainkey.example.com CNAME": "s1.provider.example.",
        "_dmarc.aliased.example.com CNAME": "_dmarc.example.com.",
        "moved.example.com DNAME": "target.example.com.",
        "moved.example.com TXT": "v=spf1 -all",
        "x.target.example.com TXT": "moved",
        "deep.er.example.com A": "192.0.2.3",
        "leaf.er.example.com TXT": "v=spf1 a -all",
    },
)
PROVIDER = zone("provider.example", {"s1.provider.example TXT": "v=DKIM1; p=QUJD"})


def overlay(sets: dict[str, PlannedSet], *live: Zone) -> Overlay:
    planned: dict[RRKey, PlannedSet] = {}
    for key, made in sets.items():
        name, _, rrtype = key.partition(" ")
        planned[DomainName(name), rrtype] = made
    return Overlay(ZoneResolver(live or [LIVE, PROVIDER]), [PlannedZone(COM, planned)])


def made(*values: str, family: Family | None = None) -> PlannedSet:
    return PlannedSet(frozenset(values), family)


def of_sender(*values: str, zone: str = "provider.example") -> PlannedSet:
    """Return a set of which only what leads to a sender's zone is ours."""
    zones = SenderValues((DomainName(zone),))
    return PlannedSet(frozenset(values), Family.RETURN_PATH, zones)


def key_of_sender(zone: str) -> PlannedSet:
    return PlannedSet(frozenset(), Family.DKIM, SenderValues((DomainName(zone),)))


DMARC = made("v=DMARC1; p=reject", family=Family.DMARC)
ABSENT_SPF = made(family=Family.SPF)
KEY = {
    "s1._domainkey.example.com TXT": made("v=DKIM1; p=REVG", family=Family.DKIM),
    "s1._domainkey.example.com CNAME": made(family=Family.DKIM),
}

ANSWERS: list[tuple[dict[str, PlannedSet], str, str, Values]] = [
    # ours changes, foreign values beside it stay
    (
        {"example.com TXT": made("v=spf1 mx -all", family=Family.SPF)},
        "example.com",
        "TXT",
        ("token", "v=spf1 mx -all"),
    ),
    (
        {"example.com TXT": made("v=spf1 mx -all", "token")},
        "example.com",
        "TXT",
        ("token", "v=spf1 mx -all"),
    ),
    (
        {"example.com TXT": made("v=spf1 mx -all", family=Family.SPF)},
        "example.com",
        "SOA",
        ("ns1.example.com. h.example.com. 1 2 3 4 5",),
    ),
    ({"shared.example.com TXT": ABSENT_SPF}, "shared.example.com", "TXT", ("token",)),
    # everything else is live
    ({"example.com TXT": ABSENT_SPF}, "mx.example.com", "A", ("192.0.2.1",)),
    ({"example.com TXT": ABSENT_SPF}, "s1.provider.example", "TXT", ("v=DKIM1; p=QUJD",)),
    ({}, "example.com", "TXT", ("token", "v=spf1 ?all")),
    # a new name is not what the wildcard said for it, and stops it there and below
    ({"_dmarc.example.com TXT": DMARC}, "_dmarc.example.com", "TXT", ("v=DMARC1; p=reject",)),
    ({"_dmarc.example.com TXT": DMARC}, "_dmarc.example.com", "MX", ()),
    ({"_dmarc.example.com TXT": DMARC}, "_dmarc.other.example.com", "TXT", ("v=spf1 -all",)),
    ({"_dmarc.sub.example.com TXT": DMARC}, "sub.example.com", "MX", ()),
    ({"_dmarc.sub.example.com TXT": DMARC}, "x.sub.example.com", "MX", None),
    ({"_dmarc.deep.er.example.com TXT": DMARC}, "deep.er.example.com", "A", ("192.0.2.3",)),
    # a planned wildcard answers, and only for what does not exist
    (
        {"*.example.com TXT": made("v=spf1 ~all", family=Family.SPF)},
        "x.example.com",
        "TXT",
        ("v=spf1 ~all",),
    ),
    (
        {"*.example.com TXT": made("v=spf1 ~all", family=Family.SPF)},
        "x.example.com",
        "MX",
        ("10 mx.example.com.",),
    ),
    ({"*.example.com TXT": made("v=spf1 ~all", family=Family.SPF)}, "mx.example.com", "TXT", ()),
    (
        {"*.example.com TXT": made("v=spf1 ~all", family=Family.SPF)},
        "x.er.example.com",
        "TXT",
        None,
    ),
    (
        {"*.example.com TXT": made("v=spf1 ~all", family=Family.SPF)},
        "x.moved.example.com",
        "TXT",
        ("moved",),
    ),
    (
        {"*.example.com TXT": made("v=spf1 ~all", family=Family.SPF)},
        "x.moved.example.com",
        "CNAME",
        ("x.target.example.com.",),
    ),
    (
        {"*._domainkey.example.com TXT": made("v=DKIM1; p=", family=Family.DKIM)},
        "z._domainkey.example.com",
        "TXT",
        ("v=DKIM1; p=",),
    ),
    (
        {"*.example.com TXT": made(), "*.example.com MX": made()},
        "mx.example.com",
        "A",
        ("192.0.2.1",),
    ),
    # an alias becomes data, and data an alias
    (KEY, "s1._domainkey.example.com", "TXT", ("v=DKIM1; p=REVG",)),
    (KEY, "s1._domainkey.example.com", "CNAME", ()),
    (
        {"s2._domainkey.example.com CNAME": made("s1.provider.example.")},
        "s2._domainkey.example.com",
        "TXT",
        ("v=DKIM1; p=QUJD",),
    ),
    # at a sender's names only its own values are ours
    (
        {"mx.example.com MX": of_sender("5 a.provider.example.")},
        "mx.example.com",
        "A",
        ("192.0.2.1",),
    ),
    (
        {"mx.example.com MX": of_sender("5 a.provider.example.")},
        "mx.example.com",
        "MX",
        ("5 a.provider.example.",),
    ),
    (
        {"s1._domainkey.example.com CNAME": key_of_sender("provider.example")},
        "s1._domainkey.example.com",
        "CNAME",
        (),
    ),
    (
        {"s1._domainkey.example.com CNAME": key_of_sender("other.example")},
        "s1._domainkey.example.com",
        "CNAME",
        ("s1.provider.example.",),
    ),
    # a live alias leads to what will be there
    (
        {"_dmarc.example.com TXT": DMARC},
        "_dmarc.aliased.example.com",
        "TXT",
        ("v=DMARC1; p=reject",),
    ),
    # what goes is absent; the name stays when it holds something else
    ({"both.example.com TXT": ABSENT_SPF}, "both.example.com", "TXT", ()),
    ({"both.example.com TXT": ABSENT_SPF}, "both.example.com", "MX", ()),
    (
        {"only.example.com TXT": ABSENT_SPF},
        "only.example.com",
        "A",
        (),
    ),  # the same whether it stays or the wildcard stands in for it
    (
        {"both.example.com TXT": ABSENT_SPF, "_dmarc.both.example.com TXT": DMARC},
        "both.example.com",
        "AAAA",
        (),
    ),
    (
        {"mx.example.com TXT": ABSENT_SPF},
        "mx.example.com",
        "MX",
        (),
    ),  # was not there, so nothing goes
    ({"moved.example.com TXT": ABSENT_SPF}, "moved.example.com", "TXT", ()),
    ({"moved.example.com TXT": ABSENT_SPF}, "moved.example.com", "DNAME", ("target.example.com.",)),
    (
        {"moved.example.com TXT": ABSENT_SPF, "moved.example.com A": made("192.0.2.9")},
        "moved.example.com",
        "TXT",
        (),
    ),
]


@pytest.mark.parametrize(("sets", "name", "rrtype", "values"), ANSWERS)
def test_answers(sets: dict[str, PlannedSet], name: str, rrtype: str, values: Values) -> None:
    assert overlay(sets).lookup(DomainName(name), rrtype) == values


UNKNOWN: list[tuple[dict[str, PlannedSet], str, str, str]] = [
    # the wildcard answers for the name again, unless the name holds something else that live DNS
    # does not show
    (
        {"only.example.com TXT": ABSENT_SPF},
        "only.example.com",
        "TXT",
        "the plan deletes records in this branch",
    ),
    (
        {"only.example.com TXT": ABSENT_SPF},
        "x.only.example.com",
        "MX",
        "the plan deletes records in this branch",
    ),
    # sp or np: without a wildcard, whether the name stays is the difference
    (
        {"leaf.er.example.com TXT": ABSENT_SPF},
        "leaf.er.example.com",
        "A",
        "the plan deletes records in this branch",
    ),
    # never published, so it is not said that it will be
    ({"_dmarc.aliased.example.com TXT": DMARC}, "_dmarc.aliased.example.com", "TXT", "is an alias"),
    ({"_dmarc.lost.example TXT": DMARC}, "_dmarc.lost.example", "TXT", "none of the zones"),
]


@pytest.mark.parametrize(("sets", "name", "rrtype", "reason"), UNKNOWN)
def test_what_cannot_be_told_is_unknown(
    sets: dict[str, PlannedSet], name: str, rrtype: str, reason: str
) -> None:
    with pytest.raises(ObservationError, match=reason):
        overlay(sets).lookup(DomainName(name), rrtype)


def test_a_deleted_set_is_absent_whether_or_not_its_name_stays() -> None:
    bare = zone("example.com", {"_dmarc.example.com TXT": "v=DMARC1; p=none"})
    assert (
        overlay({"_dmarc.example.com TXT": made(family=Family.DMARC)}, bare).lookup(
            DomainName("_dmarc.example.com"), "TXT"
        )
        == ()
    )


def test_a_set_that_the_plan_holds_whole_needs_no_live_dns() -> None:
    """A set that it shares needs it: unknown is not "no foreign values"."""
    dark = zone("example.org", {})
    whole = {"_dmarc.example.com TXT": made("v=DMARC1; p=none"), **KEY}
    assert overlay(whole, dark).lookup(DomainName("_dmarc.example.com"), "TXT") == (
        "v=DMARC1; p=none",
    )
    assert overlay(whole, dark).lookup(DomainName("s1._domainkey.example.com"), "TXT") == (
        "v=DKIM1; p=REVG",
    )
    with pytest.raises(ObservationError, match="none of the zones"):
        overlay({"_dmarc.example.com TXT": DMARC}, dark).lookup(
            DomainName("_dmarc.example.com"), "TXT"
        )
