"""The tests that declared senders bring along: SPF alone and DKIM alone must align."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder
from tests.senders.mailers import with_mailers

HEAD = (
    "$TTL 3600\n"
    "@ IN SOA ns1.example.net. hostmaster.example.net. 41 7200 1800 1209600 300\n"
    "@ IN NS ns1.example.net.\n"
)
NO_POLICY = '_dmarc IN TXT "v=DMARC1; p=none"\n'
ED25519 = "v=DKIM1; k=ed25519; p=" + "A" * 43 + "="
VENDORS = {
    "box.example": '_spf IN TXT "v=spf1 ip4:203.0.113.0/24 -all"\n',
    "bulk.example": (
        'u1 IN TXT "v=spf1 ip4:203.0.113.0/25 -all"\n'
        f's1.domainkey.u1 IN TXT "{ED25519}"\n'
        f's2.example-com IN TXT "{ED25519}"\n'
    ),
    "cloud.example": (
        '_spf IN TXT "v=spf1 ip6:2001:db8:1::/48 -all"\n'
        "feedback.eu-1 IN A 203.0.113.25\n"
        f'aaa.dkim IN TXT "{ED25519}"\n'
    ),
    "hoster.example": "www1 IN A 203.0.113.80\n",
    "letters.example": f'dkim2 IN TXT "{ED25519}"\n',
    "macros.example": '_spf IN TXT "v=spf1 exists:%{i}.list.macros.example -all"\n',
}
MACROS = """
name: Macros
sources: {help: {url: "https://mailer.example/help", read: 2026-11-28, grade: A}}
return_path: {class: own-domain, aligns: {relaxed: yes, strict: yes}, source: help}
spf: {include: _spf.macros.example, useful: yes, source: help}
recognised_by: {includes: [_spf.macros.example], source: help}
"""
BULK = "bulk: {return_path: em1, target: u1.bulk.example}"
CLOUD = "cloud: {region: eu-1, mail_from: bounce, tokens: [aaa, bbb, ccc]}"


@pytest.fixture
def served(repo: RepoFolder, no_resolvers: None) -> Iterator[RepoFolder]:
    repo.local("example.com", HEAD + '@ IN TXT "v=spf1 ip4:192.0.2.10 ~all"\n')
    for zone, records in VENDORS.items():
        repo.local(zone, HEAD + NO_POLICY + records)
    with_mailers(repo).write("zones/senders/macros.yaml", MACROS)
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        repo.write(
            "zones/policy/_defaults.yaml",
            f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n',
        )
        for zone in VENDORS:
            repo.policy(f"domain: {zone}\ndmarc: {{p: none}}\n", zone)
        yield repo


def policy(repo: RepoFolder, senders: str, rest: str = "dmarc: {p: none}\n") -> None:
    repo.policy(f"domain: example.com\nsenders:\n  {senders}\n{rest}", "example.com")


def results(repo: RepoFolder) -> dict[str, tuple[str, str]]:
    """Return how each test ends in DNS as it is, and as it would be."""
    ran = repo.run("test", "example.com", "--format", "json")
    return {
        test["name"]: (test["before"]["result"], test["after"]["result"])
        for test in json.loads(ran.out)["tests"]
    }


PASSING = [
    ("box: {}", {"sender box by SPF": ("failed", "passed")}),
    (
        "hoster: {server: www1.hoster.example}",
        {"sender hoster by SPF": ("failed", "passed")},
    ),
    (
        BULK,
        {
            "sender bulk by SPF": ("failed", "passed"),
            "sender bulk by DKIM": ("failed", "passed"),
        },
    ),
    (
        CLOUD,
        {
            "sender cloud by SPF": ("failed", "passed"),
            "sender cloud by DKIM": ("failed", "passed"),
        },
    ),
    ("letters: {}", {"sender letters by DKIM": ("failed", "passed")}),
    ("server: {ip: [192.0.2.77]}", {"sender server by SPF": ("failed", "passed")}),
    ("macros: {}", {}),  # nobody can name an address that passes
    ("handed: {}", {}),
    ("box: {retired: 2000-01-01}", {}),  # its records are gone
]


@pytest.mark.parametrize(("senders", "expected"), PASSING)
def test_each_sender_is_tested_by_spf_and_by_dkim(
    senders: str, expected: dict[str, tuple[str, str]], served: RepoFolder
) -> None:
    policy(served, senders)
    assert results(served) == expected


FAILING = [
    # The sender's include publishes nothing.
    ("box: {}", "box.example", "", {"sender box by SPF": "failed"}),
    # The alias leads to no key.
    ("letters: {}", "letters.example", "", {"sender letters by DKIM": "failed"}),
    # One of three keys is enough: the sender signs with one of them.
    (
        CLOUD,
        "cloud.example",
        '_spf IN TXT "v=spf1 ip4:203.0.113.7 -all"\n' + f'ccc.dkim IN TXT "{ED25519}"\n',
        {"sender cloud by SPF": "passed", "sender cloud by DKIM": "passed"},
    ),
]


@pytest.mark.parametrize(("senders", "zone", "records", "expected"), FAILING)
def test_what_the_sender_does_not_serve_is_told(
    senders: str, zone: str, records: str, expected: dict[str, str], served: RepoFolder
) -> None:
    served.local(zone, HEAD + NO_POLICY + records)
    policy(served, senders)
    assert {name: after for name, (_, after) in results(served).items()} == expected


def _plan(repo: RepoFolder) -> dict[str, Any]:
    repo.run("plan", "--out", "plan.json")
    [zone] = [
        zone
        for zone in json.loads((repo.root / "plan.json").read_text())["zones"]
        if zone["zone"] == "example.com"
    ]
    found: dict[str, Any] = zone
    return found


def test_a_plan_shows_a_senders_tests_and_a_new_one_refuses_nothing(served: RepoFolder) -> None:
    """Many senders serve a key only once an alias asks for it."""
    served.local("letters.example", HEAD + NO_POLICY)
    policy(served, "letters: {}")
    [test] = _plan(served)["tests"]
    assert (test["sender"], test["result"], test["before"]) == ("letters", "failed", "failed")
    assert test["place"] == {"path": "zones/policy/example.com.yaml", "line": 3}
    assert served.run("apply", "plan.json").code == 0


def test_a_change_that_breaks_a_sender_is_refused(served: RepoFolder) -> None:
    policy(served, "box: {}")
    _plan(served)
    assert served.run("apply", "plan.json").code == 0
    policy(
        served, "box: {}", 'dmarc: {p: none}\nspf: {terms: ["-ip4:203.0.113.0/24"], all: fail}\n'
    )
    [test] = _plan(served)["tests"]
    assert (test["result"], test["before"]) == ("failed", "passed")
    refused = served.run("apply", "plan.json")
    assert refused.code == 1
    assert "--allow TEST001:example.com" in refused.out


def test_where_nothing_changes_a_plan_asks_nothing_of_senders(served: RepoFolder) -> None:
    policy(served, "box: {}")
    _plan(served)
    assert served.run("apply", "plan.json").code == 0
    assert _plan(served)["tests"] == []


def test_a_server_of_ones_own_is_tested_by_the_keys_that_sign(served: RepoFolder) -> None:
    rest = (
        "dmarc: {p: none}\n"
        f"dkim: {{selectors: {{a: {{k: ed25519, p: {'A' * 43}=}}, "
        f"b: {{k: ed25519, p: {'B' * 43}=, state: pending}}, c: {{cname: x.example.net}}}}}}\n"
    )
    policy(served, "server: {ip: [192.0.2.77]}", rest)
    ran = served.run("test", "example.com", "--format", "json")
    [_, dkim] = json.loads(ran.out)["tests"]
    assert dkim["name"] == "sender server by DKIM"
    assert dkim["after"]["result"] == "passed"
    assert "a._domainkey" not in str(dkim["after"]["why"])
    policy(served, "server: {ip: [192.0.2.77], dkim: [b]}", rest)
    assert results(served) == {"sender server by SPF": ("failed", "passed")}
