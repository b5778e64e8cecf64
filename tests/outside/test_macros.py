"""Macro expansion as other projects test it (RFC 7208 §7)."""

from __future__ import annotations

from typing import Any

import pytest

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.evaluate.macro_expansion import client_address, envelope, expand
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_macro import domain_spec, explain_string
from tests.outside.cases import graded

SENDER = "strong-bad@email.example.com"
POINTERS = {
    "10.0.0.1": "mx.mox.example",
    "10.0.0.2": "sub.mx.mox.example",
    "10.0.0.3": "other.example",
}  # of the corpus's own DNS
# Where we decide otherwise, and why. A row that is listed and that we agree with fails too.
OURS = {
    "%{s9999": "a number that is too high keeps all parts (RFC 7208 §7.3)",
    "%{c}": "the client's address (RFC 7208 §7.2), not the receiver's",
    "%{r}": "unknown, as we receive nothing (RFC 7208 §7.3)",
}


@pytest.mark.parametrize("case", graded("spf/macros.json"))
def test_corpus(case: dict[str, Any]) -> None:
    text, ip = case["macro"], case["ip"] or "192.0.2.1"
    names = tuple(DomainName(name) for address, name in POINTERS.items() if address == ip)
    session = envelope(client_address(ip), SENDER, "mx.mox.example")
    try:
        spec = explain_string(text) if case["kind"] == "expl" else domain_spec(text, 0, len(text))
        found = expand(spec, session, "email.example.com", lambda: names)
    except RecordSyntaxError:
        found = None
    expected = (
        case["expect"].removesuffix(".")
        if case["expect"] and text.startswith("%{p}")
        else case["expect"]
    )  # a dot of that parser's
    assert (found == expected) is not text.startswith(tuple(OURS))
