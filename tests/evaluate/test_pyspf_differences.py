"""Where our SPF differs from pyspf's, and the section of RFC 7208 that decides for ours."""

from __future__ import annotations

import pytest

from tests.evaluate.beside_pyspf import Sets, ours, resolver, theirs

LEFT = "y" * 60
VOID: Sets = {
    "example.com MX": [
        "10 h1.example.com.",
        "20 void1.example.com.",
        "30 void2.example.com.",
        "40 void3.example.com.",
    ]
}
REVERSE = "1.2.0.192.in-addr.arpa PTR"
DECIDED: list[
    tuple[str, str, Sets, str, str, str]
] = [  # section, record at example.com, more, sender, ours, pyspf's
    # Which terms count, and when
    (
        "4.6.4",
        f"v=spf1 {'mx ' * 9}a redirect=b.example.com",
        {"example.com MX": "0 ."},
        "",
        "pass",
        "permerror",
    ),  # redirect not reached
    (
        "4.6.4",
        "v=spf1 ip4:192.0.2.1 include:example.com",
        {},
        "",
        "pass",
        "permerror",
    ),  # a loop is no error of syntax
    (
        "5.4",
        "v=spf1 mx -all",
        VOID,
        "",
        "pass",
        "permerror",
    ),  # hosts by preference, until one matches
    (
        "5.4",
        "v=spf1 mx -all",
        {"example.com MX": ["10 h1.example.com.", "20 h.example.org."]},
        "",
        "pass",
        "temperror",
    ),
    # Macros
    (
        "7.1",
        "v=spf1 -all mx:/0a%%",
        {},
        "",
        "fail",
        "permerror",
    ),  # a slash is a letter of a macro-string like others
    (
        "7.1",
        "v=spf1 -all exists:%%%x.example.com",
        {},
        "",
        "permerror",
        "fail",
    ),  # "%%", and then a "%" that begins nothing
    # ptr and %{p}
    (
        "5.5",
        "v=spf1 ptr ~all",
        {REVERSE: ["h.example.org.", "h1.example.com."]},
        "",
        "pass",
        "temperror",
    ),  # skipped, the search goes on
    (
        "4.6",
        "v=spf1 ip4:192.0.2.1 exists:%{p}.x.example.com",
        {REVERSE: [f"void{n}.example.com." for n in range(3)]},
        "",
        "pass",
        "permerror",
    ),  # a term that is not reached looks nothing up
    (
        "4.3",
        "v=spf1 +all",
        {"b.example.com TXT": "v=spf1 +all"},
        "user@b.example.com.",
        "pass",
        "none",
    ),  # an empty label at the end
    (
        "7.3",
        "v=spf1 exists:%{p}.x.example.com",
        {REVERSE: "h.example.org.", "unknown.x.example.com A": "127.0.0.2"},
        "",
        "pass",
        "temperror",
    ),
    # The grammar of §12
    ("12", "v=spf1 +all EXP=", {}, "", "permerror", "pass"),  # names of modifiers know no case
    (
        "12",
        "v=spf1 Redirect=b.example.com",
        {"b.example.com TXT": "v=spf1 +all"},
        "",
        "pass",
        "neutral",
    ),
    ("12", "v=spf1 +all -exists", {}, "", "permerror", "pass"),
    ("12", "v=spf1 +all x=\t", {}, "", "permerror", "pass"),  # macro-literal is what prints
    ("12", "v=spf1 +all x=%{", {}, "", "permerror", "pass"),
    ("12", "v=spf1 +all x=%%", {}, "", "pass", "permerror"),  # an escaped % may be the last
    ("12", "v=spf1 exists:%{l;}.example.com", {}, "", "permerror", "neutral"),  # ; is no delimiter
    ("12", "v=spf1 exists:%{s1-@}.example.com", {}, "", "permerror", "neutral"),  # nor is @
    (
        "6",
        "v=spf1 +all x=1 x=2",
        {},
        "",
        "pass",
        "permerror",
    ),  # only redirect and exp are to be unique
    ("7.3", "v=spf1 +all exists:%{d0}", {}, "", "permerror", "pass"),
    # Expansion
    (
        "4.3",
        "v=spf1 exists:%{s}.x.example.com",
        {"postmaster@example.com.x.example.com A": "127.0.0.2"},
        "@example.com",
        "pass",
        "neutral",
    ),
    (
        "4.3",
        "v=spf1 -all",
        {"b.example.com TXT": "v=spf1 +all"},
        '"a@b"@b.example.com',
        "pass",
        "none",
    ),  # the domain stands behind the last @
    (
        "7.3",
        "v=spf1 exists:%{h-}.example.com",
        {"a.b.example.com A": "127.0.0.2"},
        "",
        "pass",
        "neutral",
    ),  # joined by dots
    (
        "7.3",
        f"v=spf1 exists:{LEFT}.{LEFT}.{LEFT}.{LEFT}.{LEFT}.{LEFT}.x.example.com",
        {f"{LEFT}.{LEFT}.{LEFT}.x.example.com A": "127.0.0.2"},
        "",
        "pass",
        "neutral",
    ),  # as many labels go as are too many
]


@pytest.mark.parametrize(("section", "record", "more", "sender", "we", "they"), DECIDED)
def test_where_we_differ_the_rfc_decides(
    section: str, record: str, more: Sets, sender: str, we: str, they: str
) -> None:
    sets: Sets = {
        "example.com TXT": record,
        "example.com A": "192.0.2.1",
        "h1.example.com A": "192.0.2.1",
        **more,
    }
    world = resolver(sets)
    sender = sender or "user@example.com"
    assert ours("192.0.2.1", sender, "a-b", world)[0] == we
    assert theirs("192.0.2.1", sender, "a-b", world)[0] == they
