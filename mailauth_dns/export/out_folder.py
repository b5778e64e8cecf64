"""The folder that exported files are written into, and what may not be written over there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from mailauth_dns.atomic_files import followed, replace_file
from mailauth_dns.errors import MailAuthError
from mailauth_dns.export import internal_hosts, opendkim, postfix, rspamd
from mailauth_dns.export.exported_files import ExportFormat
from mailauth_dns.export.mail_host import MailHost
from mailauth_dns.policy.repo_layout import POLICY_DIR, PROVIDER_DIR
from mailauth_dns.records.name import DomainName
from mailauth_dns.signing_host.config_lines import text_of

MARK = "made by `mailauth-dns export`; make it again instead of changing it"


def write(
    format: ExportFormat,
    files: Mapping[str, str],
    folder: Path,
    root: Path,
    domains: Sequence[DomainName],
    host: MailHost,
    replaceable: Collection[str] = (),
) -> tuple[Path, ...]:
    """Write the files into a folder, each replaced whole, and return their paths.

    A table of an earlier export that is no longer needed is left empty, so that its keys stop
    signing. `root` is the zone repo. Files named in `replaceable` are written over, whoever made
    them.

    Raises:
        MailAuthError: the folder is one of the repo's own; a file there was made by no export, or
            would lose other domains than these; or one cannot be written.
    """
    _refuse_own_folder(folder, root)
    spare = opendkim.TABLES if format is ExportFormat.OPENDKIM else ()
    files = {**{name: "" for name in spare if (folder / name).exists()}, **files}
    there = {
        name: text_of(folder / name)
        for name in files
        if name not in replaceable and (folder / name).exists()
    }
    _refuse_foreign_files(there, folder)
    if format is ExportFormat.POSTFIX:
        _refuse_to_drop_sockets(there, files, folder, host)
    if format is ExportFormat.OPENDKIM:
        _refuse_to_drop_hosts(there, files, folder)
    _refuse_to_drop_domains(format, there, folder, domains)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            replace_file(followed(folder / name), marked(name, text).encode(), durable=False)
            if name.endswith(".sh"):
                (folder / name).chmod(0o755)
    except OSError as error:
        raise MailAuthError(f"{error.filename or folder}: {error.strerror}") from None
    return tuple(folder / name for name in files)


def _refuse_own_folder(folder: Path, root: Path) -> None:
    for own in (POLICY_DIR.parts[0], PROVIDER_DIR):
        if folder.resolve().is_relative_to((root / own).resolve()):
            raise MailAuthError(
                f"--out {folder}: is in the repo's {own}, where policies and compiled files are; "
                "use another folder"
            )


def _refuse_foreign_files(there: Mapping[str, str], folder: Path) -> None:
    """Refuse to overwrite a file that no export made."""
    for name, text in there.items():
        if MARK not in text[:500]:
            raise MailAuthError(
                f"{folder / name}: no export made this file, and it is not overwritten; "
                "write to another folder and compare"
            )


def _refuse_to_drop_sockets(
    there: Mapping[str, str], files: Mapping[str, str], folder: Path, host: MailHost
) -> None:
    """Refuse to take a signing program out of Postfix that mail of other domains may need."""
    ours = {socket.postfix for socket in host.sockets.values()}
    before = postfix.milters(there.get(postfix.MAIN, "")) & ours
    if gone := before - postfix.milters(files[postfix.MAIN]):
        raise MailAuthError(
            f"{folder / postfix.MAIN}: an earlier export has {', '.join(sorted(gone))} there, "
            "where mail of other domains may be signed; name all domains of the host, "
            "or delete the file first where none of them needs it"
        )


def _refuse_to_drop_hosts(there: Mapping[str, str], files: Mapping[str, str], folder: Path) -> None:
    """Refuse to stop signing the mail of hosts that an earlier export names."""
    before, after = (opendkim.entries(each.get(opendkim.TRUSTED, "")) for each in (there, files))
    if unsigned := internal_hosts.missing(before, after):
        raise MailAuthError(
            f"{folder / opendkim.TRUSTED}: an earlier export has {', '.join(unsigned)} there, "
            "whose mail would no longer be signed; name them again with --mynetworks, "
            "or delete the file first if you no longer want that"
        )


_DOMAINS_OF = {ExportFormat.OPENDKIM: opendkim.domains_of, ExportFormat.RSPAMD: rspamd.domains_of}


def _refuse_to_drop_domains(
    format: ExportFormat, there: Mapping[str, str], folder: Path, domains: Sequence[DomainName]
) -> None:
    """Refuse to stop signing for domains that an earlier export names."""
    if (domains_of := _DOMAINS_OF.get(format)) is None:
        return
    before = frozenset[str]().union(*(domains_of(name, text) for name, text in there.items()))
    if dropped := before - frozenset(domains):
        every = " ".join(sorted({*domains, *dropped}))
        raise MailAuthError(
            f"--out {folder}: {', '.join(sorted(dropped))} would be taken out of the files there, "
            "and no longer signed for; name all domains of the host: "
            f"mailauth-dns export {every} --format {format}; "
            "or delete the files first if you no longer sign for them"
        )


def marked(name: str, text: str) -> str:
    """Return a file with a line that says where it comes from, in its own comment syntax."""
    if name.endswith(".json"):
        return text.replace("{\n", f'{{\n  "//": "{MARK}",\n', 1)
    opening = {".zone": ";", ".js": "//"}.get(Path(name).suffix, "#")
    shebang = "#!/bin/sh\n" if name.endswith(".sh") else ""
    return f"{shebang}{opening} {MARK}\n{text}"
