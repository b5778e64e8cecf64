"""What changed in a long value."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.diff.changed_terms import changed_terms

ROWS = [
    ("v=spf1 ip4:192.0.2.1 -all", "v=spf1 ip4:192.0.2.1 a:evil.example -all", "", "a:evil.example"),
    ("v=spf1 a mx -all", "v=spf1 mx a -all", "a mx", "mx a"),
    (
        "v=DMARC1; p=none; rua=mailto:a@example.com",
        "v=DMARC1; p=reject; rua=mailto:a@example.com",
        "p=none;",
        "p=reject;",
    ),
    (
        "rua=mailto:a@x.example,mailto:b@x.example",
        "rua=mailto:a@x.example,mailto:e@x.example",
        "mailto:b@x.example",
        "mailto:e@x.example",
    ),
    ("v=spf1 a a -all", "v=spf1 a -all", "a", ""),
    ("v=spf1 -all", "v=spf1  -all", "", ""),
]


@pytest.mark.parametrize(("before", "after", "gone", "came"), ROWS)
def test_the_terms_that_changed(before: str, after: str, gone: str, came: str) -> None:
    assert changed_terms(before, after) == (gone, came)


terms = st.lists(st.sampled_from(["a", "mx", "p=x;", "b;", "-all"]), max_size=8)


@given(terms, terms)
def test_a_difference_of_terms_is_never_missed(one: list[str], other: list[str]) -> None:
    assert (changed_terms(" ".join(one), " ".join(other)) == ("", "")) is (one == other)


def test_long_values_are_compared_in_two_seconds() -> None:
    one, other = " ".join(["a", "b"] * 16000), " ".join(["b", "a"] * 16000)
    began = time.monotonic()
    assert changed_terms(one, other) == (one, other)
    assert time.monotonic() - began < 2
