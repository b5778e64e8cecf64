"""Zone repos that several tests of the command line use, with a name server for their zones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder
from tests.evaluate.messages import PLAIN, ed25519_key, rsa_key
from tests.importing.zones import ODD

HEAD = (
    "$TTL 3600\n@ IN SOA ns1.example.net. hostmaster.example.net. 41 7200 1800 1209600 300\n"
    "@ IN NS ns1.example.net.\n"
)
# `psd=n` ends the walk for the organizational domain inside the zone: the demo's DNS knows
# nothing above.
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
def receiver(repo: RepoFolder, no_resolvers: None) -> Iterator[RepoFolder]:
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


def key_line(selector: str, record: str) -> str:
    strings = " ".join(f'"{record[at : at + 200]}"' for at in range(0, len(record), 200))
    return f"{selector}._domainkey IN TXT {strings}\n"


@pytest.fixture
def mailbox(repo: RepoFolder, no_resolvers: None) -> Iterator[RepoFolder]:
    zone = (
        HEAD + '@ IN TXT "v=spf1 ip4:192.0.2.10 -all"\n_dmarc IN TXT "v=DMARC1; p=reject; psd=n"\n'
    )
    repo.local("example.com", zone + key_line("s1", rsa_key().record))
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        repo.write(
            "zones/policy/_defaults.yaml",
            f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n',
        )
        repo.policy("domain: example.com\ndmarc: {p: reject, psd: n}\n", "example.com")
        repo.write("good.eml", b"Return-Path: <alice@example.com>\r\n" + rsa_key().sign(PLAIN))
        repo.write("spoof.eml", PLAIN)
        repo.write("new.eml", ed25519_key().sign(PLAIN, selector="e1"))
        repo.write("nobody.eml", b"Subject: x\r\n\r\n")
        repo.write("twice.eml", b"From: alice@example.com\r\n" + PLAIN)
        repo.write("root.eml", b"From: root\r\n\r\n")
        repo.write(
            "two.eml",
            PLAIN.replace(b"<alice@example.com>", b"<alice@example.com>, bob@example.org"),
        )
        yield repo


DEFAULTS = (
    "providers: [local]\nttl: 300\ndmarc: {sp: reject}\nspf: {terms: [a], all: fail}\n"
    "dkim: {selectors: {s1: {cname: x.example.net}, dd: {state: absent}}}\n"
)


@pytest.fixture
def odd(repo: RepoFolder) -> RepoFolder:
    repo.local("example.com", ODD)
    repo.write("zones/policy/_defaults.yaml", DEFAULTS)
    return repo
