"""Macro expansion: RFC 7208 §7.2 to §7.4."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.evaluate.macro_expansion import (
    Envelope,
    client_address,
    envelope,
    expand,
    queryable,
    target_name,
)
from mailauth_dns.records.name import MAX_NAME, DomainName
from mailauth_dns.records.spf_macro import DomainSpec, explain_string, macro_string
from tests.records.strategies import domain_specs

SENDER = "strong-bad@email.example.com"
FOUR = envelope(client_address("192.0.2.3"), SENDER, "mx.example.org")
SIX = envelope(client_address("2001:db8::cb01"), SENDER, "mx.example.org")


def nobody() -> tuple[DomainName, ...]:
    return ()


def spec(text: str) -> DomainSpec:
    return macro_string(text, 0, len(text))


EXAMPLES = [  # RFC 7208 §7.4
    ("%{s}", "strong-bad@email.example.com"),
    ("%{o}", "email.example.com"),
    ("%{d}", "email.example.com"),
    ("%{d4}", "email.example.com"),
    ("%{d3}", "email.example.com"),
    ("%{d2}", "example.com"),
    ("%{d1}", "com"),
    ("%{dr}", "com.example.email"),
    ("%{d2r}", "example.email"),
    ("%{l}", "strong-bad"),
    ("%{l-}", "strong.bad"),
    ("%{lr}", "strong-bad"),
    ("%{lr-}", "bad.strong"),
    ("%{l1r-}", "strong"),
    ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
    ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
    ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
    ("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"),
    ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
]
RULES = [
    ("%%%_%-", "% %20"),  # §7.1
    ("a%%_b%%%%-", "a%_b%%-"),
    ("%{h}|%{i}|%{v}", "mx.example.org|192.0.2.3|in-addr"),  # §7.2
    ("%{D}%{V}", "email.example.comin-addr"),
    ("%{S}", "strong-bad%40email.example.com"),  # §7.3: upper case is URL-escaped, and only that
    ("%{d127}%{d999999}", "email.example.comemail.example.com"),
    ("%{D2R}", "example.email"),
    ("%{s-}", "strong.bad@email.example.com"),
    ("%{s2.-}", "example.com"),
    ("%{h1r.}", "mx"),
    ("%{i+}", "192.0.2.3"),  # split at + alone, so that there is one part
    ("%{i1+}", "192.0.2.3"),
    ("%{p}", "unknown"),
]


@pytest.mark.parametrize(("macro", "expanded"), [*EXAMPLES, *RULES])
def test_expansion(macro: str, expanded: str) -> None:
    assert expand(spec(macro), FOUR, "email.example.com", nobody) == expanded


def test_an_ipv6_client_is_dotted_nibble_by_nibble() -> None:
    """RFC 7208 §7.4, the last example."""
    expanded = (
        "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com"
    )
    assert expand(spec("%{ir}.%{v}._spf.%{d2}"), SIX, "email.example.com", nobody) == expanded
    assert expand(explain_string("%{c}"), SIX, "email.example.com", nobody) == "2001:db8::cb01"


PARTS = [  # local-part, macro, expanded: RFC 7208 §7.3, empty parts are parts
    ("a--b", "%{l-}", "a..b"),
    ("-a-", "%{l-}", ".a."),
    ("-a-", "%{lr-}", ".a."),
    ("a+b=c_d", "%{l+=_}", "a.b.c.d"),
    ("a+b=c_d", "%{l2r+=_}", "b.a"),
    ("a/b,c", "%{l/,}", "a.b.c"),
    ("a.b-c", "%{l-}", "a.b.c"),
    ("a.b-c", "%{lr-}", "c.a.b"),
    ("jack&jill=up", "%{L}", "jack%26jill%3Dup"),
    ("a~b_c.d-e", "%{L}", "a~b_c.d-e"),
    ("a b/c?", "%{L}", "a%20b%2Fc%3F"),
    ("", "%{l}", "postmaster"),
]


@pytest.mark.parametrize(("local_part", "macro", "expanded"), PARTS)
def test_parts(local_part: str, macro: str, expanded: str) -> None:
    session = envelope(client_address("192.0.2.3"), f"{local_part}@example.com", "")
    assert expand(spec(macro), session, "example.com", nobody) == expanded


VALIDATED = [  # validated names, expanded %{p} for example.com: RFC 7208 §7.3
    ((), "unknown"),
    (("z.example.net",), "z.example.net"),
    (("z.example.net", "mail.example.com"), "mail.example.com"),
    (("z.example.net", "mail.example.com", "example.com"), "example.com"),
    (("badexample.com", "z.example.net"), "badexample.com"),
]


@pytest.mark.parametrize(("names", "expanded"), VALIDATED)
def test_the_validated_name(names: tuple[DomainName, ...], expanded: str) -> None:
    assert expand(spec("%{p}"), FOUR, "Example.com", lambda: names) == expanded


def test_explanations_have_three_more_macros(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 7208 §7.2: c, r and t."""
    monkeypatch.setattr(time, "time", lambda: 1700000000.9)
    assert (
        expand(explain_string("%{c} at %{t} by %{R}"), FOUR, "example.com", nobody)
        == "192.0.2.3 at 1700000000 by unknown"
    )


