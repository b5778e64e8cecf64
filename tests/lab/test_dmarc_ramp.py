"""From p=none to p=reject on what a real receiver reports, each step by plan and apply.

The days are short: a day is one batch of mail, and our command's clock is moved. Mail, DNS and the
signatures of DNS updates keep the time that it is. Reports are of one receiver, and the gate of the
policy says so.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import need
from tests.lab import aggregate_reports, mailhost, sending_host
from tests.lab.isolated_host import RECEIVER, SENDER, STRANGER, missing
from tests.lab.mailhost import MailHost
from tests.lab.sending_host import ok

NEWSLETTER = "198.51.100.7"  # a second host of ours, which signs nothing
TERM = f"ip4:{NEWSLETTER}"
DMARC = """dmarc:
  p: none # watch first
  rua: ["mailto:dmarc@example.com"]
  gate: {days: 4, volume: 40, reporters: 1}
"""
A_DAY = 20  # messages of the sending host

_AT = """
import time, types
import time_machine
traveller = time_machine.travel(time.time() + {seconds})
import dns.message, dns.tsig, dns.update
now = types.SimpleNamespace(time=time_machine.escape_hatch.time.time)
traveller.start()
dns.message.time = now
from mailauth_dns.cli import run
run()
"""


class Ramp:
    """A host whose day is as many days from now as have passed."""

    def __init__(self, host: MailHost) -> None:
        self.host = host
        self.passed = 0
        self._read = 0

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=self.passed)

    def mailauth(self, *arguments: str, code: int = 0) -> str:
        """Run our command on the day that it is."""
        script = _AT.format(seconds=self.passed * 86400)
        done = self.host.run(
            *(sys.executable, "-c", script, "-C", "/srv/repo", *arguments),
            check=False,
            LAB_SECRET=self.host.secret,
            PYTHONPATH=str(Path.cwd()),
        )
        return ok(done, code)

    def git(self, *arguments: str) -> None:
        at = self.now.isoformat()
        self.host.run(
            *("git", "-C", "/srv/repo", "-c", "user.name=You", "-c", "user.email=you@example.com"),
            *arguments,
            GIT_AUTHOR_DATE=at,
            GIT_COMMITTER_DATE=at,
            HOME="/srv",
        )

    def commit(self, subject: str) -> None:
        self.git("add", "-A")
        self.git("commit", "--quiet", "--message", subject)

    def days(self, number: int, *, newsletter: str = "news@example.com") -> None:
        """Let days pass on which mail is sent and reported; `newsletter` is its envelope's."""
        for _ in range(number):
            self.send(newsletter)
            day = self.now.date()
            history = self.host.outside("/srv/in/history").read_text()
            seen = aggregate_reports.seen(history[self._read :])
            self._read = len(history)
            for count, message in enumerate(aggregate_reports.reports(seen, day)):
                self.host.outside(f"/srv/reports/{day}.{count}.eml").write_bytes(message)
            self.passed += 1
        self.mailauth("reports", "read", "/srv/reports", "--write")
        self.commit("Keep what receivers report")

    def send(self, newsletter: str) -> None:
        """Send what a day has: genuine mail, some of it forwarded, and a newsletter.

        One comes after the other: OpenDMARC may end over two messages at once.
        """
        author = "alice@example.com"
        self._to("127.0.0.1", "", author, author, A_DAY)
        self._to("127.0.0.1", "", author, author, 1, "list@example.org")
        self._to(RECEIVER, NEWSLETTER, newsletter, "news@example.com", 2)

    def _to(
        self,
        server: str,
        source: str,
        envelope: str,
        author: str,
        times: int,
        recipient: str = "bob@example.net",
    ) -> None:
        """Hand messages in at a server, and wait until the receiver has judged them."""
        before = self._jobs()
        script = f"""import smtplib
text = "From: {author}\\r\\nTo: bob@example.net\\r\\nSubject: today\\r\\n\\r\\nhello\\r\\n"
with smtplib.SMTP({server!r}, 25, timeout=20, source_address={(source, 0) if source else None!r}) as smtp:
    for _ in range({times}):
        smtp.sendmail({envelope!r}, [{recipient!r}], text)
"""
        self.host.run(sys.executable, "-c", script)
        self.host.wait(lambda: self._jobs() >= before + times, "mail that was sent")

    def _jobs(self) -> int:
        history = self.host.outside("/srv/in/history")
        return history.read_text().count("action ") if history.exists() else 0

    def publish(self, *allow: str, code: int = 0) -> str:
        self.mailauth("compile")
        said = self.mailauth("plan", "--out", "/srv/plan.json")
        return said + self.mailauth("apply", "/srv/plan.json", *allow, code=code)

    def asked(self) -> str:
        """Return what the name server says that receivers should do."""
        said = self.host.run("dig", "+short", "TXT", "_dmarc.example.com").stdout
        return said.split("p=")[1].split(";")[0].strip('"\n')

    def spoof(self) -> str:
        """Return what the receiver does with a message from a stranger."""
        before = self._jobs()
        self.host.send(RECEIVER, "ceo@example.com", "bob@example.net", "spoof", STRANGER)
        self.host.wait(lambda: self._jobs() > before, "the receiver's word on a spoof")
        history = self.host.outside("/srv/in/history").read_text()
        return aggregate_reports.seen(history)[-1].done


