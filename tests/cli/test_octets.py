"""Octets over 127 in DNS are shown as in master files by every command, and never as letters that nobody wrote."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder
from tests.importing.zones import HEAD

UTF8 = "caf\\195\\169"
ZONE = (
    HEAD
    + rf"""@ TXT "v=spf1 include:{UTF8}.example a:\233.example exists:%{{i}}.{UTF8} -all"
@ TXT "{UTF8}=1"
@ MX 10 mx
_dmarc TXT "v=DMARC1; p=none; x={UTF8}"
mail._domainkey TXT "v=DKIM1; k={UTF8}; p=AAAA"
_mta-sts TXT "v=STSv1; id={UTF8}"
_smtp._tls TXT "v=TLSRPTv1; rua={UTF8}"
default._bimi TXT "v=BIMI1; l={UTF8}"
sub TXT "v=spf1 a:x{UTF8}.example -all"
"""
)
POLICY = """domain: example.com
spf: {terms: [a], all: fail}
dkim: {selectors: {mail: {state: absent}}}
dmarc: {p: none}
tls_rpt: {rua: ["mailto:t@example.com"]}
bimi: {default: {l: ""}}
"""
COMMANDS = [
    ("spf", "tree", "example.com", "--live"),
    ("spf", "tree", "example.com"),
    (
        "import",
        "sub.example.com",
        "--zone",
        "example.com",
        "--from-zone",
        "served/example.com.zone",
    ),
    ("lint", "--live"),
    ("lint", "--live", "--format", "github"),
    ("lint", "--live", "--format", "markdown"),
    ("diff",),
    ("plan", "--show-kept"),
    ("verify",),
    ("dkim", "status"),
    ("simulate", "--from", "a@example.com", "--ip", "192.0.2.1", "--live"),
    (
        "simulate",
        "--from",
        "a@example.com",
        "--mail-from",
        "caf\u00c3\u00a9@example.com",
        "--ip",
        "192.0.2.1",
    ),
]
DRAWN = set("├└─│…→·")


@pytest.fixture
def served(repo: RepoFolder, no_resolvers: None) -> Iterator[RepoFolder]:
    repo.local("example.com", ZONE)
    repo.policy(POLICY)
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        repo.write(
            "zones/policy/_defaults.yaml",
            f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n',
        )
        yield repo


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_octets_are_shown_as_in_master_files(
    served: RepoFolder, arguments: tuple[str, ...]
) -> None:
    ran = served.run(*arguments)
    odd = {character for character in ran.said if not character.isascii()} - DRAWN
    assert not odd, ran.said
    assert "Traceback" not in ran.said
