"""The exported files of each format, by name; the steps at a web form are in `paste_steps`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from mailauth_dns.compile.publication import Publication
from mailauth_dns.errors import MailAuthError
from mailauth_dns.export import dns_formats, internal_hosts, opendkim, postfix, rspamd, terraform
from mailauth_dns.export.mail_host import MailHost
from mailauth_dns.export.ready_to_sign import no_signer
from mailauth_dns.export.signers import signers
from mailauth_dns.export.terraform_providers import TerraformProvider
from mailauth_dns.policy.repo import Policy
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName


class ExportFormat(StrEnum):
    """What `export` can write."""

    BIND = "bind"
    PASTE = "paste"
    JSON = "json"
    OPENDKIM = "opendkim"
    POSTFIX = "postfix"
    RSPAMD = "rspamd"
    TERRAFORM = "terraform"
    DNSCONTROL = "dnscontrol"


AT_A_FORM: Mapping[ExportFormat, str] = {
    ExportFormat.PASTE: "mailauth-dns.txt",
    ExportFormat.JSON: "mailauth-dns.json",
}  # the steps at a web form, compared with live DNS: for people, and for programs
FORM_WAIT = "30m"  # a form's servers usually serve a record within minutes
SIGNING = frozenset({ExportFormat.OPENDKIM, ExportFormat.RSPAMD})  # these name the keys that sign

RECORDS: Mapping[ExportFormat, tuple[str, Callable[[Sequence[Publication]], str]]] = {
    ExportFormat.BIND: ("mailauth-dns.zone", dns_formats.bind),
    ExportFormat.TERRAFORM: ("mailauth-dns.tf.json", dns_formats.terraform),
    ExportFormat.DNSCONTROL: ("mailauth-dns.js", dns_formats.dnscontrol),
}


def export(
    format: ExportFormat,
    policies: Sequence[Policy],
    publications: Sequence[Publication],
    host: MailHost,
    now: datetime,
    resources_of: TerraformProvider | None = None,
) -> dict[str, str]:
    """Return the files of one format by name; `resources_of` is for Terraform alone.

    Raises:
        MailAuthError: the format names signing keys, and a policy has no active key that is ours.
            For a pending one the message says when it may sign.
    """
    if resources_of is not None:
        return {"mailauth-dns.tf": terraform.resources(resources_of, publications)}
    if format in RECORDS:
        name, made = RECORDS[format]
        return {name: made(publications)}
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