@pytest.fixture(scope="module")
def ramp() -> Iterator[Ramp]:
    need(missing(*mailhost.PROGRAMS, "dig", "git"))
    for host in sending_host.set_up(holds=True):
        host.shell("mkdir -p /srv/reports")
        one = ("default_destination_concurrency_limit=1", "initial_destination_concurrency=1")
        for sender in ("out", "forward"):
            host.run("postconf", "-c", f"/srv/{sender}/etc", "-e", *one)
            host.run("postfix", "-c", f"/srv/{sender}/etc", "reload")
        policy = host.outside("/srv/repo/zones/policy/example.com.yaml")
        text = policy.read_text().replace(f'["ip4:{SENDER}"]', f'["ip4:{SENDER}", "{TERM}"]')
        policy.write_text(text.replace("dmarc: {p: reject}\n", DMARC))
        at = Ramp(host)
        at.git("init", "--quiet")
        at.commit("Watch first")
        at.publish("--allow", "DMARC033:example.com")
        yield at


def test_each_step_waits_for_what_receivers_report(ramp: Ramp) -> None:
    policy = ramp.host.outside("/srv/repo/zones/policy/example.com.yaml")
    assert ramp.asked() == "none"
    assert ramp.spoof() == "none"

    # No evidence: neither the command nor a hand takes the step.
    before = policy.read_text()
    ramp.mailauth("dmarc", "advance", "example.com", code=1)
    assert policy.read_text() == before
    policy.write_text(before.replace("p: none", "p: quarantine"))
    assert "DMARC032" in ramp.publish(code=1)
    assert ramp.asked() == "none"
    policy.write_text(before)

    ramp.days(6)
    ramp.mailauth("dmarc", "advance", "example.com")
    assert policy.read_text() == before.replace("p: none", "p: quarantine")
    ramp.commit("Ask for quarantine")
    assert "DMARC032" not in ramp.publish()
    assert ramp.asked() == "quarantine"
    assert ramp.spoof() == "quarantine"

    # The newsletter gets an envelope that does not align, and signs nothing: it breaks.
    ramp.days(6, newsletter="news@example.org")
    refused = ramp.mailauth("dmarc", "advance", "example.com", code=1)
    assert f"ip4:{NEWSLETTER} has 0" in refused, refused
    policy.write_text(before.replace("p: none", "p: reject"))
    refused = ramp.publish(code=1)
    assert "DMARC032" in refused
    lost = f"10 messages of ip4:{NEWSLETTER} (declared, not aligned) would have been rejected"
    assert lost in refused, refused
    assert ramp.asked() == "quarantine"
    policy.write_text(before.replace("p: none", "p: quarantine"))

    # It is mended.
    ramp.days(6)
    ramp.mailauth("dmarc", "advance", "example.com")
    assert policy.read_text() == before.replace("p: none", "p: reject")
    ramp.commit("Ask for reject")
    assert "DMARC032" not in ramp.publish()
    assert ramp.asked() == "reject"
    assert ramp.spoof() == "reject"
