"""check-message on real messages over real name servers, with and without a zone repo."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder
from tests.evaluate.messages import PLAIN, ed25519_key, rsa_key

HEAD = "$TTL 3600\n@ IN SOA ns1.example.net. hostmaster.example.net. 41 7200 1800 1209600 300\n@ IN NS ns1.example.net.\n"


def key_line(selector: str, record: str) -> str:
    strings = " ".join(f'"{record[at : at + 200]}"' for at in range(0, len(record), 200))
    return f"{selector}._domainkey IN TXT {strings}\n"


@pytest.fixture
def served(repo: RepoFolder, no_resolvers: None) -> Iterator[RepoFolder]:
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


CASES = [
    (
        ("good.eml", "--ip", "192.0.2.10"),
        0,
        "SPF pass, DKIM pass, DMARC pass, requested disposition none",
    ),
    (
        ("good.eml", "--ip", "198.51.100.1"),
        0,
        "SPF fail, DKIM pass, DMARC pass, requested disposition none",
    ),
    (
        ("good.eml", "--ip", "198.51.100.1", "--mail-from", "<>", "--helo", "relay.example.com"),
        0,
        "SPF none, DKIM pass, DMARC pass",
    ),
    (
        ("spoof.eml", "--ip", "198.51.100.1"),
        2,
        "SPF fail, DKIM none, DMARC fail, requested disposition reject",
    ),
    (
        ("new.eml", "--ip", "198.51.100.1"),
        2,
        "SPF fail, DKIM fail, DMARC fail, requested disposition reject",
    ),
    # The null sender is judged by its HELO name: where DKIM is enough, nobody has to know it
    (
        ("good.eml", "--ip", "198.51.100.1", "--mail-from", "<>"),
        0,
        "SPF none, DKIM pass, DMARC pass",
    ),
    (
        ("spoof.eml", "--ip", "198.51.100.1", "--mail-from", "<>"),
        1,
        "SPF none, DKIM none, DMARC temperror",
    ),
    # RFC 9989 §5.3.1 leaves these to receivers, who refuse them
    (
        ("two.eml", "--ip", "192.0.2.10"),
        2,
        "SPF pass, DKIM none, DMARC permerror, receivers refuse it\n",
    ),
    (
        ("nobody.eml", "--ip", "192.0.2.10"),
        2,
        "SPF none, DKIM none, DMARC permerror, receivers refuse it\n",
    ),
    (
        ("nobody.eml", "--ip", "192.0.2.10", "--mail-from", "a@example.com"),
        2,
        "SPF pass, DKIM none, DMARC permerror, receivers refuse it\n",
    ),
    (
        ("twice.eml", "--ip", "192.0.2.10"),
        2,
        "SPF pass, DKIM none, DMARC permerror, receivers refuse it\n",
    ),
    (
        ("root.eml", "--ip", "192.0.2.10"),
        2,
        "SPF none, DKIM none, DMARC permerror, receivers refuse it\n",
    ),
    (
        ("spoof.eml", "--ip", "192.0.2.10", "--mail-from", "x@example.org"),
        2,
        "SPF temperror, DKIM none, DMARC fail, requested disposition reject",
    ),
]


@pytest.mark.parametrize(("arguments", "code", "said"), CASES)
def test_a_message_is_judged_as_a_receiver_does(
    served: RepoFolder, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ran = served.run("check-message", *arguments)
    assert ran.out.startswith(f"as it is: {said}"), ran.said
    assert ran.code == code


ENVELOPES = [  # lines on top, options, what SPF says of the sender, what is said on standard error
    (
        b"Return-Path: <alice@example.com> (the sender)\n",
        (),
        "SPF passes for example.com (MAIL FROM)",
        False,
    ),
    (
        b"Return-Path: <@a.example,@b.example:alice@example.com>\n",
        (),
        "SPF passes for example.com (MAIL FROM)",
        False,
    ),
    (b'Return-Path: <"a>b"@example.com>\n', (), "SPF passes for example.com (MAIL FROM)", False),
    (
        b"Return-Path: <alice@[192.0.2.1]>\n",
        (),
        "SPF says none: '[192.0.2.1]' is not a full domain name",
        True,
    ),
    (
        b"Return-Path: <MAILER-DAEMON>\n",
        (),
        "SPF says none for mailer-daemon (MAIL FROM): 'MAILER-DAEMON' is not a full",
        True,
    ),
    (b"Return-Path: who knows\n", (), "SPF says none: 'who knows' is not a full domain name", True),
    (
        b"Return-Path: <MAILER-DAEMON>\n",
        ("--mail-from", "a@example.com"),
        "SPF passes for example.com (MAIL FROM)",
        False,
    ),
    (
        b"Return-Path: <>\n",
        ("--helo", "[192.0.2.10]"),
        "SPF says none: '[192.0.2.10]' is not a full domain name",
        False,
    ),
    (
        b"Return-Path: <>\n",
        ("--helo", "[IPv6:2001:db8::10]"),
        "SPF says none: '[IPv6:2001:db8::10]' is not a full domain name",
        False,
    ),
]


@pytest.mark.parametrize(("top", "options", "said", "hint"), ENVELOPES)
def test_whoever_the_envelope_names_the_rest_is_judged(
    served: RepoFolder, top: bytes, options: tuple[str, ...], said: str, hint: bool
) -> None:
    served.write("odd.eml", top + rsa_key().sign(PLAIN))
    ran = served.run("check-message", "odd.eml", "--ip", "192.0.2.10", *options)
    assert ran.code == 0, ran.said
    assert f"    {said}" in ran.out
    assert "DKIM passes for example.com" in ran.out
    assert ("--mail-from gives the sender of the envelope" in ran.err) is hint


def test_what_is_unknown_without_a_helo_name_is_told(served: RepoFolder) -> None:
    ran = served.run("check-message", "spoof.eml", "--ip", "192.0.2.10", "--mail-from", "<>")
    assert ran.code == 1
    assert (
        "    whether DMARC passes for example.com, and what is requested, is unknown: SPF may pass for the HELO name, which is not"
        in ran.out
    )


STRANGE = [  # what a stranger may send, and what is said of it
    (
        b"From: " + b"(" * 1000 + b"a@example.com\r\n\r\n",
        "the From header holds no address that can be read",
    ),
    (
        b"From: " + b"(" * 1000 + b")" * 1000 + b"a@example.com\r\n\r\n",
        "DMARC fails for example.com",
    ),
    (b"From: " + b"a:" * 1000 + b"\r\n\r\n", "the From header holds no address that can be read"),
    (b"From: " + b"<" * 1000 + b"\r\n\r\n", "the From header holds no address that can be read"),
    (b'From: "' + b"\\" * 1001 + b"\r\n\r\n", "the From header holds no address that can be read"),
    (b"From: a@[192.0.2.1]\r\n\r\n", "'a@[192.0.2.1]' in the From header has no domain name"),
    (b"From: a@" + b"x." * 200 + b"example\r\n\r\n", "in the From header has no domain name"),
    (
        b"From: a@xn--ls8h.example\r\n\r\n",
        "the DMARC policy for xn--ls8h.example is unknown: _dmarc.xn--ls8h.example TXT",
    ),
    ("From: a@\U0001f4a9.example\r\n\r\n".encode(), "in the From header has no domain name"),
    (b"From: \x00a@example.com\r\n\r\n", "the From header holds no address that can be read"),
    (b"From: a@example.com\r\n" + b"X: y\r\n" * 50_000 + b"\r\n", "DMARC fails for example.com"),
]


@pytest.mark.parametrize(("octets", "said"), STRANGE)
def test_whatever_a_stranger_sends_ends_in_a_verdict(
    served: RepoFolder, octets: bytes, said: str
) -> None:
    served.write("strange.eml", octets)
    ran = served.run(
        "check-message", "strange.eml", "--ip", "198.51.100.1", "--mail-from", "x@example.com"
    )
    assert said in ran.out, ran.said
    assert ran.err == ""


def test_that_no_sender_is_known_is_told(served: RepoFolder) -> None:
    ran = served.run("check-message", "nobody.eml", "--ip", "192.0.2.10")
    assert (
        "    SPF says none: the envelope has no sender and no HELO name is given, so there is nothing to check\n"
        in ran.out
    )


def test_a_second_from_field_cannot_hide_behind_white_space(served: RepoFolder) -> None:
    """RFC 5322 §4.5 has readers accept it, so that people may be shown either."""
    signed = rsa_key().sign(PLAIN, headers=(b"from", b"subject"))
    for octets in (
        b'From : "CEO" <ceo@bank.example>\r\n' + signed,
        signed.replace(b"To:", b"FROM\t: ceo@bank.example\r\nTo:"),
    ):
        served.write("spoof.eml", octets)
        ran = served.run("check-message", "spoof.eml", "--ip", "192.0.2.10")
        assert ran.code == 2
        assert "DMARC permerror" in ran.out
        assert "the message has 2 From fields where one is needed" in ran.out


def test_a_plan_is_judged_before_it_is_applied(served: RepoFolder) -> None:
    """The key that signed is in nobody's DNS yet, and will be."""
    p = ed25519_key().record.rpartition("p=")[2]
    served.policy(
        f"domain: example.com\ndkim:\n  selectors:\n    e1: {{p: '{p}', k: ed25519}}\n",
        "example.com",
    )
    served.run("plan", "--out", "plan.json")
    ran = served.run(
        "check-message",
        "new.eml",
        "--ip",
        "198.51.100.1",
        "--plan",
        "plan.json",
        "--format",
        "json",
    )
    said = json.loads(ran.out)
    assert (ran.code, said["before"]["dmarc"], said["after"]["dmarc"]) == (0, "fail", "pass")
    assert [
        (each["mechanism"], each["result"], each["aligned"])
        for each in said["after"]["identifiers"]
    ] == [
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


def test_a_message_with_two_author_domains_is_told_and_requests_nothing(served: RepoFolder) -> None:
    ran = served.run("check-message", "two.eml", "--ip", "192.0.2.10")
    assert ran.out.endswith(
        "    the From header names example.com and example.org, so DMARC cannot pass, and receivers refuse such mail\n"
    )
    assert "requested disposition" not in ran.out
    said = json.loads(
        served.run("check-message", "two.eml", "--ip", "192.0.2.10", "--format", "json").out
    )["before"]
    assert (said["dmarc"], said["disposition"], said["author_domain"]) == ("permerror", None, None)


def test_a_tail_that_is_not_signed_is_warned_of(served: RepoFolder) -> None:
    served.write("tail.eml", rsa_key().sign(PLAIN, length=True) + b"Pay to this account.\r\n")
    ran = served.run(
        "check-message",
        "tail.eml",
        "--ip",
        "198.51.100.1",
        "--mail-from",
        "<>",
        "--helo",
        "relay.example.com",
    )
    assert ran.code == 0, ran.said
    assert (
        "warning: the signature of example.com (selector s1) has a body length limit (l=): the last 22 octets of the body are "
        in ran.out
    )


def test_of_many_signatures_the_first_are_looked_at(served: RepoFolder) -> None:
    junk = (
        b"DKIM-Signature: v=1; a=rsa-sha256; d=junk.example.com; s=x; h=from; bh=AAAA; b=AAAA\r\n"
    )
    served.write("many.eml", junk * 199 + rsa_key().sign(PLAIN))
    unknown = served.run("check-message", "many.eml", "--ip", "198.51.100.1")
    assert (unknown.code, unknown.out.count("DKIM says fail")) == (1, 10)
    assert unknown.out.startswith(
        "as it is: SPF fail, DKIM temperror, DMARC temperror, requested disposition unknown\n"
    )
    assert "190 more DKIM signatures were not looked at" in unknown.out
    passing = served.run("check-message", "many.eml", "--ip", "192.0.2.10")
    assert (passing.code, "190 more DKIM signatures were not looked at" in passing.out) == (0, True)


BAD: list[tuple[bytes, tuple[str, ...], str]] = [
    (b"", (), "bad.eml: is no message: it has no header fields\n"),
    (b"\xff\xfe\0\0", (), "bad.eml: is no message: a line in its head is no header field\n"),
    (
        b"From a@example.com Tue Sep  1 10:00:00 2026\n"
        + PLAIN
        + b"\nFrom b@example.com Tue Sep  1 10:00:01 2026\nFrom: b@example.com\n\n",
        (),
        "bad.eml: is a mailbox of several messages; give one message\n",
    ),
    (
        PLAIN,
        ("--mail-from", "x"),
        "--mail-from: 'x' is not an address; write one such as alice@example.com\n",
    ),
    (
        PLAIN,
        ("--mail-from", "a@b@example.com"),
        "--mail-from: 'a@b' cannot stand before an '@' unless it is quoted; write one such as alice@example.com\n",
    ),
    (PLAIN, ("--helo", "a b"), "--helo: a label holds letters, digits, '-' and '_'\n"),
    (
        PLAIN,
        ("--helo", "[192.0.2]"),
        "--helo: '[192.0.2]' is no address literal; write one such as [192.0.2.10] or [IPv6:2001:db8::10]\n",
    ),
]


@pytest.mark.parametrize(("octets", "options", "said"), BAD)
def test_what_cannot_be_judged_is_told(
    served: RepoFolder, octets: bytes, options: tuple[str, ...], said: str
) -> None:
    served.write("bad.eml", octets)
    ran = served.run("check-message", "bad.eml", "--ip", "192.0.2.1", *options)
    assert (ran.code, ran.out, ran.err) == (1, "", said)


def test_a_file_that_cannot_be_read_is_told(served: RepoFolder) -> None:
    assert (
        served.run("check-message", "no.eml", "--ip", "::1").err
        == "no.eml: No such file or directory\n"
    )
    assert served.run("check-message", "zones", "--ip", "::1").err == "zones: Is a directory\n"
    served.write("big.eml", PLAIN + b"x" * 50_000_000)
    ran = served.run("check-message", "big.eml", "--ip", "::1")
    assert (ran.code, ran.err) == (
        1,
        "big.eml: is bigger than 50000000 octets, which no receiver takes\n",
    )


def test_a_message_comes_by_standard_input(
    served: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for octets, code, said in [
        (rsa_key().sign(PLAIN), 0, "DKIM pass"),
        (b"", 1, "standard input: is no message: it has no header fields\n"),
    ]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(octets)))
        ran = served.run("check-message", "-", "--ip", "192.0.2.10")
        assert ran.code == code, ran.said
        assert said in ran.said


