"""What a receiver would say, on the command line: test and simulate, over real name servers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from defusedxml import ElementTree

from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder

GOLDEN = Path(__file__).parent / "golden"

HEAD = "$TTL 3600\n@ IN SOA ns1.example.net. hostmaster.example.net. 41 7200 1800 1209600 300\n@ IN NS ns1.example.net.\n"
# `psd=n` ends the walk for the organizational domain inside the zone: the demo's DNS knows nothing above.
OURS = HEAD + '@ IN TXT "v=spf1 ip4:192.0.2.99 -all"\n_dmarc IN TXT "v=DMARC1; p=none; psd=n"\n'
SENDER = (
    HEAD
    + '_spf IN TXT "v=spf1 ip4:203.0.113.0/24 -all"\ns1 IN TXT "v=DKIM1; k=ed25519; p={}"\n'.format(
        "A" * 43 + "="
    )
)
POLICY = """
domain: example.com
spf: {terms: ["ip4:192.0.2.10", "include:_spf.sender.example"], all: fail}
dkim:
  selectors:
    s1: {cname: s1.sender.example}
dmarc: {p: quarantine, psd: n}
"""
TESTS = """
tests:
  - name: our server
    from: alice@example.com
    helo: mx.example.com
    ip: 192.0.2.10
    expect: {spf: pass, dkim: none, dmarc: pass}
  - name: the sender
    from: news@example.com
    mail_from: bounce@sender.example
    ip: 203.0.113.5
    dkim: [s1]
    expect: {dkim: pass, dmarc: pass}
  - name: a spoof
    from: ceo@example.com
    ip: 198.51.100.66
    expect: {spf: fail, dmarc: fail, disposition: quarantine}
  - name: forwarded
    from: alice@example.com
    ip: 198.51.100.77
    dkim: [s1]
    expect: {spf: fail, dkim: pass, dmarc: pass, disposition: none}
  - name: a bounce
    from: mailer-daemon@example.com
    mail_from: <>
    helo: example.com
    ip: 192.0.2.10
    expect: {spf: pass, dmarc: pass}
