"""What `export` is told of the host that signs, and what is taken where nothing is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from mailauth_dns.cli import headings
from mailauth_dns.cli.session import domains
from mailauth_dns.export import in_use, milter
from mailauth_dns.export.exported_files import ExportFormat
from mailauth_dns.export.mail_host import SOCKET_OPTIONS, SOCKETS, MailHost, host_folder
from mailauth_dns.export.milter import Socket
from mailauth_dns.records.dkim import KeyType
from mailauth_dns.signing_host import key_owner
from mailauth_dns.signing_host import package_paths as layouts
from mailauth_dns.signing_host.package_paths import PackageLayout

_CONFIG = {ExportFormat.RSPAMD: "/etc/rspamd"}
_KEYS = {ExportFormat.RSPAMD: layouts.RSPAMD_KEY_DIR}

OneSocket = Annotated[
    str | None,
    typer.Option(
        "--socket",
        metavar="SOCKET",
        help=f"where the signing program listens; default: {SOCKETS[KeyType.RSA]}, "
        "or where this host's Postfix reaches its OpenDKIM already",
        rich_help_panel=headings.HOST,
    ),
]
Ed25519Socket = Annotated[
    str | None,
    typer.Option(
        "--ed25519-socket",
        metavar="SOCKET",
        help="where the OpenDKIM for Ed25519 keys listens; default: "
        f"{SOCKETS[KeyType.ED25519]}, or as above",
        rich_help_panel=headings.HOST,
    ),
]
Layout = Annotated[
    PackageLayout | None,
    typer.Option(
        "--layout",
        help="whose packages the signing host has: where its private keys are",
        rich_help_panel=headings.HOST,
    ),
]
KeyDir = Annotated[
    str | None,
    typer.Option(
        "--key-dir",
        metavar="DIR",
        help=f"where it has private keys; default: {layouts.KEY_DIR}, or the layout's; "
        f"for Rspamd: {layouts.RSPAMD_KEY_DIR}",
        rich_help_panel=headings.HOST,
    ),
]
ConfigDir = Annotated[
    str | None,
    typer.Option(
        "--config-dir",
        metavar="DIR",
        help="where it has the tables and maps",
        rich_help_panel=headings.HOST,
    ),
]
HostName = Annotated[
    str | None,
    typer.Option(
        "--hostname",
        metavar="NAME",
        help="the mail host's name, for Postfix",
        rich_help_panel=headings.HOST,
    ),
]
MyNetworks = Annotated[
    str | None,
    typer.Option(
        "--mynetworks",
        metavar="NETWORKS",
        help='who relays through it: "$(postconf -h mynetworks)"',
        rich_help_panel=headings.HOST,
    ),
]


def host_of(
    format: ExportFormat,
    sockets: Mapping[KeyType, str | None],
    config_dir: str | None,
    key_dir: str | None,
    layout: PackageLayout | None,
    hostname: str | None,
    mynetworks: str | None,
) -> MailHost:
    """Return the host as the options say, and else as is usual for the format.

    Raises:
        MailAuthError: an option says what no host can have.
    """
    [name] = domains([hostname]) if hostname is not None else (None,)
    usual_key_dir = layout.key_dir if layout else _KEYS.get(format, layouts.KEY_DIR)
    return MailHost(
        _sockets(format, sockets),
        host_folder(config_dir or _CONFIG.get(format, layouts.CONFIG_DIR), "--config-dir"),
        host_folder(key_dir or usual_key_dir, "--key-dir"),
        name,
        mynetworks,
    )


def _sockets(format: ExportFormat, given: Mapping[KeyType, str | None]) -> dict[KeyType, Socket]:
    """Return where the signing programs listen: as given, as in use on this host, or as usual."""
    named = {
        type: milter.socket(text, SOCKET_OPTIONS[type])
        for type, text in given.items()
        if text is not None
    }
    used = {}
    if len(named) < len(given) and format in (ExportFormat.OPENDKIM, ExportFormat.POSTFIX):
        used = in_use.sockets(key_owner.HOST)
    usual = {type: milter.socket(text, SOCKET_OPTIONS[type]) for type, text in SOCKETS.items()}
    return {**usual, **used, **named}