def test_one_message_of_a_mailbox_is_a_message(served: RepoFolder) -> None:
    octets = (
        b"From a@example.com Tue Sep  1 10:00:00 2026\r\n"
        + rsa_key().sign(PLAIN)
        + b"\r\nFrom here on it is a text.\r\n"
    )
    served.write(
        "one.mbox", b"From a@example.com Tue Sep  1 10:00:00 2026\r\n" + rsa_key().sign(octets[45:])
    )
    ran = served.run("check-message", "one.mbox", "--ip", "192.0.2.10")
    assert ran.code == 0, ran.said
    assert ran.out.startswith("as it is: SPF pass, DKIM pass, DMARC pass")


CLIENTS = [
    ("::ffff:192.0.2.10", "SPF pass"),  # an IPv4 client on an IPv6 socket
    ("2001:db8::1", "SPF fail"),
    ("2001:DB8:0:0:0:0:0:1", "SPF fail"),
    ("fe80::1%eth0", "SPF fail"),
]


@pytest.mark.parametrize(("ip", "said"), CLIENTS)
def test_clients_of_both_versions_are_judged(served: RepoFolder, ip: str, said: str) -> None:
    assert served.run("check-message", "good.eml", "--ip", ip).out.startswith(f"as it is: {said}")


@pytest.mark.parametrize(
    "ip",
    [
        "",
        "192.0.2.10/32",
        "192.0.2.010",
        "192.0.2",
        "[2001:db8::1]",
        "192.0.2.10:25",
        "mx.example.com",
        "2001:db8:::1",
    ],
)
def test_what_is_no_client_is_told(served: RepoFolder, ip: str) -> None:
    ran = served.run("check-message", "good.eml", "--ip", ip)
    said = f"--ip: {ip!r} is not an IP address; write the client's alone, such as 192.0.2.10 or 2001:db8::10\n"
    assert (ran.code, ran.out, ran.err) == (1, "", said)
