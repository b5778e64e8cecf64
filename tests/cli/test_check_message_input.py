"""What check-message takes as a message and a client, and what strangers may send."""

from __future__ import annotations

import io
import re

import pytest

from tests.conftest import RepoFolder
from tests.evaluate.messages import PLAIN, rsa_key

_UNREAD = "the From header holds no address that can be read"
_NO_NAME = "in the From header has no domain name"
_FAILS = "DMARC fails for example.com"

# What a stranger may send, what is said of it, and for which domain `next` comes next, if for any.
STRANGE = [
    (b"From: " + b"(" * 1000 + b"a@example.com\r\n\r\n", _UNREAD, ""),
    (b"From: " + b"(" * 1000 + b")" * 1000 + b"a@example.com\r\n\r\n", _FAILS, "example.com"),
    (b"From: " + b"a:" * 1000 + b"\r\n\r\n", _UNREAD, ""),
    (b"From: " + b"<" * 1000 + b"\r\n\r\n", _UNREAD, ""),
    (b'From: "' + b"\\" * 1001 + b"\r\n\r\n", _UNREAD, ""),
    (b"From: a@[192.0.2.1]\r\n\r\n", f"'a@[192.0.2.1]' {_NO_NAME}", ""),
    (b"From: a@" + b"x." * 200 + b"example\r\n\r\n", _NO_NAME, ""),
    (
        b"From: a@xn--ls8h.example\r\n\r\n",
        "the DMARC policy for xn--ls8h.example is unknown: _dmarc.xn--ls8h.example TXT",
        "xn--ls8h.example",
    ),
    ("From: a@\U0001f4a9.example\r\n\r\n".encode(), _NO_NAME, ""),
    (b"From: \x00a@example.com\r\n\r\n", _UNREAD, ""),
    (b"From: a@example.com\r\n" + b"X: y\r\n" * 50_000 + b"\r\n", _FAILS, "example.com"),
]


@pytest.mark.parametrize(("octets", "said", "author"), STRANGE)
def test_whatever_a_stranger_sends_ends_in_a_verdict(
    mailbox: RepoFolder, octets: bytes, said: str, author: str
) -> None:
    mailbox.write("strange.eml", octets)
    ran = mailbox.run(
        "check-message", "strange.eml", "--ip", "198.51.100.1", "--mail-from", "x@example.com"
    )
    assert said in ran.out, ran.said
    assert re.fullmatch("DNS was asked: .*\n", ran.told), ran.told
    assert ran.next == (f"next {author}  (what is left to do for its domain)" if author else "")


def test_that_no_sender_is_known_is_told(mailbox: RepoFolder) -> None:
    ran = mailbox.run("check-message", "nobody.eml", "--ip", "192.0.2.10")
    assert (
        "    SPF says none: the envelope has no sender and no HELO name is given, so "
        "there is nothing to check\n" in ran.out
    )


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
        "--mail-from: 'a@b' cannot stand before an '@' unless it is quoted; write one "
        "such as alice@example.com\n",
    ),
    (PLAIN, ("--helo", "a b"), "--helo: a label holds letters, digits, '-' and '_'\n"),
    (
        PLAIN,
        ("--helo", "[192.0.2]"),
        "--helo: '[192.0.2]' is not an address literal; write one such as [192.0.2.10] or "
        "[IPv6:2001:db8::10]\n",
    ),
]


@pytest.mark.parametrize(("octets", "options", "said"), BAD)
def test_what_cannot_be_judged_is_told(
    mailbox: RepoFolder, octets: bytes, options: tuple[str, ...], said: str
) -> None:
    mailbox.write("bad.eml", octets)
    ran = mailbox.run("check-message", "bad.eml", "--ip", "192.0.2.1", *options)
    assert (ran.code, ran.out, ran.err) == (1, "", said)


def test_a_file_that_cannot_be_read_is_told(mailbox: RepoFolder) -> None:
    assert (
        mailbox.run("check-message", "no.eml", "--ip", "::1").err
        == "no.eml: No such file or directory\n"
    )
    assert mailbox.run("check-message", "zones", "--ip", "::1").err == "zones: Is a directory\n"
    mailbox.write("big.eml", PLAIN + b"x" * 50_000_000)
    ran = mailbox.run("check-message", "big.eml", "--ip", "::1")
    assert (ran.code, ran.err) == (
        1,
        "big.eml: is bigger than 50000000 octets, which no receiver takes\n",
    )


def test_a_message_comes_by_standard_input(
    mailbox: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for octets, code, said in [
        (rsa_key().sign(PLAIN), 0, "DKIM pass"),
        (b"", 1, "standard input: is no message: it has no header fields\n"),
    ]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(octets)))
        ran = mailbox.run("check-message", "-", "--ip", "192.0.2.10")
        assert ran.code == code, ran.said
        assert said in ran.said


def test_one_message_of_a_mailbox_is_a_message(mailbox: RepoFolder) -> None:
    octets = (
        b"From a@example.com Tue Sep  1 10:00:00 2026\r\n"
        + rsa_key().sign(PLAIN)
        + b"\r\nFrom here on it is a text.\r\n"
    )
    mailbox.write(
        "one.mbox", b"From a@example.com Tue Sep  1 10:00:00 2026\r\n" + rsa_key().sign(octets[45:])
    )
    ran = mailbox.run("check-message", "one.mbox", "--ip", "192.0.2.10")
    assert ran.code == 0, ran.said
    assert ran.out.startswith("as it is: SPF pass, DKIM pass, DMARC pass")


CLIENTS = [
    ("::ffff:192.0.2.10", "SPF pass"),  # an IPv4 client on an IPv6 socket
    ("2001:db8::1", "SPF fail"),
    ("2001:DB8:0:0:0:0:0:1", "SPF fail"),
    ("fe80::1%eth0", "SPF fail"),
]


@pytest.mark.parametrize(("ip", "said"), CLIENTS)
def test_clients_of_both_versions_are_judged(mailbox: RepoFolder, ip: str, said: str) -> None:
    assert mailbox.run("check-message", "good.eml", "--ip", ip).out.startswith(f"as it is: {said}")


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
def test_what_is_no_client_is_told(mailbox: RepoFolder, ip: str) -> None:
    ran = mailbox.run("check-message", "good.eml", "--ip", ip)
    said = (
        f"--ip: {ip!r} is not an IP address; write the client's alone, such as 192.0.2.10 or "
        "2001:db8::10\n"
    )
    assert (ran.code, ran.out, ran.err) == (1, "", said)
