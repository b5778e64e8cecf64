"""Where pages run: a shell with a home of its own, in a network that no packet leaves."""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Self

from tests.docs.page import ROOT

HOME = "/home/you"  # what pages show for the home in which they run
PATIENCE = 120  # seconds for one command
_MARK = "\x01done "
# Pages may write below /etc and /var, and no page sees which programs this machine has set up.
_BEGIN = """#!/bin/sh
set -eu
ip link set lo up
mkdir {etc}
mount -t tmpfs -o mode=755 tmpfs {etc}
cp -r --preserve=mode /etc/. {etc} 2>/dev/null || true
cd {etc}
rm -rf opendkim* dkimkeys rspamd postfix bind powerdns mailauth*
echo nameserver 127.0.0.153 >resolv.conf
mount --bind {etc} /etc
mount -t tmpfs -o mode=755 tmpfs /var
mkdir -m 1777 /var/tmp
mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir /mnt/you
cp {git} /mnt/you/.gitconfig
cd /mnt/you
exec "$@"
"""
# The playground has a home and an environment of its own.
_LAB_BEGIN = """#!/bin/sh
set -eu
{exports}
export PATH={bin}:$PATH
cd ~
exec "$@"
"""
LAB = ROOT / "script/lab"
_SAME = {
    "PYTHONUNBUFFERED": "1",  # both streams in the order in which a terminal has them
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "TERM": "dumb",
    "COLUMNS": "80",
    "DOCS_SHIFT": "0",
    "DOCS_CHECKOUT": str(ROOT),  # hidden steps copy examples from it
}
_GIT = "[user]\nname = You\nemail = you@example.com\n[init]\ndefaultBranch = main\n"
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_PROGRAM = """#!{python}
import os, sys, time
from datetime import datetime
from pathlib import Path
import time_machine
now, start = time.time(), os.environ.get("DOCS_CLOCK")
if start:
    now = datetime.fromisoformat(start).timestamp() + now - float(os.environ["DOCS_SINCE"])
time_machine.travel(now + float(os.environ["DOCS_SHIFT"])).start()
if os.environ.get("DOCS_MACHINE") == "plain":
    from mailauth_dns.signing_host import key_owner
    key_owner.HOST = Path("/mnt/host")  # no signing program, whatever this machine has
from mailauth_dns.cli import run
run()
"""


@dataclass(frozen=True)
class Said:
    """What a command left: its exit code, and both its streams as a terminal shows them."""

    code: int
    lines: tuple[str, ...]


def missing(kind: str) -> str | None:
    """Return why no page of this kind can run here, or None."""
    if kind == "lab" and os.geteuid() != 0:
        return "the playground needs root"
    absent = [each for each in ("unshare", "ip", "bash", "git") if shutil.which(each) is None]
    if absent:
        return f"not installed: {', '.join(absent)} (script/servers gets them)"
    tried = subprocess.run([*_ISOLATED, "true"], capture_output=True, text=True, check=False)
    return None if tried.returncode == 0 else f"no namespaces here: {tried.stderr.strip()}"


_ISOLATED = (
    "unshare",
    # Root needs no user namespace, and the kernel makes none in a chroot.
    *(() if os.geteuid() == 0 else ("--user", "--map-root-user")),
    "--net",
    "--mount",
    "--pid",
    "--fork",
    "--kill-child",
)


def seconds(shift: str) -> float:
    """Return what `+10m` is in seconds."""
    read = re.fullmatch(r"\+(\d+)([smhd])", shift)
    if read is None:
        raise ValueError(f"{shift!r} is no shift of the clock; write +30s, +10m, +1h or +8d")
    return timedelta(**{_UNITS[read[2]]: int(read[1])}).total_seconds()


