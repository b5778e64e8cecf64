"""Edits of a policy file: what is added or changed; all else stays letter by letter."""

from __future__ import annotations

import pytest

from mailauth_dns.errors import MailAuthError
from mailauth_dns.policy.selector_edit import with_keys, with_selector
from mailauth_dns.typed_yaml import yaml_reader

NEW = {"key": "s2.pem", "state": "pending", "since": "2026-05-31T12:00:00Z"}
ENTRY = "{key: s2.pem, state: pending, since: 2026-05-31T12:00:00Z}"

# The text before, and the text after; `@` is the new selector's entry.
ADDED = {
    "block selectors": (
        "domain: example.com # ours\n\ndkim:\n  selectors:\n"
        "    # the first\n    s1: {key: 's1.pem'}   # signs\n\n# reports\ndmarc: {p: none}\n",
        "domain: example.com # ours\n\ndkim:\n  selectors:\n    # the first\n"
        "    s1: {key: 's1.pem'}   # signs\n    s2: @\n\n# reports\ndmarc: {p: none}\n",
    ),
    "a selector over several lines": (
        "domain: example.com\ndkim:\n    selectors:\n        s1:\n"
        "            key: s1.pem # signs\n            n: |\n              hello\nspf: absent\n",
        "domain: example.com\ndkim:\n    selectors:\n        s1:\n"
        "            key: s1.pem # signs\n            n: |\n              hello\n        "
        "s2: @\nspf: absent\n",
    ),
    "flow": (
        'domain: "example.com"\ndkim: {selectors: {s1: {key: s1.pem}}} # keys\nspf: absent\n',
        'domain: "example.com"\ndkim: {selectors: {s1: {key: s1.pem}, s2: @}} # keys\n'
        "spf: absent\n",
    ),
    "flow over several lines": (
        "domain: example.com\ndkim: {selectors: {\n  s1: {key: s1.pem}, # signs\n  s3: "
        "{state: revoked}, # gone\n}}\n",
        "domain: example.com\ndkim: {selectors: {\n  s1: {key: s1.pem}, # signs\n  s3: "
        "{state: revoked}, s2: @, # gone\n}}\n",
    ),
    "a byte order mark": (
        "\ufeffdomain: example.com\ndkim: {selectors: {s1: {key: s1.pem}}} # keys\n",
        "\ufeffdomain: example.com\ndkim: {selectors: {s1: {key: s1.pem}, s2: @}} # keys\n",
    ),
    "empty selectors": (
        "domain: example.com\ndkim: {selectors: {}}\n",
        "domain: example.com\ndkim: {selectors: {s2: @}}\n",
    ),
    "no selectors, block": (
        "domain: example.com\ndkim:\n  selector_template: mx{date} # ours\nspf: absent\n",
        "domain: example.com\ndkim:\n  selector_template: mx{date} # ours\n  selectors:\n"
        "    s2: @\nspf: absent\n",
    ),
    "no selectors, flow": (
        "domain: example.com\ndkim: {rotation: {grace: 3d}}\n",
        "domain: example.com\ndkim: {rotation: {grace: 3d}, selectors: {s2: @}}\n",
    ),
    "no dkim": (
        "domain: example.com\nspf: absent # later\n",
        "domain: example.com\nspf: absent # later\ndkim:\n  selectors:\n    s2: @\n",
    ),
    "no dkim, four columns, no line break at the end": (
        "domain: example.com\nspf:\n    all: fail",
        "domain: example.com\nspf:\n    all: fail\ndkim:\n    selectors:\n        s2: @",
    ),
    "no dkim, all flow": (
        "{domain: example.com, spf: absent}\n",
        "{domain: example.com, spf: absent, dkim: {selectors: {s2: @}}}\n",
    ),
    "an end marker": (
        "---\ndomain: example.com\n...\n",
        "---\ndomain: example.com\ndkim:\n  selectors:\n    s2: @\n...\n",
    ),
    "CRLF": (
        "domain: example.com\r\ndkim:\r\n  selectors:\r\n    s1: {key: s1.pem}\r\nspf: absent\r\n",
        "domain: example.com\r\ndkim:\r\n  selectors:\r\n    s1: {key: s1.pem}\r\n    "
        "s2: @\r\nspf: absent\r\n",
    ),
    "letters outside ASCII before it": (
        "domain: example.com # größer \U0001f600\ndkim:\n  selectors:\n    s1: {n: é, "
        "key: s1.pem}\n",
        "domain: example.com # größer \U0001f600\ndkim:\n  selectors:\n    s1: {n: é, "
        "key: s1.pem}\n    s2: @\n",
    ),
    "names that YAML takes for something else": (
        "domain: example.com\ndkim:\n  selectors:\n    010: {key: a.pem}\n    null: "
        "{key: b.pem}\n    2026-01-31: {key: c.pem}\n",
        "domain: example.com\ndkim:\n  selectors:\n"
        "    010: {key: a.pem}\n    null: {key: b.pem}\n    2026-01-31: {key: c.pem}\n    s2: @\n",
    ),
}


