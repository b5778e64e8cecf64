"""Only what differs is marked, and nothing that differs is not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.diff.term_lines import term_lines

CASES = [
    ("spf", "v=spf1 mx -all", "v=spf1 mx ~all", " v=spf1| mx|--all|+~all"),
    ("spf", "v=spf1 a mx -all", "v=spf1 mx a -all", " v=spf1|-a|-mx|+mx|+a| -all"),
    ("spf", "v=spf1 a -all", "v=spf1 a b:x c:x -all", " v=spf1| a|+b:x|+c:x| -all"),
    ("spf", "v=spf1 mx mx -all", "v=spf1 mx -all", " v=spf1| mx|-mx| -all"),
    ("spf", "v=spf1  mx -all", "v=spf1 mx -all", "-v=spf1  mx -all|+v=spf1 mx -all"),
    ("dmarc", "v=DMARC1; p=none", "v=DMARC1;p=none;", "-v=DMARC1; p=none|+v=DMARC1;p=none;"),
    ("dmarc", "v=DMARC1; p=none; sp=none", "v=DMARC1; sp=none; p=reject", " v=DMARC1|-p=none|+p=reject| sp=none"),
    ("dmarc", "v=DMARC1; p=none", "v=DMARC1; p=none; np=reject", " v=DMARC1| p=none|+np=reject"),
    (
        "dmarc",
        "v=DMARC1; rua=mailto:a@x,mailto:b@x; ruf=mailto:a@x",
        "v=DMARC1; rua=mailto:b@x; ruf=mailto:a@x",
        " v=DMARC1| rua=|-  mailto:a@x|   mailto:b@x| ruf=mailto:a@x",
    ),
    ("dkim", "v=DKIM1; p=AA==", "v=DKIM1; k=rsa; p=AA==", " v=DKIM1| p=AA==|+k=rsa"),
    ("dkim", "v=DKIM1; p=AA==", "v=DKIM1; p=", " v=DKIM1|-p=AA==|+p="),
]  # fmt: skip


@pytest.mark.parametrize(("family", "before", "after", "told"), CASES)
def test_the_terms_that_differ_are_marked(family: str, before: str, after: str, told: str) -> None:
    lines = term_lines(family, "TXT", before, after)
    assert "|".join(mark + term for mark, term in lines) == told


def test_an_alias_is_one_term() -> None:
    found = term_lines("dkim", "CNAME", "a,b;c.example.", "d.example.")
    assert found == [("-", "a,b;c.example."), ("+", "d.example.")]


words = st.lists(st.sampled_from(["a", "mx", "b=1", "b=2", "c=x,y", "c=x,z", "", "-all"]))


@given(st.sampled_from(["spf", "dmarc"]), words, words)
def test_both_values_can_be_read_from_the_lines(
    family: str, before: list[str], after: list[str]
) -> None:
    sep = " " if family == "spf" else ";"
    old, new = sep.join(before), sep.join(after)
    lines = term_lines(family, "TXT", old, new)

    def side(without: str) -> list[str]:
        return sorted("".join(term for mark, term in lines if mark != without).replace(",", ""))

    def plain(value: str) -> list[str]:
        return sorted(value.replace(",", ""))

    if any(mark == " " for mark, _ in lines):
        for without, value in (("+", old), ("-", new)):
            told, said = (
                [each for each in text if each not in " ;"]
                for text in (side(without), plain(value))
            )
            assert told == said
    else:
        marks = {mark for mark, _ in lines}
        assert marks <= {"-", "+"}


def test_a_long_value_takes_no_long_time() -> None:
    old = "v=spf1 " + " ".join(f"ip4:192.0.2.{number}" for number in range(20_000))
    new = "v=spf1 " + " ".join(f"ip4:192.0.2.{number}" for number in reversed(range(20_000)))
    began = time.monotonic()
    term_lines("spf", "TXT", old, new)
    term_lines("dmarc", "TXT", old.replace(" ", ";"), new.replace(" ", ";"))
    assert time.monotonic() - began < 5
