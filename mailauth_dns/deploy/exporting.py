"""Exports: the files of each format, whether they may be installed yet, and how they differ from what is installed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path, PurePosixPath

from mailauth_dns.compile import Publication
from mailauth_dns.deploy.gates import LIVE_UNKNOWN, Allowance
from mailauth_dns.deploy.rotation import KeyState
from mailauth_dns.errors import MailAuthError
from mailauth_dns.policy.load import POLICY_DIR, PROVIDER_DIR, Policy
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.signing import lifecycle, opendkim, postfix, records, rspamd
from mailauth_dns.signing.keypair import KeyType
from mailauth_dns.signing.milter import Socket
from mailauth_dns.signing.signers import Signer, signers, signing
from mailauth_dns.writing import followed, replace_file

MARK = "made by `mailauth-dns export`; make it again instead of changing it"


class ExportFormat(StrEnum):
    """What `export` can write."""

    BIND = "bind"
    PASTE = "paste"
    OPENDKIM = "opendkim"
    POSTFIX = "postfix"
    RSPAMD = "rspamd"
    TERRAFORM = "terraform"
    DNSCONTROL = "dnscontrol"


SIGNING = frozenset({ExportFormat.OPENDKIM, ExportFormat.RSPAMD})  # these name the keys that sign

_RECORDS: Mapping[ExportFormat, tuple[str, Callable[[Sequence[Publication]], str]]] = {
    ExportFormat.BIND: ("mailauth-dns.zone", records.bind),
    ExportFormat.PASTE: ("mailauth-dns.txt", records.paste),
    ExportFormat.TERRAFORM: ("mailauth-dns.tf.json", records.terraform),
    ExportFormat.DNSCONTROL: ("mailauth-dns.js", records.dnscontrol),
}


@dataclass(frozen=True, slots=True)
class Host:
    """The signing host as the exported files see it."""

    sockets: Mapping[KeyType, Socket]
    config_dir: PurePosixPath
    key_dir: PurePosixPath
    hostname: DomainName | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One statement that is installed and should not be (`-`), or should be and is not (`+`)."""

    path: Path
    sign: str
    statement: str


def export(format: ExportFormat, policies: Sequence[Policy], publications: Sequence[Publication], host: Host) -> dict[str, str]:
    """Return the files of one format by name.

    Raises:
        MailAuthError: the format names signing keys, and no active key of these policies is ours.
    """
    if format in _RECORDS:
        name, made = _RECORDS[format]
        return {name: made(publications)}
    sign = signers(policies, host.key_dir)
    if format is ExportFormat.POSTFIX:
        return postfix.files(_listening(sign, host), host.hostname)
    if silent := sorted({policy.domain for policy in policies} - {signer.domain for signer in sign}):
        raise MailAuthError(f"no active key of ours signs for {', '.join(silent)}: `key:` with a file in zones/keys, made by `dkim keygen`")
    if format is ExportFormat.RSPAMD:
        return rspamd.files(sign, host.config_dir)
    if len(_listening(sign, host)) < len({signer.type for signer in sign}):
        raise MailAuthError("RSA and Ed25519 keys are active, and one OpenDKIM signs with one kind; give the second --ed25519-socket")
    return opendkim.files(sign, host.sockets, host.config_dir)


def _listening(sign: Sequence[Signer], host: Host) -> tuple[Socket, ...]:
    """Return the sockets that mail has to pass for these keys to sign it; RSA's where there is no key yet."""
    types = {signer.type for signer in sign} or {KeyType.RSA}
    return tuple(dict.fromkeys(host.sockets[type] for type in KeyType if type in types))


def refusals(states: Iterable[KeyState], allowed: Collection[Allowance], now: datetime) -> list[str]:
    """Return why the keys must not sign yet (DKIM031), each with what would allow it; receivers would not find them."""
    found = []
    for state in states:
        key, sight = state.key, state.sight
        if not signing(key):
            continue
        rule, reason = "DKIM031", ""
        usable = lifecycle.usable_from(key, sight)
        if sight.state == "unknown":
            rule, reason = LIVE_UNKNOWN, f"DNS is unknown: {sight.detail}"
        elif sight.state != "served":
            reason = f"not every authoritative server serves the key ({sight.detail or sight.state})"
        elif usable is None:
            reason = "the policy has no `seen:` for it; `mailauth-dns dkim status` writes it"
        elif usable > now:
            reason = f"served everywhere, but caches may know it as missing until {lifecycle.moment(usable)}"
        if reason and not any(allowance.covers(rule, key.domain) for allowance in allowed):
            found.append(f"{key.name}: {reason} ({rule}; --allow {rule}:{key.domain} if that is meant)")
    return found


# Files


def consents(format: ExportFormat, publications: Iterable[Publication]) -> list[DomainName]:
    """Return the names of the consents to DMARC reports among the exported records: a plan leaves out those that a wildcard gives."""
    entries = (entry for publication in publications for entry in publication.declared)
    return [entry.key[0] for entry in entries if entry.family is Family.DMARC_REPORT] if format in _RECORDS else []


