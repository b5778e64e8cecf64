"""`serve --plan`: receivers of others, pointed at what is not applied yet."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
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
from tests.live.authority import Authority, Behaviour
from tests.serve.planning import HEAD, SENDER, SENT, ask, texts


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
        (
            f"domain: example.com\nproviders: [{order}]\n"
            f"spf: {{terms: ['ip4:192.0.2.10'], all: fail}}\n"
        ),
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
