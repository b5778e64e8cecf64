"""The reports show command: whose mail receivers saw, as far as evidence and policy tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from mailauth_dns.cli import completions, durations, headings, what_next
from mailauth_dns.cli.options import OutputOrPage
from mailauth_dns.cli.session import (
    DONE,
    FAILED,
    PageFormat,
    Session,
    domains,
    session_of,
    write_message,
)
from mailauth_dns.errors import FileProblem, MailAuthError, PolicyError
from mailauth_dns.evidence.evidence import Evidence
from mailauth_dns.evidence.kept import evidence_files
from mailauth_dns.evidence.sources.attribution import attributed
from mailauth_dns.evidence.sources.declared_sources import declared_of
from mailauth_dns.evidence.sources.overview import Overview, day_of, overview
from mailauth_dns.evidence.sources.source_kind import AttributedRow, SourceKind
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.repo import Policy, Repo
from mailauth_dns.records.name import DomainName
from mailauth_dns.render import reports_show
from mailauth_dns.render.terminal_text import count

if TYPE_CHECKING:
    from mailauth_dns.live.host_names import HostNames

MOST = 20  # lines of a kind without a name
_UNCLEAR = (SourceKind.UNKNOWN, SourceKind.SPOOF, SourceKind.FORWARDER)


def command(
    context: typer.Context,
    domain: Annotated[
        str | None,
        typer.Argument(
            metavar="[DOMAIN]",
            autocompletion=completions.domains,
            help="whose mail; default: a line for each domain",
        ),
    ] = None,
    live: Annotated[
        bool,
        typer.Option(
            "--live",
            help="ask DNS for the names of the hosts that sent",
            rich_help_panel=headings.LOOK,
        ),
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="DAY",
            help="only reports that begin on this day (UTC) or later, such as 2026-11-01",
            rich_help_panel=headings.LOOK,
        ),
    ] = None,
    most: Annotated[
        int,
        typer.Option(
            "--max",
            metavar="N",
            min=1,
            help="how many sources of each kind are shown that have no name",
            rich_help_panel=headings.WRITE,
        ),
    ] = MOST,
    format: OutputOrPage = PageFormat.TEXT,
) -> int:
    """Show whose mail receivers saw, and what does not align.

    It reads zones/evidence, which `reports read --write` writes. It says of each source whether
    the policy declares it, whether SPF and DKIM align, and what is to be mended.
    """
    session = session_of(context)
    first = durations.day(since, "--since") if since is not None else None
    repo = load_repo(session.root)
    if domain is not None:
        [policy] = repo.of(domains([domain]))
        return _one(session, _Asked(repo, first, most, live), policy, format)
    if live or format is PageFormat.HTML:
        option = "--live" if live else "--format html"
        raise MailAuthError(f"{option} is for one domain: give a DOMAIN")
    return _list(session, _Asked(repo, first, most, live), json=format is PageFormat.JSON)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the command line asks for."""

    repo: Repo
    since: date | None
    most: int
    live: bool


def _one(session: Session, asked: _Asked, policy: Policy, format: PageFormat) -> int:
    """Show the evidence of one domain."""
    evidence = evidence_files.read_evidence(session.root, policy.domain)
    if not evidence.mail:
        raise MailAuthError(
            f"{policy.domain}: {reports_show.NO_EVIDENCE}; "
            f"`mailauth-dns reports read --write PATH` reads reports into zones/evidence"
        )
    rows = _attributed(session, evidence, asked.repo, policy, {})
    names = _asked_names(session, rows) if asked.live else None
    hosts = names.names if names is not None else {}
    if hosts:
        rows = _attributed(session, evidence, asked.repo, policy, hosts)
    found = overview(evidence, rows, hosts, asked.since)
    if not found.reports:
        raise MailAuthError(
            f"{policy.domain}: no report since {asked.since}, the last one is of "
            f"{max(map(day_of, (each.window for each in evidence.mail)))}"
        )
    match format:
        case PageFormat.JSON:
            session.json(reports_show.data([found], (), (), detail=True))
        case PageFormat.HTML:
            from mailauth_dns.pages.evidence_page import evidence_page

            session.page(evidence_page(found, asked.most))
        case PageFormat.TEXT:
            session.show(reports_show.lines(found, asked.most), wrap=True)
    what_next.after_evidence(session, policy.domain)
    return FAILED if names is not None and names.unknown else DONE


def _attributed(
    session: Session,
    evidence: Evidence,
    repo: Repo,
    policy: Policy,
    hosts: Mapping[str, DomainName],
) -> tuple[AttributedRow, ...]:
    with session.waiting("finding out whose mail it is"):
        return attributed(evidence, declared_of(repo, policy), hosts)


def _asked_names(session: Session, rows: Iterable[AttributedRow]) -> HostNames:
    """Ask for the names of hosts: first of those that nobody knows, most messages first."""
    from mailauth_dns.live.host_names import SECONDS, host_names  # it takes time to load

    messages: Counter[str] = Counter()
    unclear: set[str] = set()
    for each in rows:
        if each.row.source is not None:
            messages[each.row.source] += each.row.count
            if each.by.kind in _UNCLEAR:
                unclear.add(each.row.source)
    order = sorted(messages, key=lambda source: (source not in unclear, -messages[source], source))
    with session.waiting("asking for the names of hosts", SECONDS):
        found = host_names(order)
    if found.unknown:
        hosts = count(len(found.unknown), "host")
        write_message(f"unknown: the names of {hosts}, such as {found.reason}")
    if found.left_out:
        session.say(f"{count(found.left_out, 'host')} of few messages were not asked for")
    return found


def _list(session: Session, asked: _Asked, *, json: bool) -> int:
    """Show a line for each domain."""
    there, policies = evidence_files.domains_with_evidence(session.root), asked.repo.policies
    found, problems, broken = list[Overview](), list[FileProblem](), set[DomainName]()
    with session.progress(len(there), "reading evidence") as done:
        for policy in sorted(policies, key=lambda policy: policy.domain):
            if policy.domain in there:
                try:
                    evidence = evidence_files.read_evidence(session.root, policy.domain)
                except PolicyError as error:  # what can be read is shown all the same
                    problems += error.problems
                    broken.add(policy.domain)
                else:
                    if evidence.mail:
                        rows = attributed(evidence, declared_of(asked.repo, policy))
                        found.append(overview(evidence, rows, {}, asked.since))
                done(policy.domain)
    known = broken | {each.domain for each in found}
    without = sorted({policy.domain for policy in policies} - known)
    orphans = sorted(there - {policy.domain for policy in policies})
    if json:
        session.json(reports_show.data(found, without, orphans, detail=False))
    else:
        session.show(reports_show.list_lines(found, without, orphans, asked.most))
    if problems:
        raise PolicyError(problems)
    if not found:
        raise MailAuthError(
            "there is no evidence: that says nothing about your mail; "
            "`mailauth-dns reports read --write PATH` reads reports into zones/evidence"
        )
    what_next.after_evidence(session, None)
    return DONE
