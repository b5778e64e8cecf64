"""What an OpenDKIM really reads: the file that its host starts it with, and where that file's settings lead (opendkim.conf(5)).

Debian's and Red Hat's packages both start it with /etc/opendkim.conf, whatever else lies in /etc/opendkim. A unit can name another file
(`-x`); a socket and a user on the command line (`-p`, `-u`) win over the file's.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from getopt import GetoptError, getopt
from pathlib import Path, PurePosixPath

from mailauth_dns.errors import MailAuthError
from mailauth_dns.records.dkim import KeyType

CONF = PurePosixPath("/etc/opendkim.conf")
CONFS = {KeyType.RSA: "opendkim.conf", KeyType.ED25519: "opendkim-ed25519.conf"}
_UNITS = (
    "etc/systemd/system",
    "run/systemd/system",
    "usr/local/lib/systemd/system",
    "usr/lib/systemd/system",
    "lib/systemd/system",
)
_OPTIONS = "Ab:c:d:De:fF:k:lL:no:p:P:Qrs:S:t:T:u:vVWx:X?"  # opendkim(8)
_MAX_INCLUDES = 5  # as deep as OpenDKIM itself follows `Include`


@dataclass(frozen=True, slots=True)
class Daemon:
    """One OpenDKIM as a host starts it.

    `settings` are by lower-case name, with what its command line says instead. `user` is None where it runs as root.
    """

    root: Path
    conf: PurePosixPath
    text: str
    settings: Mapping[str, str]
    user: str | None

    def table(self, setting: str) -> tuple[PurePosixPath | None, str]:
        """Return the file that a setting leads to, and its text; None and no text where it leads to no plain file.

        Raises:
            MailAuthError: there is something else than a regular file, or it cannot be read.
        """
        value = self.settings.get(setting, "")
        kind, colon, rest = value.partition(":")
        name = rest if colon and kind.lower() in ("file", "refile") else value
        if not name.startswith("/"):
            return None, ""
        return PurePosixPath(name), text_of(on(self.root, name))

    def key_files(self) -> frozenset[PurePosixPath]:
        """Return the private keys that it signs with, as its KeyTable names them, or its KeyFile where there is no table.

        Raises:
            MailAuthError: the table cannot be read.
        """
        if "keytable" not in self.settings:
            return frozenset(
                {PurePosixPath(self.settings["keyfile"])} if "keyfile" in self.settings else ()
            )
        _, text = self.table("keytable")
        rows = (line.split("#", 1)[0].split(None, 1) for line in text.splitlines())
        return frozenset(
            PurePosixPath(row[1].strip().split(":", 2)[2])
            for row in rows
            if len(row) == 2 and row[1].count(":") > 1
        )


def on(root: Path, path: PurePosixPath | str) -> Path:
    """Return where a host's own path is reached, when its file system stands at `root`."""
    return root / str(path).lstrip("/")


def opendkim(root: Path, unit: str, conf: PurePosixPath) -> Daemon | None:
    """Return the OpenDKIM of the host whose file system is at `root`, as a unit starts it; None where it has no configuration file.

    Raises:
        MailAuthError: a file cannot be read.
    """
    arguments, unit_user = started(root, unit)
    try:
        given = dict(getopt(list(arguments), _OPTIONS)[0])
    except GetoptError:
        given = {}
    conf = PurePosixPath(given.get("-x", conf))
    text = text_of(on(root, conf))
    if not text:
        return None
    settings = dict(_settings(root, text, 0))
    if "-p" in given:
        settings["socket"] = given["-p"]
    user = unit_user or given.get("-u") or settings.get("userid")
    name = user.partition(":")[0] if user else None
    return Daemon(root, conf, text, settings, None if name in ("root", "0") else name)


def every(root: Path) -> dict[KeyType, Daemon]:
    """Return the OpenDKIMs of a host that are set up, by the type of their keys: one signs with one type.

    Raises:
        MailAuthError: a file cannot be read.
    """
    found = {
        type: opendkim(root, PurePosixPath(name).stem, CONF.with_name(name))
        for type, name in CONFS.items()
    }
    return {type: each for type, each in found.items() if each is not None}


def _settings(root: Path, text: str, depth: int) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        words = line.split("#", 1)[0].split()
        if len(words) < 2:
            continue
        if words[0].lower() == "include" and depth < _MAX_INCLUDES:
            yield from _settings(root, text_of(on(root, words[1])), depth + 1)
        else:
            yield words[0].lower(), " ".join(words[1:])


def started(root: Path, unit: str) -> tuple[Sequence[str], str | None]:
    """Return the arguments and the user that systemd starts a program with; none where the host has no such unit.

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
        whole = re.fullmatch(
            r"\$(\w+)", word
        )  # systemd splits such a word where it has spaces, and no other
        words += variables.get(whole[1], "").split() if whole else [_expanded(word, variables)]
    return words, user


def _unit_lines(root: Path, unit: str) -> Iterator[tuple[str, str]]:
    """Yield the assignments of a unit and of what adds to it, in the order in which they count."""
    folders = [root / folder for folder in _UNITS]
    first = next(
        (folder / f"{unit}.service" for folder in folders if (folder / f"{unit}.service").exists()),
        None,
    )
    added = {
        path.name: path
        for folder in reversed(folders)
        for path in (folder / f"{unit}.service.d").glob("*.conf")
    }
    for path in [*([first] if first is not None else []), *(added[name] for name in sorted(added))]:
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


def text_of(path: Path) -> str:
    """Return a file's text, none where there is no such file.

    Raises:
        MailAuthError: there is something else than a regular file, or it cannot be read.
    """
    try:
        if path.exists() and not path.is_file():
            raise MailAuthError(
                f"{path}: is not a regular file"
            )  # to open a pipe would be to wait for ever
        return path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        raise MailAuthError(f"{path}: {error.strerror}") from None
