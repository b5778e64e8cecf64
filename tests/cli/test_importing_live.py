"""Import from live DNS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder, free_port
from tests.importing.zones import HEAD


@pytest.fixture
def live(repo: RepoFolder) -> Iterator[RepoFolder]:
    records = (
        '@ IN TXT "v=spf1 mx ~all"\n_dmarc IN TXT "v=DMARC1; p=none"\nmail._domainkey IN '
        'TXT "p=AAAA"\n'
        "mine._domainkey IN CNAME k.example.net.\n"
        'sub IN TXT "v=spf1 -all"\n*._domainkey.sub IN TXT "v=DKIM1; p="\n*.sub IN TXT '
        '"v=DMARC1; p=none"\n'
        '*.w IN TXT "v=DMARC1; p=none"\nw IN TXT "v=spf1 -all"\n'
    )
    repo.local("example.com", HEAD + records)
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        repo.write(
            "zones/policy/_defaults.yaml",
            f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n',
        )
        yield repo


def test_common_selectors_are_tried(live: RepoFolder) -> None:
    ran = live.run("import", "example.com", "--write")
    assert ran.code == 0, ran.said
    text = (live.root / "zones/policy/example.com.yaml").read_text()
    assert "DNS does not tell which selectors there are" in text
    assert "    mail:\n" in text
    assert "      p: AAAA\n" in text
    assert "mine" not in text
    plan = live.run("plan", "--detailed-exitcode")
    assert plan.code == 0, plan.said


def test_named_selectors_are_asked_for(live: RepoFolder) -> None:
    ran = live.run("import", "example.com", "--selector", "mine")
    assert ran.code == 0
    assert "mine:\n      cname: k.example.net\n" in ran.out
    assert "mail:" not in ran.out
    assert "common names" not in ran.out


def test_what_a_wildcard_answers_is_not_taken_for_a_record(live: RepoFolder) -> None:
    """A policy for the name would add a record there, and take it from the wildcard."""
    keys = live.run("import", "sub.example.com", "--zone", "example.com")
    assert "selectors:\n    '*':\n      state: revoked\n" in keys.out
    assert "mail:" not in keys.out
    records = live.run("import", "w.example.com", "--zone", "example.com")
    assert "\ndmarc:" not in records.out
    assert '*.w.example.com TXT "v=DMARC1; p=none": ' in records.err
    assert records.code == 2


def test_what_cannot_be_asked_is_unknown_and_never_absent(repo: RepoFolder) -> None:
    port = free_port()
    ran = repo.run("import", "example.com", "--nameserver", f"127.0.0.1:{port}")
    assert ran.code == 1
    assert (
        f"example.com: unknown: example.com MX and 157 more: 127.0.0.1:{port}: refused: "
        f"nothing listens on UDP port {port}" in ran.err
    )
    assert "# unknown: " in ran.out
    assert "absent" not in ran.out
    written = repo.run("import", "example.com", "--nameserver", f"127.0.0.1:{port}", "--write")
    assert written.code == 1
    assert (
        "zones/policy/example.com.yaml: not written, since not all of it is known\n" in written.err
    )
    assert not (repo.root / "zones/policy/example.com.yaml").exists()


def test_a_delegated_name_is_unknown(live: RepoFolder) -> None:
    with (live.root / "served/example.com.zone").open("a") as file:
        file.write("_domainkey.w IN NS ns.sender.example.\n")
    ran = live.run("import", "w.example.com", "--zone", "example.com", "--selector", "s1")
    assert ran.code == 1
    assert (
        "_domainkey.w.example.com is delegated to ns.sender.example: this server does "
        "not answer for it" in ran.err
    )
