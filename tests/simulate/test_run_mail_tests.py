"""A policy's tests in plan and apply: run in the planned zone; a plan that breaks one fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder
from tests.deploy.plan_edits import edited

HEAD = (
    "$TTL 3600\n"
    "@ IN SOA ns1.example.net. hostmaster.example.net. 41 7200 1800 1209600 300\n"
    "@ IN NS ns1.example.net.\n"
)
OURS = HEAD + (
    '@ IN TXT "v=spf1 ip4:192.0.2.10 -all"\n_dmarc IN TXT "v=DMARC1; p=quarantine"\n'
    '*.wild IN TXT "v=spf1 +all"\n'
)
SENDER = HEAD + '_spf IN TXT "v=spf1 ip4:203.0.113.0/24 -all"\n'
TESTS = """
tests:
  - {name: our server, from: a@example.com, ip: 192.0.2.10, expect: {spf: pass, dmarc: pass}}
  - {name: a spoof, from: a@example.com, ip: 198.51.100.66, expect: {spf: fail, dmarc: fail, disposition: quarantine}}
"""
SENT = "  - {name: the sender, from: a@example.com, ip: 203.0.113.5, expect: {spf: pass, dmarc: pass}}\n"
BASE = 'domain: example.com\nspf: {terms: ["ip4:192.0.2.10"], all: fail}\ndmarc: {p: quarantine}\n'


@pytest.fixture
def served(repo: RepoFolder, no_resolvers: None) -> Iterator[RepoFolder]:
    repo.local("example.com", OURS)
    repo.local("sender.example", SENDER)
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        repo.write(
            "zones/policy/_defaults.yaml",
            f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n',
        )
        repo.policy("domain: sender.example\n" + "dmarc: {p: none}\n", "sender.example")
        yield repo


def plan(repo: RepoFolder, *arguments: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The plan file, and the tests of example.com in it."""
    path = repo.root / "plan.json"
    ran = repo.run("plan", "--out", str(path), *arguments)
    assert ran.code == 0, ran.said
    data = json.loads(path.read_text())
    [zone] = [zone for zone in data["zones"] if zone["zone"] == "example.com"]
    return data, zone["tests"]


def test_the_plan_holds_how_the_tests_end(served: RepoFolder) -> None:
    served.policy(BASE.replace("ip4:192.0.2.10", "ip4:192.0.2.0/24") + TESTS, "example.com")
    _, tests = plan(served)
    assert [
        (
            test["name"],
            test["result"],
            test["before"],
            test["spf"],
            test["dmarc"],
            test["disposition"],
        )
        for test in tests
    ] == [
        ("our server", "passed", None, "pass", "pass", "none"),
        ("a spoof", "passed", None, "fail", "fail", "quarantine"),
    ]
    assert "tests: 2 of 2 passed" in served.run("plan").out
    assert served.run("apply", "plan.json").code == 0


BREAKING = [
    (BASE.replace("192.0.2.10", "192.0.2.99"), "our server", "spf is fail, expected pass"),
    (
        BASE.replace("p: quarantine", "p: none"),
        "a spoof",
        "disposition is none, expected quarantine",
    ),
    (BASE.replace("all: fail", "all: softfail"), "a spoof", "spf is softfail, expected fail"),
]


@pytest.mark.parametrize(("policy", "name", "problem"), BREAKING)
def test_a_change_that_breaks_a_test_is_refused_by_its_name(
    served: RepoFolder, policy: str, name: str, problem: str
) -> None:
    served.policy(policy + TESTS, "example.com")
    _, tests = plan(served)
    assert [(test["name"], test["before"]) for test in tests if test["result"] == "failed"] == [
        (name, "passed")
    ]
    shown = served.run("plan", "--show", "plan.json").out
    assert f"! test {name} of example.com  breaking TEST001\n" in shown
    assert problem in shown
    assert "1 test broken" in shown
    refused = served.run("apply", "plan.json")
    assert refused.code == 1
    assert f"the test '{name}' of example.com would fail: {problem}" in refused.out
    assert "--allow TEST001:example.com" in refused.out
    assert "192.0.2.99" not in (served.root / "served/example.com.zone").read_text()
    assert served.run("apply", "plan.json", "--allow", "TEST001:example.org").code == 1
    assert served.run("apply", "plan.json", "--allow", "TEST001:example.com").code == 0


def test_a_file_cannot_hide_that_a_test_fails(served: RepoFolder) -> None:
    """Tests are run again by apply; those in the file are for reviewers."""
    served.policy(BASE.replace("192.0.2.10", "192.0.2.99") + TESTS, "example.com")
    plan(served)

    def passed(data: dict[str, Any]) -> None:
        for test in data["zones"][0]["tests"]:
            test.update(result="passed", before=None, problems=[])

    edited(served.root / "plan.json", passed, recompute=True)
    refused = served.run("apply", "plan.json")
    assert refused.code == 1
    assert "TEST001" in refused.out


def test_a_test_that_failed_before_is_shown_and_refuses_nothing_elsewhere(
    served: RepoFolder,
) -> None:
    served.policy(BASE + TESTS + SENT, "example.com")
    served.policy("domain: sender.example\ndmarc: {p: none}\nspf: {all: fail}\n", "sender.example")
    _, tests = plan(served)
    assert [(test["name"], test["result"], test["before"]) for test in tests][2:] == [
        ("the sender", "failed", "failed")
    ]
    assert "test the sender of example.com  failed, as without this plan" in served.run("plan").out
    assert served.run("apply", "plan.json").code == 0