LABEL = "y" * 60
LONG = ".".join([LABEL] * 4)  # 243 characters
TARGETS = [  # domain-spec, target name: RFC 7208 §7.3 and §4.3
    ("A.Example.", "A.Example"),
    ("%{d}", "email.example.com"),
    (f"{LABEL}.{LONG}.example.com", f"{LABEL}.{LABEL}.{LABEL}.example.com"),
    (f"{LONG}.example.com", f"{LABEL}.{LABEL}.{LABEL}.example.com"),
    (f"1234567.123.{LONG}.e", f"123.{LONG}.e"),  # 4 + 243 + 2 octets
    (f"12345678.{LONG}.e", f"{LONG}.e"),
    (f"1234567.{LONG}.e", f"1234567.{LONG}.e"),  # 253 octets fit
    (f"1234567.{LONG}.e.", f"1234567.{LONG}.e"),
    ("x" * 300, "x" * 300),  # there is no label to take away
]


@pytest.mark.parametrize(("text", "target"), TARGETS)
def test_target_names(text: str, target: str) -> None:
    assert target_name(spec(text), FOUR, "email.example.com", nobody) == target


NAMES = [  # text, name that is asked for
    ("A.Example", "a.example"),
    ("com", "com"),
    ("a b.example", "a b.example"),
    (f"{'x' * 63}.example", f"{'x' * 63}.example"),
    (f"{'x' * 64}.example", None),
    ("a..example", None),
    (".example", None),
    ("example.", None),
    ("", None),
    ("é.example", None),
    (f"1234567.{LONG}.e", f"1234567.{LONG}.e"),
    (f"12345678.{LONG}.e", None),
]


@pytest.mark.parametrize(("text", "name"), NAMES)
def test_names_that_dns_can_be_asked_for(text: str, name: str | None) -> None:
    assert queryable(text) == name


SESSIONS = [  # client, sender, HELO, what is made of them
    (
        "192.0.2.1",
        "a@b.example",
        "h.example.",
        Envelope(client_address("192.0.2.1"), "a", "b.example", "h.example"),
    ),
    (
        "::ffff:192.0.2.1",
        "a@münchen.example",
        "münchen",
        Envelope(client_address("192.0.2.1"), "a", "xn--mnchen-3ya.example", "xn--mnchen-3ya"),
    ),
    ("2001:db8::1%eth0", "", "h", Envelope(client_address("2001:db8::1"), "postmaster", "h", "h")),
    (
        "192.0.2.1",
        "b.example",
        "\xff",
        Envelope(client_address("192.0.2.1"), "postmaster", "b.example", "xn--wda"),
    ),
    ("192.0.2.1", "@", "\u2000", Envelope(client_address("192.0.2.1"), "postmaster", "", "\u2000")),
]


@pytest.mark.parametrize(("ip", "sender", "helo", "session"), SESSIONS)
def test_the_session(ip: str, sender: str, helo: str, session: Envelope) -> None:
    assert envelope(client_address(ip), sender, helo) == session


@given(domain_specs(), st.text(), st.text())
def test_targets_fit_or_have_no_label_to_lose(text: DomainSpec, sender: str, helo: str) -> None:
    target = target_name(
        text, envelope(client_address("192.0.2.1"), sender, helo), "example.com", nobody
    )
    assert target is None or len(target) <= MAX_NAME or "." not in target
