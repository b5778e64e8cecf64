"""The export command: DNS records and signing files for other programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from mailauth_dns.cli import completions, headings, what_next_keys
from mailauth_dns.cli.export_host import (
    ConfigDir,
    Ed25519Socket,
    HostName,
    KeyDir,
    Layout,
    MyNetworks,
    OneSocket,
    host_of,
)
from mailauth_dns.cli.options import Allow, NoLive
from mailauth_dns.cli.session import DIFFERS, DONE, FAILED, Session, domains, session_of
from mailauth_dns.compile.publication import selected
from mailauth_dns.deploy import by_hand
from mailauth_dns.deploy.by_hand import ByHand
from mailauth_dns.errors import MailAuthError
from mailauth_dns.export import (
    exported_files,
    installed,
    out_folder,
    ready_to_sign,
    terraform,
)
from mailauth_dns.export import install as installing
from mailauth_dns.export.exported_files import ExportFormat
from mailauth_dns.export.paste_steps import sheets
from mailauth_dns.export.terraform_providers import TerraformProvider
from mailauth_dns.keys import status
from mailauth_dns.plan.permissions import allowance
from mailauth_dns.records.dkim import KeyType
from mailauth_dns.render import export_text, json_data, paste_text
from mailauth_dns.signing_host.package_paths import PackageLayout


def command(
    context: typer.Context,
    domain: Annotated[
        list[str],
        typer.Argument(
            metavar="DOMAIN...",
            autocompletion=completions.domains,
            help="the domains that the files are for",
        ),
    ],
    format: Annotated[
        ExportFormat,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help=f"whose form: {', '.join(ExportFormat)}",
            rich_help_panel=headings.WRITE,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="write the files here; default: print them",
            rich_help_panel=headings.WRITE,
        ),
    ] = None,
    check: Annotated[
        Path | None,
        typer.Option(
            "--check",
            metavar="DIR",
            help="compare with what is installed here; exit code 2 where it differs",
            rich_help_panel=headings.WRITE,
        ),
    ] = None,
    install: Annotated[
        bool,
        typer.Option(
            "--install",
            help="write the signing program's files where this host's own one reads them",
            rich_help_panel=headings.WRITE,
        ),
    ] = False,
    socket: OneSocket = None,
    ed25519_socket: Ed25519Socket = None,
    layout: Layout = None,
    key_dir: KeyDir = None,
    config_dir: ConfigDir = None,
    hostname: HostName = None,
    mynetworks: MyNetworks = None,
    terraform_provider: Annotated[
        TerraformProvider | None,
        typer.Option(
            "--terraform-provider",
            metavar="NAME",
            help=f"write its resources: {', '.join(TerraformProvider)}; default: a local value",
            rich_help_panel=headings.WRITE,
        ),
    ] = None,
    no_live: NoLive = False,
    allow: Allow = None,
) -> int:
    """Write DNS records and signing files for other programs.

    Only active keys sign, and only once every server and cache can have them.
    """
    session = session_of(context)
    if (out is not None) + (check is not None) + install > 1:
        raise MailAuthError("--out and --install write, and --check compares; give one of them")
    if install and format not in exported_files.SIGNING:
        raise MailAuthError(
            "--install puts a signing program's files in place; it goes with "
            "`--format opendkim` and `--format rspamd` alone"
        )
    allowed = [allowance(each) for each in allow or ()]
    _refuse_of_other_format(format, layout, terraform_provider, no_live=no_live)
    named = domains(domain)
    sockets = {KeyType.RSA: socket, KeyType.ED25519: ed25519_socket}
    host = host_of(format, sockets, config_dir, key_dir, layout, hostname, mynetworks)
    repo, publications = session.load()
    policies = repo.of(named)
    chosen = selected(repo, publications, named)
    now = datetime.now(UTC)
    if format in exported_files.AT_A_FORM:
        zones = (
            by_hand.unasked(chosen)
            if no_live
            else by_hand.look(repo, chosen, now, publications, allowed)
        )
        unfinished = by_hand.unfinished(zones) and not no_live
        files = {exported_files.AT_A_FORM[format]: _steps(format, zones)}
    else:
        unfinished = False
        files = exported_files.export(format, policies, chosen, host, now, terraform_provider)
    if check is not None:
        found = installed.compare(format, files, session.path(check), policies, host)
        session.show(export_text.differences(found))
        what_next_keys.after_comparison(session, named, differs=bool(found))
        return DIFFERS if found else DONE
    if format in exported_files.SIGNING and (
        refused := ready_to_sign.refusals(status.look(policies, now), allowed, now)
    ):
        raise MailAuthError("\n".join(refused))
    if install:
        made = installing.install(format, files, session.root, named, host)
        for path in made.kept:
            session.line(f"kept: {path} (what was there)")
        for path in made.written:
            session.line(f"written: {path}")
        session.say(f"restart it: systemctl restart {format}")
        what_next_keys.after_install(session, named)
        return DONE
    if out is None:
        shown = {
            # The steps are read and done, and nothing is installed.
            name: text.removesuffix("\n")
            if format in exported_files.AT_A_FORM
            else out_folder.marked(name, text)
            for name, text in files.items()
        }
        _print(session, shown)
    else:
        for path in out_folder.write(format, files, session.path(out), session.root, named, host):
            session.line(f"written: {path}")
        if format is ExportFormat.OPENDKIM:
            session.say(export_text.after_export(session.path(out), files, host, layout))
    for name in exported_files.consents(format, chosen):
        session.say(
            f"{name}: leave it out where a wildcard above it in that zone already gives "
            "the consent; "
            "export does not ask DNS"
        )
    for warning in terraform.owned(terraform_provider, chosen) if terraform_provider else ():
        session.say(warning)
    folder = "/etc/postfix" if format is ExportFormat.POSTFIX else str(host.config_dir)
    what_next_keys.after_export(session, format, named, folder, unfinished=unfinished)
    return FAILED if unfinished else DONE


def _steps(format: ExportFormat, zones: Sequence[ByHand]) -> str:
    """Return what to do at web forms, for people or for programs."""
    found = sheets(zones)
    if format is ExportFormat.JSON:
        return json.dumps(json_data.paste(found), indent=1) + "\n"
    return paste_text.text(found)


def _refuse_of_other_format(
    format: ExportFormat,
    layout: PackageLayout | None,
    resources_of: TerraformProvider | None,
    *,
    no_live: bool,
) -> None:
    """Refuse options that say nothing about this format."""
    if resources_of is not None and format is not ExportFormat.TERRAFORM:
        raise MailAuthError(
            f"--terraform-provider goes with `--format terraform` alone, not with `{format}`"
        )
    if no_live and format not in exported_files.AT_A_FORM:
        raise MailAuthError(
            "--no-live leaves the comparison with live DNS out of `--format paste` and "
            "`--format json`; it goes with no other format"
        )
    if layout is not None and format in (*exported_files.RECORDS, *exported_files.AT_A_FORM):
        raise MailAuthError(
            f"--layout says where the signing host has private keys; `--format {format}` "
            "holds records alone, so leave it out"
        )


def _print(session: Session, files: dict[str, str]) -> None:
    """Write the files to standard output; the name stands before each where there are several."""
    for name, text in files.items():
        if len(files) > 1:
            session.line(f"==> {name} <==")
        session.line(text)
