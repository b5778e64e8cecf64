"""Real mail between Postfix, OpenDKIM and OpenDMARC, over a zone that our own apply published."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

import dkim
import pytest

from tests.lab import sending_host
from tests.lab.isolated_host import FORWARDER, RECEIVER, SENDER, STRANGER
from tests.lab.mailhost import MailHost, results, selectors
from tests.lab.sending_host import EXPORT, INSIDE, PRIVATE, ok


@pytest.fixture(scope="module")
def host() -> Iterator[MailHost]:
    yield from sending_host.set_up()


def test_genuine_mail_passes_spf_dkim_and_dmarc(host: MailHost) -> None:
    host.submit("alice@example.com", "bob@example.net", "by the sendmail command")
    assert host.send("127.0.0.1", "alice@example.com", "bob@example.net", "by SMTP") == "accepted"
    for subject in ("by the sendmail command", "by SMTP"):
        message = host.delivered(subject)
        found = results(message)
        assert found["spf"] == ["pass"]
        assert found["dkim"] == ["pass", "pass"]
        assert found["dmarc"] == ["pass"]
        assert len(selectors(message)) == 2


def test_an_independent_verifier_accepts_both_signatures(host: MailHost) -> None:
    """dkimpy, with the records of our own master file export."""
    host.send("127.0.0.1", "alice@example.com", "bob@example.net", "for dkimpy")
    text = host.delivered("for dkimpy").as_bytes()
    served = re.findall(
        r"^(\S+)\. 1 IN TXT (.*)$",
        ok(host.mailauth("export", "example.com", "--format", "bind")),
        re.MULTILINE,
    )
    records = {name: "".join(re.findall(r'"([^"]*)"', value)) for name, value in served}
    kinds = []
    for index in range(2):
        verifier = dkim.DKIM(text)
        assert verifier.verify(
            index, dnsfunc=lambda name, **_: records[name.decode().rstrip(".")].encode()
        )
        kinds.append(verifier.signature_fields[b"a"])
    assert sorted(kinds) == [b"ed25519-sha256", b"rsa-sha256"]


def test_forwarded_mail_passes_by_dkim(host: MailHost) -> None:
    host.submit("alice@example.com", "list@example.org", "forwarded")
    found = results(host.delivered("forwarded"))
    assert found["spf"] == ["fail"]
    assert found["dkim"] == ["pass", "pass"]
    assert found["dmarc"] == ["pass"]


def test_mail_that_an_internal_host_relays_is_signed(host: MailHost) -> None:
    """The host of `mynetworks` is not loopback, which alone is OpenDKIM's default."""
    assert (
        host.send(SENDER, "alice@example.com", "bob@example.net", "relayed", INSIDE) == "accepted"
    )
    assert results(host.delivered("relayed"))["dkim"] == ["pass", "pass"]


def test_the_stock_service_signs_with_the_export_in_its_place(host: MailHost) -> None:
    """It reads /etc/opendkim.conf; the check tells while the export is where nothing reads it."""
    host.shell(
        "cp -a /run/opendkim/opendkim.pid /srv/ && mkdir /srv/etc && cp -a /etc/. /srv/etc/ && mount --bind /srv/etc /etc"
    )
    host.shell(": > /etc/postfix/main.cf")  # what this machine has there is not the lab's
    export = (
        "export",
        "example.com",
        "--format",
        "opendkim",
        "--key-dir",
        "/srv/keys",
        "--socket",
        "inet:8899@localhost",
    )
    ok(host.mailauth(*export, "--out", "/etc/opendkim"))
    said = ok(host.mailauth(*export, "--check", "/etc/opendkim"), 2)
    assert (
        "/etc/opendkim/opendkim.conf: ! OpenDKIM does not read this file; it reads /etc/opendkim.conf"
        in said
    )
    assert "/etc/opendkim.conf: + keytable /etc/opendkim/KeyTable" in said
    host.shell("mv /etc/opendkim/*.conf /etc/")
    ok(host.mailauth(*export, "--check", "/etc/opendkim"))
    host.start_opendkim("/etc/opendkim.conf", 8899)  # as Debian's and Red Hat's units do
    outgoing = ("postconf", "-c", "/srv/out/etc", "-e")
    host.run(*outgoing, "smtpd_milters = inet:127.0.0.1:8899")
    host.run("postfix", "-c", "/srv/out/etc", "reload")

    def sent(subject: str) -> str:
        said = host.send("127.0.0.1", "alice@example.com", "bob@example.net", subject)
        return said if said != "accepted" else " ".join(results(host.delivered(subject))["dkim"])

    host.wait(
        lambda: sent(f"stock {time.monotonic()}") == "pass", "one signature, by the stock service"
    )
    check = ("dkim", "check", "example.com", *PRIVATE)
    ok(host.mailauth(*check))
    # As keygen as root leaves it without an owner: the service's user, which its configuration and
    # table name, cannot read its key.
    host.shell("chown root /srv/keys/example.com")
    assert sent("unreadable").startswith("451 4.7.1")
    why = "wrong  DKIM037: /srv/keys/example.com: opendkim may not enter this folder, so it cannot sign, and mail gets 4.7.1"
    assert why in ok(host.mailauth(*check), 2)
    host.shell(
        "chown opendkim /srv/keys/example.com && chmod 640 /srv/keys/example.com/*.private && chown root /srv/keys/example.com/*.private"
    )
    assert sent("its own group's") == "pass"
    ok(host.mailauth(*check))
    host.shell(
        "chgrp mail /srv/keys/example.com/*.private && chmod 644 /srv/keys/example.com/*.private"
    )
    assert sent("everybody's").startswith("451 4.7.1")  # RequireSafeKeys
    assert "others than its owner may use it; chown opendkim" in ok(host.mailauth(*check), 2)
    host.shell(
        "chown opendkim:opendkim /srv/keys/example.com/*.private && chmod 600 /srv/keys/example.com/*.private"
    )
    ok(host.mailauth(*check))
    host.run(*outgoing, "smtpd_milters = inet:127.0.0.1:8891 inet:127.0.0.1:8892")
    host.run("postfix", "-c", "/srv/out/etc", "reload")
    # Its end takes the pid file away, which the lab's own daemon had before.
    host.shell(
        "pid=$(cat /run/opendkim/opendkim.pid); kill $pid; while kill -0 $pid 2>/dev/null; do sleep 0.1; done"
    )
    host.shell("umount -l /etc; cp -a /srv/opendkim.pid /run/opendkim/")
    host.wait(lambda: sent(f"again {time.monotonic()}") == "pass pass", "both signatures")


