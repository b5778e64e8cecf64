"""The overlay answers for random zones and plans as the changed zone would."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from mailauth_dns.errors import ObservationError
from mailauth_dns.evaluate.overlay import Overlay, PlannedSet, PlannedZone
from mailauth_dns.evaluate.resolver import Values, ZoneResolver
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.name import DomainName, below
from mailauth_dns.records.zone import RRKey, RRset, Zone, zone_of
from tests.evaluate.zones import zone

GONE: frozenset[str] = frozenset()


COM = DomainName("example.com")
LABELS = ("a", "_dmarc")
TEXTS = ("v=spf1 -all", "v=spf1 ?all", "v=DMARC1; p=none", "token")
VALUES = {
    "TXT": TEXTS,
    "A": ("192.0.2.1", "192.0.2.2"),
    "MX": ("10 a.example.com.", "0 ."),
    "CNAME": ("a.example.com.", "_dmarc.a.example.com.", "x.example.net."),
}
paths = st.lists(st.sampled_from(LABELS), max_size=2).map(".".join)
names = st.one_of(paths, paths.map(lambda path: f"*.{path}".rstrip("."))).map(
    lambda path: below(path, COM) if path else COM
)


@st.composite
def zones(draw: st.DrawFn) -> Zone:
    """Make a zone that a server takes: an alias stands alone."""
    sets: dict[DomainName, dict[str, frozenset[str]]] = {
        COM: {"SOA": frozenset({"ns1.example.com. h.example.com. 1 2 3 4 5"})}
    }
    for name in draw(st.lists(names, max_size=6)):
        rrtype = draw(st.sampled_from(["TXT", "A", "MX", "CNAME"]))
        there = sets.setdefault(name, {})
        if "CNAME" in there or (rrtype == "CNAME" and there):
            continue
        there[rrtype] = draw(
            st.frozensets(
                st.sampled_from(VALUES[rrtype]), min_size=1, max_size=1 if rrtype == "CNAME" else 3
            )
        )
    return zone_of(
        COM,
        (
            RRset(name, rrtype, 60, values)
            for name, there in sets.items()
            for rrtype, values in there.items()
        ),
    )


@st.composite
def plans(draw: st.DrawFn, before: Zone) -> dict[RRKey, PlannedSet]:
    """Make a plan of changes to a zone."""
    planned: dict[RRKey, PlannedSet] = {}
    present = sorted({rrset.name for rrset in before.rrsets} - {COM})
    targets = st.one_of(names, st.sampled_from(present)) if present else names
    for name in draw(st.lists(targets, min_size=1, max_size=3)):
        if draw(st.booleans()) and (name, "TXT") not in planned:
            owned = draw(st.sampled_from([Family.SPF, Family.DMARC]))
            ours = [text for text in TEXTS if family(name, "TXT", text) is owned]
            values = (
                draw(st.frozensets(st.sampled_from(ours), max_size=1)) if ours else frozenset[str]()
            )
            planned[name, "TXT"] = PlannedSet(values, owned)
        else:
            rrtype = draw(st.sampled_from(["TXT", "A", "MX", "CNAME"]))
            planned[name, rrtype] = PlannedSet(
                draw(st.frozensets(st.sampled_from(VALUES[rrtype]), max_size=1))
            )
    return planned


def applied(before: Zone, planned: dict[RRKey, PlannedSet]) -> Zone | None:
    """Return the zone after the plan; None where no server would take it."""
    after = {rrset.key: rrset.values for rrset in before.rrsets}
    for key, made in planned.items():
        foreign = after.get(key, GONE) if made.family else GONE
        after[key] = made.values | {
            value for value in foreign if family(*key, value) is not made.family
        }
    after = {key: values for key, values in after.items() if values}
    types: dict[DomainName, set[str]] = {}
    for name, rrtype in after:
        types.setdefault(name, set()).add(rrtype)
    if any(
        "CNAME" in held and (len(held) > 1 or len(after[name, "CNAME"]) > 1)
        for name, held in types.items()
    ):
        return None
    return zone_of(COM, (RRset(*key, 60, values) for key, values in after.items()))


NET = zone(
    "example.net", {"x.example.net TXT": "elsewhere", "y.example.net CNAME": "a.example.com."}
)
ASKED = [
    DomainName(".".join([*path, COM]))
    for size in range(4)
    for path in itertools.product((*LABELS, "nx", "*"), repeat=size)
    if "*" not in path[1:]
]
ASKED += [DomainName("x.example.net"), DomainName("y.example.net")]


def told(resolver: Overlay | ZoneResolver, name: DomainName, rrtype: str) -> Values | str:
    try:
        values = resolver.lookup(name, rrtype)
    except ObservationError as error:
        return str(error)
    return None if values is None else tuple(sorted(values))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_overlay_is_the_zone_after_the_plan(data: st.DataObject) -> None:
    """Where a deleted set leaves open whether its name stays, the answer is unknown, not wrong."""
    before = data.draw(zones())
    planned = data.draw(plans(before))
    after = applied(before, planned)
    if after is None:
        return
    overlaid = Overlay(ZoneResolver([before, NET]), [PlannedZone(COM, planned)])
    published = ZoneResolver([after, NET])
    deletes = any(not made.values for made in planned.values())
    for name, rrtype in itertools.product(ASKED, VALUES):
        expected, got = told(published, name, rrtype), told(overlaid, name, rrtype)
        if got != expected:
            assert deletes
            assert (isinstance(got, str) and "the plan deletes" in got) or (
                got == () and expected is None
            )