def write(
    format: ExportFormat, files: Mapping[str, str], folder: Path, root: Path, domains: Sequence[DomainName], host: Host
) -> tuple[Path, ...]:
    """Write the files into a folder, each replaced whole, and return their paths.

    A table of an earlier export that is no longer needed is left empty, so that its keys do not go on signing.

    Raises:
        MailAuthError: one would overwrite a file that no export made, or take other domains than these out of it, or cannot be written, or
            the folder is one of the repo's own.
    """
    for own in (POLICY_DIR.parts[0], PROVIDER_DIR):
        if folder.resolve().is_relative_to((root / own).resolve()):
            raise MailAuthError(f"--out {folder}: lies in the repo's {own}, where policies and compiled files are; use another folder")
    spare = opendkim.TABLES if format is ExportFormat.OPENDKIM else ()
    files = {**{name: "" for name in spare if (folder / name).exists()}, **files}
    paths = tuple(folder / name for name in files)
    there = {path: _read(path) for path in paths if path.exists()}
    for path, text in there.items():
        if MARK not in text[:500]:
            raise MailAuthError(f"{path}: no export made this file, and it is not overwritten; write to another folder and compare")
    _refuse_to_drop(format, {path.name: text for path, text in there.items()}, files, folder, domains, host)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            replace_file(followed(folder / name), marked(name, text).encode(), durable=False)
            if name.endswith(".sh"):
                (folder / name).chmod(0o755)
    except OSError as error:
        raise MailAuthError(f"{error.filename or folder}: {error.strerror}") from None
    return paths


_DOMAINS_OF = {ExportFormat.OPENDKIM: opendkim.domains_of, ExportFormat.RSPAMD: rspamd.domains_of}


def _refuse_to_drop(
    format: ExportFormat, there: Mapping[str, str], files: Mapping[str, str], folder: Path, domains: Sequence[DomainName], host: Host
) -> None:
    """Refuse to take out of a signing host's files what an earlier export put there for other domains."""
    if format is ExportFormat.POSTFIX and postfix.MAIN in there:
        known = {socket.postfix for socket in host.sockets.values()}
        if gone := postfix.milters(there[postfix.MAIN]) & known - postfix.milters(files[postfix.MAIN]):
            raise MailAuthError(
                f"{folder / postfix.MAIN}: an earlier export has {', '.join(sorted(gone))} there, where mail of other domains may be "
                "signed; name all domains of the host, or delete the file first where none of them needs it"
            )
    if (domains_of := _DOMAINS_OF.get(format)) is None:
        return
    if gone := frozenset[str]().union(*(domains_of(name, text) for name, text in there.items())) - frozenset(domains):
        every = " ".join(sorted({*domains, *gone}))
        raise MailAuthError(
            f"--out {folder}: {', '.join(sorted(gone))} would be taken out of the files there, and no longer signed for; name all domains "
            f"of the host: mailauth-dns export {every} --format {format}; or delete the files first where it shall sign no more"
        )


def marked(name: str, text: str) -> str:
    """Return a file with a line that says where it comes from, in its own comment syntax."""
    if name.endswith(".json"):
        return text.replace("{\n", f'{{\n  "//": "{MARK}",\n', 1)
    opening = {".zone": ";", ".js": "//"}.get(Path(name).suffix, "#")
    shebang = "#!/bin/sh\n" if name.endswith(".sh") else ""
    return f"{shebang}{opening} {MARK}\n{text}"


def compare(format: ExportFormat, files: Mapping[str, str], folder: Path, policies: Sequence[Policy], host: Host) -> list[Difference]:
    """Return how what is installed in a folder differs in what concerns these policies; the rest of the files is not looked at.

    Raises:
        MailAuthError: there is no such folder, or a file cannot be read.
    """
    if not folder.is_dir():
        raise MailAuthError(f"--check {folder}: there is no such folder")
    spare = dict.fromkeys(opendkim.TABLES, "") if format is ExportFormat.OPENDKIM else {}
    domains = frozenset(policy.domain for policy in policies)
    sockets = _listening(signers(policies, host.key_dir), host)

    def statements(name: str, text: str) -> list[str]:
        if format is ExportFormat.OPENDKIM:
            return list(opendkim.statements(name, text, domains))
        if format is ExportFormat.POSTFIX:
            return list(postfix.statements(text, sockets, host.hostname))
        if format is ExportFormat.RSPAMD:
            return list(rspamd.statements(name, text, domains))
        return [line for line in text.splitlines() if line.strip() and MARK not in line]

    found = []
    for name, text in {**spare, **files}.items():
        if name == postfix.SCRIPT:
            continue  # it is run, not installed
        path = _installed(folder, name)
        wanted, there = statements(name, text), statements(name, _read(path))
        found += [Difference(path, "-", line) for line in there if line not in wanted]
        found += [Difference(path, "+", line) for line in wanted if line not in there]
    return found


def _installed(folder: Path, name: str) -> Path:
    # Debian and Red Hat have opendkim.conf in /etc and the tables in /etc/opendkim.
    if name in opendkim.CONF.values() and not (folder / name).exists() and (folder.parent / name).exists():
        return folder.parent / name
    return folder / name


def _read(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise MailAuthError(f"{path}: is not a regular file")  # to open a pipe would be to wait for ever
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise MailAuthError(f"{path}: {error.strerror}") from None
