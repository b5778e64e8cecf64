"""A policy's tests name the new key: what else stands in the file stays letter by letter."""

from __future__ import annotations

import pytest

from mailauth_dns.policy.signature_edit import with_signer
from mailauth_dns.records.name import DomainName

HEAD = "domain: example.com # größe\ntests:\n"
CASES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    # the tests before, the same after, and the tests that name the new key now
    "block": (
        "  - name: mine # ours\n    dkim:\n      - old   # signs\n    expect: {dkim: pass}\n",
        "  - name: mine # ours\n    dkim:\n      - new   # signs\n    expect: {dkim: pass}\n",
        ("mine",),
    ),
    "flow, quoted, and beside a sender's": (
        "  - {name: mine, dkim: ['old', s1, {d: other.example, s: old}], expect: {dkim: pass}}\n",
        "  - {name: mine, dkim: ['new', s1, {d: other.example, s: old}], expect: {dkim: pass}}\n",
        ("mine",),
    ),
    "our domain and selector in another spelling": (
        "  - name: mine\n    dkim: [{d: Example.COM, s: OLD}]\n    expect: {dkim: pass}\n",
        "  - name: mine\n    dkim: [{d: Example.COM, s: new}]\n    expect: {dkim: pass}\n",
        ("mine",),
    ),
    "several tests": (
        "  - {name: b, dkim: [old, s1]}\n  - {name: none}\n  - {name: a, dkim: [s1, {s: old}]}\n",
        "  - {name: b, dkim: [new, s1]}\n  - {name: none}\n  - {name: a, dkim: [s1, {s: new}]}\n",
        ("b", "a"),
    ),
    "both are named already": (
        "  - {name: mine, dkim: [old, new]}\n",
        "  - {name: mine, dkim: [old, new]}\n",
        (),
    ),
    "the old name elsewhere": (
        "  - {name: old, from: old@example.com, dkim: [older]}\n",
        "  - {name: old, from: old@example.com, dkim: [older]}\n",
        (),
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_tests_name_the_new_key(case: str, mark: str) -> None:
    before, after, names = CASES[case]
    edited = with_signer("p.yaml", mark + HEAD + before, DomainName("example.com"), "old", "new")
    assert edited == (mark + HEAD + after, names)


def test_lines_that_end_as_on_windows_stay() -> None:
    text = "domain: example.com\r\ntests:\r\n  - name: mine\r\n    dkim:\r\n      - old\r\n"
    edited, _ = with_signer("p.yaml", text, DomainName("example.com"), "old", "new")
    assert edited == text.replace("old", "new")


@pytest.mark.parametrize("text", ["domain: example.com\n", "domain: example.com\ntests: []\n"])
def test_a_policy_without_tests_stays(text: str) -> None:
    assert with_signer("p.yaml", text, DomainName("example.com"), "old", "new") == (text, ())
