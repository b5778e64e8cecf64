"""Exports: the files of each format, whether they may be installed yet, and how they differ from what is installed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path, PurePosixPath

from mailauth_dns.atomic_files import followed, replace_file
from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy.verify import watch
from mailauth_dns.errors import MailAuthError
from mailauth_dns.export import dns_formats, internal_hosts, opendkim, postfix, rspamd
from mailauth_dns.export.milter import Socket
from mailauth_dns.export.signers import Signer, signers, signing
from mailauth_dns.keys import lifecycle
from mailauth_dns.keys.rotation import KeyState, look
from mailauth_dns.plan.permissions import LIVE_UNKNOWN, Allowance
from mailauth_dns.policy.repo import POLICY_DIR, PROVIDER_DIR, Policy
from mailauth_dns.records.dkim import KeyType
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.signing_host.opendkim_conf import text_of

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
    ExportFormat.BIND: ("mailauth-dns.zone", dns_formats.bind),
    ExportFormat.PASTE: ("mailauth-dns.txt", dns_formats.paste),
    ExportFormat.TERRAFORM: ("mailauth-dns.tf.json", dns_formats.terraform),
    ExportFormat.DNSCONTROL: ("mailauth-dns.js", dns_formats.dnscontrol),
}


@dataclass(frozen=True, slots=True)
class Host:
    """The signing host as the exported files see it."""

    sockets: Mapping[KeyType, Socket]
    config_dir: PurePosixPath
    key_dir: PurePosixPath
    hostname: DomainName | None
    mynetworks: str | None = None  # as Postfix has them


def export(
    format: ExportFormat,
    policies: Sequence[Policy],
    publications: Sequence[Publication],
    host: Host,
    now: datetime,
    *,
    live: bool = False,
) -> dict[str, str]:
    """Return the files of one format by name; `live` asks DNS what is there of the records that are to be pasted.

    Raises:
        MailAuthError: the format names signing keys, and no active key of these policies is ours; of a pending one it is told when it may
            sign, which DNS is asked for.
    """
    if format is ExportFormat.PASTE:
        return {
            _RECORDS[format][0]: dns_formats.paste(
                publications, _held(publications) if live else None
            )
        }
    if format in _RECORDS:
        name, made = _RECORDS[format]
        return {name: made(publications)}
    sign = signers(policies, host.key_dir)
    if format is ExportFormat.POSTFIX:
        return postfix.files(listening(sign, host), host.hostname)
    if without := [
        policy for policy in policies if policy.domain not in {signer.domain for signer in sign}
    ]:
        raise MailAuthError(_no_signer(without, now))
    if format is ExportFormat.RSPAMD:
        return rspamd.files(sign, host.config_dir)
    if len(listening(sign, host)) < len({signer.type for signer in sign}):
        raise MailAuthError(
            "RSA and Ed25519 keys are active, and one OpenDKIM signs with one kind; give the second --ed25519-socket"
        )
    return opendkim.files(
        sign, host.sockets, host.config_dir, internal_hosts.hosts(policies, host.mynetworks)
    )


def _held(publications: Sequence[Publication]) -> dns_formats.Held:
    """Return what the authoritative servers hold of what is declared; None where they do not tell, or differ."""
    rows = (row for each in watch(publications, 0).values() for row in each)
    return {
        (DomainName(row.name), row.type): frozenset(row.live) if row.live is not None else None
        for row in rows
    }


def _no_signer(policies: Sequence[Policy], now: datetime) -> str:
    """Return what keeps these policies' keys from signing: there is none, or it is pending."""
    told = []
    waiting = [
        state
        for state in look(policies, now)
        if state.key.ours and state.key.section.state == "pending"
    ]
    for name, domain, step in (
        (state.key.name, state.key.domain, state.step)
        for state in waiting
        if state.step is not None
    ):
        when = (
            f"not sign yet: {step.why}" if step.at is None else f"sign {lifecycle.told(step, now)}"
        )
        told.append(
            f"{name} is pending, and may {when}; then `dkim rotate {domain}` makes it active"
        )
    if without := sorted(
        {policy.domain for policy in policies} - {state.key.domain for state in waiting}
    ):
        told.append(
            f"no active key of ours signs for {', '.join(without)}: `key:` with a file in zones/keys, made by `dkim keygen`"
        )
    return "\n".join(told)


def listening(sign: Sequence[Signer], host: Host) -> tuple[Socket, ...]:
    """Return the sockets that mail has to pass for these keys to sign it; RSA's where there is no key yet."""
    types = {signer.type for signer in sign} or {KeyType.RSA}
    return tuple(dict.fromkeys(host.sockets[type] for type in KeyType if type in types))


