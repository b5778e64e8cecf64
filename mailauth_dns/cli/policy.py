"""Commands about the files: lint, compile, rules, schema."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from mailauth_dns.cli.app import Domains, OutputFormat, PrivateWeb, session_of
from mailauth_dns.cli.session import DIFFERS, DONE, FAILED, Format, Session, domains
from mailauth_dns.compile.publication import selected
from mailauth_dns.errors import MailAuthError
from mailauth_dns.lint.catalog import ALL_RULES, RULES
from mailauth_dns.lint.rule import Finding, Needs, Rule, Severity, run
from mailauth_dns.lint.subject import Subject, subjects
from mailauth_dns.lint.waiver import Waived, waived
from mailauth_dns.policy.model import json_schema
from mailauth_dns.render import (
    findings_github,
    findings_markdown,
    findings_sarif,
    findings_text,
    json_data,
    junit,
)
from mailauth_dns.render.terminal_text import count


class FailOn(StrEnum):
    """From which severity on findings make the exit code 2."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class LintFormat(StrEnum):
    """How findings are written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    GITHUB = "github"
    MARKDOWN = "markdown"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("lint")(lint)
    app.command("compile")(compile_)
    app.command("rules")(rules)
    app.command("schema")(schema)


def lint(
    context: typer.Context,
    domain: Domains = None,
    live: Annotated[
        bool,
        typer.Option(
            "--live", help="also ask DNS and, for MTA-STS and BIMI, the web: what is live"
        ),
    ] = False,
    private_web: PrivateWeb = False,
    select: Annotated[
        list[str] | None, typer.Option("--select", metavar="ID,...", help="only these rules")
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option("--ignore", metavar="ID,...", help="not these rules")
    ] = None,
    fail_on: Annotated[
        FailOn, typer.Option("--fail-on", help="from which severity on the exit code is 2")
    ] = FailOn.ERROR,
    format: Annotated[
        LintFormat, typer.Option("--format", help="text, json, sarif, junit, github or markdown")
    ] = LintFormat.TEXT,
) -> int:
    """Check the policies with rules that have ids, and with --live also what DNS says."""
    session = session_of(context)
    if private_web and not live:
        raise MailAuthError("--private-web: nothing is fetched without --live; add it")
    chosen = _chosen(select, ignore, live)
    repo, publications = session.load()
    today = datetime.now(UTC).date()
    looked_at = subjects(repo, publications, today, domains(domain))
    beside: Iterable[Subject] = looked_at
    if live:
        from mailauth_dns.lint_live import (
            beside_dns,  # loads dnspython, which a check of files can do without
        )

        beside = beside_dns(looked_at, chosen, publications, private_web=private_web)
    found, silenced = waived(
        run(chosen, beside), looked_at, repo.policies, chosen, ALL_RULES, today
    )
    ignored = _ids("--ignore", ignore)
    found = [
        finding
        for finding in found
        if finding.rule.id not in ignored and (select is None or finding.rule in chosen)
    ]
    worst = Severity[fail_on.value.upper()]
    _show(session, found, silenced, format, worst)
    if not live and select is None:
        session.say(
            f"{sum(rule.needs is not Needs.POLICY for rule in RULES)} rules about what is live were not run; --live runs them"
        )
    if any(finding.unknown for finding in found):
        return FAILED
    return DIFFERS if any(finding.rule.severity >= worst for finding in found) else DONE


def _chosen(select: list[str] | None, ignore: list[str] | None, live: bool) -> tuple[Rule, ...]:
    """Return the rules to run.

    Raises:
        MailAuthError: an id is not a rule's, or a selected rule needs what is not there.
    """
    known = {rule.id: rule for rule in ALL_RULES}
    wanted, unwanted = _ids("--select", select), _ids("--ignore", ignore)
    for id in sorted(wanted):
        if known[id].needs is Needs.PLAN:
            raise MailAuthError(
                f"--select {id}: it is judged by plan, or about waivers; lint cannot run it alone"
            )
        if known[id].needs is not Needs.POLICY and not live:
            raise MailAuthError(f"--select {id}: it is about what is live; add --live")
    return tuple(
        rule
        for rule in RULES
        if (live or rule.needs is Needs.POLICY)
        and (select is None or rule.id in wanted)
        and rule.id not in unwanted
    )


def _ids(option: str, texts: list[str] | None) -> frozenset[str]:
    known = {rule.id.lower(): rule.id for rule in ALL_RULES}
    found = []
    for given in texts or ():
        for id in map(str.strip, given.split(",")):
            if not id:
                raise MailAuthError(
                    f"{option} {given!r}: a rule's id is missing; write them as SPF010,DKIM009"
                )
            if id.lower() not in known:
                raise MailAuthError(
                    f"{option} {id}: is not a rule; `mailauth-dns rules` lists them"
                )
            found.append(known[id.lower()])
    return frozenset(found)


def _show(
    session: Session,
    found: list[Finding],
    silenced: list[Waived],
    format: LintFormat,
    worst: Severity,
) -> None:
    match format:
        case LintFormat.JSON:
            session.json(json_data.findings(found, silenced))
        case LintFormat.SARIF:
            session.json(findings_sarif.findings(found, silenced))
        case LintFormat.JUNIT:
            session.line(junit.findings(found, silenced, worst).rstrip())
        case LintFormat.GITHUB:
            for line in findings_github.findings(found):
                session.line(line)
        case LintFormat.MARKDOWN:
            for line in findings_markdown.findings(found, len(silenced)):
                session.line(line)
        case LintFormat.TEXT:
            session.show(findings_text.lines(found, len(silenced)), wrap=True)


def compile_(
    context: typer.Context,
    domain: Domains = None,
    check: Annotated[
        bool, typer.Option("--check", help="write nothing; exit code 2 when files are stale")
    ] = False,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Write zones/compiled and zones/mta-sts from the policies."""
    from mailauth_dns.octo import (
        compiled_folder,  # loads octoDNS's sort order, which other commands can do without
    )

    session = session_of(context)
    repo, publications = session.load()
    named = domains(domain)
    only = (
        frozenset(publication.origin for publication in selected(repo, publications, named))
        if named
        else None
    )
    result = compiled_folder.compare(session.root, publications, only)
    if not check:
        compiled_folder.write(session.root, result)
    if format is Format.JSON:
        session.json(json_data.compiled(result, check))
    else:
        for path in result.stale:
            session.line(f"{'stale' if check else 'written'}: {path}")
        for path in result.gone:
            session.line(f"{'to be deleted' if check else 'deleted'}: {path}")
        for path in result.foreign:
            session.say(f"not generated by this tool, left alone: {path}")
        session.line(
            f"Compile: {count(len(publications), 'zone')}, {count(len(result.stale), 'file')} {'stale' if check else 'written'}"
            + (
                f", {len(result.gone)} {'to be deleted' if check else 'deleted'}"
                if result.gone
                else ""
            )
        )
    return DIFFERS if check and (result.stale or result.gone) else DONE


