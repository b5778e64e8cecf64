"""What a zone answers, however it is looked up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.evaluate.zone_answers import Authority
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, zone_of

ORIGIN = DomainName("example.com")
VALUES = {
    "A": "192.0.2.1",
    "MX": "10 mx.example.com.",
    "CNAME": "a.example.com.",
    "NS": "ns.example.net.",
    "DNAME": "example.net.",
    "SOA": "ns.example.net. hostmaster.example.net. 1 7200 1800 1209600 300",
}
NAMES = st.lists(st.sampled_from(["a", "b", "*", "_dmarc"]), max_size=3).map(
    lambda labels: DomainName(".".join([*labels, ORIGIN]))
)
SETS = st.dictionaries(st.tuples(NAMES, st.sampled_from(sorted(VALUES))), st.integers(1, 3))


@given(sets=SETS, name=NAMES, type=st.sampled_from([*sorted(VALUES), "ANY"]))
def test_a_delegation_elsewhere_changes_no_answer(
    sets: dict[tuple[DomainName, str], int], name: DomainName, type: str
) -> None:
    """A zone in one piece, which is looked up by name alone, answers as one with a cut does."""
    here = [RRset(*key, ttl, frozenset({VALUES[key[1]]})) for key, ttl in sets.items()]
    cut = RRset(DomainName("far.example.com"), "NS", 1, frozenset({"ns.example.net."}))
    whole, with_cut = (Authority(zone_of(ORIGIN, some)) for some in (here, [*here, cut]))
    assert whole.step(name, type) == with_cut.step(name, type)
