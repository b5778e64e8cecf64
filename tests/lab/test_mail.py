"""Keys and exported files at work: real mail between Postfix, OpenDKIM and OpenDMARC over a zone that our own apply published in BIND."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import Message
from itertools import pairwise

import dkim
import pytest

from tests.conftest import need
from tests.lab import mailhost
from tests.lab.mailhost import NAMESERVER, RECEIVER, SENDER, STRANGER, MailHost, results, selectors

# Short times, so that a whole life fits into a test: TTL and negative TTL of a second, a grace of fifteen.
HEAD = "$TTL 1\n@ IN SOA ns1.example.net. hostmaster.example.net. 1 7200 1800 1209600 1\n@ IN NS ns1.example.net.\n@ IN MX 0 mx\n"
ZONES = {
    "example.com": HEAD
    + f'mx IN A {SENDER}\n@ IN A {SENDER}\n@ IN TXT "site-verification=foreign"\n',
    "example.net": HEAD + f"mx IN A {RECEIVER}\nns1 IN A {NAMESERVER}\n",
    "example.org": HEAD + f"mx IN A {mailhost.FORWARDER}\n",
}
DEFAULTS = "providers: [bind]\nttl: 1\ndkim: {selector_template: 'mx{date}', rotation: {grace: 15s, revoked_for: 1s}}\n"
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
    # The domain has an MX and no DMARC record at first, and asks for reject at once, so that what fails here is refused.
    return ok(host.mailauth("apply", "/srv/plan.json", "--allow", "DMARC033:example.com"))


def until_done(host: MailHost, *command: str) -> str:
    """Run a command again while it refuses; the last refusal said when it may be run."""
    until = time.monotonic() + mailhost.PATIENCE
    while (done := host.mailauth(*command)).returncode == 1:
        assert re.search(r"may be taken from 20\d\d-", done.stdout), done.stdout + done.stderr
        assert time.monotonic() < until, done.stdout
        time.sleep(0.3)
    return ok(done)


def policy(host: MailHost) -> str:
    return host.outside("/srv/repo/zones/policy/example.com.yaml").read_text()


def states(host: MailHost) -> list[str]:
    return re.findall(r"state: (\w+)", policy(host))


def reload_opendkim(host: MailHost) -> None:
    host.shell("kill -USR1 $(cat /run/opendkim/*.pid)")


@pytest.fixture(scope="module")
def host() -> Iterator[MailHost]:
    """A sending host set up with our commands alone, a receiver, and a forwarder."""
    need(mailhost.missing())
    with MailHost() as host:
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
        assert "may be taken from" in ok(host.mailauth("dkim", "rotate", "example.com"), 1)
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
    """Its command reads /etc/opendkim.conf; the check tells while the export stands where nothing reads it."""
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
    # What keygen as root did without an owner: the service's user, which its configuration and table name, cannot read its key.
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
    # The receiver had DNS and its filters at that time: opendmarc lets everything in when it has not.
    assert (
        host.send(RECEIVER, "alice@example.com", "bob@example.net", "from the right host", SENDER)
        == "accepted"
    )
    assert results(host.delivered("from the right host"))["spf"] == ["pass"]


def checked(host: MailHost, text: str, ip: str) -> tuple[int, dict[str, str]]:
    """What check-message finds in a message, over the lab's DNS: exit code, and results by method."""
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
    assert checked(host, forwarded.as_string(), mailhost.FORWARDER) == (
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


def test_mail_under_a_rotation_never_fails(host: MailHost) -> None:
    """A message every 0.2 s through the whole life of two keys; then the gate is forced, and the test sees messages fail."""
    load = _Load(host)
    before = policy(host)
    ok(host.mailauth("dkim", "rotate", "example.com", *PRIVATE))
    assert states(host) == ["active", "active", "pending", "pending"]
    publish(host)
    assert "may be taken from" in ok(host.mailauth("dkim", "rotate", "example.com"), 1)
    until_done(host, "dkim", "rotate", "example.com")
    assert states(host) == ["retiring", "retiring", "active", "active"]
    # Too early, the plan refuses as well: mail that was signed with the old key may still come.
    host.write(
        "/srv/repo/zones/policy/example.com.yaml",
        policy(host).replace("state: retiring", "state: revoked"),
    )
    ok(host.mailauth("plan", "--out", "/srv/plan.json"))
    assert "DKIM030" in ok(host.mailauth("apply", "/srv/plan.json"), 1)
    host.write(
        "/srv/repo/zones/policy/example.com.yaml",
        policy(host).replace("state: revoked", "state: retiring"),
    )
    old = host.outside("/srv/opendkim/KeyTable").read_text()
    assert "- " in ok(host.mailauth(*EXPORT, "--check", "/srv/opendkim"), 2)
    ok(host.mailauth(*EXPORT, "--out", "/srv/opendkim"))
    assert not set(old.splitlines()[1:]) & set(
        host.outside("/srv/opendkim/KeyTable").read_text().splitlines()
    )
    reload_opendkim(host)
    until_done(host, "dkim", "rotate", "example.com")
    assert states(host) == ["revoked", "revoked", "active", "active"]
    publish(host)
    host.wait(
        lambda: "is deleted, now" in ok(host.mailauth("dkim", "status", "example.com")),
        "the revoked keys' end",
    )
    ok(host.mailauth("dkim", "rotate", "example.com"))
    assert states(host) == ["absent", "absent", "active", "active"]
    publish(host)
    assert policy(host).splitlines()[0] == before.splitlines()[0]
    sent = load.end()
    assert len(sent) > 30
    assert load.pause < 2, "the load itself stood still, and saw nothing of what happened meanwhile"
    assert len({selector for message in sent for selector in selectors(message)}) == 4
    assert [message["Subject"] for message in sent if not _flawless(message)] == []

    # The gate: a key that nobody publishes is neither made active nor exported; forced, its signatures fail.
    ok(host.mailauth("dkim", "keygen", "example.com", "--selector", "forced", *PRIVATE))
    assert "every server must serve it first" in ok(
        host.mailauth("dkim", "rotate", "example.com"), 1
    )
    host.write("/srv/repo/zones/policy/example.com.yaml", policy(host).replace("pending", "active"))
    assert "DKIM031" in ok(host.mailauth("lint"), 2)
    assert "forced._domainkey.example.com: not every authoritative server serves the key" in ok(
        host.mailauth(*EXPORT), 1
    )
    load = _Load(host)
    ok(host.mailauth(*EXPORT, "--out", "/srv/opendkim", "--allow", "DKIM031:example.com"))
    reload_opendkim(host)
    time.sleep(2)
    failing = [message for message in load.end() if not _flawless(message)]
    assert failing
    assert all("forced" in selectors(message) for message in failing)


def _flawless(message: Message) -> bool:
    """Tell whether both signatures, RSA's and Ed25519's, verified: none is missing, broken, or made with a key that cannot be found."""
    return (
        len(selectors(message)) == 2
        and results(message).get("dkim") == ["pass", "pass"]
        and results(message)["dmarc"] == ["pass"]
    )


class _Load:
    """A message every 0.2 s from the sending host, until its end."""

    def __init__(self, host: MailHost) -> None:
        self._host = host
        self._number = len(host.mail_files())
        self.pause = 0.0  # the longest between two messages, in seconds
        host.outside("/srv/stop").unlink(missing_ok=True)
        script = f"""import pathlib, smtplib, time
number, begun = 0, time.monotonic()
while not pathlib.Path("/srv/stop").exists():
    subject = f"load {self._number}-{{number}}"
    text = f"From: alice@example.com\\r\\nTo: bob@example.net\\r\\nSubject: {{subject}}\\r\\n\\r\\nhello\\r\\n"
    with smtplib.SMTP("127.0.0.1", 25, timeout=20) as smtp:
        smtp.sendmail("alice@example.com", ["bob@example.net"], text)
    print(time.monotonic(), subject, flush=True)
    number += 1
    time.sleep(max(0, begun + number * 0.2 - time.monotonic()))
"""
        self._process = subprocess.Popen(
            host.inside(sys.executable, "-c", script),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def end(self) -> list[Message]:
        """Stop, and return all that was sent, as it was delivered."""
        self._host.write("/srv/stop", "")
        said, _ = self._process.communicate(timeout=30)
        assert self._process.returncode == 0, said
        times, subjects = zip(*(line.split(" ", 1) for line in said.splitlines()), strict=True)
        self.pause = max(
            (float(after) - float(before) for before, after in pairwise(times)), default=0.0
        )
        self._host.wait(
            lambda: len(self._host.mail_files()) >= self._number + len(subjects), "the last message"
        )
        mail = self._host.mail()
        return [mail[subject] for subject in subjects]
