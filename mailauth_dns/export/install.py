"""A signing program's files, put where this host's own program reads them.

OpenDKIM reads its configuration from the file that its unit names, and Rspamd its settings from
local.d; the tables and maps are in a folder that those name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mailauth_dns.atomic_files import create_private_file, followed, replace_file
from mailauth_dns.errors import MailAuthError
from mailauth_dns.export import in_use, internal_hosts, opendkim, out_folder, rspamd
from mailauth_dns.export.exported_files import ExportFormat
from mailauth_dns.export.mail_host import MailHost
from mailauth_dns.export.milter import Socket
from mailauth_dns.records.dkim import KeyType
from mailauth_dns.records.name import DomainName
from mailauth_dns.signing_host import key_owner, opendkim_conf
from mailauth_dns.signing_host.config_lines import text_of
from mailauth_dns.signing_host.systemd_units import on

KEPT = ".before-mailauth-dns"
_KEYS = ("keytable", "signingtable", "keyfile", "domain")  # settings by which OpenDKIM signs


@dataclass(frozen=True, slots=True)
class Installed:
    """The files that were written, and where what they replaced is kept."""

    written: tuple[Path, ...]
    kept: tuple[Path, ...] = ()


def install(
    format: ExportFormat,
    files: Mapping[str, str],
    root: Path,
    domains: Sequence[DomainName],
    host: MailHost,
) -> Installed:
    """Write the files where this host's signing program reads them.

    A configuration and tables of OpenDKIM's package are kept beside the new ones, and what Postfix
    needs of it stays. `root` is the zone repo.

    Raises:
        MailAuthError: the program signs with keys of its own there, Postfix needs another socket,
            a file was made by no export, would lose other domains than these, or cannot be written.
    """
    folder = on(key_owner.HOST, host.config_dir)
    if format is ExportFormat.RSPAMD:
        settings = {rspamd.CONF: files[rspamd.CONF]}
        maps = {name: text for name, text in files.items() if name not in settings}
        written = out_folder.write(format, maps, folder, root, domains, host)
        conf = out_folder.write(format, settings, folder / "local.d", root, domains, host)
        return Installed((*written, *conf))
    confs = {name: _conf_path(name) for name in files if name in opendkim_conf.CONFS.values()}
    used = in_use.sockets(key_owner.HOST)
    _refuse_dead_milters(used, host, confs)
    there = {name: _settings(path) for name, path in confs.items()}
    before = {name: _replaceable(path) for name, path in confs.items()}
    tables = {name: text for name, text in files.items() if name not in confs}
    unused = [name for name in (*opendkim.TABLES, opendkim.TRUSTED) if _says_nothing(folder / name)]
    _keep_unused(folder, unused)
    written = out_folder.write(format, tables, folder, root, domains, host, unused)
    for name, path in confs.items():
        made = in_use.keeping(files[name], there[name], used=_type(name) in used)
        _put(path, before[name], out_folder.marked(name, made))
        _take_stray(folder / name, path)
    kept = [path for name, path in confs.items() if before[name]]
    kept += [folder / name for name in unused]
    return Installed((*confs.values(), *written), tuple(map(_beside, kept)))


def _type(name: str) -> KeyType:
    return next(type for type, each in opendkim_conf.CONFS.items() if each == name)


def _conf_path(name: str) -> Path:
    """Return the configuration that this host's OpenDKIM reads."""
    running = opendkim_conf.daemons(key_owner.HOST).get(_type(name))
    conf = running.conf if running is not None else opendkim_conf.CONF.with_name(name)
    return on(key_owner.HOST, conf)


def _refuse_dead_milters(
    used: Mapping[KeyType, Socket], host: MailHost, confs: Collection[str]
) -> None:
    """Refuse to leave a socket that Postfix passes mail through."""
    for type, socket in used.items():
        if opendkim_conf.CONFS[type] in confs and host.sockets[type].postfix != socket.postfix:
            raise MailAuthError(
                f"{on(key_owner.HOST, in_use.MAIN)}: Postfix passes mail through "
                f"{socket.opendkim}, where OpenDKIM would no longer listen, and mail would get "
                "4.7.1; leave out --socket and --ed25519-socket to keep that socket, or take "
                "it out of smtpd_milters first"
            )


def _settings(path: Path) -> Mapping[str, str]:
    return opendkim_conf.settings(key_owner.HOST, text_of(path))


def _replaceable(path: Path) -> str:
    """Return a configuration that may be replaced: ours, or one that signs for nothing.

    Raises:
        MailAuthError: it names keys, with which mail may be signed.
    """
    text = text_of(path)
    if out_folder.MARK in text[:500]:
        return ""
    settings = _settings(path)
    # Red Hat's package names a key that is not there, with a mode that only verifies.
    signs = "s" in settings.get("mode", "sv").lower()
    if named := [name for name in _KEYS if signs and name in settings]:
        raise MailAuthError(
            f"{path}: signs mail already ({', '.join(named)}), and --install would stop that; "
            "write the files with --out to another folder, and put both together by hand"
        )
    return text


def _says_nothing(path: Path) -> bool:
    """Tell whether a table is as a package brings it: no rows, or no hosts beyond loopback."""
    text = text_of(path)
    if not text or out_folder.MARK in text[:500]:
        return False
    there = opendkim.entries(text)
    if path.name != opendkim.TRUSTED:
        return not there
    return not internal_hosts.missing(there, [*internal_hosts.LOOPBACK, "localhost"])


def _keep_unused(folder: Path, names: Collection[str]) -> None:
    for name in names:
        try:
            _keep(folder / name)
        except OSError as error:
            raise MailAuthError(f"{error.filename or folder}: {error.strerror}") from None


def _put(path: Path, before: str, text: str) -> None:
    try:
        if before:
            _keep(path)
        replace_file(followed(path), text.encode(), durable=False)
    except OSError as error:
        raise MailAuthError(f"{error.filename or path}: {error.strerror}") from None


def _beside(path: Path) -> Path:
    return path.with_name(path.name + KEPT)


def _keep(path: Path) -> None:
    """Copy a configuration beside it, octet by octet, for its owner alone.

    Raises:
        MailAuthError: another one is kept there.
        OSError: it cannot be written.
    """
    kept, data = _beside(path), path.read_bytes()
    try:
        create_private_file(kept, data, (path.stat().st_uid, path.stat().st_gid))
    except FileExistsError:
        if kept.read_bytes() == data:
            return  # a run that was killed had come as far as that
        raise MailAuthError(
            f"{kept}: is there already; move it away, so that {path.name} can be kept there"
        ) from None


def _take_stray(stray: Path, path: Path) -> None:
    """Delete the configuration that an earlier export wrote where OpenDKIM does not read it."""
    if stray != path and out_folder.MARK in text_of(stray)[:500]:
        stray.unlink()
