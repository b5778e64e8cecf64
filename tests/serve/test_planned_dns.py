"""`serve --plan`: receivers of others, pointed at what is not applied yet."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dkim
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.resolver
import pytest
import spf

from mailauth_dns.evaluate.zone_answers import ZoneAnswer
from mailauth_dns.plan import plan_file
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.server_address import ServerAddress
from mailauth_dns.serve.planned_dns import Foreseen
from mailauth_dns.serve.server import MAX_AT_ONCE, LoopbackServer
from tests.conftest import RepoFolder, free_port
from tests.evaluate.messages import PLAIN, ed25519_key
from tests.live.authority import Authority, Behaviour, zone

HEAD = "$TTL 3600\n@ IN SOA ns1.example.net. hostmaster.example.net. 41 7200 1800 1209600 300\n@ IN NS ns1.example.net.\n"
OURS = (
    HEAD
    + "away CNAME host.sender.example.\nlost CNAME gone.sender.example.\nfar CNAME x.example.org.\n"
    + '@ IN TXT "MS=ms1"\n@ IN TXT "v=spf1 ip4:192.0.2.99 -all"\nold._domainkey IN TXT "v=DKIM1; p="\nwww IN A 192.0.2.80\n'
)
SENDER = zone(
    "sender.example",
    '_spf 300 IN TXT "v=spf1 ip4:203.0.113.0/24 -all"\nhost 300 IN A 203.0.113.9\n',
)


SENT = {"192.0.2.10": "pass", "203.0.113.7": "pass", "192.0.2.99": "fail", "198.51.100.1": "fail"}
TESTS = "".join(
    f"  - {{name: {ip}, from: alice@example.com, ip: {ip}, expect: {{spf: {result}}}}}\n"
    for ip, result in SENT.items()
)


@pytest.fixture
def planned(repo: RepoFolder, no_resolvers: None) -> Iterator[RepoFolder]:
    """A plan for example.com, whose zone is a local file; sender.example is on a server somewhere."""
    with Authority([SENDER]) as elsewhere:
        repo.local("example.com", OURS)
        p = ed25519_key().record.rpartition("p=")[2]
        repo.policy(
            "domain: example.com\nproviders: [local]\nspf: {terms: ['ip4:192.0.2.10', 'include:_spf.sender.example'], all: fail}\n"
            f"dkim: {{selectors: {{e1: {{p: '{p}', k: ed25519}}, old: {{state: absent}}, s1: {{cname: _spf.sender.example}}}}}}\n"
            f"tests:\n{TESTS}",
            "example.com",
        )
        repo.policy(
            f"domain: sender.example\nnameservers: ['{elsewhere.text}']\ndmarc: {{p: none}}\n",
            "sender.example",
        )
        assert repo.run("plan", "--out", "plan.json").code == 0
        yield repo


@pytest.fixture
def server(planned: RepoFolder) -> Iterator[LoopbackServer]:
    plan = plan_file.read(planned.root / "plan.json")
    directory = planned.root / "served"
    source = Foreseen(
        directory, "local", plan, load_repo(planned.root).policies, ServerAddress("127.0.0.1", 0)
    )
    with LoopbackServer(source) as running:
        yield running


def ask(server: LoopbackServer, name: str, type: str) -> dns.message.Message:
    return dns.query.udp(
        dns.message.make_query(name, type), "127.0.0.1", port=server.port, timeout=5
    )


FOREIGN = "_spf.sender.example"
KEY_ALIAS = "s1._domainkey.example.com CNAME _spf.sender.example."
SOA = "example.com SOA ns1.example.net. hostmaster.example.net. 41 7200 1800 1209600 300"
ELSEWHERE = "sender.example SOA ns1.sender.example. hostmaster.sender.example. 1 3600 600 86400 300"
ANSWERS = [  # question, response code, answer, authority
    (
        "example.com TXT",
        "NOERROR",
        {
            'example.com TXT "MS=ms1"',
            'example.com TXT "v=spf1 ip4:192.0.2.10 include:_spf.sender.example -all"',
        },
        set(),
    ),
    (
        "e1._domainkey.example.com TXT",
        "NOERROR",
        {f'e1._domainkey.example.com TXT "{ed25519_key().record}"'},
        set(),
    ),
    ("old._domainkey.example.com TXT", "NXDOMAIN", set(), {SOA}),
    ("www.example.com A", "NOERROR", {"www.example.com A 192.0.2.80"}, set()),
    ("www.example.com TXT", "NOERROR", set(), {SOA}),
    ("www.example.com TYPE65280", "NOERROR", set(), {SOA}),
    # Aliases, into zones that no plan knows of and that nobody answers for
    ("s1._domainkey.example.com CNAME", "NOERROR", {KEY_ALIAS}, set()),
    (
        "s1._domainkey.example.com TXT",
        "NOERROR",
        {KEY_ALIAS, f'{FOREIGN} TXT "v=spf1 ip4:203.0.113.0/24 -all"'},
        set(),
    ),
    (
        "away.example.com A",
        "NOERROR",
        {"away.example.com CNAME host.sender.example.", "host.sender.example A 203.0.113.9"},
        set(),
    ),
    (
        "away.example.com MX",
        "NOERROR",
        {"away.example.com CNAME host.sender.example."},
        {ELSEWHERE},
    ),
    (
        "lost.example.com A",
        "NXDOMAIN",
        {"lost.example.com CNAME gone.sender.example."},
        {ELSEWHERE},
    ),
    ("far.example.com A", "SERVFAIL", set(), set()),
    (f"{FOREIGN} TXT", "NOERROR", {f'{FOREIGN} TXT "v=spf1 ip4:203.0.113.0/24 -all"'}, set()),
    ("nothing.sender.example TXT", "NXDOMAIN", set(), {ELSEWHERE}),
    ("example.org TXT", "SERVFAIL", set(), set()),
    # ANY: that something is there, and no more (RFC 8482)
    ("example.com ANY", "NOERROR", {'example.com HINFO "RFC8482" ""'}, set()),
    ("host.sender.example ANY", "NOERROR", {'host.sender.example HINFO "RFC8482" ""'}, set()),
    ("s1._domainkey.example.com ANY", "NOERROR", {KEY_ALIAS}, set()),
    ("nothing.example.com ANY", "NXDOMAIN", set(), {SOA}),
    ("_domainkey.example.com ANY", "NOERROR", set(), {SOA}),  # an empty non-terminal
    ("example.org ANY", "SERVFAIL", set(), set()),
    ("example.com AXFR", "REFUSED", set(), set()),
    ("example.com MAILB", "NOTIMP", set(), set()),
]


def texts(section: list[dns.rrset.RRset]) -> set[str]:
    return {
        f"{str(rrset.name).lower().rstrip('.')} {dns.rdatatype.to_text(rrset.rdtype)} {rdata.to_text()}"
        for rrset in section
        for rdata in rrset
    }


@pytest.mark.parametrize(
    ("question", "rcode", "answer", "authority"), ANSWERS, ids=[row[0] for row in ANSWERS]
)
def test_planned_names_are_as_planned_and_the_rest_is_found_out(
    server: LoopbackServer, question: str, rcode: str, answer: set[str], authority: set[str]
) -> None:
    response = ask(server, *question.split())
    assert dns.rcode.to_text(response.rcode()) == rcode
    assert texts(response.answer) == answer
    assert texts(response.authority) == authority
    assert all(rrset.ttl == 0 for rrset in [*response.answer, *response.authority])
    assert not response.flags & dns.flags.AA
    assert response.flags & dns.flags.RA


def test_what_is_too_long_for_udp_comes_over_tcp_and_the_question_keeps_its_letters(
    planned: RepoFolder,
) -> None:
    planned.local(
        "example.com", OURS + "".join(f'@ IN TXT "token={n}-{"x" * 200}"\n' for n in range(9))
    )
    plan = planned.run("plan", "--out", "plan.json")
    assert plan.code == 0, plan.said
    source = Foreseen(
        planned.root / "served",
        "local",
        plan_file.read(planned.root / "plan.json"),
        (),
        ServerAddress("127.0.0.1", 0),
    )
    with LoopbackServer(source) as running:
        for question in (
            dns.message.make_query("eXaMple.Com", "TXT"),
            dns.message.make_query("eXaMple.Com", "TXT", use_edns=0, payload=4096),
        ):
            cut = dns.query.udp(question, "127.0.0.1", port=running.port, timeout=5)
            assert (bool(cut.flags & dns.flags.TC), bool(cut.flags & dns.flags.RA), cut.answer) == (
                True,
                True,
                [],
            )
            whole = dns.query.tcp(question, "127.0.0.1", port=running.port, timeout=5)
            [found] = whole.answer
            assert len(found) == 11
            assert str(whole.question[0].name) == str(found.name) == "eXaMple.Com."


@pytest.fixture
def pointed(server: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """dnspython's own resolver, which pyspf and dkimpy ask, asks the server."""
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], server.port
    monkeypatch.setattr(dns.resolver, "default_resolver", resolver)