@pytest.mark.parametrize("case", ADDED)
def test_a_selector_is_added_and_nothing_else_changes(case: str) -> None:
    before, after = ADDED[case]
    assert with_selector("p.yaml", before, "s2", NEW) == after.replace("@", ENTRY)


REFUSED = {
    "there already": (
        "domain: example.com\ndkim: {selectors: {s2: {state: revoked}}}\n",
        "dkim.selectors.s2 is there already",
    ),
    "dkim taken out": (
        "domain: example.com\ndkim: null\n",
        "there is no place for dkim.selectors.s2",
    ),
    "selectors taken out": (
        "domain: example.com\ndkim: {selectors: ~}\n",
        "there is no place for dkim.selectors.s2",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_without_a_place_for_it_is_refused(case: str) -> None:
    text, message = REFUSED[case]
    with pytest.raises(MailAuthError, match=message):
        with_selector("p.yaml", text, "s2", NEW)


# Keys to set, the text before and after.
CHANGED: dict[str, tuple[dict[str, str | None], str, str]] = {
    "flow": (
        {"state": "active", "since": "2026-06-01T00:00:00Z"},
        "dkim: {selectors: {s1: {key: s1.pem, state: pending, since: 2026-05-31} }} # x\n",
        "dkim: {selectors: {s1: {key: s1.pem, state: active, since: 2026-06-01T00:00:00Z} }} # x\n",
    ),
    "flow, a new key": (
        {"seen": "2026-06-01"},
        "dkim: {selectors: {s1: {key: s1.pem}}}\n",
        "dkim: {selectors: {s1: {key: s1.pem, seen: 2026-06-01}}}\n",
    ),
    "flow, one out": (
        {"seen": None},
        "dkim: {selectors: {s1: {seen: 2026-06-01, key: s1.pem}}}\n",
        "dkim: {selectors: {s1: {key: s1.pem}}}\n",
    ),
    "flow, the last out": (
        {"seen": None},
        "dkim: {selectors: {s1: {key: s1.pem, seen: 2026-06-01}}}\n",
        "dkim: {selectors: {s1: {key: s1.pem}}}\n",
    ),
    "flow, out and not there": (
        {"seen": None},
        "dkim: {selectors: {s1: {key: s1.pem}}}\n",
        "dkim: {selectors: {s1: {key: s1.pem}}}\n",
    ),
    "block": (
        {"state": "revoked", "signed_until": "2026-06-01"},
        "dkim:\n  selectors:\n    s1:\n      state: 'active' # signs\n      key: s1.pem "
        "# ours\n    s2: {state: revoked}\n",
        "dkim:\n  selectors:\n    s1:\n"
        "      state: revoked # signs\n      key: s1.pem # ours\n      signed_until: "
        "2026-06-01\n    s2: {state: revoked}\n",
    ),
    "block, one out": (
        {"seen": None},
        "dkim:\n  selectors:\n    s1:\n      key: s1.pem\n      seen: 2026-06-01 # by "
        "us\n      state: pending\n",
        "dkim:\n  selectors:\n    s1:\n      key: s1.pem\n      state: pending\n",
    ),
    "block, the first out": (
        {"seen": None},
        "dkim:\n  selectors:\n    s1:\n      seen: 2026-06-01\n      key: s1.pem\n",
        "dkim:\n  selectors:\n    s1:\n      key: s1.pem\n",
    ),
    "quoted selector": (
        {"state": "active"},
        'dkim: {selectors: {"s1": {"state": pending}}}\n',
        'dkim: {selectors: {"s1": {"state": active}}}\n',
    ),
}


@pytest.mark.parametrize("case", CHANGED)
def test_keys_of_a_selector_are_set(case: str) -> None:
    keys, before, after = CHANGED[case]
    head = "domain: example.com # größe\n"
    assert with_keys("p.yaml", head + before, "s1", keys) == head + after


def test_a_selector_that_another_file_declares_is_refused() -> None:
    with pytest.raises(
        MailAuthError, match=r"p\.yaml: does not declare dkim\.selectors\.s1 itself"
    ):
        with_keys("p.yaml", "domain: example.com\n", "s1", {"state": "active"})


def test_what_is_no_document_is_refused() -> None:
    with pytest.raises(yaml_reader.DocumentError):
        with_selector("p.yaml", "x: [\n", "s2", NEW)
