"""A machine that no packet can leave: its own network, mounts, processes and host name.

All that was started in it ends with its first process, which ends with whoever made it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

PATIENCE = 30.0  # seconds for anything that happens by itself


class Namespaces:
    """The namespaces and what runs in them.

    Paths are those that the programs in it see; `outside` is how its maker reaches one.
    """

    def __enter__(self) -> Self:
        # The shell ends when its standard input does, and the kernel then ends all the rest.
        self._first = subprocess.Popen(
            [
                "unshare",
                "--net",
                "--mount",
                "--uts",
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
        self.pid = int(children.read_text().split()[0])
        self.wait(
            lambda: "bash" in Path(f"/proc/{self.pid}/comm").read_text(), "the namespace's shell"
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._first.stdin is not None
        self._first.stdin.close()
        self._first.wait(10)

    def outside(self, path: str) -> Path:
        return Path(f"/proc/{self.pid}/root{path}")

    def inside(self, *command: str) -> list[str]:
        return ["nsenter", "-t", str(self.pid), "-n", "-m", "-u", "-p", "-r", "--", *command]

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
