"""How installed files differ from an export: a folder's, or what a host's programs really read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mailauth_dns.errors import MailAuthError
from mailauth_dns.export import internal_hosts, milter, opendkim, postfix, rspamd
from mailauth_dns.export.exported_files import ExportFormat
from mailauth_dns.export.mail_host import MailHost
from mailauth_dns.export.out_folder import MARK
from mailauth_dns.export.signers import signers
from mailauth_dns.policy.repo import Policy
from mailauth_dns.signing_host import key_owner, opendkim_conf
from mailauth_dns.signing_host.config_lines import text_of
from mailauth_dns.signing_host.opendkim_conf import Daemon
from mailauth_dns.signing_host.systemd_units import on

# A host's folders, by which its root is known.
_FOLDERS = (("etc", "opendkim"), ("etc", "postfix"), ("etc", "rspamd"), ("etc",))
_MAIN = "/etc/postfix/main.cf"


@dataclass(frozen=True, slots=True)
class ExportDifference:
    """One difference.

    `-` is a statement that is installed and should not be, `+` one that is missing, `!` something
    else that keeps mail unsigned.
    """

    path: Path
    sign: str
    statement: str


def compare(
    format: ExportFormat,
    files: Mapping[str, str],
    folder: Path,
    policies: Sequence[Policy],
    host: MailHost,
) -> list[ExportDifference]:
    """Return how the files in a folder differ in what concerns these policies.

    In a host's /etc/opendkim, /etc/postfix or /etc, what the programs there read counts, wherever
    it is.

    Raises:
        MailAuthError: there is no such folder, or a file cannot be read.
    """
    if not folder.is_dir():
        raise MailAuthError(f"--check {folder}: there is no such folder")
    root = _root(folder)
    says = _statements(format, policies, host)
    if format is ExportFormat.OPENDKIM and root is not None:
        keys = [str(each.path) for each in signers(policies, host.key_dir)]
        missing = (each for key in keys for each in _missing_key(root, key, _DEFERS))
        return [*_opendkim(root, files, says, host), *missing]
    spare = dict.fromkeys(opendkim.TABLES, "") if format is ExportFormat.OPENDKIM else {}
    found: list[ExportDifference] = []
    for name, text in {**spare, **files}.items():
        if name == postfix.SCRIPT:
            continue  # it is run, not installed
        path = _installed(folder, name)
        if name == opendkim.TRUSTED:
            found += _internal(text, folder / name, text_of(path))
        else:
            found += _differences(path, says(name, text), says(name, text_of(path)))
    if format is ExportFormat.RSPAMD and root is not None:
        for signer in signers(policies, host.key_dir):
            found += _missing_key(root, str(rspamd.key_file(signer)), _UNSIGNED)
    if format is ExportFormat.POSTFIX and root is not None:
        for running in opendkim_conf.daemons(root).values():
            found += _unsigned(running, text_of(folder / postfix.MAIN), folder / postfix.MAIN)
        sockets = host.listening(signers(policies, host.key_dir))
        found += _services(folder, frozenset(socket.postfix for socket in sockets))
    return found


def _root(folder: Path) -> Path | None:
    """Return where the file system of the folder's host is; None where it is no host's folder."""
    for inside in _FOLDERS:
        if folder.resolve().parts[-len(inside) :] == inside:
            root = folder.resolve().parents[len(inside) - 1]
            return None if root.parts[-2:] == ("usr", "local") else root
    return None


def _statements(
    format: ExportFormat, policies: Sequence[Policy], host: MailHost
) -> Callable[[str, str], list[str]]:
    domains = frozenset(policy.domain for policy in policies)
    sockets = host.listening(signers(policies, host.key_dir))

    def statements(name: str, text: str) -> list[str]:
        if format is ExportFormat.OPENDKIM:
            if name in opendkim_conf.CONFS.values():
                settings = opendkim_conf.settings(key_owner.HOST, text)
                return list(opendkim.conf_statements(settings))
            return list(opendkim.table_statements(name, text, domains))
        if format is ExportFormat.POSTFIX:
            return list(postfix.statements(text, sockets, host.hostname))
        if format is ExportFormat.RSPAMD:
            return list(rspamd.statements(name, text, domains))
        return [line for line in text.splitlines() if line.strip() and MARK not in line]

    return statements


def _differences(
    path: Path, wanted: Sequence[str], there: Sequence[str]
) -> Iterator[ExportDifference]:
    yield from (ExportDifference(path, "-", line) for line in there if line not in wanted)
    yield from (ExportDifference(path, "+", line) for line in wanted if line not in there)


def _internal(wanted: str, path: Path, text: str, setting: str = "") -> Iterator[ExportDifference]:
    """Yield the hosts that are missing in a list of hosts; an empty text is OpenDKIM's default."""
    there = opendkim.entries(text) or list(internal_hosts.DEFAULT)
    yield from (
        ExportDifference(path, "+", f"{setting}{entry}")
        for entry in internal_hosts.missing(opendkim.entries(wanted), there)
    )


# What the programs do without the key that their files name.
_UNSIGNED = "Rspamd does not sign mail"
_DEFERS = "OpenDKIM defers all mail"


