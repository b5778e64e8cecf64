"""The quickstart command: from nothing to mail that passes, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from mailauth_dns.cli import asked_answers, guide_screen, headings
from mailauth_dns.cli.key_options import owner_named
from mailauth_dns.cli.options import OutputFormat
from mailauth_dns.cli.session import DONE, Format, Session, session_of
from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy import by_hand
from mailauth_dns.errors import MailAuthError, RecordSyntaxError
from mailauth_dns.export.paste_steps import sheets
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.quickstart import answers as asking
from mailauth_dns.quickstart import look, published
from mailauth_dns.quickstart.answers import Answers
from mailauth_dns.quickstart.begin import ToPaste, Wishes, begin
from mailauth_dns.quickstart.published import PublishedMail
from mailauth_dns.records import server_address
from mailauth_dns.records.name import DomainName, domain_name, is_at_or_below
from mailauth_dns.render import paste_text
from mailauth_dns.render import quickstart as render

_NOBODY = "YOU@example.net"


def command(
    context: typer.Context,
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="the domain that mail is from")],
    ip: Annotated[
        list[str] | None,
        typer.Option(
            "--ip",
            metavar="ADDRESS",
            help="an address that your mail is sent from",
            rich_help_panel=headings.HOST,
        ),
    ] = None,
    mail_host: Annotated[
        str | None,
        typer.Option(
            "--mail-host",
            metavar="NAME",
            help="your mail server's name",
            rich_help_panel=headings.HOST,
        ),
    ] = None,
    dns: Annotated[
        str | None,
        typer.Option(
            "--dns",
            metavar="WHERE",
            help="where you change DNS: registrar (a web form), bind, powerdns, local, route53, "
            "cloudflare",
            rich_help_panel=headings.DNS,
        ),
    ] = None,
    dns_host: Annotated[
        str | None,
        typer.Option(
            "--dns-host",
            metavar="ADDRESS[:PORT]",
            help="bind, powerdns: the server",
            rich_help_panel=headings.DNS,
        ),
    ] = None,
    dns_key_name: Annotated[
        str | None,
        typer.Option(
            "--dns-key-name",
            metavar="NAME",
            help="bind: the name of the TSIG key",
            rich_help_panel=headings.DNS,
        ),
    ] = None,
    dns_directory: Annotated[
        str | None,
        typer.Option(
            "--dns-directory",
            metavar="DIR",
            help="local: the folder of zone files",
            rich_help_panel=headings.DNS,
        ),
    ] = None,
    signer: Annotated[
        str | None,
        typer.Option(
            "--signer",
            metavar="PROGRAM",
            help="what signs: opendkim or rspamd",
            rich_help_panel=headings.HOST,
        ),
    ] = None,
    private_dir: Annotated[
        str | None,
        typer.Option(
            "--private-dir",
            metavar="DIR",
            help="where the private key goes; default: the signer's",
            rich_help_panel=headings.PRIVATE,
        ),
    ] = None,
    owner: Annotated[
        str | None,
        typer.Option(
            "--owner",
            metavar="USER[:GROUP]",
            help="who reads the private key; default: the signer",
            rich_help_panel=headings.PRIVATE,
        ),
    ] = None,
    rua: Annotated[
        str | None,
        typer.Option(
            "--rua",
            metavar="ADDRESS",
            help="who gets reports; default: postmaster@",
            rich_help_panel=headings.WRITE,
        ),
    ] = None,
    test_to: Annotated[
        str,
        typer.Option(
            "--test-to",
            metavar="ADDRESS",
            help="who gets the test message",
            rich_help_panel=headings.WRITE,
        ),
    ] = _NOBODY,
    zone: Annotated[
        str | None,
        typer.Option(
            "--zone",
            metavar="ZONE",
            help="the zone of the records; default: DOMAIN",
            rich_help_panel=headings.DNS,
        ),
    ] = None,
    nameserver: Annotated[
        list[str] | None,
        typer.Option(
            "--nameserver", metavar="ADDRESS", help="ask this server", rich_help_panel=headings.DNS
        ),
    ] = None,
    no_live: Annotated[
        bool,
        typer.Option(
            "--no-live",
            help="do not ask DNS: the domain is not there yet",
            rich_help_panel=headings.DNS,
        ),
    ] = False,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Make a policy and a key, and show each step to a pass.

    On a terminal it asks what you do not give. It keeps what DNS has already, and writes over no
    file. It is for one domain and its mail server; `init` makes a repo for a team, with an example
    and CI.
    """
    session = session_of(context)
    name = asking.checked_domain(domain)
    repo, _ = session.load(may_be_empty=True)
    there = next((policy for policy in repo.policies if policy.domain == name), None)
    if there is not None:
        folder = _folder(session, private_dir) if private_dir is not None else None
        return _again(session, there, folder, format)
    at = _Place(_zone(name, zone), tuple(map(_server, nameserver or ())), asked=not no_live)
    given = asked_answers.checked(
        {
            "--ip": " ".join(ip) if ip else None,
            "--mail-host": mail_host,
            "--dns": dns,
            "--dns-host": dns_host,
            "--dns-key-name": dns_key_name,
            "--dns-directory": dns_directory,
            "--signer": signer,
            "--private-dir": private_dir,
            "--rua": rua,
        }
    )
    to = asking.check("--rua", test_to).replace(_NOBODY.lower(), _NOBODY)
    reader = owner_named(owner)
    found, complete = _answered(session, repo, name, given, at)
    folder = _folder(session, complete.private_dir)
    # The steps name it, and are run in another folder than this.
    complete = replace(complete, private_dir=str(folder))
    wishes = Wishes(complete, at.origin, at.servers, reader, to, folder)
    now = datetime.now(UTC)
    result = begin(session.root, wishes, found, now, _to_paste(now, live=at.asked))
    if format is Format.JSON:
        session.json(render.started_data(result))
    else:
        session.show(render.started(result, str(session.root.absolute())), wrap=True)
    for warning in result.warnings:
        session.say(f"look at this: {warning}")
    return DONE


