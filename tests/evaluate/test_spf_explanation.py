"""What check_host() tells beside its result: identity, explanation, match and reason."""

from __future__ import annotations

import pytest

from mailauth_dns.evaluate.spf import check_host
from mailauth_dns.evaluate.spf_check import Cost, Match
from tests.evaluate.spf_world import check, world

# domain, sender, HELO, explanation of fail, by exp.example.com: "%{s}|%{l}|%{o}|%{d}|%{h}"
IDENTITIES = [
    (
        "example.com",
        "user@example.com",
        "mx1.example.com",
        "user@example.com|user|example.com|example.com|mx1.example.com",
    ),
    (
        "example.com",
        "@example.com",
        "mx1.example.com",
        "postmaster@example.com|postmaster|example.com|example.com|mx1.example.com",
    ),  # §4.3
    (
        "example.com",
        "example.com",
        "x",
        "postmaster@example.com|postmaster|example.com|example.com|x",
    ),
    (
        "example.com",
        "",
        "example.com",
        "postmaster@example.com|postmaster|example.com|example.com|example.com",
    ),  # §2.4
    (
        "",
        "",
        "example.com",
        "postmaster@example.com|postmaster|example.com|example.com|example.com",
    ),
    ("example.com", '"a@b"@example.com', "x", '"a@b"@example.com|"a@b"|example.com|example.com|x'),
    (
        "example.com",
        "user@other.example",
        "x",
        "user@other.example|user|other.example|example.com|x",
    ),  # HELO checked beside MAIL FROM
    ("Example.COM.", "User@Example.COM.", "X.", "User@Example.COM|User|Example.COM|Example.COM|X"),
]


@pytest.mark.parametrize(("domain", "sender", "helo", "explanation"), IDENTITIES)
def test_identities(domain: str, sender: str, helo: str, explanation: str) -> None:
    resolver = world(
        "v=spf1 -all exp=exp.example.com", **{"exp.example.com TXT": "%{s}|%{l}|%{o}|%{d}|%{h}"}
    )
    assert check_host("192.0.2.1", domain, sender, helo, resolver).explanation == explanation


EXPLANATIONS = [  # record, TXT values at exp.example.com, explanation: RFC 7208 §6.2
    ("v=spf1 -all exp=exp.example.com", "no", "no"),
    (
        "v=spf1 exp=exp.example.com -all",
        "See http://%{d}/why.html?s=%{S}&i=%{I}",
        "See http://example.com/why.html?s=user%40example.com&i=192.0.2.1",
    ),
    ("v=spf1 -all exp=EXP.%{d}", "a%%b%_c%-d", "a%b c%20d"),
    (
        "v=spf1 -all exp=exp.example.com",
        "%{c} %{r} at %{v}.",
        "192.0.2.1 unknown at in-addr.",
    ),  # the dot at the end stays
    ("v=spf1 -all exp=exp.example.com", "from %{p}", "from unknown"),
    ("v=spf1 -a exp=exp.example.com", "no", "no"),
    (
        "v=spf1 -include:pass.example.com exp=exp.example.com",
        "no",
        "no",
    ),  # ours, not the included one's
    ("v=spf1 include:fail.example.com -all", "no", None),
    (
        "v=spf1 redirect=fail.example.com exp=exp.example.com",
        "no",
        "fail.example.com does not know 192.0.2.1",
    ),
    ("v=spf1 redirect=bare.example.com exp=exp.example.com", "no", None),
    ("v=spf1 ~all exp=exp.example.com", "no", None),
    ("v=spf1 -all", "no", None),
    ("v=spf1 -all exp=exp.example.com", [], None),
    ("v=spf1 -all exp=exp.example.com", ["one", "two"], None),
    ("v=spf1 -all exp=nothing.example.com", "no", None),
    ("v=spf1 -all exp=x.example.org", "no", None),
    ("v=spf1 -all exp=a..example.com", "no", None),
    ("v=spf1 -all exp=exp.example.com", "caf\xe9", None),
    ("v=spf1 -all exp=exp.example.com", "tab\there", None),
    ("v=spf1 -all exp=exp.example.com", "%{z}", None),
    ("v=spf1 -all exp=exp.example.com", "100%", None),
    ("v=spf1 -all exp=exp.example.com", "%{s0}", None),
    ("v=spf1 -all exp=exp.example.com", "", ""),
    ("v=spf1 -all exp=exp.example.com", "x" * 600, "x" * 500),
]


@pytest.mark.parametrize(("record", "texts", "explanation"), EXPLANATIONS)
def test_explanation(record: str, texts: str | list[str], explanation: str | None) -> None:
    resolver = world(
        record,
        **{
            "exp.example.com TXT": texts,
            "exp.example.com A": "192.0.2.1",
            "bare.example.com TXT": "v=spf1 -all",
        },
    )
    found = check_host("192.0.2.1", "example.com", "user@example.com", "mx1.example.com", resolver)
    assert found.explanation == explanation
    assert found.result == ("softfail" if "~all" in record else "fail")