@pytest.mark.filterwarnings("ignore:please use dns.resolver.resolve:DeprecationWarning")  # pyspf's
def test_pyspf_and_the_plan_s_tests_agree(pointed: None, planned: RepoFolder) -> None:
    tests = {
        test.name: test
        for zone in plan_file.read(planned.root / "plan.json").zones
        for test in zone.tests
    }
    assert {name: test.result for name, test in tests.items()} == dict.fromkeys(SENT, "passed")
    assert {ip: spf.check2(ip, "alice@example.com", "mx.example.com")[0] for ip in SENT} == {
        ip: test.spf for ip, test in tests.items()
    }


def test_dkimpy_sees_the_future(pointed: None) -> None:
    assert dkim.verify(ed25519_key().sign(PLAIN, selector="e1"))


def test_the_command_serves_a_plan(planned: RepoFolder) -> None:
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "mailauth_dns",
        "-C",
        str(planned.root),
        "serve",
        "--port",
        str(port),
        "--plan",
        "plan.json",
    ]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stderr is not None
            assert f"port {port}" in process.stderr.readline()
            response = dns.query.udp(
                dns.message.make_query("old._domainkey.example.com", "TXT"),
                "127.0.0.1",
                port=port,
                timeout=5,
            )
            assert response.rcode() == dns.rcode.NXDOMAIN
        finally:
            process.terminate()
            process.wait(timeout=10)


