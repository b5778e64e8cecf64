"""One zone at two providers, real BIND and real PowerDNS.

Half-done work is finished, and neither gets what the other must have first.
"""

from __future__ import annotations

import json
import signal
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.conftest import Ran, RepoFolder, need
from tests.lab.bind import Bind
from tests.lab.powerdns import PowerDns
from tests.lab.servers import missing
from tests.lab.test_between import POLICY, ZONE, planned, published, spawned

Both = tuple[Bind, PowerDns]
TO_QUARANTINE = (
    "domain: example.com\nspf: {terms: [mx], all: fail}\ndmarc: {p: quarantine}\n"
    "allow: [{rule: DMARC032, reason: nobody reports in the lab, until: 2999-01-01}]\n"
)


@pytest.fixture
def both(repo: RepoFolder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Both]:
    """Start both servers with the same zone and name them as its providers."""
    need(missing(Bind) or missing(PowerDns))
    servers = (Bind({"example.com": ZONE}), PowerDns({"example.com": ZONE}))
    try:
        for server in servers:
            server.start()
            repo.provider(server.id, server.stanza())
            for key, value in server.environment.items():
                monkeypatch.setenv(key, value)
        addresses = ", ".join(f'"127.0.0.1:{server.port}"' for server in servers)
        repo.write(
            "zones/policy/_defaults.yaml",
            f"providers: [bind, powerdns]\nnameservers: [{addresses}]\n",
        )
        yield servers
    finally:
        for server in servers:
            server.close()