class Shell:
    """One bash for a whole page: what a page sets or enters stays, as on a terminal."""

    def __init__(self, scratch: Path, inside: Sequence[str], environment: dict[str, str]) -> None:
        self._steps = scratch / "steps"
        self._steps.mkdir()
        _script(scratch / "bin/mailauth-dns", _PROGRAM.format(python=sys.executable))
        self._inside = inside
        self._home = environment["HOME"]
        self._environment = {
            "PATH": f"{scratch / 'bin'}:{os.environ['PATH']}:/usr/sbin:/sbin",
            **_SAME,
            **environment,
        }
        self._shift = 0.0
        self._count = 0

    def __enter__(self) -> Self:
        self._bash = subprocess.Popen(
            [*self._inside, "bash", "--noprofile", "--norc"],
            cwd=self._steps,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        if self._environment.get("DOCS_MACHINE") == "plain":
            resolver = Path(__file__).with_name("no_names.py")
            said = self.run(f"{sys.executable} {resolver} >/dev/null 2>&1")
            assert said.code == 0, said.lines
        return self

    def __exit__(self, *_: object) -> None:
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        self._bash.stdin.close()
        self._bash.kill()
        self._bash.wait()
        self._bash.stdout.close()

    def move_clock(self, shift: str) -> None:
        self._shift += seconds(shift)
        self.run(f"export DOCS_SHIFT={self._shift}")

    def write(self, path: str, text: str) -> None:
        """Write a file, from the folder in which the shell is."""
        (self._steps / "file").write_text(text)
        said = self.run(f"mkdir -p '{Path(path).parent}' && cp {self._steps / 'file'} '{path}'")
        assert said.code == 0, said.lines

    def run(self, command: str, typed: str | None = None) -> Said:
        """Run one command line; `typed` is what its standard input has.

        Raises:
            TimeoutError: it does not end.
        """
        self._count += 1
        step, given = self._steps / f"{self._count}.sh", self._steps / f"{self._count}.txt"
        step.write_text(command + "\n")
        given.write_text("" if typed is None else typed.replace("; ", "\n") + "\n")
        assert self._bash.stdin is not None
        # A question is asked on a terminal alone.
        terminal = Path(__file__).with_name("terminal.py")
        run = f". {step}" if typed is None else f"{sys.executable} {terminal} {step} {given}"
        order = f"{run} </dev/null; printf '\\n\\001done %s\\n' $?\n"
        self._bash.stdin.write(order.encode())
        self._bash.stdin.flush()
        text, _, code = self._read(command).rpartition("\n" + _MARK)
        text = text.replace(self._home, HOME)
        lines = text.removesuffix("\n").split("\n") if text else []
        return Said(int(code), tuple(lines))

    def _read(self, command: str) -> str:
        assert self._bash.stdout is not None
        data, handle = b"", self._bash.stdout.fileno()
        ends = time.monotonic() + PATIENCE
        end = f"\n{_MARK}".encode()
        while end not in data or not data.endswith(b"\n"):
            ready, _, _ = select.select([handle], [], [], max(0.0, ends - time.monotonic()))
            piece = os.read(handle, 65536) if ready else b""
            if not piece:
                said = data.decode(errors="replace")
                raise TimeoutError(f"{command!r} did not end in {PATIENCE} s; it said {said!r}")
            data += piece
        return data.decode(errors="replace")


def _script(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def plain(scratch: Path) -> Shell:
    """Return a shell with loopback alone, where the first command is always on the same day."""
    git = _script(scratch / "bin/gitconfig", _GIT)
    begin = _script(
        scratch / "bin/begin",
        _BEGIN.format(
            etc=scratch / "etc",
            git=git,
        ),
    )
    environment = {
        "HOME": "/mnt/you",
        "DOCS_MACHINE": "plain",
        "DOCS_CLOCK": "2026-12-01T09:00:00+00:00",
        "DOCS_SINCE": str(time.time()),
    }
    return Shell(scratch, (*_ISOLATED, str(begin)), environment)


def lab(scratch: Path, options: Sequence[str]) -> Shell:
    """Return a shell in the playground of script/lab, which has the time of day."""
    exports = "\n".join(f"export {key}='{value}'" for key, value in _SAME.items())
    begin = _script(
        scratch / "bin/begin",
        _LAB_BEGIN.format(exports=exports, bin=scratch / "bin"),
    )
    inside = (str(LAB), *options, "--share", str(scratch), "--", str(begin))
    return Shell(scratch, inside, {"HOME": HOME})
