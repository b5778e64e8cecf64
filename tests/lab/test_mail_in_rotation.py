"""Mail that is sent all through a rotation of the keys that sign it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import Message
from itertools import pairwise

import pytest

from tests.lab import sending_host
from tests.lab.mailhost import MailHost, results, selectors
from tests.lab.sending_host import EXPORT, PRIVATE, ok, policy, publish, states, until_done


@pytest.fixture(scope="module")
def host() -> Iterator[MailHost]:
    yield from sending_host.set_up()


def reload_opendkim(host: MailHost) -> None:
    host.shell("kill -USR1 $(cat /run/opendkim/*.pid)")


def test_mail_under_a_rotation_never_fails(host: MailHost) -> None:
    """Mail is sent every 0.2 s through the whole life of two keys, and none of it fails.

    Then the gate is forced, and the test sees messages fail.
    """
    load = _Load(host)
    before = policy(host)
    ok(host.mailauth("dkim", "rotate", "example.com", *PRIVATE))
    assert states(host) == ["active", "active", "pending", "pending"]
    publish(host)
    assert "may begin to sign from" in ok(host.mailauth("dkim", "rotate", "example.com"), 1)
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

    # The gate: a key that is not published is neither made active nor exported. If it is forced,
    # its signatures fail.
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
    """Tell whether both signatures verified, the RSA and the Ed25519 one.

    None is missing, broken, or made with a key that cannot be found.
    """
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
