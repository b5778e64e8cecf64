"""Delegated selectors: the alias is answered as one, and leads to a key."""

from __future__ import annotations

import pytest

from mailauth_dns.evaluate.observation import Observation, ServerView, Unknown
from mailauth_dns.keys.declared import Key
from mailauth_dns.keys.problems import of_delegated
from mailauth_dns.policy.sections.dkim import SelectorSection
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset

DOMAIN, NAME, TARGET = (
    DomainName("example.com"),
    DomainName("s1._domainkey.example.com"),
    DomainName("s1.keys.example.net"),
)
KEY = Key(DOMAIN, DOMAIN, "s1", SelectorSection.model_validate({"cname": TARGET}), None, None)
ALIAS = RRset(NAME, "CNAME", 300, frozenset({f"{TARGET}."}))
USABLE, EMPTY = "v=DKIM1; p=MFwwDQYJKoZIhvcNAQEBBQADSwAw", "v=DKIM1; p="


def target(*texts: str) -> RRset:
    return RRset(TARGET, "TXT", 300, frozenset(texts))


def text(value: str) -> RRset:
    return RRset(NAME, "TXT", 300, frozenset({value}))


Answer = RRset | Unknown | None
# What the server holds as CNAME, TXT and A, what the target resolves to, and the problem.
CASES: dict[str, tuple[Answer, Answer, Answer, Answer, str | None]] = {
    "in order": (ALIAS, None, None, target(USABLE), None),
    "the target has several keys while its sender rotates": (
        ALIAS,
        None,
        None,
        target(USABLE, EMPTY),
        None,
    ),
    "dangling": (
        ALIAS,
        None,
        None,
        None,
        "DKIM024 s1.keys.example.net has no key: signatures fail, and whoever gets hold of that name",
    ),
    "an empty key": (
        ALIAS,
        None,
        None,
        target(EMPTY),
        "DKIM024 s1.keys.example.net holds no usable key",
    ),
    "no key record": (
        ALIAS,
        None,
        None,
        target("hello"),
        "DKIM024 s1.keys.example.net holds no usable key",
    ),
    "flattened": (
        None,
        text(USABLE),
        None,
        target(USABLE),
        "DKIM025 ns1: answers the target's record instead of the alias",
    ),
    "proxied": (
        None,
        None,
        RRset(NAME, "A", 300, frozenset({"192.0.2.1"})),
        target(USABLE),
        "DKIM025 ns1: answers an address instead",
    ),
    "not published": (None, None, None, target(USABLE), "DKIM001 ns1: has no such record"),
    "another target": (
        RRset(NAME, "CNAME", 300, frozenset({"s2.keys.example.net."})),
        None,
        None,
        target(USABLE),
        "DKIM001 ns1: is an alias of s2.keys.example.net., not of s1.keys.example.net",
    ),
    "a server that does not answer": (
        Unknown("timed out"),
        None,
        None,
        target(USABLE),
        "unknown DKIM001 ns1: timed out",
    ),
    "a target that nobody can ask for": (
        ALIAS,
        None,
        None,
        Unknown("SERVFAIL"),
        "unknown DKIM024 s1.keys.example.net: SERVFAIL",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_delegation_is_checked_at_both_ends(case: str) -> None:
    alias, txt, address, resolved, expected = CASES[case]
    view = ServerView(
        "ns1",
        {(NAME, "CNAME"): alias, (NAME, "TXT"): txt, (NAME, "A"): address, (NAME, "AAAA"): None},
    )
    found = [
        f"{'unknown ' if each.weight == 'unknown' else ''}{each.rule} {each.message}"
        for each in of_delegated(KEY, TARGET, Observation(DOMAIN, (view,), None), resolved)
    ]
    if expected is None:
        assert found == []
    else:
        [problem] = found
        assert problem.startswith(expected)


def test_without_servers_nothing_is_known() -> None:
    [problem] = of_delegated(
        KEY, TARGET, Observation(DOMAIN, (), None, "cannot find the name servers"), target(USABLE)
    )
    assert problem.weight == "unknown"
    assert problem.message == "cannot find the name servers"
