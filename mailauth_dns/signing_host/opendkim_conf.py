"""What an OpenDKIM really reads: the file that its host starts it with, and where that leads.

Debian's and Red Hat's packages both start it with /etc/opendkim.conf, whatever else is in
/etc/opendkim. A unit can name another file (`-x`); a socket and a user on the command line (`-p`,
`-u`) win over the file's. The settings are those of opendkim.conf(5).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from getopt import GetoptError, getopt
from pathlib import Path, PurePosixPath

from mailauth_dns.records.dkim import KeyType
from mailauth_dns.signing_host.config_lines import rows, text_of
from mailauth_dns.signing_host.systemd_units import on, started

CONF = PurePosixPath("/etc/opendkim.conf")
CONFS = {KeyType.RSA: "opendkim.conf", KeyType.ED25519: "opendkim-ed25519.conf"}
_OPTIONS = "Ab:c:d:De:fF:k:lL:no:p:P:Qrs:S:t:T:u:vVWx:X?"  # opendkim(8)
_MAX_INCLUDES = 5  # as deep as OpenDKIM itself follows `Include`


@dataclass(frozen=True, slots=True)
class Daemon:
    """One OpenDKIM as a host starts it.

    `settings` are by lower-case name; what the command line says replaces the file's. `user` is
    None where it runs as root.
    """

    root: Path
    conf: PurePosixPath
    settings: Mapping[str, str]
    user: str | None

    def table(self, setting: str) -> tuple[PurePosixPath | None, str]:
        """Return the file that a setting leads to, and its text.

        Returns None and no text where it leads to no plain file.

        Raises:
            MailAuthError: it is not a regular file, or cannot be read.
        """
        value = self.settings.get(setting, "")
        kind, colon, rest = value.partition(":")
        name = rest if colon and kind.lower() in ("file", "refile") else value
        if not name.startswith("/"):
            return None, ""
        return PurePosixPath(name), text_of(on(self.root, name))

    def key_files(self) -> frozenset[PurePosixPath]:
        """Return the private keys that it signs with: its KeyTable's, or its KeyFile.

        Raises:
            MailAuthError: the table cannot be read.
        """
        if "keytable" not in self.settings:
            alone = self.settings.get("keyfile")
            return frozenset({PurePosixPath(alone)} if alone is not None else ())
        _, text = self.table("keytable")
        return frozenset(
            PurePosixPath(entry.split(":", 2)[2]) for _, entry in rows(text) if entry.count(":") > 1
        )


def opendkim(root: Path, unit: str, conf: PurePosixPath) -> Daemon | None:
    """Return an OpenDKIM as a unit of the host starts it; None where it has no configuration.

    `root` is where the host's file system is.

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
    found = settings(root, text)
    if "-p" in given:
        found["socket"] = given["-p"]
    user = unit_user or given.get("-u") or found.get("userid")
    name = user.partition(":")[0] if user else None
    return Daemon(root, conf, found, None if name in ("root", "0") else name)


def daemons(root: Path) -> dict[KeyType, Daemon]:
    """Return the OpenDKIMs of a host, by the type of their keys: each signs with one type.

    Raises:
        MailAuthError: a file cannot be read.
    """
    found = {
        type: opendkim(root, PurePosixPath(name).stem, CONF.with_name(name))
        for type, name in CONFS.items()
    }
    return {type: each for type, each in found.items() if each is not None}


def settings(root: Path, text: str) -> dict[str, str]:
    """Return the settings of a configuration by lower-case name; the last of a name counts.

    `root` is where the files that it includes are.

    Raises:
        MailAuthError: a file that it includes cannot be read.
    """
    return dict(_settings(root, text, 0))


def _settings(root: Path, text: str, depth: int) -> Iterator[tuple[str, str]]:
    for name, value in rows(text):
        if name.lower() == "include" and value and depth < _MAX_INCLUDES:
            path = on(root, value.split()[0])
            yield from _settings(root, text_of(path), depth + 1)
        elif value:
            yield name.lower(), value
