"""The policies' tests on the command line, over real name servers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from defusedxml import ElementTree

from tests.cli.conftest import POLICY, TESTS
from tests.conftest import RepoFolder

GOLDEN = Path(__file__).parent / "golden"


def test_every_test_is_told_with_what_is_requested_and_why(receiver: RepoFolder) -> None:
    ran = receiver.run("test")
    assert ran.code == 0, ran.said
    assert ran.out == EXPECTED


EXPECTED = """\
example.com  our server  passed
    as it is        SPF fail, DKIM none, DMARC fail, requested disposition none
    as it would be  SPF pass, DKIM none, DMARC pass, requested disposition none
      SPF passes for example.com (MAIL FROM), which is the author domain
      the message has no DKIM signature
      DMARC passes for example.com by SPF
example.com  the sender  passed
    as it is        SPF none, DKIM fail, DMARC fail, requested disposition none
    as it would be  SPF none, DKIM pass, DMARC pass, requested disposition none
      SPF says none for sender.example (MAIL FROM): sender.example publishes no SPF record
      DKIM passes for example.com (selector s1), which is the author domain
      DMARC passes for example.com by DKIM
example.com  a spoof  passed
    as it is        SPF fail, DKIM none, DMARC fail, requested disposition none
    as it would be  SPF fail, DKIM none, DMARC fail, requested disposition quarantine
      SPF says fail for example.com (MAIL FROM): example.com does not let 198.51.100.66 send: -all
      the message has no DKIM signature
      DMARC fails for example.com: the record of example.com requests quarantine
example.com  forwarded  passed
    as it is        SPF fail, DKIM fail, DMARC fail, requested disposition none
    as it would be  SPF fail, DKIM pass, DMARC pass, requested disposition none
      SPF says fail for example.com (MAIL FROM): example.com does not let 198.51.100.77 send: -all
      DKIM passes for example.com (selector s1), which is the author domain
      DMARC passes for example.com by DKIM
      warning: SPF says fail for example.com: a receiver that refuses mail for it (-all) never sees the DKIM \
signature that would save the message (RFC 9989 §7.1)
example.com  a bounce  passed
    as it is        SPF fail, DKIM none, DMARC fail, requested disposition none
    as it would be  SPF pass, DKIM none, DMARC pass, requested disposition none
      SPF passes for example.com (HELO, for the null sender), which is the author domain
      the message has no DKIM signature
      DMARC passes for example.com by SPF
Test: 5 tests, 5 passed
"""

CODES = [
    ("all: fail", "all: fail", 0, "passed"),
    ("p: quarantine", "p: none", 2, "disposition is none, expected quarantine"),
    ("192.0.2.10", "192.0.2.11", 2, "spf is fail, expected pass"),
    ("_spf.sender.example", "_spf.elsewhere.example", 1, "spf is unknown, expected fail"),
]


@pytest.mark.parametrize(("old", "new", "code", "said"), CODES)
def test_a_failure_is_2_and_unknown_is_1(
    receiver: RepoFolder, old: str, new: str, code: int, said: str
) -> None:
    receiver.policy(POLICY.replace(old, new, 1) + TESTS, "example.com")
    ran = receiver.run("test", "example.com")
    assert ran.code == code
    assert said in ran.out


def test_json_has_both_states_and_what_is_aligned(receiver: RepoFolder) -> None:
    tests = json.loads(receiver.run("test", "--format", "json").out)["tests"]
    assert [(test["name"], test["result"], test["before"]["result"]) for test in tests][:3] == [
        ("our server", "passed", "failed"),
        ("the sender", "passed", "failed"),
        ("a spoof", "passed", "failed"),
    ]
    assert tests[1]["after"]["identifiers"] == [
        {
            "mechanism": "SPF",
            "domain": "sender.example",
            "result": "none",
            "aligned": None,
            "reason": "sender.example publishes no SPF record",
        },
        {
            "mechanism": "DKIM",
            "domain": "example.com",
            "result": "pass",
            "aligned": True,
            "reason": None,
        },
    ]
    assert (tests[1]["after"]["author_domain"], tests[1]["after"]["policy_domain"]) == (
        "example.com",
        "example.com",
    )


def test_junit_has_a_case_a_test(receiver: RepoFolder, request: pytest.FixtureRequest) -> None:
    """One that passes, one that fails, and one of which DNS does not tell enough."""
    policy = POLICY.replace("p: quarantine", "p: none") + TESTS
    policy += (
        "  - {name: elsewhere, from: a@example.com, mail_from: a@example.org, ip: "
        "192.0.2.10, expect: {spf: pass}}\n"
    )
    receiver.policy(policy, "example.com")
    ran = receiver.run("test", "--format", "junit")
    golden = GOLDEN / "test_junit.xml"
    if request.config.getoption("--update-golden"):
        golden.write_text(ran.out)
    assert ran.code == 1
    assert ran.out == golden.read_text()
    suite = ElementTree.fromstring(ran.out)[0]
    assert (suite.attrib["tests"], suite.attrib["failures"], suite.attrib["errors"]) == (
        "6",
        "1",
        "1",
    )
    assert [
        case.attrib["name"] for case in suite.iter("testcase") if case.find("failure") is not None
    ] == ["a spoof"]
    assert [
        case.attrib["name"] for case in suite.iter("testcase") if case.find("error") is not None
    ] == ["elsewhere"]


def test_only_the_named_domains_are_tested_and_taken_as_published(receiver: RepoFolder) -> None:
    other = (
        "domain: example.org\ntests: [{name: other, from: a@example.com, ip: 192.0.2.10, "
        "expect: {spf: fail}}]\n"
    )
    receiver.policy(other, "example.org")
    assert receiver.run("test", "example.org").code == 0
    assert (
        receiver.run("test", "example.net").err == "there is no policy for example.net; "
        "see zones/policy, or make one with `mailauth-dns import`\n"
    )


def test_without_tests_there_is_nothing_to_say(receiver: RepoFolder) -> None:
    receiver.policy(POLICY, "example.com")
    ran = receiver.run("test")
    assert (ran.code, ran.told) == (0, "no policy here has tests\n")
    assert ran.next == "next  (what is left to do)"
