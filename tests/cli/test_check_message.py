"""check-message on real messages over real name servers, with and without a zone repo."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailauth_dns.deploy.serve import Server
from tests.conftest import RepoFolder
from tests.signing.messages import PLAIN, ed25519_key, rsa_key

HEAD = "$TTL 3600\n@ IN SOA ns1.example.net. hostmaster.example.net. 41 7200 1800 1209600 300\n@ IN NS ns1.example.net.\n"


def key_line(selector: str, record: str) -> str:
    strings = " ".join(f'"{record[at : at + 200]}"' for at in range(0, len(record), 200))
    return f"{selector}._domainkey IN TXT {strings}\n"


@pytest.fixture
def served(repo: RepoFolder, no_resolvers: None) -> Iterator[RepoFolder]:
    zone = HEAD + '@ IN TXT "v=spf1 ip4:192.0.2.10 -all"\n_dmarc IN TXT "v=DMARC1; p=reject; psd=n"\n'
    repo.local("example.com", zone + key_line("s1", rsa_key().record))
    with Server(repo.root / "served", "127.0.0.1", 0) as server:
        repo.write("zones/policy/_defaults.yaml", f'providers: [local]\nnameservers: ["127.0.0.1:{server.port}"]\n')
        repo.policy("domain: example.com\ndmarc: {p: reject, psd: n}\n", "example.com")
        repo.write("good.eml", b"Return-Path: <alice@example.com>\r\n" + rsa_key().sign(PLAIN))
        repo.write("spoof.eml", PLAIN)
        repo.write("new.eml", ed25519_key().sign(PLAIN, selector="e1"))
        repo.write("two.eml", PLAIN.replace(b"<alice@example.com>", b"<alice@example.com>, bob@example.org"))
        yield repo


CASES = [
    (("good.eml", "--ip", "192.0.2.10"), 0, "SPF pass, DKIM pass, DMARC pass, requested disposition none"),
    (("good.eml", "--ip", "198.51.100.1"), 0, "SPF fail, DKIM pass, DMARC pass, requested disposition none"),
    (("good.eml", "--ip", "198.51.100.1", "--mail-from", "<>", "--helo", "relay.example.com"), 0, "SPF none, DKIM pass, DMARC pass"),
    (("spoof.eml", "--ip", "198.51.100.1"), 2, "SPF fail, DKIM none, DMARC fail, requested disposition reject"),
    (("new.eml", "--ip", "198.51.100.1"), 2, "SPF fail, DKIM fail, DMARC fail, requested disposition reject"),
    (("two.eml", "--ip", "192.0.2.10"), 1, "SPF pass, DKIM none, DMARC permerror"),
    (("spoof.eml", "--ip", "192.0.2.10", "--mail-from", "x@example.org"), 1, "SPF temperror, DKIM none, DMARC temperror"),
]


@pytest.mark.parametrize(("arguments", "code", "said"), CASES)
def test_a_message_is_judged_as_a_receiver_does(served: RepoFolder, arguments: tuple[str, ...], code: int, said: str) -> None:
    ran = served.run("check-message", *arguments)
    assert ran.out.startswith(f"as it is: {said}"), ran.said
    assert ran.code == code


def test_a_plan_is_judged_before_it_is_applied(served: RepoFolder) -> None:
    """The key that signed is in nobody's DNS yet, and will be."""
    p = ed25519_key().record.rpartition("p=")[2]
    served.policy(f"domain: example.com\ndkim:\n  selectors:\n    e1: {{p: '{p}', k: ed25519}}\n", "example.com")
    served.run("plan", "--out", "plan.json")
    ran = served.run("check-message", "new.eml", "--ip", "198.51.100.1", "--plan", "plan.json", "--format", "json")
    said = json.loads(ran.out)
    assert (ran.code, said["before"]["dmarc"], said["after"]["dmarc"]) == (0, "fail", "pass")
    assert [(each["mechanism"], each["result"], each["aligned"]) for each in said["after"]["identifiers"]] == [
        ("SPF", "fail", None),
        ("DKIM", "pass", True),
    ]


def test_results_that_a_message_brings_along_count_for_nothing(served: RepoFolder) -> None:
    lies = b"Authentication-Results: mx.example.org; dmarc=pass; spf=pass\r\nReceived-SPF: pass\r\nReceived: from mx ([192.0.2.10])\r\n"
    served.write("spoof.eml", lies + PLAIN)
    assert served.run("check-message", "spoof.eml", "--ip", "198.51.100.1").code == 2


def test_a_machine_without_a_repo_can_check(served: RepoFolder, tmp_path: Path) -> None:
    shutil.rmtree(served.root / "zones")
    ran = served.run("check-message", "spoof.eml", "--ip", "192.0.2.10")
    assert ran.code == 1
    assert "this machine has no recursive resolver" in ran.out


BAD = [
    (b"", (), "bad.eml: is no message: it has no header fields\n"),
    (b"\xff\xfe\0\0", (), "bad.eml: is no message: a line in its head is no header field\n"),
    (b"Subject: x\n\n", (), "bad.eml: has no From field; a message has exactly one, and receivers refuse others (RFC 5322 §3.6)\n"),
    (b"From: root\n\n", (), "bad.eml: From: 'root' is not an address; write one such as alice@example.com\n"),
    (PLAIN, ("--mail-from", "x"), "--mail-from: 'x' is not an address; write one such as alice@example.com\n"),
    (b"Return-Path: <x>\n" + PLAIN, (), "bad.eml: Return-Path: 'x' is not an address; write one such as alice@example.com\n"),
    (b"Return-Path: <>\n" + PLAIN, (), "bad.eml: Return-Path: a null sender is judged by its helo; give it\n"),
]


@pytest.mark.parametrize(("octets", "options", "said"), BAD)
def test_what_cannot_be_judged_is_told(served: RepoFolder, octets: bytes, options: tuple[str, ...], said: str) -> None:
    served.write("bad.eml", octets)
    ran = served.run("check-message", "bad.eml", "--ip", "192.0.2.1", *options)
    assert (ran.code, ran.out, ran.err) == (1, "", said)


def test_a_file_that_is_not_there_is_told(served: RepoFolder) -> None:
    assert served.run("check-message", "no.eml", "--ip", "::1").err == "no.eml: No such file or directory\n"