def test_a_failing_test_of_a_domain_that_changes_is_refused_though_it_failed_before(
    served: RepoFolder,
) -> None:
    served.policy(BASE.replace("192.0.2.10", "192.0.2.0/24") + TESTS + SENT, "example.com")
    plan(served)
    assert "the test 'the sender'" in served.run("apply", "plan.json").out


def test_another_zone_s_change_that_breaks_a_test_is_refused(served: RepoFolder) -> None:
    served.policy(
        BASE.replace('"ip4:192.0.2.10"', '"ip4:192.0.2.10", "include:_spf.sender.example"')
        + TESTS
        + SENT,
        "example.com",
    )
    served.policy(
        (
            "domain: _spf.sender.example\nzone: sender.example\n"
            "spf: {terms: ['ip4:203.0.113.0/24'], all: fail}\n"
        ),
        "spf.sender",
    )
    plan(served)
    assert served.run("apply", "plan.json").code == 0
    served.policy(
        (
            "domain: _spf.sender.example\nzone: sender.example\n"
            "spf: {terms: ['ip4:203.0.113.99'], all: fail}\n"
        ),
        "spf.sender",
    )
    data, _ = plan(served)
    assert [zone["zone"] for zone in data["zones"] if zone["changes"]] == ["sender.example"]
    refused = served.run("apply", "plan.json")
    assert "the test 'the sender' of example.com would fail" in refused.out


SPF_SENDER = (
    "domain: _spf.sender.example\nzone: sender.example\nspf: {terms: ['ip4:%s'], all: fail}\n"
)
OUR_OTHER = "domain: news.example.com\nzone: example.com\nspf: {terms: [], all: fail}\n"


def test_the_test_of_a_domain_that_is_not_planned_is_refused_where_the_plan_breaks_it(
    served: RepoFolder,
) -> None:
    """Its zone may be among those that are planned, or not."""
    ours = BASE.replace('"ip4:192.0.2.10"', '"ip4:192.0.2.10", "include:_spf.sender.example"')
    already = (
        "  - {name: never passed, from: a@example.com, ip: 198.51.100.7, expect: {spf: pass}}\n"
    )
    served.policy(ours, "example.com")
    served.policy(SPF_SENDER % "203.0.113.0/24", "spf.sender")
    plan(served)
    assert served.run("apply", "plan.json").code == 0
    served.policy(ours + TESTS + SENT + already, "example.com")
    served.policy(OUR_OTHER, "news")
    served.policy(SPF_SENDER % "203.0.113.99", "spf.sender")
    for chosen, home in (
        (("_spf.sender.example",), "sender.example"),
        (("_spf.sender.example", "news.example.com"), "example.com"),
    ):
        ran = served.run("plan", *chosen, "--out", "plan.json")
        assert "! test the sender of example.com  breaking TEST001" in ran.out, ran.said
        assert "never passed" not in ran.out
        zones = json.loads((served.root / "plan.json").read_text())["zones"]
        assert {
            zone["zone"]: [test["name"] for test in zone["tests"]]
            for zone in zones
            if zone["tests"]
        } == {home: ["the sender"]}
        refused = served.run("apply", "plan.json")
        assert (
            "the test 'the sender' of example.com would fail: spf is fail, expected pass"
            in refused.out
        )
        assert "TEST001:example.com" in refused.out
    served.run("plan", "_spf.sender.example", "--out", "plan.json")
    assert served.run("apply", "plan.json", "--allow", "TEST001:example.com").code == 0
    # It fails already now, which is not the business of a plan for another domain.
    served.policy(SPF_SENDER % "203.0.113.98", "spf.sender")
    assert (
        "test the sender" not in served.run("plan", "_spf.sender.example", "--out", "plan.json").out
    )
    assert served.run("apply", "plan.json").code == 0


def test_what_lies_outside_is_unknown_without_live_dns(served: RepoFolder) -> None:
    served.policy(
        BASE.replace('"ip4:192.0.2.10"', '"ip4:192.0.2.10", "include:_spf.example.org"') + TESTS,
        "example.com",
    )
    _, tests = plan(served, "--no-live")
    assert [(test["name"], test["result"]) for test in tests] == [
        ("our server", "passed"),
        ("a spoof", "unknown"),
    ]
    assert tests[1]["problems"] == [
        "spf is unknown, expected fail",
        "dmarc is unknown, expected fail",
        "disposition is unknown, expected quarantine",
    ]
    refused = served.run("apply", "plan.json", "--no-live", "--allow", "live-unknown")
    assert "TEST002" in refused.out
    assert (
        served.run(
            "apply", "plan.json", "--no-live", "--allow", "live-unknown", "--allow", "TEST002"
        ).code
        == 0
    )


def test_the_wildcard_that_a_new_name_hides_is_seen(served: RepoFolder) -> None:
    """Over the whole zone it is known what else changes with a plan (RFC 4592)."""
    test = (
        "tests:\n"
        "  - {name: shop, from: a@b.wild.example.com, ip: 192.0.2.10, expect: {spf: none}}\n"
    )
    served.policy(
        f"domain: b.wild.example.com\nzone: example.com\ndmarc: {{p: none}}\n{test}", "shop"
    )
    _, tests = plan(served)
    assert [(each["result"], each["spf"]) for each in tests] == [("passed", "none")]
