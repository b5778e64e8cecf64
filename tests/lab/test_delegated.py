"""Selectors that are delegated to a sender, in real BIND.

`dkim check` and `lint --live` tell each fault, and say nothing of a sound one.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import RepoFolder
from tests.lab.conftest import Serving
from tests.lab.zones import HEAD

KEY = '"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="'
SENDER = (
    HEAD
    + f'good IN TXT {KEY}\nempty IN TXT "v=DKIM1; p="\nhello IN TXT "hello"\naddress IN A 192.0.2.1\nmoved IN CNAME good\n'
)
# What BIND holds at the selector, the target in the policy, what `dkim check` says, and the rules
# of `lint --live`.
CASES: dict[str, tuple[str, str, str | None, set[str]]] = {
    "sound": ("CNAME good.sender.example.", "good", None, set()),
    "sound behind another alias": ("CNAME moved.sender.example.", "moved", None, set()),
    "flattened": (
        f"TXT {KEY}",
        "good",
        "DKIM025: {server}: answers the target's record instead of the alias",
        {"DKIM025"},
    ),
    "proxied": (
        "A 192.0.2.1",
        "good",
        "DKIM025: {server}: answers an address instead of the alias",
        {"DKIM025"},
    ),
    "proxied by IPv6": (
        "AAAA 2001:db8::1",
        "good",
        "DKIM025: {server}: answers an address instead of the alias",
        {"DKIM025"},
    ),
    "dangling": (
        "CNAME gone.sender.example.",
        "gone",
        "DKIM024: gone.sender.example has no key: signatures fail",
        {"DKIM024"},
    ),
    "a target without TXT": (
        "CNAME address.sender.example.",
        "address",
        "DKIM024: address.sender.example has no key",
        {"DKIM024"},
    ),
    "a target that is revoked": (
        "CNAME empty.sender.example.",
        "empty",
        "DKIM024: empty.sender.example holds no usable key",
        {"DKIM024"},
    ),
    "a target that is no key": (
        "CNAME hello.sender.example.",
        "hello",
        "DKIM024: hello.sender.example holds no usable key",
        {"DKIM024"},
    ),
    "an alias of another": (
        "CNAME moved.sender.example.",
        "good",
        "DKIM001: {server}: is an alias of moved.sender.example., not of good.sender.example",
        set(),  # that DNS differs from the policy is for `diff` to tell
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_delegation_is_checked_at_both_ends(
    repo: RepoFolder, serving_bind: Serving, tmp_path: Path, case: str
) -> None:
    record, target, problem, rules = CASES[case]
    server = serving_bind(example_com=HEAD + f"s1._domainkey IN {record}\n", sender_example=SENDER)
    repo.policy(
        f"domain: example.com\ndkim: {{selectors: {{s1: {{cname: {target}.sender.example}}}}}}\n",
        "ours",
    )
    repo.policy("domain: sender.example\nspf: {all: fail}\n", "sender")
    checked = repo.run("dkim", "check", "example.com", "--private-dir", str(tmp_path / "private"))
    assert checked.code == (2 if problem else 0), checked.said
    if problem is not None:
        assert problem.format(server=f"127.0.0.1:{server.port}") in checked.out
    assert checked.out.endswith(f"Check: 1 key, {1 if problem else 0} wrong, 0 unknown\n")
    found = json.loads(repo.run("lint", "example.com", "--live", "--format", "json").out)[
        "findings"
    ]
    assert {
        each["rule"] for each in found if each["rule"].startswith("DKIM") and not each["unknown"]
    } == rules
