"""The test command: the policies' own tests."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from mailauth_dns.cli import headings, what_next
from mailauth_dns.cli.options import Domains
from mailauth_dns.cli.session import DIFFERS, DONE, FAILED, domains, session_of
from mailauth_dns.render import junit, message_verdict
from mailauth_dns.simulate.before_after import rehearse
from mailauth_dns.simulate.dns_asked import asked
from mailauth_dns.simulate.dns_views import as_it_is
from mailauth_dns.simulate.run_mail_tests import TestResult, tests_of


class TestFormat(StrEnum):
    """How the results of tests are written."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"
    HTML = "html"


def command(
    context: typer.Context,
    domain: Domains = None,
    format: Annotated[
        TestFormat,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="text, json, junit or html",
            rich_help_panel=headings.WRITE,
        ),
    ] = TestFormat.TEXT,
) -> int:
    """Run the policies' tests on DNS as it is and would be."""
    session = session_of(context)
    repo, publications = session.load()
    named = frozenset(domains(domain))
    policies = repo.of(named)
    chosen = [publication.only(named) for publication in publications] if named else publications
    with session.progress(sum(1 for _ in tests_of(policies)), "testing") as step:
        found = rehearse(policies, repo, chosen, progress=step)
    if not found:
        session.say("no policy here has tests")
    match format:
        case TestFormat.TEXT:
            session.show(message_verdict.tests(found), wrap=True)
        case TestFormat.JSON:
            session.json(message_verdict.tests_data(found))
        case TestFormat.HTML:
            from mailauth_dns.pages.tests_page import tests_page

            session.page(tests_page(found))
        case TestFormat.JUNIT:
            session.line(junit.tests(rehearsal.after for rehearsal in found).rstrip())
    if found:
        session.say(asked(as_it_is(policies)))
    outcomes = {rehearsal.after.outcome for rehearsal in found}
    failed, unknown = TestResult.FAILED in outcomes, TestResult.UNKNOWN in outcomes
    what_next.after_tests(session, domains(domain), ran=bool(found), failed=failed, unknown=unknown)
    return FAILED if unknown else DIFFERS if failed else DONE
