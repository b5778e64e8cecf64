"""A machine that no packet can leave: its own network, mount and process namespace.

Ports 25 and 53 are free in it. All that was started in it ends with its first process, which ends
with the test.
"""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

NAMESERVER, SENDER, RECEIVER, FORWARDER, STRANGER = (
    f"192.0.2.{last}" for last in (53, 10, 20, 30, 66)
)


PROGRAMS = ("unshare", "nsenter", "ip", "named")
PATIENCE = 30.0  # seconds for anything that happens by itself


def missing(*more: str) -> str | None:
    """Return why no isolated host with these programs can run here, or None."""
    absent = [program for program in (*PROGRAMS, *more) if shutil.which(program) is None]
    if absent:
        return f"not installed: {', '.join(absent)} (script/servers gets them)"
    if os.geteuid() != 0:
        return "a network of its own and mail servers need root"
    tried = subprocess.run(
        ["unshare", "--net", "--mount", "--pid", "--fork", "true"],
        capture_output=True,
        text=True,
        check=False,
    )
    return None if tried.returncode == 0 else f"no namespaces here: {tried.stderr.strip()}"


class IsolatedHost:
    """The namespaces and what runs in them.

    Paths are those that the programs in it see; `outside` is how the test reaches one.
    """

    def __init__(self) -> None:
        self.secret = base64.b64encode(secrets.token_bytes(32)).decode()
        self.nameserver = NAMESERVER  # what the programs in it ask

    def __enter__(self) -> Self:
        # The shell ends when its standard input does, and the kernel then ends all the rest.
        self._first = subprocess.Popen(
            [
                "unshare",
                "--net",
                "--mount",
                "--pid",
                "--fork",
                "--kill-child",
                "--mount-proc",
                "bash",
                "-c",
                "while read -r _; do :; done",
            ],
            stdin=subprocess.PIPE,
        )
        children = Path(f"/proc/{self._first.pid}/task/{self._first.pid}/children")
        self.wait(lambda: bool(children.read_text().split()), "the namespace")
        self._pid = int(children.read_text().split()[0])
        self.wait(
            lambda: "bash" in Path(f"/proc/{self._pid}/comm").read_text(), "the namespace's shell"
        )
        addresses = " && ".join(
            f"ip addr add {each}/32 dev lo"
            for each in (NAMESERVER, SENDER, RECEIVER, FORWARDER, STRANGER)
        )
        self.shell(
            f"ip link set lo up && {addresses}"
            " && mount -t tmpfs -o mode=755 tmpfs /srv && mount -t tmpfs -o mode=755 tmpfs /run"
            f" && echo 'nameserver {NAMESERVER}' > /srv/resolv.conf"
            " && mount --bind /srv/resolv.conf /etc/resolv.conf"
            " && mkdir -p /srv/repo"
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._first.stdin is not None
        self._first.stdin.close()
        self._first.wait(10)

    # Running things in it

    def outside(self, path: str) -> Path:
        return Path(f"/proc/{self._pid}/root{path}")

    def inside(self, *command: str) -> list[str]:
        return ["nsenter", "-t", str(self._pid), "-n", "-m", "-p", "-r", "--", *command]

    def run(
        self, *command: str, check: bool = True, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.inside(*command),
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "NO_COLOR": "1", **environment},
        )
        assert not check or done.returncode == 0, (
            f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done

    def shell(self, script: str) -> str:
        return self.run("sh", "-euc", script).stdout

    def begin(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        """Start a server, its output in /srv/<program>.log."""
        with self.outside(f"/srv/{Path(command[0]).name}.log").open("ab") as log:
            return subprocess.Popen(
                self.inside(*command),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                text=True,
                env={**os.environ, **environment},
            )

    def mailauth(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the command line in the zone repo /srv/repo."""
        return self.run(
            sys.executable,
            "-m",
            "mailauth_dns",
            "-C",
            "/srv/repo",
            *arguments,
            check=False,
            LAB_SECRET=self.secret,
            PYTHONPATH=str(Path.cwd()),
            **environment,
        )

    def write(self, path: str, text: str) -> None:
        target = self.outside(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    @staticmethod
    def wait(ready: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + PATIENCE
        while not ready():
            assert time.monotonic() < until, f"{what} was not ready in {PATIENCE} s"
            time.sleep(0.05)

    def listening(self, address: str, port: int) -> bool:
        script = f"import socket; socket.create_connection(({address!r}, {port}), 1).close()"
        return self.run(sys.executable, "-c", script, check=False).returncode == 0

    # Servers

    def bind(self, zones: dict[str, str]) -> None:
        """Serve these zones on port 53, open to updates with the lab's key."""
        # Recursion is on because libunbound takes no server that does not offer it.
        stanzas = []
        for zone, text in zones.items():
            self.write(f"/srv/named/{zone}.zone", text)
            stanzas.append(
                f'zone "{zone}" {{ type primary; file "{zone}.zone";'
                " update-policy { grant lab-key zonesub ANY; };"
                " allow-transfer { key lab-key; }; };"
            )
        self.write(
            "/srv/named/named.conf",
            f"""options {{ directory "/srv/named"; pid-file "/srv/named/pid";
              session-keyfile "/srv/named/session.key";
              listen-on {{ {NAMESERVER}; }}; listen-on-v6 {{ none; }};
              dnssec-validation no; notify no;
              recursion yes; allow-query {{ any; }}; allow-recursion {{ any; }}; }};
            controls {{ }};
            key "lab-key" {{ algorithm hmac-sha256; secret "{self.secret}"; }};
            {" ".join(stanzas)}""",
        )
        self.begin("named", "-g", "-n", "1", "-c", "/srv/named/named.conf")
        self.wait(lambda: self.listening(NAMESERVER, 53), "BIND")
