"""How systemd starts a program on a host: its arguments and its user (systemd.service(5))."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from mailauth_dns.signing_host.config_lines import text_of

_UNITS = (
    "etc/systemd/system",
    "run/systemd/system",
    "usr/local/lib/systemd/system",
    "usr/lib/systemd/system",
    "lib/systemd/system",
)


def on(root: Path, path: PurePosixPath | str) -> Path:
    """Return where you reach a host's own path when its file system is at `root`."""
    return root / str(path).lstrip("/")


def started(root: Path, unit: str) -> tuple[Sequence[str], str | None]:
    """Return the arguments and the user that systemd starts a program with.

    There are none where the host has no such unit.

    Raises:
        MailAuthError: a file cannot be read.
    """
    command, user, variables = "", None, dict[str, str]()
    for name, value in _unit_lines(root, unit):
        if name == "ExecStart":
            command = value.lstrip("-@:+!")
        elif name == "User":
            user = value or None
        elif name == "Environment":
            variables |= _assigned(value.split())
        elif name == "EnvironmentFile":
            variables |= _assigned(text_of(on(root, value.lstrip("-"))).splitlines())
    words: list[str] = []
    for word in _words(command)[1:]:
        # systemd splits a word that is a variable where it has spaces, and no other word.
        whole = re.fullmatch(r"\$(\w+)", word)
        words += variables.get(whole[1], "").split() if whole else [_expanded(word, variables)]
    return words, user


def _unit_lines(root: Path, unit: str) -> Iterator[tuple[str, str]]:
    """Yield the assignments of a unit and of its drop-ins, in the order in which they count."""
    folders = [root / folder for folder in _UNITS]
    units = [folder / f"{unit}.service" for folder in folders]
    paths = [path for path in units if path.exists()][:1]
    drop_ins = {
        path.name: path
        for folder in reversed(folders)
        for path in (folder / f"{unit}.service.d").glob("*.conf")
    }
    for path in [*paths, *(drop_ins[name] for name in sorted(drop_ins))]:
        for line in text_of(path).replace("\\\n", " ").splitlines():
            name, equals, value = line.partition("=")
            if equals and not name.lstrip().startswith(("#", ";")):
                yield name.strip(), value.strip()


def _assigned(lines: Sequence[str]) -> dict[str, str]:
    """Return what lines such as OPTIONS="-x /etc/opendkim.conf" assign."""
    found: dict[str, str] = {}
    for line in lines:
        name, equals, value = line.strip().partition("=")
        if equals and name.isidentifier():
            found[name] = _expanded(" ".join(_words(value)), found)
    return found


def _expanded(text: str, variables: Mapping[str, str]) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda found: variables.get(found[1], ""), text)


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        return []
