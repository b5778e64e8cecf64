"""The command that makes policies of what is published already: import."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from mailauth_dns.cli import completions, headings, what_next
from mailauth_dns.cli.option_values import checked
from mailauth_dns.cli.options import AskedServers, OutputFormat, PrivateWeb, Scheduler
from mailauth_dns.cli.scheduler import spread_of
from mailauth_dns.cli.session import DIFFERS, DONE, FAILED, Format, Session, domains, session_of
from mailauth_dns.errors import MailAuthError, RecordSyntaxError
from mailauth_dns.importing.finished_policy import Imported, reasons
from mailauth_dns.importing.import_domains import import_domains, refuse_existing
from mailauth_dns.importing.import_domains import write as write_policies
from mailauth_dns.importing.readers import AtProvider, ImportSource, KeyFile, LiveDns, ZoneFile
from mailauth_dns.importing.sources import Published
from mailauth_dns.records import dkim, mta_sts, server_address
from mailauth_dns.records.name import DomainName, domain_name
from mailauth_dns.render import json_data
from mailauth_dns.render.terminal_text import count

MAX_OUTSIDE = 20  # records of other zones that are named one by one


def command(
    context: typer.Context,
    domain: Annotated[
        list[str], typer.Argument(metavar="DOMAIN...", help="the domains to make policies for")
    ],
    selector: Annotated[
        list[str] | None,
        typer.Option(
            "--selector",
            metavar="NAME",
            help=(
                "ask for this DKIM selector; default: common names; with --from-genkey the "
                "key's name"
            ),
            rich_help_panel=headings.LOOK,
        ),
    ] = None,
    from_zone: Annotated[
        Path | None,
        typer.Option(
            "--from-zone",
            metavar="FILE",
            help="read this master file, octoDNS YAML or get-zones output, not DNS",
            rich_help_panel=headings.LOOK,
        ),
    ] = None,
    from_genkey: Annotated[
        Path | None,
        typer.Option(
            "--from-genkey",
            metavar="FILE",
            help="read the keys in a file, as opendkim-genkey writes it, not DNS",
            rich_help_panel=headings.LOOK,
        ),
    ] = None,
    provider: Annotated[
        str | None,
        typer.Option(
            "--provider",
            metavar="ID",
            autocompletion=completions.providers,
            help="read the whole zone at providers/ID.yaml, not DNS",
            rich_help_panel=headings.LOOK,
        ),
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option(
            "--zone",
            metavar="ZONE",
            help="the zone that holds the records; default: the domain",
            rich_help_panel=headings.LOOK,
        ),
    ] = None,
    nameserver: AskedServers = None,
    sts: Annotated[
        Path | None,
        typer.Option(
            "--mta-sts",
            metavar="FILE",
            help="the MTA-STS policy that the domain serves",
            rich_help_panel=headings.LOOK,
        ),
    ] = None,
    private_web: PrivateWeb = False,
    scheduler: Scheduler = None,
    write: Annotated[
        bool,
        typer.Option(
            "--write",
            help="write zones/policy/DOMAIN.yaml; never over a file",
            rich_help_panel=headings.WRITE,
        ),
    ] = False,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Write policies that say what is already published.

    A plan with them has nothing to do.
    """
    session = session_of(context)
    named = domains(domain)
    source = _source(
        session, from_zone, from_genkey, provider, selector or [], nameserver or [], private_web
    )
    if scheduler is not None and not isinstance(source, LiveDns):
        raise MailAuthError("--scheduler is for asking DNS; leave it out with another source")
    if wild := next((each for each in named if each.startswith("*")), None):
        raise MailAuthError(f"{wild}: a wildcard cannot have a policy of its own; name the domain")
    if from_genkey is not None and len(named) > 1:
        raise MailAuthError("--from-genkey is one domain's key; import that domain alone")
    repo, _ = session.load(may_be_empty=True)
    session.hide_secrets(repo)
    if write:
        refuse_existing(repo, named, _INSTEAD[from_genkey is not None])
    origin = checked(zone, "--zone", domain_name) if zone is not None else None
    served = _served(session, sts, named)
    with (
        spread_of(scheduler) as spread,
        session.waiting(f"looking for what {count(len(named), 'domain')} publish"),
    ):
        imports = import_domains(repo, named, source, zone=origin, served=served, spread=spread)
    written = write_policies(repo, imports) if write else frozenset[str]()
    if format is Format.JSON:
        session.json(json_data.imported(imports.source, imports.found, imports.policies, written))
    else:
        _tell(session, imports.found)
        _show(session, imports.policies, written, write=write)
    whole = len(imports.whole) == len(imports.policies)
    there = any(policy.domain in named for policy in repo.policies)
    what_next.after_import(session, named, written=bool(written), whole=whole, there=there)
    if not whole:
        return FAILED
    left = any(each.draft.left for each in imports.policies)
    return DIFFERS if left or any(each.outside for each in imports.found) else DONE