def _missing_key(root: Path, key: str, without: str) -> Iterator[ExportDifference]:
    """Yield that there is no key where the signing program is told to read it."""
    try:
        # The folder that you named may be this machine's, wherever the host's files are.
        there = on(root, key).exists() or Path(key).exists()
    except PermissionError:
        return  # only its owner may look; `dkim check` says so
    if not there:
        yield ExportDifference(
            on(root, key),
            "!",
            f"there is no such key, and {without} without it; --key-dir names its folder",
        )


def _installed(folder: Path, name: str) -> Path:
    if name == rspamd.CONF and (folder / "local.d").is_dir():
        return folder / "local.d" / name  # Rspamd reads none in the folder itself
    # Where the tables have a folder of their own, the file that the daemon reads is often above it.
    if (
        name in opendkim_conf.CONFS.values()
        and not (folder / name).exists()
        and (folder.parent / name).exists()
    ):
        return folder.parent / name
    return folder / name


# What a host's programs read


def _opendkim(
    root: Path, files: Mapping[str, str], says: Callable[[str, str], list[str]], host: MailHost
) -> Iterator[ExportDifference]:
    daemons = opendkim_conf.daemons(root)
    for type, conf in opendkim_conf.CONFS.items():
        running = daemons.get(type)
        if conf not in files and running is None:
            continue
        path = on(root, running.conf if running is not None else opendkim_conf.CONF.with_name(conf))
        stray = on(root, host.config_dir / conf)
        if stray != path and stray.exists():
            yield ExportDifference(stray, "!", f"OpenDKIM does not read this file; it reads {path}")
        if running is None:
            yield from _differences(path, says(conf, files[conf]), [])
            continue
        if conf in files:
            there = list(opendkim.conf_statements(running.settings))
            yield from _differences(path, says(conf, files[conf]), there)
        for setting, name in (
            ("keytable", opendkim.KEY_TABLE[type]),
            ("signingtable", opendkim.SIGNING_TABLE[type]),
        ):
            yield from _table(running, setting, partial(says, name), files.get(name, ""))
        yield from _hosts(running, files[opendkim.TRUSTED])
        yield from _unsigned(running, text_of(on(root, _MAIN)), on(root, _MAIN))


def _table(
    running: Daemon, setting: str, says: Callable[[str], list[str]], wanted: str
) -> Iterator[ExportDifference]:
    """Yield how the table differs that a setting leads to."""
    if setting not in running.settings:
        return  # the configuration's own differences say that it is missing
    path, text = running.table(setting)
    if path is None:
        value = opendkim.source(running.settings[setting])
        yield ExportDifference(
            on(running.root, running.conf),
            "!",
            f"{setting} {value} is no plain file: what it says is not looked at",
        )
    else:
        yield from _differences(on(running.root, path), says(wanted), says(text))


def _hosts(running: Daemon, wanted: str) -> Iterator[ExportDifference]:
    """Yield the hosts whose mail should be signed and is not."""
    conf, setting = on(running.root, running.conf), running.settings.get("internalhosts", "")
    path, text = running.table("internalhosts")
    if setting and path is None:
        text = "\n".join(setting.removeprefix("csl:").split(","))
    where = on(running.root, path) if path is not None else conf
    yield from _internal(wanted, where, text, "" if path is not None else "internalhosts ")
    main = on(running.root, _MAIN)
    relaying = postfix.networks(text_of(main))
    try:
        named = internal_hosts.networks(relaying, str(main)) if relaying else []
    except MailAuthError:
        yield ExportDifference(
            main,
            "!",
            f"mynetworks = {relaying} is not looked at: give it to --mynetworks as networks",
        )
        return
    away = [str(each) for each in named if not each.is_loopback]
    for each in internal_hosts.missing(away, opendkim.entries(text) or internal_hosts.DEFAULT):
        yield ExportDifference(
            where,
            "!",
            f"mail that is relayed for {each} (mynetworks in {main}) is not signed: "
            "export with --mynetworks",
        )


def _unsigned(running: Daemon, main: str, path: Path) -> Iterator[ExportDifference]:
    """Yield that Postfix does not send mail through the socket where OpenDKIM listens."""
    text = running.settings.get("socket", "")
    socket = milter.listens(text)
    if main and text and (socket is None or socket.postfix not in postfix.milters(main)):
        conf = on(running.root, running.conf)
        yield ExportDifference(
            path,
            "!",
            f"smtpd_milters has none at {text}, where OpenDKIM listens (Socket of {conf}): "
            "mail is not signed",
        )


def _services(folder: Path, milter_names: frozenset[str]) -> Iterator[ExportDifference]:
    """Yield the services of master.cf whose mail does not reach our milters."""
    master = folder / "master.cf"
    for service in postfix.services(text_of(master)):
        if service.milters is not None and not milter_names & service.milters:
            yield ExportDifference(
                master,
                "!",
                f"{service.name} has smtpd_milters of its own, without ours: "
                "its mail is not signed",
            )
        if service.chrooted and (
            outside := sorted(each for each in milter_names if each.startswith("unix:/"))
        ):
            yield ExportDifference(
                master,
                "!",
                f"{service.name} runs chrooted and cannot reach {outside[0]}: "
                f"use a socket below {milter.QUEUE}",
            )
