"""Real receivers that ask `serve --plan` find what `test` foretold, before anything is in DNS.

They are Postfix with Debian's SPF policy daemon (pyspf), OpenDKIM and OpenDMARC. Live DNS is a BIND
that holds none of the records.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.conftest import need
from tests.evaluate.messages import rsa_key
from tests.lab import mailhost
from tests.lab.isolated_host import FORWARDER, NAMESERVER, RECEIVER, SENDER, STRANGER, missing
from tests.lab.mailhost import MailHost, results

HEAD = "$TTL 60\n@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 60\n@ IN NS ns1.example.net.\n"
# The zone above is there so that what the walk asks at `com` has an answer.
ZONES = {
    "com": HEAD + "example IN NS ns1.example.net.\n",
    "example.com": HEAD
    + f'@ IN MX 0 mx\nmx IN A {SENDER}\nnews IN A {SENDER}\n@ IN TXT "site-verification=foreign"\n',
    "example.net": HEAD + f"mx IN A {RECEIVER}\nns1 IN A {NAMESERVER}\n",
    "example.org": HEAD + f"mx IN A {FORWARDER}\n",
}
STANZA = f"""class: octodns_bind.Rfc2136Provider
host: {NAMESERVER}
port: 53
timeout: 5
key_name: lab-key
key_secret: env/LAB_SECRET
key_algorithm: hmac-sha256
root_ns_warnings: false
"""


@dataclass(frozen=True)
class Sent:
    """A message, and what receivers must find: SPF, DKIM, DMARC, and the disposition."""

    author: str
    ip: str
    signed: bool
    results: tuple[str, str, str, str]


SENT = {
    "pass": Sent("alice@example.com", SENDER, True, ("pass", "pass", "pass", "none")),
    "spoof": Sent("ceo@example.com", STRANGER, False, ("fail", "none", "fail", "quarantine")),
    "forwarded": Sent("alice@example.com", FORWARDER, True, ("fail", "pass", "pass", "none")),
    "subdomain": Sent("news@news.example.com", SENDER, True, ("none", "pass", "pass", "none")),
    "spoofed subdomain": Sent(
        "ceo@news.example.com", STRANGER, False, ("none", "none", "fail", "reject")
    ),
}
METHODS = ("spf", "dkim", "dmarc", "disposition")


def policy() -> str:
    p = rsa_key().record.rpartition("p=")[2]
    tests = "".join(
        f"  - {{name: {name}, from: {sent.author}, ip: {sent.ip}, dkim: [{'s1' if sent.signed else ''}],\n"
        f"     expect: {{{', '.join(f'{method}: {result}' for method, result in zip(METHODS, sent.results, strict=True))}}}}}\n"
        for name, sent in SENT.items()
    )
    return (
        f"domain: example.com\nproviders: [bind]\nspf: {{terms: ['ip4:{SENDER}'], all: fail}}\n"
        f"dkim: {{selectors: {{s1: {{p: '{p}'}}}}}}\ndmarc: {{p: quarantine, sp: reject}}\ntests:\n{tests}"
    )


def ok(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


Foretold = Mapping[
    str, Mapping[str, Any]
]  # what `test` says of each message, as it is and as it would be


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[MailHost, Foretold]]:
    """A receiver whose only resolver is `serve --plan`, and what was foretold before."""
    need(missing(*mailhost.PROGRAMS, "policyd-spf"))
    with MailHost() as host:
        host.bind(ZONES)
        host.write("/srv/repo/zones/policy/example.com.yaml", policy())
        host.write("/srv/repo/providers/bind.yaml", STANZA)
        ok(host.mailauth("plan", "--out", "/srv/plan.json"))
        foretold = {
            test["name"]: test
            for test in json.loads(ok(host.mailauth("test", "--format", "json")))["tests"]
        }
        host.serve_plan("/srv/plan.json")
        host.receiver(spf_daemon=True)
        yield host, foretold


def found(host: MailHost, name: str) -> tuple[str | None, str | None, str, str]:
    """Send a message and return what the receiver finds; refused mail shows no SPF nor DKIM."""
    sent = SENT[name]
    text = f"From: {sent.author}\r\nTo: bob@example.net\r\nSubject: {name}\r\nDate: Sun, 31 May 2026 12:00:00 +0000\r\n\r\nhello\r\n".encode()
    said = host.send_octets(
        RECEIVER,
        sent.author,
        "bob@example.net",
        rsa_key().sign(text) if sent.signed else text,
        sent.ip,
    )
    if said != "accepted":
        assert said == "550 5.7.1 rejected by DMARC policy for example.com"
        return None, None, "fail", "reject"
    message = host.delivered(name)
    by_method = results(message)
    assert set(by_method.get("spf", ["none"])) <= {
        str(message["Received-SPF"]).split()[0].lower()
    }  # OpenDMARC's own, and the daemon's
    [dmarc] = by_method["dmarc"]
    head = next(head for head in message.get_all("Authentication-Results", []) if "dmarc=" in head)
    published = re.search(r"\(p=(\w+)", head)
    assert published is not None, head
    return (
        str(message["Received-SPF"]).split()[0].lower(),
        by_method["dkim"][0],
        dmarc,
        "none" if dmarc == "pass" else published[1],
    )


@pytest.mark.parametrize("name", SENT)
def test_receivers_find_what_test_foretold(served: tuple[MailHost, Foretold], name: str) -> None:
    host, foretold = served
    after = tuple(foretold[name]["after"][method] for method in METHODS)
    assert after == SENT[name].results
    assert [
        ours
        for ours, theirs in zip(after, found(host, name), strict=True)
        if theirs not in (None, ours)
    ] == []


def test_nothing_of_it_is_live(served: tuple[MailHost, Foretold]) -> None:
    """Neither by our word nor by that of the server that holds the zone."""
    host, foretold = served
    assert {(test["before"]["spf"], test["before"]["dmarc"]) for test in foretold.values()} == {
        ("none", "none")
    }
    script = f"""import dns.message, dns.query
for name in ("example.com", "_dmarc.example.com", "s1._domainkey.example.com"):
    for rrset in dns.query.udp(dns.message.make_query(name, "TXT"), {NAMESERVER!r}, timeout=5).answer:
        print(rrset)
"""
    assert (
        ok(host.run(sys.executable, "-c", script))
        == 'example.com. 60 IN TXT "site-verification=foreign"\n'
    )