"""


@pytest.fixture
def served(repo: RepoFolder, no_resolvers: None) -> Iterator[RepoFolder]:
    repo.local("example.com", OURS)
    repo.local("sender.example", SENDER)
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        repo.write(
            "zones/policy/_defaults.yaml",
            f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n',
        )
        repo.policy("domain: sender.example\ndmarc: {p: none, psd: n}\n", "sender.example")
        repo.policy(POLICY + TESTS, "example.com")
        yield repo


def test_every_test_is_told_with_what_is_requested_and_why(served: RepoFolder) -> None:
    ran = served.run("test")
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
      warning: SPF says fail for example.com: a receiver that refuses mail for it (-all) does so before it sees the DKIM \
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
    served: RepoFolder, old: str, new: str, code: int, said: str
) -> None:
    served.policy(POLICY.replace(old, new, 1) + TESTS, "example.com")
    ran = served.run("test", "example.com")
    assert ran.code == code
    assert said in ran.out


def test_json_has_both_states_and_what_is_aligned(served: RepoFolder) -> None:
    tests = json.loads(served.run("test", "--format", "json").out)["tests"]
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


def test_junit_has_a_case_a_test(served: RepoFolder, request: pytest.FixtureRequest) -> None:
    """One that passes, one that fails, and one of which DNS does not tell enough."""
    policy = POLICY.replace("p: quarantine", "p: none") + TESTS
    policy += "  - {name: elsewhere, from: a@example.com, mail_from: a@example.org, ip: 192.0.2.10, expect: {spf: pass}}\n"
    served.policy(policy, "example.com")
    ran = served.run("test", "--format", "junit")
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


def test_only_the_named_domains_are_tested_and_taken_as_published(served: RepoFolder) -> None:
    other = "domain: example.org\ntests: [{name: other, from: a@example.com, ip: 192.0.2.10, expect: {spf: fail}}]\n"
    served.policy(other, "example.org")
    assert served.run("test", "example.org").code == 0
    assert (
        served.run("test", "example.net").err == "there is no policy for example.net; "
        "see zones/policy, or make one with `mailauth-dns import`\n"
    )


def test_without_tests_there_is_nothing_to_say(served: RepoFolder) -> None:
    served.policy(POLICY, "example.com")
    ran = served.run("test")
    assert (ran.code, ran.err) == (0, "no policy here has tests\n")


SIMULATED = [
    (
        ("--from", '"a@b c"@example.com', "--ip", "192.0.2.10"),
        0,
        "as it would be: SPF pass, DKIM none, DMARC pass, requested disposition none\n",
    ),
    (
        ("--from", "a@example.com", "--ip", "192.0.2.10"),
        0,
        "as it would be: SPF pass, DKIM none, DMARC pass, requested disposition none\n",
    ),
    (
        (
            "--from",
            "a@example.com",
            "--ip",
            "203.0.113.5",
            "--mail-from",
            "<>",
            "--helo",
            "host.sender.example",
            "--dkim",
            "s1",
        ),
        0,
        "as it would be: SPF none, DKIM pass, DMARC pass, requested disposition none\n",
    ),
    (
        ("--from", "a@example.com", "--ip", "198.51.100.1", "--dkim", "sender.example:s9"),
        2,
        "as it would be: SPF fail, DKIM fail, DMARC fail, requested disposition quarantine\n",
    ),
    (
        ("--from", "a@elsewhere.example", "--ip", "198.51.100.1"),
        1,
        "as it would be: SPF temperror, DKIM none, DMARC temperror, requested disposition unknown\n",
    ),
]


@pytest.mark.parametrize(("options", "code", "said"), SIMULATED)
def test_one_message_is_simulated(
    served: RepoFolder, options: tuple[str, ...], code: int, said: str
) -> None:
    ran = served.run("simulate", *options)
    assert said in ran.out
    assert "as it is: " in ran.out
    assert ran.code == code


def test_a_simulation_by_a_plan_file_and_as_json(served: RepoFolder) -> None:
    served.run("plan", "--out", "plan.json")
    served.policy(
        "domain: example.com\nspf: {all: fail}\n", "example.com"
    )  # the plan counts, not the policy of now
    ran = served.run(
        "simulate",
        "--from",
        "a@example.com",
        "--ip",
        "192.0.2.10",
        "--plan",
        "plan.json",
        "--format",
        "json",
    )
    said = json.loads(ran.out)
    assert (said["before"]["dmarc"], said["after"]["dmarc"], said["after"]["disposition"]) == (
        "fail",
        "pass",
        "none",
    )


BAD = [
    (
        ("--from", "alice", "--ip", "192.0.2.1"),
        "--from: 'alice' is not an address; write one such as alice@example.com\n",
    ),
    (
        ("--from", "a@example.com", "--ip", "mx"),
        "--ip: 'mx' is not an IP address; write the client's alone, such as 192.0.2.10 or 2001:db8::10\n",
    ),
    (
        ("--from", "a@b@example.com", "--ip", "::1"),
        "--from: 'a@b' cannot stand before an '@' unless it is quoted; write one such as alice@example.com\n",
    ),
    (
        ("--from", "a@example.com, b@example.org", "--ip", "::1"),
        "--from: 'a@example.com, b' cannot stand before an '@' unless it is quoted; write one such as alice@example.com\n",
    ),
    (
        ("--from", "a@example..com", "--ip", "::1"),
        "--from: 'example..com' is no domain: expected a label before the dot\n",
    ),
    (
        ("--from", "a@example.com", "--ip", "::1", "--dkim", "example.com:"),
        "--dkim: expected a domain name\n",
    ),
]


@pytest.mark.parametrize(("options", "said"), BAD)
def test_bad_options_are_told(served: RepoFolder, options: tuple[str, ...], said: str) -> None:
    ran = served.run("simulate", *options)
    assert (ran.code, ran.err) == (1, said)
