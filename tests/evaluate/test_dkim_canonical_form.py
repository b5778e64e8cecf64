"""Canonical forms: the RFC's example, and random text beside dkimpy's (RFC 6376 §3.4)."""

from __future__ import annotations

import pytest
from dkim.canonicalization import CanonicalizationPolicy
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.evaluate import dkim_canonical_form
from mailauth_dns.evaluate.dkim_canonical_form import Form, Forms

# RFC 6376 §3.4.5 has a message like this.
FIELDS = [(b"A", b" X\r\n"), (b"B ", b" Y\t\r\n\tZ  \r\n")]
BODY = b" C \r\nD \t E\r\n\r\n\r\n"


def test_fields() -> None:
    assert [dkim_canonical_form.field(*field, Form.RELAXED) for field in FIELDS] == [
        b"a:X\r\n",
        b"b:Y Z\r\n",
    ]
    assert [dkim_canonical_form.field(*field, Form.SIMPLE) for field in FIELDS] == [
        b"A: X\r\n",
        b"B : Y\t\r\n\tZ  \r\n",
    ]


BODIES = [  # body, relaxed, simple
    (BODY, b" C\r\nD E\r\n", b" C \r\nD \t E\r\n"),
    (b"", b"", b"\r\n"),
    (b"\r\n\r\n", b"", b"\r\n"),
    (b" \t\r\n\r\n", b"", b" \t\r\n"),
    (b"no end", b"no end\r\n", b"no end\r\n"),
    (b"no end \t ", b"no end\r\n", b"no end \t \r\n"),
    (b" ", b"", b" \r\n"),
    (b"a\rb", b"a\rb\r\n", b"a\rb\r\n"),
]


@pytest.mark.parametrize(("octets", "relaxed", "simple"), BODIES)
def test_bodies(octets: bytes, relaxed: bytes, simple: bytes) -> None:
    assert dkim_canonical_form.body(octets, Form.RELAXED) == relaxed
    assert dkim_canonical_form.body(octets, Form.SIMPLE) == simple


lines = st.lists(st.text(st.sampled_from("a \t\r"), max_size=6).map(str.encode), max_size=6)


@pytest.mark.parametrize("form", list(Form))
@given(lines)
def test_bodies_are_those_of_dkimpy(form: Form, parts: list[bytes]) -> None:
    octets = b"".join(part.replace(b"\r", b"x") + b"\r\n" for part in parts)
    policy = CanonicalizationPolicy.from_c_value(f"simple/{form}".encode())
    assert dkim_canonical_form.body(octets, form) == policy.canonicalize_body(octets)


FORMS = [
    ("simple/simple", Forms(Form.SIMPLE, Form.SIMPLE)),
    ("relaxed", Forms(Form.RELAXED, Form.SIMPLE)),
    ("relaxed/relaxed", Forms(Form.RELAXED, Form.RELAXED)),
    ("simple/relaxed", Forms(Form.SIMPLE, Form.RELAXED)),
]


@pytest.mark.parametrize(("text", "forms"), FORMS)
def test_forms(text: str, forms: Forms) -> None:
    assert dkim_canonical_form.forms(text) == forms


@pytest.mark.parametrize(
    "text", ["", "/", "relaxed/", "loose", "relaxed/relaxed/relaxed", "Relaxed"]
)
def test_what_is_no_form(text: str) -> None:
    with pytest.raises(ValueError, match="is not a valid Form"):
        dkim_canonical_form.forms(text)
