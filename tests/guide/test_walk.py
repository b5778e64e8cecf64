"""One domain from an empty folder to the end, by what `next` says and nothing else."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest

from mailauth_dns.cli import main
from mailauth_dns.errors import MailAuthError
from mailauth_dns.evidence.kept.evidence_text import text_of
from mailauth_dns.serve.server import LoopbackServer
from mailauth_dns.signing_host import key_owner
from mailauth_dns.signing_host.key_owner import Owner
from tests.conftest import RepoFolder
from tests.evidence.histories import FIRST as FIRST_DAY
from tests.evidence.histories import days, history, moved, reports
from tests.keys.keyhost import ZONE

STEPS = 20  # more are a circle


class Clock:
    """The time of the programs that the test runs; waiting moves it."""

    ahead = timedelta()

    def sleep(self, seconds: float) -> None:
        type(self).ahead += timedelta(seconds=seconds)

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead.total_seconds()


class Moved(datetime):
    """The clock as the commands read it."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        return datetime.now(tz) + Clock.ahead


class Walk:
    """A user who does what `next` says."""

    def __init__(self, repo: RepoFolder, host: Path, answers: list[str]) -> None:
        self._repo, self._host, self._answers = repo, host, answers
        self.said: list[str] = []

    def to_the_end(self) -> str:
        """Do all steps, and return what they were, one a line."""
        self.said.clear()
        for _ in range(STEPS):
            if not self.step():
                break
        said = re.sub(r"\d{8}(?=\._domainkey)", "mx1", "\n".join(self.said))
        return re.sub(r"(?<=yaml:)\d+", "N", said)

    def step(self) -> bool:
        """Do one step; tell whether there was one."""
        self._repo.capture()
        code = main(["next", "example.com", "--format", "json"])
        said = json.loads(self._repo.capture()[0])
        assert (code == 0) == (said["now"] is None)
        if said["now"] is None:
            return False
        self.said.append(said["now"]["what"])
        for line in said["now"]["commands"]:
            self._run(shlex.split(line))
        return True

    def _run(self, words: list[str]) -> None:
        host = str(self._host)
        words = [word.replace("/etc/mailauth-dns", f"{host}/etc/mailauth-dns") for word in words]
        match words:
            case ["mailauth-dns", "quickstart", *rest]:
                code = main(["quickstart", *rest, *self._answers])
                assert code == 0, self._repo.capture()
            case ["mailauth-dns", *rest]:
                code = main(rest)
                assert code == 0, (rest, self._repo.capture())
            case ["git", *_]:
                subprocess.run(words, check=True, capture_output=True)
            case ["sh", script]:
                lines = (Path(script).parent / "main.cf").read_text()
                (self._host / "etc/postfix/main.cf").write_text(lines)
            case ["systemctl", *_]:
                pass
            case _:
                pytest.fail(f"an unexpected command: {words}")


@pytest.fixture
def walk(
    repo: RepoFolder, private_dir: Path, no_resolvers: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Walk]:
    root = repo.root.parent / "empty"
    served, host = repo.root.parent / "served", repo.root.parent / "host"
    for folder in (root, served, host / "etc/postfix"):
        folder.mkdir(parents=True)
    zone = ZONE.format(ttl=300) + "@ IN MX 10 mx\nmx IN A 192.0.2.10\n"
    (served / "example.com.zone").write_text(zone)
    (host / "etc/opendkim.conf").write_text("Syslog yes\nSocket local:/run/opendkim.sock\n")
    (host / "etc/postfix/main.cf").write_text("myhostname = mx.example.com\n")
    monkeypatch.chdir(root)
    monkeypatch.setattr(key_owner, "HOST", host)
    monkeypatch.setattr(os, "geteuid", lambda: 0)  # what root may do is done to `host`
    monkeypatch.setattr(key_owner, "named", _nobody)
    monkeypatch.setattr(Clock, "ahead", timedelta())
    monkeypatch.setenv("MAILAUTH_PRIVATE_DIR", str(private_dir))
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "a")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "a@example.com")
    # All is committed as if three weeks ago: reports that came since then count.
    then = f"{int(time.time()) - 21 * 86400} +0000"
    monkeypatch.setenv("GIT_COMMITTER_DATE", then)
    _move_clock(monkeypatch)
    subprocess.run(["git", "init", "-q"], check=True)
    with LoopbackServer(served, "127.0.0.1", 0) as server:
        answers = ["--ip", "192.0.2.10", "--mail-host", "mx.example.com", "--dns", "local"]
        answers += ["--dns-directory", str(served), "--signer", "opendkim"]
        answers += ["--private-dir", str(private_dir), "--rua", "dmarc@example.com"]
        answers += ["--nameserver", f"127.0.0.1:{server.port}"]
        yield Walk(repo, host, answers)


def _move_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    from mailauth_dns.cli import dkim_activate, dkim_keygen, dkim_rotate, dkim_status
    from mailauth_dns.cli.commands import export, next, quickstart

    for module in (dkim_activate, dkim_keygen, dkim_rotate, dkim_status, export, next, quickstart):
        monkeypatch.setattr(module, "datetime", Moved)
    monkeypatch.setattr(dkim_activate, "time", Clock())


def _nobody(text: str) -> Owner:
    raise MailAuthError(f"this host has no user {text}")


# From nothing to mail that is signed, and when reports of two weeks have been read.
FIRST = """\
Begin here: answer some questions, and get a policy and a key
Compile the policies
Review and commit providers/local.yaml and 5 more
Plan, read the plan, and apply it
Wait until every cache can have mx1._domainkey.example.com, then let it sign
Review and commit zones/policy/example.com.yaml
Export the signing keys to OpenDKIM on this host
Have Postfix pass mail through OpenDKIM"""
LATER = """\
Review and commit zones/evidence/example.com.json
Take the next step of DMARC: p none -> quarantine
Compile the policies
Review and commit zones/compiled/example.com.yaml and 1 more
Plan, read the plan, and apply it"""


def test_from_an_empty_folder_to_the_end(walk: Walk) -> None:
    assert walk.to_the_end() == FIRST
    made = (
        moved(each, (datetime.now(UTC).date() - FIRST_DAY).days - 30)
        for reporter in ("google.com", "yahoo.com")
        for each in reports(days(1, 30), reporter, {"office": 20})
    )
    evidence = Path("zones/evidence/example.com.json")
    evidence.parent.mkdir()
    evidence.write_text(text_of(history(made)))
    assert walk.to_the_end() == LATER
