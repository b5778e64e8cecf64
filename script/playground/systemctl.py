"""`systemctl` where there is no systemd: it starts what the unit's file says, and no more."""

from __future__ import annotations

import os
import pwd
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_UNITS = (Path("/etc/systemd/system"), Path("/lib/systemd/system"), Path("/usr/lib/systemd/system"))
_PATIENCE = 20.0  # seconds
_LOG = "/var/log/mail.log"


class Failed(Exception):
    """What is said to the user."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A service, by its unit file."""

    name: str
    instance: str
    said: dict[str, list[str]]  # the lines of [Service], by key
    path: Path

    def commands(self, key: str) -> list[list[str]]:
        lines = [line.replace("%i", self.instance) for line in self.said.get(key, ())]
        return [shlex.split(line.lstrip("-@!+")) for line in lines if line]

    def setting(self, key: str) -> str | None:
        """Return what stands last, as systemd reads it."""
        return self.said[key][-1] if key in self.said else None

    @property
    def pid_file(self) -> Path:
        return Path(self.setting("PIDFile") or f"/run/playground/{self.name}.pid")

    def pid(self) -> int | None:
        if self.name == "postfix":
            file = Path("/var/spool/postfix/pid/master.pid")
        else:
            file = self.pid_file
        try:
            pid = int(file.read_text())
            os.kill(pid, 0)
        except (OSError, ValueError):
            return None
        return pid


def unit(name: str) -> Unit:
    name = name.removesuffix(".service")
    template, at, instance = name.partition("@")
    path = _path(f"{template}{at}")
    said = _service(path.read_text())
    if said.get("ExecStart") == ["/bin/true"]:
        # Debian 12's postfix.service stands for the units of its instances, "-" the first.
        path, instance = _path(f"{name}@"), "-"
        said = _service(path.read_text())
    return Unit(name, instance, said, path)


def _path(name: str) -> Path:
    for folder in _UNITS:
        path = folder / f"{name}.service"
        if path.is_file():
            return path
    raise Failed(f"Unit {name}.service could not be found.")


def _service(text: str) -> dict[str, list[str]]:
    section = re.search(r"^\[Service\]\n(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    said: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", section[1] if section else "", re.MULTILINE):
        said.setdefault(key, []).append(value)
    return said


def start(it: Unit) -> None:
    if it.pid() is not None:
        return
    _folders(it)
    for command in it.commands("ExecStartPre"):
        _run(it, command)
    user = it.setting("User")
    [command] = it.commands("ExecStart")
    if it.setting("Type") in ("forking", "oneshot"):
        _run(it, command, user)
    else:
        with Path(_LOG).open("ab") as log:
            started = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=user,
                start_new_session=True,
            )
        it.pid_file.parent.mkdir(parents=True, exist_ok=True)
        it.pid_file.write_text(str(started.pid))
    _until(lambda: it.pid() is not None, it, "did not start")
    time.sleep(0.1)
    if it.pid() is None:
        raise Failed(_failed(it, "ended at once"))


def stop(it: Unit) -> None:
    pid = it.pid()
    if pid is None:
        return
    if stopping := it.commands("ExecStop"):
        for command in stopping:
            _run(it, command)
    else:
        os.kill(pid, signal.SIGTERM)
    _until(lambda: it.pid() is None, it, "did not stop")


def restart(it: Unit) -> None:
    stop(it)
    start(it)


def reload(it: Unit) -> None:
    pid = it.pid()
    if pid is None:
        raise Failed(f"{it.name}.service is not active, cannot reload.")
    commands = it.commands("ExecReload")
    if not commands:
        raise Failed(f"Job type reload is not applicable for unit {it.name}.service.")
    for command in commands:
        _run(it, [word.replace("$MAINPID", str(pid)) for word in command])


def status(it: Unit) -> None:
    pid = it.pid()
    state = f"active (running), process {pid}" if pid else "inactive (dead)"
    print(f"{it.name}.service: {state}\n  unit file: {it.path}\n  log: {_LOG}")
    if pid is None:
        raise SystemExit(3)


def is_active(it: Unit) -> None:
    print("active" if it.pid() else "inactive")
    if it.pid() is None:
        raise SystemExit(3)


def cat(it: Unit) -> None:
    print(f"# {it.path}\n{it.path.read_text()}", end="")


def nothing(it: Unit) -> None:
    """Enable and disable: the playground has no next boot."""


VERBS: dict[str, Callable[[Unit], None]] = {
    "start": start,
    "stop": stop,
    "restart": restart,
    "reload": reload,
    "reload-or-restart": restart,
    "try-restart": restart,
    "status": status,
    "is-active": is_active,
    "cat": cat,
    "enable": nothing,
    "disable": nothing,
}


def _folders(it: Unit) -> None:
    """Make the folders below /run that the unit or its package asks for."""
    if folder := it.setting("RuntimeDirectory"):
        path = Path("/run") / folder
        path.mkdir(parents=True, exist_ok=True)
        shutil.chown(path, it.setting("User") or "root")
    asked = Path(f"/usr/lib/tmpfiles.d/{it.name}.conf")
    for line in asked.read_text().splitlines() if asked.exists() else ():
        kind, path_text, mode, user, group, *_ = line.split()
        if kind == "d":
            Path(path_text).mkdir(parents=True, exist_ok=True)
            shutil.chown(path_text, user, group)
            Path(path_text).chmod(int(mode, 8))


def _run(it: Unit, command: list[str], user: str | None = None) -> None:
    groups = [pwd.getpwnam(user).pw_gid] if user else None
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        user=user,
        extra_groups=groups,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "INVOCATION_ID": uuid.uuid4().hex},  # Debian 13's Postfix looks for it
    )
    if done.returncode:
        raise Failed(_failed(it, f"{shlex.join(command)}: {done.stdout}{done.stderr}".strip()))


def _until(ready: Callable[[], bool], it: Unit, otherwise: str) -> None:
    until = time.monotonic() + _PATIENCE
    while not ready():
        if time.monotonic() > until:
            raise Failed(_failed(it, otherwise))
        time.sleep(0.05)


def _failed(it: Unit, why: str) -> str:
    return f"Job for {it.name}.service failed: {why}\nSee {_LOG}."


def main(arguments: list[str]) -> int:
    words = [word for word in arguments if not word.startswith("-")]
    flags = {word for word in arguments if word.startswith("-")}
    if words == ["daemon-reload"]:
        return 0
    if len(words) < 2 or words[0] not in VERBS:
        print(
            f"the playground's systemctl knows {', '.join(VERBS)} with the name of a unit,"
            " and daemon-reload",
            file=sys.stderr,
        )
        return 1
    verb, *names = words
    try:
        for name in names:
            VERBS[verb](unit(name))
            if verb == "enable" and "--now" in flags:
                start(unit(name))
    except Failed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
