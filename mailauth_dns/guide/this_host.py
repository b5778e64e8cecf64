"""The signing program of this host beside what the policies say, as it really reads its files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath

from mailauth_dns.errors import MailAuthError
from mailauth_dns.export import (
    exported_files,
    in_use,
    installed,
    internal_hosts,
    milter,
    opendkim,
    postfix,
)
from mailauth_dns.export.exported_files import ExportFormat
from mailauth_dns.export.installed import ExportDifference
from mailauth_dns.export.mail_host import SOCKET_OPTIONS, SOCKETS, MailHost, host_folder
from mailauth_dns.export.signers import signers
from mailauth_dns.guide.situation import SigningHost
from mailauth_dns.keys.declared import Key, keys_of
from mailauth_dns.keys.problems import KeyProblem
from mailauth_dns.policy.repo import Policy
from mailauth_dns.policy.sections.dkim import KeyState
from mailauth_dns.records.dkim import KeyType
from mailauth_dns.signing_host import key_owner, opendkim_conf
from mailauth_dns.signing_host.config_lines import text_of
from mailauth_dns.signing_host.opendkim_conf import Daemon
from mailauth_dns.signing_host.package_paths import (
    CONFIG_DIR,
    KEY_DIR,
    RSPAMD_KEY_DIR,
    PackageLayout,
)

PrivateHalves = Callable[[Key], Iterator[KeyProblem]]

_UNSEEN = ("is not looked at", "as networks")  # how statements about what is unknown end
RSPAMD_DIR = "/etc/rspamd"
RSPAMD_SOCKET = "inet:11332@localhost"  # where its package listens


def signing_host(
    policy: Policy, private_dir: Path | None, halves: PrivateHalves | None, now: datetime
) -> SigningHost | None:
    """Return how this host signs for a policy's domain.

    None where no signing program is set up here, or no key of ours signs for the domain, or where
    the folder of private keys has none of the domain: then another host signs.
    """
    if not signers([policy], PurePosixPath(KEY_DIR)) or not is_here(policy, private_dir):
        return None
    try:
        daemons = opendkim_conf.daemons(key_owner.HOST)
        rspamd = (key_owner.HOST / RSPAMD_DIR.lstrip("/")).is_dir()
        if rspamd and not any(_configured(each) for each in daemons.values()):
            return _compared(policy, _rspamd(policy, private_dir), halves, now)
        if daemons:
            return _compared(policy, _opendkim(policy, daemons, private_dir), halves, now)
    except MailAuthError as error:
        return SigningHost("opendkim", problem=str(error))
    except OSError as error:
        return SigningHost("opendkim", problem=f"{error.filename}: {error.strerror}")
    return None


def is_here(policy: Policy, private_dir: Path | None) -> bool:
    """Tell whether this host may be the one that signs for a policy's domain."""
    return private_dir is None or (private_dir / policy.domain).is_dir()


def _configured(daemon: Daemon) -> bool:
    """Tell whether somebody set the program up: packages bring a file without keys."""
    return bool({"keytable", "keyfile"} & daemon.settings.keys())


_Set = tuple[ExportFormat, MailHost, tuple[str, ...], tuple[str, ...]]


def _rspamd(policy: Policy, private_dir: Path | None) -> _Set:
    there = _on(RSPAMD_KEY_DIR).is_dir() and private_dir is None
    host, sockets, _ = _mail_host(
        policy, {}, Path(RSPAMD_KEY_DIR) if there else private_dir, RSPAMD_DIR, RSPAMD_SOCKET
    )
    return ExportFormat.RSPAMD, host, ("--key-dir", str(host.key_dir)), sockets


def _opendkim(policy: Policy, daemons: dict[KeyType, Daemon], private_dir: Path | None) -> _Set:
    host, sockets, keys = _mail_host(policy, daemons, private_dir, CONFIG_DIR)
    relayed = ("--mynetworks", host.mynetworks) if host.mynetworks is not None else ()
    return ExportFormat.OPENDKIM, host, (*sockets, *keys, *relayed), sockets


def _mail_host(
    policy: Policy,
    daemons: dict[KeyType, Daemon],
    private_dir: Path | None,
    config_dir: str,
    socket: str = SOCKETS[KeyType.RSA],
) -> tuple[MailHost, tuple[str, ...], tuple[str, ...]]:
    """Return the host as it is set up, with the options of an export for it."""
    used = in_use.sockets(key_owner.HOST) if daemons else {}
    sockets = {
        type: used.get(type)
        or milter.socket(_socket(daemons.get(type), default), SOCKET_OPTIONS[type])
        for type, default in {**SOCKETS, KeyType.RSA: socket}.items()
    }
    key_dir = _key_dir(policy, daemons, private_dir)
    host = MailHost(
        sockets,
        host_folder(config_dir, "--config-dir"),
        host_folder(key_dir, "--key-dir"),
        None,
        _relayed(config_dir),
    )
    listening = tuple(
        word
        for type, socket in sockets.items()
        if socket.opendkim != SOCKETS[type]
        for word in (SOCKET_OPTIONS[type], socket.opendkim)
    )
    return host, listening, ("--key-dir", key_dir) if key_dir != KEY_DIR else ()


