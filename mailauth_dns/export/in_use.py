"""An OpenDKIM that Postfix reaches already, for it verifies what comes in; what of it stays.

A new socket would leave a dead milter in Postfix, and mail with 4xx. A mode that only signs would
leave OpenDMARC, and whatever else reads its results, without any.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mailauth_dns.export import milter, postfix
from mailauth_dns.export.milter import Socket
from mailauth_dns.records.dkim import KeyType
from mailauth_dns.signing_host import opendkim_conf
from mailauth_dns.signing_host.config_lines import rows, text_of
from mailauth_dns.signing_host.systemd_units import on

MAIN, MASTER = "/etc/postfix/main.cf", "/etc/postfix/master.cf"
# Who may open the socket, and where the unit looks for the process.
_OF_HOST = frozenset({"umask", "userid", "pidfile"})
_SIGNS = frozenset({"keyfile", "domain", "selector"})


def sockets(root: Path) -> dict[KeyType, Socket]:
    """Return the sockets where a host's Postfix reaches its OpenDKIMs; `root` is its file system.

    Raises:
        MailAuthError: a file cannot be read.
    """
    reached = postfix.milters(text_of(on(root, MAIN))).union(
        *(each.milters or () for each in postfix.services(text_of(on(root, MASTER))))
    )
    if not reached:
        return {}
    found = {}
    for type, daemon in opendkim_conf.daemons(root).items():
        socket = milter.listens(daemon.settings.get("socket", ""))
        if socket is not None and reached & {milter.spelled(each) for each in socket.spellings}:
            found[type] = socket
    return found


def keeping(conf: str, there: Mapping[str, str], *, used: bool) -> str:
    """Return our configuration with what must stay of the settings that are there.

    A mode that verifies stays. Where Postfix uses what is there, so do the other settings, except
    those with which mail is signed.
    """
    ours = {name.lower() for name, _ in rows(conf)}
    stays = {}
    if used:
        stays = {
            name: value
            for name, value in there.items()
            if name in _OF_HOST or name not in ours | _SIGNS
        }
    if "v" in there.get("mode", "sv" if used else "").lower():
        stays["mode"] = "sv"
    lines = []
    for line in conf.splitlines():
        name = line.split(" ", 1)[0]
        value = stays.pop(name.lower(), None)
        lines.append(line if value is None else f"{name:<20}{value}")
    lines += [f"{name:<20} {value}" for name, value in stays.items()]
    return "".join(f"{line}\n" for line in lines)
