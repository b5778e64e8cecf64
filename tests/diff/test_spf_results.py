"""What a plan tells of an SPF change is what receivers find: compared with check_host()."""

from __future__ import annotations

from ipaddress import IPv4Network

from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.compile.publication import Declared
from mailauth_dns.evaluate.spf import check_host
from mailauth_dns.evaluate.spf_check import SpfResult
from mailauth_dns.records.addresses import addresses_of
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from tests.diff.flattened_spf import COM, SAME, changed
from tests.evaluate.zones import Recorded

ADDRESSES = [f"192.0.2.{number}" for number in range(16)]
HELD = DomainName("held.example.net")
HELD_TEXT = "v=spf1 ip4:192.0.2.4/30 ?ip4:192.0.2.8 -all"
NETWORKS = [
    f"ip4:192.0.2.{at}/{length}"
    for length in (29, 30, 32)
    for at in range(0, 16, 2 ** (32 - length))
]
UNKNOWN = "a:host.example.net"  # to a plan, which asks no DNS


def records(*terms: str) -> st.SearchStrategy[str]:
    listed = st.lists(
        st.tuples(st.sampled_from(["", "-", "~", "?"]), st.sampled_from(terms)).map("".join),
        max_size=6,
    )
    return st.tuples(listed, st.sampled_from(["-all", "~all", "?all", ""])).map(
        lambda drawn: " ".join(["v=spf1", *drawn[0], drawn[1]]).strip()
    )


def judged(before: str, after: str) -> tuple[list[SpfResult], list[SpfResult], str]:
    """Return what check_host() says of each address before and after, and what the plan says."""

    def results(text: str) -> list[SpfResult]:
        world = {
            f"{COM} TXT": [text],
            f"{HELD} TXT": [HELD_TEXT],
            "host.example.net A": ["192.0.2.5"],
        }
        return [
            check_host(address, COM, f"a@{COM}", COM, Recorded(world)).result
            for address in ADDRESSES
        ]

    held = ((HELD, addresses_of([IPv4Network("192.0.2.4/30")])),)
    changes, _ = changed(
        {COM: before},
        Declared(COM, (COM, "TXT"), Family.SPF, None, frozenset({after}), spf_names=held),
    )
    return results(before), results(after), changes[0].judgement.meaning if changes else SAME


@given(records(*NETWORKS, f"include:{HELD}"), records(*NETWORKS, f"include:{HELD}"))
def test_what_is_told_of_known_addresses_is_what_receivers_find(before: str, after: str) -> None:
    was, now, meaning = judged(before, after)
    pairs = list(zip(was, now, strict=True))
    assert ("may no longer send" in meaning) is any(
        old is SpfResult.PASS is not new for old, new in pairs
    )
    assert ("may send now" in meaning) is any(
        new is SpfResult.PASS is not old for old, new in pairs
    )
    if was == now:
        assert meaning == SAME or meaning.startswith("every other host")


@given(records(*NETWORKS[4:9], UNKNOWN), records(*NETWORKS[4:9], UNKNOWN))
def test_what_is_told_as_the_same_is_the_same_to_receivers(before: str, after: str) -> None:
    """Also where a term is looked up only when mail comes."""
    was, now, meaning = judged(before, after)
    assert meaning != SAME or was == now
