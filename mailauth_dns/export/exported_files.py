"""The exported files of each format, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy.verify import watch
from mailauth_dns.errors import MailAuthError
from mailauth_dns.export import dns_formats, internal_hosts, opendkim, postfix, rspamd
from mailauth_dns.export.mail_host import MailHost
from mailauth_dns.export.ready_to_sign import no_signer
from mailauth_dns.export.signers import signers
from mailauth_dns.policy.repo import Policy
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName


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

RECORDS: Mapping[ExportFormat, tuple[str, Callable[[Sequence[Publication]], str]]] = {
    ExportFormat.BIND: ("mailauth-dns.zone", dns_formats.bind),
    ExportFormat.PASTE: ("mailauth-dns.txt", dns_formats.paste),
    ExportFormat.TERRAFORM: ("mailauth-dns.tf.json", dns_formats.terraform),
    ExportFormat.DNSCONTROL: ("mailauth-dns.js", dns_formats.dnscontrol),
}


def export(
    format: ExportFormat,
    policies: Sequence[Policy],
    publications: Sequence[Publication],
    host: MailHost,
    now: datetime,
    *,
    live: bool = False,
) -> dict[str, str]:
    """Return the files of one format by name.

    `live` asks DNS what it has now of the records that are to be pasted.

    Raises:
        MailAuthError: the format names signing keys, and a policy has no active key that is ours.
            For a pending one the message says when it may sign.
    """
    if format in RECORDS:
        return _records(format, publications, live=live)
    sign = signers(policies, host.key_dir)
    if format is ExportFormat.POSTFIX:
        return postfix.files(host.listening(sign), host.hostname)
    if without := [
        policy for policy in policies if policy.domain not in {signer.domain for signer in sign}
    ]:
        raise MailAuthError(no_signer(without, now))
    if format is ExportFormat.RSPAMD:
        return rspamd.files(sign, host.config_dir)
    if len(host.listening(sign)) < len({signer.type for signer in sign}):
        raise MailAuthError(
            "RSA and Ed25519 keys are active, and one OpenDKIM signs with one kind; "
            "give the second --ed25519-socket"
        )
    return opendkim.files(
        sign, host.sockets, host.config_dir, internal_hosts.hosts(policies, host.mynetworks)
    )


def _records(
    format: ExportFormat, publications: Sequence[Publication], *, live: bool
) -> dict[str, str]:
    name, made = RECORDS[format]
    if format is ExportFormat.PASTE and live:
        return {name: dns_formats.paste(publications, _held(publications))}
    return {name: made(publications)}


def _held(publications: Sequence[Publication]) -> dns_formats.Held:
    """Return what the authoritative servers hold of these records; None where they disagree."""
    rows = (row for each in watch(publications, 0).values() for row in each)
    return {
        (DomainName(row.name), row.type): frozenset(row.live) if row.live is not None else None
        for row in rows
    }


def consents(format: ExportFormat, publications: Iterable[Publication]) -> list[DomainName]:
    """Return the names of the consents to DMARC reports among the exported records.

    A plan leaves out those that a wildcard gives already.
    """
    entries = (entry for publication in publications for entry in publication.declared)
    return (
        [entry.key[0] for entry in entries if entry.family is Family.DMARC_REPORT]
        if format in RECORDS
        else []
    )