def test_a_plan_is_served_where_no_provider_is_local(planned: RepoFolder) -> None:
    """It lies over live DNS then, which is asked on the name servers that the policy names."""
    (planned.root / "providers/local.yaml").unlink()
    planned.policy("domain: example.com\nspf: {all: fail}\n", "example.com")
    source = Foreseen(
        None,
        "local",
        plan_file.read(planned.root / "plan.json"),
        load_repo(planned.root).policies,
        ServerAddress("127.0.0.1", 0),
    )
    with LoopbackServer(source) as running:
        assert texts(ask(running, "e1._domainkey.example.com", "TXT").answer) == {
            f'e1._domainkey.example.com TXT "{ed25519_key().record}"'
        }
        assert ask(running, "www.example.com", "A").rcode() == dns.rcode.SERVFAIL
    ran = planned.run("serve", "--port", "0")
    assert (ran.code, ran.err) == (
        1,
        "there is no providers/local.yaml; --provider names another one\n",
    )
    ran = planned.run("serve", "--port", "0", "--plan", "plan.json", "--provider", "other")
    assert (ran.code, ran.err) == (
        1,
        "there is no providers/other.yaml; --provider names another one\n",
    )


@pytest.mark.parametrize("order", ["local, other", "other, local"])
def test_of_a_zone_at_two_providers_each_file_gets_its_own_changes(
    planned: RepoFolder, order: str
) -> None:
    """One of them is as planned already, and the other is not."""
    planned.provider(
        "other", {"class": "mailauth_dns.octo.LocalProvider", "directory": "elsewhere"}
    )
    planned.write(
        "elsewhere/example.com.zone",
        HEAD + '@ IN TXT "v=spf1 ip4:192.0.2.10 -all"\nhere IN A 192.0.2.81\n',
    )
    planned.policy(
        f"domain: example.com\nproviders: [{order}]\nspf: {{terms: ['ip4:192.0.2.10'], all: fail}}\n",
        "example.com",
    )
    ran = planned.run("plan", "--out", "plan.json")
    assert ran.code == 0, ran.said
    plan, policies = plan_file.read(planned.root / "plan.json"), load_repo(planned.root).policies
    for directory, provider, beside in (
        ("served", "local", {'"MS=ms1"'}),
        ("elsewhere", "other", set()),
    ):
        with LoopbackServer(
            Foreseen(
                planned.root / directory, provider, plan, policies, ServerAddress("127.0.0.1", 0)
            )
        ) as running:
            said = {'"v=spf1 ip4:192.0.2.10 -all"', *beside}
            assert texts(ask(running, "example.com", "TXT").answer) == {
                f"example.com TXT {text}" for text in said
            }