def test_a_spoof_is_refused(host: MailHost) -> None:
    said = host.send(RECEIVER, "ceo@example.com", "bob@example.net", "spoof", STRANGER)
    assert said == "550 5.7.1 rejected by DMARC policy for example.com"
    # The receiver had DNS and its filters at that time: opendmarc lets everything in when it has
    # not.
    assert (
        host.send(RECEIVER, "alice@example.com", "bob@example.net", "from the right host", SENDER)
        == "accepted"
    )
    assert results(host.delivered("from the right host"))["spf"] == ["pass"]


def checked(host: MailHost, text: str, ip: str) -> tuple[int, dict[str, str]]:
    """What check-message finds over the lab's DNS: its exit code, and results by method."""
    host.write("/srv/message.eml", text)
    done = host.mailauth(
        "check-message",
        "/srv/message.eml",
        "--ip",
        ip,
        "--mail-from",
        "alice@example.com",
        "--format",
        "json",
    )
    found = json.loads(done.stdout)["before"]
    return done.returncode, {
        method: found[method] for method in ("spf", "dkim", "dmarc", "disposition")
    }


def test_check_message_agrees_with_the_receiver(host: MailHost) -> None:
    host.send("127.0.0.1", "alice@example.com", "bob@example.net", "for check-message")
    host.submit("alice@example.com", "list@example.org", "forwarded for check-message")
    genuine, forwarded = (
        host.delivered("for check-message"),
        host.delivered("forwarded for check-message"),
    )
    assert checked(host, genuine.as_string(), SENDER) == (
        0,
        {"spf": "pass", "dkim": "pass", "dmarc": "pass", "disposition": "none"},
    )
    assert checked(host, forwarded.as_string(), FORWARDER) == (
        0,
        {"spf": "fail", "dkim": "pass", "dmarc": "pass", "disposition": "none"},
    )
    spoof = "From: ceo@example.com\nTo: bob@example.net\nSubject: spoof\n\nPay this.\n"
    code, found = checked(host, spoof, STRANGER)
    assert (code, found["dmarc"], found["disposition"]) == (2, "fail", "reject")


def test_opendkim_testkey_says_key_ok(host: MailHost) -> None:
    """It knows RSA only; the Ed25519 key has been proved by the mail above."""
    [line] = host.outside("/srv/opendkim/KeyTable").read_text().splitlines()[1:]
    domain, selector, private = line.split()[1].split(":")
    done = host.run(
        "opendkim-testkey",
        "-x",
        "/srv/in/opendkim.conf",
        "-d",
        domain,
        "-s",
        selector,
        "-k",
        private,
        "-vvv",
    )
    assert "key OK" in done.stdout + done.stderr


def test_what_is_installed_is_what_the_policy_says(host: MailHost) -> None:
    ok(host.mailauth("dkim", "check", "example.com", *PRIVATE))
    ok(host.mailauth(*EXPORT, "--check", "/srv/opendkim"))
    ok(host.mailauth("export", "example.com", "--format", "postfix", "--check", "/srv/out/etc"))
    ok(
        host.mailauth(
            "export",
            "example.com",
            "--format",
            "postfix",
            "--socket",
            "inet:9999@localhost",
            "--check",
            "/srv/out/etc",
        ),
        2,
    )
    said = ok(
        host.mailauth(
            *EXPORT, "--check", "/srv/opendkim", "--socket", "local:/run/opendkim/opendkim.sock"
        ),
        2,
    )
    assert "/srv/opendkim/opendkim.conf: - socket inet:8891@localhost" in said