@dataclass(frozen=True, slots=True)
class _Place:
    """The zone where it is not the domain's own, its servers where given, whether DNS is asked."""

    origin: DomainName | None
    servers: tuple[str, ...]
    asked: bool


def _answered(
    session: Session, repo: Repo, domain: DomainName, given: dict[str, str], at: _Place
) -> tuple[PublishedMail, Answers]:
    """Return what DNS has already, and all answers.

    Raises:
        MailAuthError: something is not given, and nobody can be asked.
    """
    origins = {at.origin or domain: at.servers}
    if not asked_answers.on_terminal():
        known = look.suggestions(domain, given, PublishedMail(), repo, origins)
        asked_answers.refuse_missing(domain, given, known)
    found = PublishedMail()
    if at.asked:
        session.say(f"looking at what DNS has for {domain} ...")
        found = look.look(repo, domain, at.origin, at.servers)
        published.check_usable(domain, found)
    return found, asked_answers.complete(
        domain, given, lambda so_far: look.suggestions(domain, so_far, found, repo, origins)
    )


def _again(session: Session, policy: Policy, private_dir: Path | None, format: Format) -> int:
    """Say where a domain is that has a policy, and what comes next; nothing is written.

    Raises:
        MailAuthError: the policy parks it, and has to be taken away first.
    """
    domain, path = policy.domain, policy.path
    published.refuse_parked(policy)
    found = guide_screen.look(session, [domain], private_dir, datetime.now(UTC))
    if format is Format.JSON:
        session.json(render.there_data(domain, path, guide_screen.data(session, found)))
    else:
        session.line(f"{domain} has a policy already: {path}; nothing was written")
        guide_screen.show(session, found)
    return DONE


def _zone(domain: DomainName, text: str | None) -> DomainName | None:
    if text is None:
        return None
    try:
        zone = domain_name(text)
    except RecordSyntaxError as error:
        raise MailAuthError(f"--zone {text}: {error}") from None
    if not is_at_or_below(domain, zone):
        raise MailAuthError(f"--zone {text}: {domain} does not lie in it")
    return None if zone == domain else zone


def _server(text: str) -> str:
    try:
        server_address.parse(text)
    except RecordSyntaxError as error:
        raise MailAuthError(f"--nameserver: {error}") from None
    return text


def _folder(session: Session, private_dir: str) -> Path:
    return session.path(Path(private_dir).expanduser()).resolve()


def _to_paste(now: datetime, *, live: bool) -> ToPaste:
    """Return what makes the steps at a web form, by what DNS has where it is live."""

    def steps(repo: Repo, chosen: Sequence[Publication]) -> str:
        if not live:
            return paste_text.text(sheets(by_hand.unasked(chosen)))
        return paste_text.text(sheets(by_hand.look(repo, chosen, now, compile_repo(repo))))

    return steps