def test_a_name_that_takes_its_time_holds_up_no_other(planned: RepoFolder) -> None:
    with Authority([SENDER], Behaviour(delay=0.5)) as slow:
        planned.policy(
            f"domain: sender.example\nnameservers: ['{slow.text}']\ndmarc: {{p: none}}\n",
            "sender.example",
        )
        plan, policies = (
            plan_file.read(planned.root / "plan.json"),
            load_repo(planned.root).policies,
        )
        source = Foreseen(
            planned.root / "served", "local", plan, policies, ServerAddress("127.0.0.1", 0)
        )
        with LoopbackServer(source) as running, ThreadPoolExecutor(max_workers=2) as crew:
            late = [
                crew.submit(ask, running, f"{name}.sender.example", "A") for name in ("a", "host")
            ]
            began = time.monotonic()
            assert ask(running, "www.example.com", "A").answer
            assert time.monotonic() - began < 0.4
            assert not any(each.done() for each in late)
            assert [dns.rcode.to_text(each.result().rcode()) for each in late] == [
                "NXDOMAIN",
                "NOERROR",
            ]


def test_more_than_can_be_looked_for_at_once_is_dropped_and_the_rest_answered(
    planned: RepoFolder,
) -> None:
    class Held:
        recursive = True

        def __init__(self) -> None:
            self.opened = threading.Event()
            self.waiting = 0

        def answer(self, name: str, type: str) -> ZoneAnswer | None:
            self.waiting += 1
            self.opened.wait(10)
            return None

    held = Held()
    with (
        LoopbackServer(held) as running,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
    ):
        for _ in range(MAX_AT_ONCE + 20):
            client.sendto(
                dns.message.make_query("example.com", "A").to_wire(), ("127.0.0.1", running.port)
            )
        time.sleep(0.5)
        assert held.waiting == MAX_AT_ONCE
        held.opened.set()


def test_what_is_refused_says_that_there_is_recursion(server: LoopbackServer) -> None:
    later = dns.message.make_query("example.com", "TXT", use_edns=1)
    response = dns.query.udp(later, "127.0.0.1", port=server.port, timeout=5)
    assert (response.rcode(), bool(response.flags & dns.flags.RA)) == (dns.rcode.BADVERS, True)


def test_a_zone_that_is_known_in_part_is_not_guessed_at(planned: RepoFolder) -> None:
    planned.local("example.org", HEAD + "$INCLUDE other\n")
    ran = planned.run("serve", "--port", "0", "--plan", "plan.json")
    assert ran.code == 1
    assert "$INCLUDE and $GENERATE are not read here" in ran.err
