"""Senders are spliced into a policy's text; every other character stays as it is."""

from __future__ import annotations

import pytest

from mailauth_dns.errors import MailAuthError
from mailauth_dns.policy.sender_edit import SenderEdit, with_senders

EDIT = SenderEdit(
    {"google": {}, "ses": {"region": "eu-1", "tokens": ("aaa", "0b")}},
    ("proton: {hash: }", "  hash: In the console."),
    frozenset({"include:_spf.google.com", "mx"}),
    frozenset({"s1", "s2"}),
)
BLOCK = """senders:
  google: {}
  ses: {region: eu-1, tokens: [aaa, 0b]}
  # proton: {hash: }
  #   hash: In the console.
"""
EDITED = [
    (
        "# mine\ndomain: example.com\nspf:\n  terms: [a, mx, b]  # hosts\n  all: fail\n",
        f"# mine\ndomain: example.com\n{BLOCK}spf:\n  terms: [a, b]  # hosts\n  all: fail\n",
    ),
    (
        "domain: example.com\nspf:\n  terms:\n  - mx\n  - a  # own\n  all: fail\ndmarc: {p: none}\n",
        f"domain: example.com\n{BLOCK}"
        "spf:\n  terms:\n  - a  # own\n  all: fail\ndmarc: {p: none}\n",
    ),
    (
        'domain: example.com\nspf: {terms: [mx, "include:_spf.google.com"], all: fail}\n',
        f"domain: example.com\n{BLOCK}spf: {{all: fail}}\n",
    ),
    (
        "domain: example.com\ndkim:\n  selectors:\n    s1: {cname: a}\n    k: {p: x}\n",
        f"domain: example.com\n{BLOCK}dkim:\n  selectors:\n    k: {{p: x}}\n",
    ),
    (
        "domain: example.com\ndkim: {selectors: {s1: {cname: a}, s2: {cname: b}}}\nttl: 60\n",
        f"domain: example.com\nttl: 60\n{BLOCK}",
    ),
    ("domain: example.com", f"domain: example.com\n{BLOCK}"),
    (
        "domain: example.com\nsenders:\n  zendesk: {}  # help\ndmarc: {p: none}\n",
        "domain: example.com\nsenders:\n  zendesk: {}  # help\n"
        f"{BLOCK.partition(chr(10))[2]}dmarc: {{p: none}}\n",
    ),
    (
        "senders: {zendesk: {}}\ndomain: example.com\n",
        "senders: {zendesk: {}, google: {}, ses: {region: eu-1, tokens: [aaa, 0b]}}\n"
        "domain: example.com\n",
    ),
]


@pytest.mark.parametrize(("before", "after"), EDITED)
def test_the_edit_is_spliced_in(before: str, after: str) -> None:
    assert with_senders("p.yaml", before, EDIT) == after


def test_line_ends_and_a_byte_order_mark_stay() -> None:
    before = "\ufeffdomain: example.com\r\nspf: {all: fail}\r\n"
    after = with_senders("p.yaml", before, SenderEdit({"google": {}}))
    assert after == "\ufeffdomain: example.com\r\nsenders:\r\n  google: {}\r\nspf: {all: fail}\r\n"


@pytest.mark.parametrize(
    "terms", ["[mx]", "['include:_spf.google.com', mx]", "\n    - mx", "\n    - mx  # ours"]
)
def test_a_list_that_replaces_an_inherited_one_stays(terms: str) -> None:
    edit = SenderEdit({"google": {}}, terms=EDIT.terms, overrides=True)
    after = with_senders(
        "p.yaml", f"domain: a.example\nspf:\n  terms: {terms}\n  all: fail\n", edit
    )
    assert "  terms: []" in after


def test_comments_alone_make_no_section() -> None:
    after = with_senders("p.yaml", "domain: example.com\n", SenderEdit({}, ("proton: {hash: }",)))
    assert after == "domain: example.com\n# senders:\n  # proton: {hash: }\n"


@pytest.mark.parametrize(
    "text",
    ["{domain: example.com}\n", "domain: example.com\nsenders: none\n"],
)
def test_a_layout_that_is_not_known_is_refused(text: str) -> None:
    with pytest.raises(MailAuthError, match="write the change by hand: senders: google"):
        with_senders("p.yaml", text, EDIT)
