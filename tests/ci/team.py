"""A team: a repository with a bare remote, somebody who works on it, and the zones at its provider."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import dns.message
import dns.query

from tests.ci.forge_server import ForgeServer, Pull

_GIT = "[user]\nname = You\nemail = you@example.com\n[init]\ndefaultBranch = main\n"
_POLICY = """domain: {zone}
spf: {{terms: ["ip4:192.0.2.10"], all: softfail}}
tests:
  - name: a spoof
    from: ceo@{zone}
    ip: 203.0.113.66
    expect: {{spf: softfail, dmarc: fail}}
dmarc: {{p: none, rua: ["mailto:dmarc@{zone}"]}}
"""


class Dns(Protocol):
    """Where the zones are: the provider, and the server that answers for it."""

    port: int
    stanza: Mapping[str, object]
    secrets: Mapping[str, str]

    def change_by_hand(self, zone: str, name: str, value: str) -> None:
        """Set a TXT record past the pipeline."""


@dataclass
class Job:
    """How a job of CI ended, and all that it said."""

    passed: bool
    log: str
    summary: str = ""


@dataclass
class Team:
    """Who works on the policies; `folder` is everything, `you` the checkout that you work in."""

    folder: Path
    forge: ForgeServer
    dns: Dns
    pulls: dict[int, str] = field(default_factory=dict)  # number -> branch

    def __post_init__(self) -> None:
        self.remote = self.folder / "forge/you/dns"
        self.you = self.folder / "you"
        self.bin = self.folder / "bin"
        self.bin.mkdir(parents=True)
        (self.folder / ".gitconfig").write_text(_GIT)
        for name in ("mailauth-dns", "python"):
            self._program(name, f'exec "{Path(sys.executable).with_name(name)}" "$@"')
        self._program("pip", f'echo "$@" >>"{self.folder}/pip.log"')
        self.git("init", "-q", "--bare", str(self.remote), at=self.folder)
        self.git("config", "uploadpack.allowAnySHA1InWant", "true", at=self.remote)
        (self.remote.parent / "dns.git").symlink_to("dns")  # GitLab's URLs

    def _program(self, name: str, line: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{line}\n")
        path.chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        """What a command has of this machine: no secret, and git's settings of a newcomer."""
        return {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
        }

    def run(
        self, *words: str, at: Path | None = None, env: Mapping[str, str] = {}
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            cwd=at or self.you,
            env={**self.environment, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def git(self, *words: str, at: Path | None = None) -> str:
        done = self.run("git", *words, at=at)
        assert done.returncode == 0, done.stdout
        return done.stdout.strip()

    def mailauth(self, *words: str) -> str:
        done = self.run("mailauth-dns", *words)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def begin(self, forge: str) -> None:
        """Make the repo, with a provider, two policies and the files of a forge; push it to main."""
        self.run(
            "mailauth-dns", "init", "--no-example", "--ci", forge, str(self.you), at=self.folder
        )
        stanza = "".join(f"{key}: {json.dumps(each)}\n" for key, each in self.dns.stanza.items())
        self.write("providers/lab.yaml", stanza)
        self.write(
            "zones/policy/_defaults.yaml",
            f'providers: [lab]\nnameservers: ["127.0.0.1:{self.dns.port}"]\n',
        )
        # The provider is there now: its secrets and its package come into the files.
        self.mailauth("init", "--ci", forge)
        for zone in ("example.com", "example.net"):
            self.write(f"zones/policy/{zone}.yaml", _POLICY.format(zone=zone))
        self.mailauth("compile")
        self.git("init", "-q")
        self.git("remote", "add", "origin", f"file://{self.remote}")
        self._commit("Begin")
        self.git("push", "-q", "-u", "origin", "main")
        self.forge.main = self.main

    def write(self, path: str, text: str) -> None:
        target = self.you / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def _commit(self, subject: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", subject)

    def propose(self, number: int, *edits: tuple[str, str, str]) -> int:
        """Open a pull request: each edit is a zone, what stands in its policy, and what is to."""
        self.git("fetch", "-q", "origin")
        self.git("switch", "-q", "-c", f"change-{number}", "origin/main")
        self.pulls[number] = f"change-{number}"
        self.push(number, *edits)
        return number

    def push(self, number: int, *edits: tuple[str, str, str]) -> None:
        """Push one more commit to a pull request."""
        self.git("switch", "-q", self.pulls[number])
        for zone, before, after in edits:
            path = self.you / f"zones/policy/{zone}.yaml"
            text = path.read_text()
            assert before in text
            path.write_text(text.replace(before, after))
        self.mailauth("compile")
        self._commit(f"Change {number}")
        head = self.git("rev-parse", "HEAD")
        self.git(
            "push", "-q", "origin", f"HEAD:{self.pulls[number]}", f"+HEAD:refs/pull/{number}/head"
        )
        self.git("push", "-q", "origin", f"+HEAD:refs/merge-requests/{number}/head")
        self.forge.pulls[number] = Pull(number, head)
        merge = self._merge(number, "origin/main")
        self.git("push", "-q", "origin", f"+{merge}:refs/pull/{number}/merge")

    def _merge(self, number: int, onto: str) -> str:
        """Return the commit that merges a pull request; no branch has it yet."""
        self.git("fetch", "-q", "origin")
        self.git("switch", "-q", "--detach", onto)
        self.git("merge", "-q", "--no-ff", "-m", f"Merge {number}", self.forge.pulls[number].head)
        return self.git("rev-parse", "HEAD")

    def merge(self, number: int) -> str:
        """Merge a pull request into main; return the new commit of main."""
        commit = self._merge(number, "origin/main")
        self.git("push", "-q", "origin", f"{commit}:main")
        self.forge.pulls[number].merge_commit = commit
        self.forge.pulls[number].state = "merged" if self.forge.kind == "gitlab" else "closed"
        self.forge.main = commit
        return commit

    @property
    def main(self) -> str:
        return self.git("rev-parse", "main", at=self.remote)

    def txt(self, name: str) -> list[str]:
        """Return what DNS says: the TXT values of a name."""
        question = dns.message.make_query(f"{name}.", "TXT")
        answer = dns.query.udp(question, "127.0.0.1", port=self.dns.port, timeout=5)
        return sorted(
            b"".join(rdata.strings).decode() for rrset in answer.answer for rdata in rrset
        )

    def workspace(self, job: str) -> Path:
        """Return an empty folder for a job: nothing comes over from another one."""
        path = self.folder / "jobs" / job
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path