def rules(
    context: typer.Context,
    id: Annotated[str | None, typer.Argument(metavar="[ID]", help="show this rule's page")] = None,
    format: OutputFormat = Format.TEXT,
) -> int:
    """List the rules of lint, or show one."""
    session = session_of(context)
    shown = [rule for rule in ALL_RULES if id is None or rule.id.lower() == id.lower()]
    if not shown:
        raise MailAuthError(f"{id} is not a rule; `mailauth-dns rules` lists them")
    if format is Format.JSON:
        session.json(json_data.rules(shown))
    elif id is None:
        for rule in shown:
            session.line(f"{rule.id:<12} {rule.severity!s:<8} {rule.slug:<28} {rule.source}")
    else:
        [rule] = shown
        session.line(
            f"{rule.id} {rule.slug} ({rule.severity})\n\n{rule.page}\n\nSource: {rule.source}"
        )
    return DONE


class Document(StrEnum):
    """What `schema` describes."""

    POLICY = "policy"
    PLAN = "plan"


def schema(
    context: typer.Context,
    document: Annotated[
        Document, typer.Argument(help="policy or plan: which file")
    ] = Document.POLICY,
) -> int:
    """Print the JSON Schema of a policy file, or of a plan file."""
    from mailauth_dns.plan import plan_file  # loads octoDNS, which a check of files can do without

    session_of(context).json(
        json_schema() if document is Document.POLICY else plan_file.json_schema()
    )
    return DONE
