"""MTA-STS and BIMI with real DNS and a real web server on port 443.

Lint watches from the first policy to one that changes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import need
from tests.lab.isolated_host import NAMESERVER, STRANGER, IsolatedHost, missing
from tests.live.site import Authority

ZONE = f"""$TTL 1
@ IN SOA ns1 hostmaster 1 7200 1800 1209600 1
@ IN NS ns1
ns1 IN A {NAMESERVER}
mta-sts IN A {STRANGER}
www IN A {STRANGER}
mta-sts.far IN A 203.0.113.9
"""
STANZA = f"""class: octodns_bind.Rfc2136Provider
host: {NAMESERVER}
key_name: lab-key
key_secret: env/LAB_SECRET
key_algorithm: hmac-sha256
root_ns_warnings: false
"""
POLICY = """domain: example.com
providers: [bind]
ttl: 1
dmarc: {p: reject}
mta_sts: {mode: enforce, mx: [mx.example.com], max_age: 604800}
bimi: {default: {l: "https://www.example.com/logo.svg"}}
allow:
  - {rule: DMARC032, reason: nobody reports in the lab, until: 2999-01-01}
  - {rule: STS019, reason: nobody reports in the lab, until: 2999-01-01}
"""
FAR = (
    "domain: far.example.com\nzone: example.com\nproviders: [bind]\n"
    "mta_sts: {mode: enforce, mx: [mx.example.com], max_age: 604800}\n"
)
RULES = "STS003,STS004,STS006,STS007,STS008,STS009,BIMI004"
LOGO = (Path(__file__).parents[1] / "lint/pages/logo.svg").read_bytes()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[IsolatedHost]:
    need(missing())
    authority = Authority(tmp_path)
    with IsolatedHost() as host:
        host.bind({"example.com": ZONE})
        host.write("/srv/repo/zones/policy/example.com.yaml", POLICY)
        host.write("/srv/repo/providers/bind.yaml", STANZA)
        host.write("/srv/root.pem", authority.root.read_text())
        host.write(
            "/srv/web/site.pem",
            authority.certificate("mta-sts.example.com", "www.example.com").read_text(),
        )
        host.write(
            "/srv/wrong/site.pem",
            authority.certificate("www.example.com", file="wrong.pem").read_text(),
        )
        yield host


def run(host: IsolatedHost, *arguments: str, code: int = 0) -> str:
    done = host.mailauth(*arguments, SSL_CERT_FILE="/srv/root.pem")
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def lint(host: IsolatedHost, code: int = 0) -> str:
    return run(host, "lint", "--live", "--private-web", "--select", RULES, code=code)


def serve(host: IsolatedHost, address: str, folder: str) -> None:
    host.begin(
        sys.executable, "-m", "tests.live.site", folder, address, "443", PYTHONPATH=str(Path.cwd())
    )
    host.wait(lambda: host.listening(address, 443), "the web server")


def deploy(host: IsolatedHost) -> None:
    host.shell(
        "mkdir -p /srv/web/pages/.well-known && cp /srv/repo/zones/mta-sts/example.com.txt /srv/web/pages/.well-known/mta-sts.txt"
    )


def test_from_nothing_to_a_policy_that_changes(host: IsolatedHost) -> None:
    run(host, "compile")
    said = lint(host, code=2)
    assert (
        f"STS004 sts-txt-without-policy: nothing listens on {STRANGER} port 443: no sender can fetch the policy"
        in said
    )
    assert (
        f"BIMI004 bimi-svg: the logo could not be fetched: nothing listens on {STRANGER} port 443"
        in said
    )

    serve(host, STRANGER, "/srv/web")
    assert "answers 404: senders get no policy" in lint(host, code=2)
    deploy(host)
    host.outside("/srv/web/pages/logo.svg").write_bytes(LOGO)
    assert lint(host) == "Lint: nothing found\n"
    run(host, "plan", "--out", "/srv/plan.json")
    run(host, "apply", "/srv/plan.json")
    assert lint(host) == "Lint: nothing found\n"

    host.write("/srv/repo/zones/policy/example.com.yaml", POLICY.replace("enforce", "testing"))
    run(host, "compile")
    assert lint(host) == "Lint: nothing found\n"  # what is served is what the live record announces
    run(host, "plan", "--out", "/srv/plan2.json")
    run(host, "apply", "/srv/plan2.json")
    assert (
        "STS003 sts-id-not-bumped: the policy that is served is not the one of this id: it has mode enforce instead of testing"
        in lint(host, code=2)
    )
    deploy(host)
    assert lint(host) == "Lint: nothing found\n"


def test_a_certificate_for_another_name(host: IsolatedHost) -> None:
    serve(host, STRANGER, "/srv/wrong")
    assert "STS006 sts-cert: senders do not trust mta-sts.example.com: " in lint(host, code=2)


def test_a_web_server_in_our_network_is_asked_only_where_that_is_meant(host: IsolatedHost) -> None:
    serve(host, STRANGER, "/srv/web")
    said = run(host, "lint", "--live", "--select", RULES, code=1)
    assert (
        f"mta-sts.example.com is at {STRANGER}, which is not a public address, so it was not asked; --private-web asks it too"
        in said
    )
    assert "GET" not in host.outside("/srv/python.log").read_text()


def test_a_web_server_that_cannot_be_reached_is_unknown(host: IsolatedHost) -> None:
    host.write("/srv/repo/zones/policy/far.example.com.yaml", FAR)
    said = run(
        host, "lint", "far.example.com", "--live", "--private-web", "--select", RULES, code=1
    )
    assert "unknown STS003, STS004, STS006, STS007, STS008, STS009: " in said
    assert "203.0.113.9 port 443 cannot be reached: Network is unreachable" in said


def test_import_takes_the_policy_over_that_is_served(host: IsolatedHost) -> None:
    """What senders cannot fetch is told with the reason, and is in no policy."""
    run(host, "compile")
    run(host, "plan", "--out", "/srv/plan.json")
    run(host, "apply", "/srv/plan.json")
    imported = (
        "import",
        "example.com",
        "--nameserver",
        NAMESERVER,
        "--selector",
        "s1",
        "--private-web",
    )
    host.shell("mv /srv/repo/zones/policy/example.com.yaml /srv/before.yaml")
    done = host.mailauth(*imported, SSL_CERT_FILE="/srv/root.pem")
    assert done.returncode == 2
    assert (
        f"the policy that it announces could not be fetched: nothing listens on {STRANGER} port 443; give its text"
        in done.stderr
    )
    serve(host, STRANGER, "/srv/web")
    deploy(host)
    run(host, *imported, "--write")
    policy = host.outside("/srv/repo/zones/policy/example.com.yaml").read_text()
    for line in ("mode: enforce", "- mx.example.com", "max_age: 604800"):
        assert f"  {line}\n" in policy
    host.shell(
        "sed -i 's/^nameservers/providers: [bind]\\n&/' /srv/repo/zones/policy/example.com.yaml"
    )
    assert "Plan: 0 changes" in run(host, "plan", "--no-live")