def refusals(
    states: Iterable[KeyState], allowed: Collection[Allowance], now: datetime
) -> list[str]:
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
            reason = (
                f"not every authoritative server serves the key ({sight.detail or sight.state})"
            )
        elif usable is None:
            reason = "the policy has no `seen:` for it; `mailauth-dns dkim status` writes it"
        elif usable > now:
            reason = f"served everywhere, but caches may know it as missing until {lifecycle.moment(usable)}"
        if reason and not any(allowance.covers(rule, key.domain) for allowance in allowed):
            found.append(
                f"{key.name}: {reason} ({rule}; --allow {rule}:{key.domain} if that is meant)"
            )
    return found


# Files


def consents(format: ExportFormat, publications: Iterable[Publication]) -> list[DomainName]:
    """Return the names of the consents to DMARC reports among the exported records: a plan leaves out those that a wildcard gives."""
    entries = (entry for publication in publications for entry in publication.declared)
    return (
        [entry.key[0] for entry in entries if entry.family is Family.DMARC_REPORT]
        if format in _RECORDS
        else []
    )


def write(
    format: ExportFormat,
    files: Mapping[str, str],
    folder: Path,
    root: Path,
    domains: Sequence[DomainName],
    host: Host,
) -> tuple[Path, ...]:
    """Write the files into a folder, each replaced whole, and return their paths.

    A table of an earlier export that is no longer needed is left empty, so that its keys do not go on signing.

    Raises:
        MailAuthError: one would overwrite a file that no export made, or take other domains than these out of it, or cannot be written, or
            the folder is one of the repo's own.
    """
    for own in (POLICY_DIR.parts[0], PROVIDER_DIR):
        if folder.resolve().is_relative_to((root / own).resolve()):
            raise MailAuthError(
                f"--out {folder}: lies in the repo's {own}, where policies and compiled files are; use another folder"
            )
    spare = opendkim.TABLES if format is ExportFormat.OPENDKIM else ()
    files = {**{name: "" for name in spare if (folder / name).exists()}, **files}
    paths = tuple(folder / name for name in files)
    there = {path: text_of(path) for path in paths if path.exists()}
    for path, text in there.items():
        if MARK not in text[:500]:
            raise MailAuthError(
                f"{path}: no export made this file, and it is not overwritten; write to another folder and compare"
            )
    _refuse_to_drop(
        format, {path.name: text for path, text in there.items()}, files, folder, domains, host
    )
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
    format: ExportFormat,
    there: Mapping[str, str],
    files: Mapping[str, str],
    folder: Path,
    domains: Sequence[DomainName],
    host: Host,
) -> None:
    """Refuse to take out of a signing host's files what an earlier export put there for other domains."""
    if format is ExportFormat.POSTFIX and postfix.MAIN in there:
        known = {socket.postfix for socket in host.sockets.values()}
        if gone := postfix.milters(there[postfix.MAIN]) & known - postfix.milters(
            files[postfix.MAIN]
        ):
            raise MailAuthError(
                f"{folder / postfix.MAIN}: an earlier export has {', '.join(sorted(gone))} there, where mail of other domains may be "
                "signed; name all domains of the host, or delete the file first where none of them needs it"
            )
    hosts = (opendkim.entries(each.get(opendkim.TRUSTED, "")) for each in (there, files))
    if format is ExportFormat.OPENDKIM and (unsigned := internal_hosts.missing(*hosts)):
        raise MailAuthError(
            f"{folder / opendkim.TRUSTED}: an earlier export has {', '.join(unsigned)} there, who would no longer be signed for; name them "
            "again with --mynetworks, or delete the file first where it shall not be"
        )
    if (domains_of := _DOMAINS_OF.get(format)) is None:
        return
    if dropped := frozenset[str]().union(
        *(domains_of(name, text) for name, text in there.items())
    ) - frozenset(domains):
        every = " ".join(sorted({*domains, *dropped}))
        raise MailAuthError(
            f"--out {folder}: {', '.join(sorted(dropped))} would be taken out of the files there, and no longer signed for; name all "
            f"domains of the host: mailauth-dns export {every} --format {format}; or delete the files first where it shall sign no more"
        )


def marked(name: str, text: str) -> str:
    """Return a file with a line that says where it comes from, in its own comment syntax."""
    if name.endswith(".json"):
        return text.replace("{\n", f'{{\n  "//": "{MARK}",\n', 1)
    opening = {".zone": ";", ".js": "//"}.get(Path(name).suffix, "#")
    shebang = "#!/bin/sh\n" if name.endswith(".sh") else ""
    return f"{shebang}{opening} {MARK}\n{text}"