def _socket(daemon: Daemon | None, default: str) -> str:
    """Return where the program listens; what its package brings is out of a chroot's reach."""
    if daemon is None or not _configured(daemon):
        return default
    return daemon.settings.get("socket", default)


def _relayed(config_dir: str) -> str | None:
    """Return the networks that Postfix relays for, and those that are in the list already.

    None where that is loopback alone. An export drops no host whose mail it signed before.
    """
    main = _on("/etc/postfix/main.cf")
    text = postfix.networks(text_of(main)) or ""
    try:
        named = internal_hosts.networks(text, str(main)) if text else []
    except MailAuthError:
        named = []
    if all(each.is_loopback for each in named):
        text, named = "", []
    there = opendkim.entries(text_of(_on(config_dir) / opendkim.TRUSTED))
    networks = [each for each in there if internal_hosts.network_of(each) is not None]
    kept = internal_hosts.missing(networks, [*internal_hosts.DEFAULT, *map(str, named)])
    return " ".join([*text.split(), *kept]) or None


def _key_dir(policy: Policy, daemons: dict[KeyType, Daemon], private_dir: Path | None) -> str:
    """Return where the host has its private keys."""
    mine = {f"/{key.domain}/{key.selector}.private": key for key in keys_of(policy) if key.ours}
    named = [
        path.removesuffix(ending)
        for path in (str(file) for daemon in daemons.values() for file in daemon.key_files())
        for ending in mine
        if path.endswith(ending) and path != ending
    ]
    given = [str(private_dir)] if private_dir is not None else []
    usual = [KEY_DIR, PackageLayout.DEBIAN.key_dir]
    if (key_owner.HOST / "etc/debian_version").exists():
        usual.reverse()
    # The first that has a key counts: a table may name a folder that has none.
    folders = [*named, *given, *usual]
    having = (each for each in folders if any(_is_there(each + ending) for ending in mine))
    return next(having, folders[0])


def _is_there(key: str) -> bool | None:
    """Tell whether a private key is there, None where only its owner may look.

    The folder that the user named is this machine's, wherever the host's files are looked at.
    """
    try:
        return _on(key).exists() or Path(key).exists()
    except PermissionError:
        return None


def _compared(
    policy: Policy, set_up: _Set, halves: PrivateHalves | None, now: datetime
) -> SigningHost:
    format, host, options, sockets = set_up
    files = exported_files.export(format, [policy], [], host, now)
    folder = RSPAMD_DIR if format is ExportFormat.RSPAMD else "/etc"
    found = installed.compare(format, files, _on(folder), [policy], host)
    unseen = [each for each in found if each.statement.endswith(_UNSEEN)]
    milters = [each for each in found if each.statement.startswith("smtpd_milters")]
    own = [each for each in found if each not in unseen and each not in milters]
    return SigningHost(
        "rspamd" if format is ExportFormat.RSPAMD else "opendkim",
        options,
        sockets,
        files=tuple(map(_told, own)),
        postfix=tuple(map(_told, [*milters, *_postfix(policy, host, now)])),
        keys=tuple(_open(policy, halves)),
        unseen=tuple(map(_told, unseen)),
    )


def _on(folder: str) -> Path:
    return key_owner.HOST / folder.lstrip("/")


def _postfix(policy: Policy, host: MailHost, now: datetime) -> Sequence[ExportDifference]:
    """Return what keeps Postfix from the signing program; nothing where there is no Postfix."""
    if not (_on("/etc/postfix") / "main.cf").exists():
        return ()
    files = exported_files.export(ExportFormat.POSTFIX, [policy], [], host, now)
    return installed.compare(ExportFormat.POSTFIX, files, _on("/etc/postfix"), [policy], host)


def _told(difference: ExportDifference) -> str:
    verb = {"+": "lacks ", "-": "has "}.get(difference.sign)
    if verb is None:
        return f"{difference.path}: {difference.statement}"
    return f"{difference.path} {verb}`{difference.statement}`"


def _open(policy: Policy, halves: PrivateHalves | None) -> Iterator[str]:
    """Yield who else may use the keys that sign, and what keeps the program from them."""
    for key in keys_of(policy):
        if halves is not None and key.section.state is KeyState.ACTIVE:
            for problem in halves(key):
                if problem.rule == "DKIM037" and problem.weight == "wrong":
                    yield problem.message