# By whether keys of a file are imported.
_INSTEAD = {
    False: "leave --write out to compare",
    True: "leave --write out, and copy the selector that is printed to dkim.selectors there",
}


def _source(
    session: Session,
    from_zone: Path | None,
    from_genkey: Path | None,
    provider: str | None,
    selectors: list[str],
    nameservers: list[str],
    private_web: bool,
) -> ImportSource:
    """Return the source that the options name.

    Raises:
        MailAuthError: options that do not go together, or one that is no name or address.
    """
    if sum(given is not None for given in (from_zone, from_genkey, provider)) > 1:
        raise MailAuthError("--from-zone, --from-genkey and --provider are three sources; give one")
    if ((nameservers or private_web) and (from_zone or from_genkey or provider)) or (
        selectors and (from_zone or provider)
    ):
        raise MailAuthError(
            "--selector, --nameserver and --private-web are for asking DNS; "
            "leave them out with another source"
        )
    if from_genkey is not None:
        if len(selectors) > 1:
            raise MailAuthError(
                "--from-genkey takes one --selector: that of a key which has no name in the file"
            )
        return KeyFile(session.path(from_genkey), *selectors)
    if from_zone is not None:
        return ZoneFile(session.path(from_zone))
    if provider is not None:
        return AtProvider(provider)
    for address in nameservers:
        checked(address, "--nameserver", server_address.parse)
    asked = tuple(checked(selector, "--selector", domain_name) for selector in selectors)
    return LiveDns(asked, tuple(nameservers), private_web)


def _tell(session: Session, found: Iterable[Published]) -> None:
    """Say how a file was read, and what of it was not."""
    for each in found:
        for note in each.notes:
            session.say(note)
        for outside in each.outside[:MAX_OUTSIDE]:
            session.say(f"not read: {outside}")
        if len(each.outside) > MAX_OUTSIDE:
            session.say(
                f"not read: {len(each.outside) - MAX_OUTSIDE} more; --format json has them all"
            )


def _show(
    session: Session, made: Sequence[Imported], written: Collection[str], *, write: bool
) -> None:
    unknown = (
        f"{each.draft.policy.zone}: unknown: {reason}"
        for each in made
        for reason in reasons(each.unknown)
    )
    for text in dict.fromkeys(unknown):  # what is unknown of a zone is so for each of its domains
        sys.stderr.write(f"{text}\n")
    for each in made:
        for left in each.draft.left:
            session.say(f"not said: {left}")
        if each.path in written:
            session.line(f"written: {each.path}")
        elif write:
            session.say(f"{each.path}: not written, since not all of it is known")
        else:
            session.show(
                [*([Text("---")] if len(made) > 1 else []), Text(each.text.removesuffix("\n"))]
            )


def _served(
    session: Session, path: Path | None, named: tuple[DomainName, ...]
) -> Mapping[DomainName, mta_sts.Policy]:
    if path is None:
        return {}
    if len(named) > 1:
        raise MailAuthError("--mta-sts is one domain's policy; import that domain alone")
    # As octets: senders do not take every kind of line end.
    text = session.path(path).read_bytes().decode("utf-8", "replace")
    if dkim.holds_private_key(text):
        raise MailAuthError(
            f"--mta-sts {path}: this is a private key; give the policy that the domain serves"
        )
    try:
        return {named[0]: mta_sts.parse_policy(text)}
    except RecordSyntaxError as error:
        where = f"line {mta_sts.line_of(error)}: " if error.start < error.end else ""
        raise MailAuthError(
            f"--mta-sts {path}: {where}{error.expected}: senders get no policy"
        ) from None
