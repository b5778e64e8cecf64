"""No signature and no message can stop DKIM verification or make it slow."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.evaluate.dkim_verification import verified
from mailauth_dns.evaluate.message_file import read
from tests.evaluate.dkim_world import GOOD, SIGNED, world
from tests.evaluate.messages import PLAIN
from tests.growth import MOST, growth

HOSTILE: list[Callable[[int], bytes]] = [  # signatures and messages that are made to take long
    lambda size: b"DKIM-Signature: " + b"a=b; " * size + b"\r\n" + PLAIN,
    lambda size: b"DKIM-Signature: " + b" b=" * size + b"\r\n" + PLAIN,
    lambda size: b"DKIM-Signature: " + b"\r\n " * size + b"\r\n" + PLAIN,
    lambda size: SIGNED.replace(b"h=from", b"h=" + b"x:" * size + b"from"),
    lambda size: SIGNED.replace(b"h=from", b"h=" + b"x:" * size + b"from").replace(
        b"\r\n\r\n", b"\r\n" + b"X:y\r\n" * size + b"\r\n"
    ),
    lambda size: SIGNED.replace(b"Subject: hello", b"Subject: hello" + b"\r\n " * size + b"x"),
    lambda size: SIGNED + b" " * size * 10 + b"x",
    lambda size: SIGNED + b" \t" * size * 10 + b"\r\n" * size,
    lambda size: SIGNED + b"\r\n" * size * 10,
]


@pytest.mark.parametrize("make", HOSTILE)
def test_a_hostile_message_takes_time_in_proportion(make: Callable[[int], bytes]) -> None:
    assert growth(lambda octets: verified(read(octets), world(s1=GOOD)), make, 40_000) <= MOST


@given(st.binary(max_size=200))
def test_no_signature_field_stops_us(text: bytes) -> None:
    field = re.sub(rb"[\r\n]", b"", text)
    [result] = verified(read(b"DKIM-Signature: " + field + b"\r\n" + PLAIN), world(s1=GOOD))
    assert result.result == "fail"


@given(
    st.lists(
        st.sampled_from(
            [
                b"v=1",
                b"a=rsa-sha256",
                b"d=example.com",
                b"s=s1",
                b"h=from",
                b"h=from:from:x",
                b"bh=AAAA",
                b"b=AAAA",
                b"c=x/y",
                b"l=9",
                b"l=",
                b"t=9",
                b"x=1",
                b"i=@",
                b"q=x",
                b"b=",
                b"bh==",
            ]
        ),
        max_size=12,
    )
)
def test_no_signature_made_of_tags_passes_or_stops_us(tags: list[bytes]) -> None:
    [result] = verified(
        read(b"DKIM-Signature: " + b"; ".join(tags) + b"\r\n" + PLAIN), world(s1=GOOD)
    )
    assert result.result == "fail"
