"""A sending host that was set up with our commands alone, a receiver, and a forwarder."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator

from tests.conftest import need
from tests.lab import mailhost
from tests.lab.isolated_host import (
    FORWARDER,
    NAMESERVER,
    RECEIVER,
    SENDER,
    missing,
)
from tests.lab.mailhost import MailHost
from tests.lab.namespaces import PATIENCE

# Short times, so that a key's whole life fits into a test: a second of TTL and negative TTL,
# fifteen of grace.
HEAD = (
    "$TTL 1\n@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 1\n"
    "@ IN NS ns1.example.net.\n@ IN MX 0 mx\n"
)
ZONES = {
    "example.com": HEAD
    + f'mx IN A {SENDER}\n@ IN A {SENDER}\n@ IN TXT "site-verification=foreign"\n',
    "example.net": HEAD + f"mx IN A {RECEIVER}\nns1 IN A {NAMESERVER}\n",
    "example.org": HEAD + f"mx IN A {FORWARDER}\n",
}
DEFAULTS = (
    "providers: [bind]\nttl: 1\n"
    "dkim: {selector_template: 'mx{date}', rotation: {grace: 15s, revoked_for: 1s}}\n"
)
POLICY = f"""domain: example.com # the sending host
spf: {{terms: ["ip4:{SENDER}"], all: fail}}
dmarc: {{p: reject}}
"""
STANZA = f"""class: octodns_bind.Rfc2136Provider
host: {NAMESERVER}
port: 53
timeout: 5
key_name: lab-key
key_secret: env/LAB_SECRET
key_algorithm: hmac-sha256
root_ns_warnings: false
"""
PRIVATE = ("--private-dir", "/srv/keys")
INSIDE, RELAYING = (
    "198.51.100.7",
    "198.51.100.0/24",
)  # a host, and the network of mynetworks that it is in
EXPORT = (
    "export",
    "example.com",
    "--format",
    "opendkim",
    "--key-dir",
    "/srv/keys",
    "--config-dir",
    "/srv/opendkim",
    "--mynetworks",
    RELAYING,
)


def ok(done: subprocess.CompletedProcess[str], code: int = 0) -> str:
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def publish(host: MailHost) -> str:
    ok(host.mailauth("compile"))
    ok(host.mailauth("plan", "--out", "/srv/plan.json"))
    # The domain has an MX and no DMARC record at first, and asks for reject at once, without any
    # report, so that mail that fails here is refused.
    allowed = ("--allow", "DMARC032:example.com", "--allow", "DMARC033:example.com")
    return ok(host.mailauth("apply", "/srv/plan.json", *allowed))


def until_done(host: MailHost, *command: str) -> str:
    """Run a command again while it refuses; the last refusal said when it may be run."""
    until = time.monotonic() + PATIENCE
    while (done := host.mailauth(*command)).returncode == 1:
        assert re.search(r"may (begin to sign|be revoked|be deleted) from 20\d\d-", done.stdout), (
            done.stdout + done.stderr
        )
        assert time.monotonic() < until, done.stdout
        time.sleep(0.3)
    return ok(done)


def policy(host: MailHost) -> str:
    return host.outside("/srv/repo/zones/policy/example.com.yaml").read_text()


def states(host: MailHost) -> list[str]:
    return re.findall(r"state: (\w+)", policy(host))


def reload_opendkim(host: MailHost) -> None:
    host.shell("kill -USR1 $(cat /run/opendkim/*.pid)")


def set_up(*, holds: bool = False) -> Iterator[MailHost]:
    """A sending host set up with our commands alone, a receiver, and a forwarder."""
    need(missing(*mailhost.PROGRAMS))
    with MailHost() as host:
        host.holds = holds
        host.bind(ZONES)
        host.write("/srv/repo/zones/policy/_defaults.yaml", DEFAULTS)
        host.write("/srv/repo/zones/policy/example.com.yaml", POLICY)
        host.write("/srv/repo/providers/bind.yaml", STANZA)
        for type in ("rsa", "ed25519"):
            ok(
                host.mailauth(
                    "dkim", "keygen", "example.com", "--type", type, *PRIVATE, "--owner", "opendkim"
                )
            )
        assert "is pending, and may not sign yet: DNS has no such record" in ok(
            host.mailauth(*EXPORT), 1
        )
        assert "every server must serve it first" in ok(
            host.mailauth("dkim", "rotate", "example.com"), 1
        )
        publish(host)
        assert "may begin to sign from" in ok(host.mailauth("dkim", "rotate", "example.com"), 1)
        assert states(host) == ["pending", "pending"]
        until_done(host, "dkim", "rotate", "example.com")
        assert states(host) == ["active", "active"]
        ok(host.mailauth(*EXPORT, "--out", "/srv/opendkim"))
        ok(host.mailauth("export", "example.com", "--format", "postfix", "--out", "/srv/postfix"))
        host.start_opendkim("/srv/opendkim/opendkim.conf", 8891)
        host.start_opendkim("/srv/opendkim/opendkim-ed25519.conf", 8892)
        host.shell(f"ip addr add {INSIDE}/32 dev lo")
        host.postfix(
            "out",
            "mx.example.com",
            SENDER,
            f"mynetworks = 127.0.0.0/8, {RELAYING}\n",
            listens=f"127.0.0.1, {SENDER}",
        )
        host.run("/srv/postfix/postconf.sh", MAIL_CONFIG="/srv/out/etc")
        host.start_postfix("out", "127.0.0.1")
        host.receiver()
        host.forwarder()
        yield host