class Gate:
    """Between the tool and PowerDNS's API: questions pass, and writes wait until it is opened."""

    def __init__(self, server: PowerDns) -> None:
        self.held, self.open = threading.Event(), threading.Event()
        gate = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
                if self.command == "PATCH" and not gate.open.is_set():
                    gate.held.set()
                    gate.open.wait(60)
                    return
                headers = {
                    key: self.headers[key]
                    for key in ("X-API-Key", "Content-Type")
                    if key in self.headers
                }
                url = f"http://127.0.0.1:{server.api_port}{self.path}"
                with urllib.request.urlopen(
                    urllib.request.Request(url, body, headers, method=self.command), timeout=10
                ) as answer:
                    data = answer.read()
                    self.send_response(answer.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_PATCH = do_PUT = handle_any

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@contextmanager
def gated(repo: RepoFolder, server: PowerDns) -> Iterator[Gate]:
    gate = Gate(server)
    repo.provider("powerdns", {**server.stanza(), "port": gate.http.server_address[1]})
    try:
        yield gate
    finally:
        gate.open.set()
        gate.http.shutdown()
        gate.http.server_close()


def statuses(ran: Ran) -> dict[str, str]:
    return {zone["provider"]: zone["status"] for zone in json.loads(ran.out)["zones"]}


def test_an_apply_killed_between_two_providers_is_finished_by_the_next(
    repo: RepoFolder, both: Both
) -> None:
    bind, powerdns = both
    repo.policy(POLICY)
    before = [server.dump("example.com") for server in both]
    with gated(repo, powerdns) as gate:
        plan = planned(repo)
        process = spawned(repo, "apply", plan)
        assert gate.held.wait(60)
        until = time.monotonic() + 60
        while (
            "v=spf1 mx -all" not in bind.served("example.com", "TXT") and time.monotonic() < until
        ):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL
        assert [server.dump("example.com") for server in both] == [published(before[0]), before[1]]
        halfway = repo.run("diff")
        assert halfway.code == 2
        assert f"live      127.0.0.1:{powerdns.port}\n          | v=spf1 ~all\n" in halfway.out
        assert f"live      127.0.0.1:{bind.port}\n          | v=spf1 mx -all\n" in halfway.out
        gate.open.set()
        finished = repo.run("apply", plan, "--format", "json")
        assert finished.code == 0, finished.said
        assert statuses(finished) == {"bind": "unchanged", "powerdns": "applied"}
        assert repo.run("plan", "--detailed-exitcode").code == 0
    assert [server.dump("example.com") for server in both] == list(map(published, before))


def test_servers_that_differ_by_what_nobody_here_wrote_are_unknown(
    repo: RepoFolder, both: Both
) -> None:
    """A third server says what neither provider holds: whose it is, nobody can tell."""
    bind, powerdns = both
    repo.policy(POLICY)
    stranger = Bind({"example.com": ZONE.replace("v=spf1 ~all", "v=spf1 a ~all")})
    stranger.start()
    try:
        addresses = ", ".join(f'"127.0.0.1:{server.port}"' for server in (bind, powerdns, stranger))
        repo.write(
            "zones/policy/_defaults.yaml",
            f"providers: [bind, powerdns]\nnameservers: [{addresses}]\n",
        )
        before = bind.dump("example.com")
        refused = repo.run("apply", planned(repo))
        assert refused.code == 1
        assert (
            f"servers differ, and what 127.0.0.1:{stranger.port} says is neither the policy's nor a provider's"
            in refused.out
        )
        assert "--allow live-unknown:example.com" in refused.out
        assert bind.dump("example.com") == before
    finally:
        stranger.close()


def test_dmarc_is_not_tightened_at_one_provider_while_spf_is_blocked_at_the_other(
    repo: RepoFolder, both: Both
) -> None:
    bind, powerdns = both
    for server in both:
        server.put("example.com", "_dmarc.example.com", "TXT", 3600, '"v=DMARC1; p=none"')
    values = [
        {"content": '"v=spf1 ~all"', "disabled": False},
        {"content": '"token"', "disabled": True},
    ]
    powerdns.put_records("example.com", "example.com", "TXT", 3600, *values)
    bind.put("example.com", "example.com", "TXT", 3600, '"v=spf1 ~all"')
    repo.policy(TO_QUARANTINE)
    plan = str(repo.root / "plan.json")
    ran = repo.run("plan", "--out", plan)
    assert ran.code == 1
    assert "waits for the TXT at example.com at powerdns, which is blocked" in ran.out
    applied = repo.run("apply", plan, "--wait", "0s")
    assert applied.code == 1
    assert [server.served("_dmarc.example.com", "TXT") for server in both] == [
        {"v=DMARC1; p=none"}
    ] * 2
    assert bind.served("example.com", "TXT") == {"v=spf1 mx -all"}
    powerdns.put("example.com", "example.com", "TXT", 3600, '"v=spf1 ~all"')
    finished = repo.run("apply", planned(repo))
    assert finished.code == 0, finished.said
    assert [server.served("_dmarc.example.com", "TXT") for server in both] == [
        {"v=DMARC1; p=quarantine"}
    ] * 2


def test_dmarc_waits_for_a_provider_that_cannot_be_read(
    repo: RepoFolder, both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    for server in both:
        server.put("example.com", "_dmarc.example.com", "TXT", 3600, '"v=DMARC1; p=none"')
    repo.policy(TO_QUARANTINE)
    monkeypatch.setenv("LAB_PDNS_KEY", "not the key")
    ran = repo.run("plan")
    assert ran.code == 1
    assert "waits for the SPF record of example.com at powerdns, which could not be read" in ran.out


def test_what_waits_for_a_provider_that_is_away_keeps_nothing_else_from_the_other(
    repo: RepoFolder, both: Both
) -> None:
    bind, powerdns = both
    repo.write(
        "zones/policy/_defaults.yaml",
        f'providers: [bind, powerdns]\nnameservers: ["127.0.0.1:{powerdns.port}"]\n',
    )
    repo.policy(TO_QUARANTINE)
    bind.stop()
    assert repo.run("plan", "--out", "plan.json").code == 1
    before = powerdns.served("_dmarc.example.com", "TXT")
    applied = repo.run("apply", "plan.json")
    assert applied.code == 1
    assert "waits for the SPF record of example.com at bind, which could not be read" in applied.out
    assert "v=spf1 mx -all" in powerdns.served("example.com", "TXT")
    assert powerdns.served("_dmarc.example.com", "TXT") == before
    bind.start()
    repo.run("plan", "--out", "plan.json")
    assert repo.run("apply", "plan.json").code == 0
    assert repo.run("plan", "--detailed-exitcode").code == 0
