"""The result of lint: the rules that run, what is written, and the exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer

from mailauth_dns.cli import headings, what_next
from mailauth_dns.cli.session import DIFFERS, DONE, FAILED, Session
from mailauth_dns.errors import MailAuthError
from mailauth_dns.lint.catalog import ALL_RULES, BY_ID, RULES
from mailauth_dns.lint.finding import Finding
from mailauth_dns.lint.rule import Needs, Rule, Severity
from mailauth_dns.lint.waiver import Waived
from mailauth_dns.lint_policies import Linted
from mailauth_dns.records.name import DomainName
from mailauth_dns.render import findings_text


class FailOn(StrEnum):
    """The lowest severity that makes the exit code 2."""

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


LintFailOn = Annotated[
    FailOn,
    typer.Option(
        "--fail-on",
        help="the lowest severity that makes the exit code 2",
        rich_help_panel=headings.EXIT,
    ),
]
LintOutput = Annotated[
    LintFormat,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="text, json, sarif, junit, github or markdown",
        rich_help_panel=headings.WRITE,
    ),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """What lint was asked. `select` and `ignore` are ids of rules; no `select`: all of them."""

    domains: tuple[DomainName, ...]
    live: bool
    select: frozenset[str] | None
    ignore: frozenset[str]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules to run."""
        return tuple(
            rule
            for rule in RULES
            if (self.live or rule.needs is Needs.POLICY)
            and (self.select is None or rule.id in self.select)
            and rule.id not in self.ignore
        )


def asked(
    domains: tuple[DomainName, ...],
    select: list[str] | None,
    ignore: list[str] | None,
    *,
    live: bool,
) -> Asked:
    """Return what the options ask for.

    Raises:
        MailAuthError: an id is not a rule's, or a selected rule needs what is not there.
    """
    wanted, unwanted = _ids("--select", select), _ids("--ignore", ignore)
    for id in sorted(wanted):
        if BY_ID[id].needs is Needs.PLAN:
            raise MailAuthError(
                f"--select {id}: plan judges it, or it is about waivers; lint cannot run it alone"
            )
        if BY_ID[id].needs is not Needs.POLICY and not live:
            raise MailAuthError(f"--select {id}: it is about what is live; add --live")
    return Asked(domains, live, None if select is None else wanted, unwanted)


def tell(
    session: Session,
    linted: Linted,
    asked: Asked,
    format: LintFormat,
    fail_on: FailOn,
    *,
    kept: bool = False,
    merged: bool = False,
) -> int:
    """Write the findings, say what comes next, and return the exit code.

    `kept`: they are of a shard, which has a file; `merged`: they are of shards.
    """
    # The findings about waivers have rules that lint does not choose.
    chosen = asked.rules
    found = [
        finding
        for finding in linted.result.findings
        if finding.rule.id not in asked.ignore and (asked.select is None or finding.rule in chosen)
    ]
    worst = Severity[fail_on.value.upper()]
    _show(session, found, linted.result.waived, format, worst)
    if not asked.live and asked.select is None:
        not_run = sum(rule.needs is not Needs.POLICY for rule in RULES)
        session.say(f"{not_run} rules about what is live were not run; --live runs them")
    unknown = any(finding.unknown for finding in found)
    failing = [each for each in found if each.rule.severity >= worst and not each.unknown]
    if kept:
        session.next("lint", "merge", "SHARD...", why="puts the shards together")
    else:
        what_next.after_lint(
            *(session, asked.domains, found, failing, linted.domains),
            at_providers=linted.at_providers,
            merged=merged,
        )
    return FAILED if unknown else DIFFERS if failing else DONE


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
    found: Sequence[Finding],
    silenced: Sequence[Waived],
    format: LintFormat,
    worst: Severity,
) -> None:
    # Most runs write text, so that what writes another format is loaded for it alone.
    match format:
        case LintFormat.JSON:
            from mailauth_dns.render import json_data

            session.json(json_data.findings(found, silenced))
        case LintFormat.SARIF:
            from mailauth_dns.render import findings_sarif

            session.json(findings_sarif.findings(found, silenced))
        case LintFormat.JUNIT:
            from mailauth_dns.render import junit

            session.line(junit.findings(found, silenced, worst).rstrip())
        case LintFormat.GITHUB:
            from mailauth_dns.render import findings_github

            for line in findings_github.findings(found):
                session.line(line)
        case LintFormat.MARKDOWN:
            from mailauth_dns.render import findings_markdown

            for line in findings_markdown.findings(found, len(silenced)):
                session.line(line)
        case LintFormat.TEXT:
            session.show(findings_text.lines(found, len(silenced)), wrap=True)