@pytest.mark.parametrize(
    "sender",
    ["jürgen@example.com", "a\r\n250 ok@example.com", "\ud800@example.com", "a\x1b[2J@example.com"],
)
def test_a_sender_cannot_break_the_reply(sender: str) -> None:
    resolver = world("v=spf1 -all exp=exp.example.com", **{"exp.example.com TXT": "no %{s}"})
    found = check_host("192.0.2.1", "example.com", sender, "x", resolver)
    assert (found.result, found.explanation) == ("fail", None)


LOCAL_PARTS = [  # record, result for jürgen@example.com: RFC 8616 §4
    ("v=spf1 exists:%{l}.wild.example.com -all", "fail"),
    ("v=spf1 exists:%{S}.wild.example.com -all", "fail"),
    ("v=spf1 -include:%{l}.wild.example.com +all", "pass"),
    ("v=spf1 redirect=%{l}.wild.example.com", "permerror"),
    ("v=spf1 ptr:%{l}.example.com -all", "fail"),
    ("v=spf1 exists:%{o}.wild.example.com -all", "pass"),
    ("v=spf1 -all exp=%{l}.example.com", "fail"),
]


@pytest.mark.parametrize(("record", "result"), LOCAL_PARTS)
def test_local_parts_that_are_not_ascii(record: str, result: str) -> None:
    assert check(record, sender="jürgen@example.com").result == result


def test_a_u_label_in_the_sender_is_an_a_label() -> None:
    resolver = world(
        "v=spf1 exists:%{o}.x.example.com exists:%{h}.y.example.com -all",
        **{"xn--mnchen-3ya.example.x.example.com A": "127.0.0.2"},
    )
    assert (
        check_host(
            "192.0.2.1", "example.com", "user@münchen.example", "münchen.example", resolver
        ).result
        == "pass"
    )


def test_what_matched_is_told_from_the_domain_down() -> None:
    found = check("v=spf1 redirect=outer.example.com", "192.0.2.9")
    assert found.matched == ()
    resolver = world(
        "v=spf1 mx redirect=outer.example.com",
        **{"outer.example.com TXT": "v=spf1 include:pass.example.com -all"},
    )
    found = check_host("192.0.2.9", "example.com", "user@example.com", "x", resolver)
    assert found.matched == (
        Match("example.com", "redirect=outer.example.com"),
        Match("outer.example.com", "include:pass.example.com"),
        Match("pass.example.com", "ip4:192.0.2.0/24"),
    )
    assert found.cost == Cost(terms=3, voids=0)
    assert (
        found.reason
        == "example.com lets 192.0.2.9 send: redirect=outer.example.com, include:pass.example.com, "
        "ip4:192.0.2.0/24"
    )


REASONS = [
    ("v=spf1 -all", "example.com does not let 192.0.2.1 send: -all"),
    ("v=spf1 ~all", "example.com says that 192.0.2.1 is probably not allowed to send: ~all"),
    ("v=spf1 ?all", "example.com leaves open whether 192.0.2.1 may send: ?all"),
    ("v=spf1 mx", "no term of example.com matches 192.0.2.1"),
    (
        "v=spf1 redirect=neutral2.example.com",
        "redirect=neutral2.example.com of example.com: neutral2.example.com publishes no SPF "
        "record",
    ),
    (
        "v=spf1 include:a..example.com",
        "include:a..example.com of example.com: 'a..example.com' is not a full domain name",
    ),
    (
        "v=spf1 include:bad.example.com",
        "the SPF record of bad.example.com is not valid: not a mechanism; known are",
    ),
    ("v=spf1 include:two.example.com", "two.example.com publishes 2 SPF records, one is allowed"),
    ("v=spf1 mx:eleven.example.com", "eleven.example.com has 11 mail exchangers, mx allows 10"),
    ("v=spf1 redirect=example.com", "more than 10 terms ask DNS"),
    (
        "v=spf1 a:x1.example.com a:x2.example.com a:x3.example.com",
        "more than 2 lookups find nothing",
    ),
    ("v=spf1 a:x.example.org", "DNS gave no answer: x.example.org A"),
    (
        "v=spf1 redirect=%{l}.example.com",
        "redirect=%{l}.example.com of example.com: a\\027b.example.com publishes no SPF record",
    ),
]


@pytest.mark.parametrize(("record", "reason"), REASONS)
def test_reasons_are_one_line_for_a_user(record: str, reason: str) -> None:
    found = check(record, sender="a\x1bb@example.com")
    assert found.reason.startswith(reason)
    assert found.reason.isprintable()
