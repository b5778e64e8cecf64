"""The lint merge command: what was found on several machines, put together."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from mailauth_dns import __version__
from mailauth_dns.cli import completions, lint_result
from mailauth_dns.cli.lint_result import Asked, FailOn, LintFailOn, LintFormat, LintOutput
from mailauth_dns.cli.session import domains, session_of
from mailauth_dns.errors import MailAuthError
from mailauth_dns.lint import shard_file
from mailauth_dns.lint.catalog import ALL_RULES
from mailauth_dns.lint.finding import Finding
from mailauth_dns.lint.shard_file import LintShard, Places
from mailauth_dns.lint_policies import linted, merge_shards
from mailauth_dns.policy.repo import Repo
from mailauth_dns.policy.repo_state import repo_state
from mailauth_dns.spread import merge


def command(
    context: typer.Context,
    shard: Annotated[
        list[Path],
        typer.Argument(
            metavar="SHARD...",
            autocompletion=completions.plans,
            help="the files that `lint --shard` wrote, all of them, in any order",
        ),
    ],
    fail_on: LintFailOn = FailOn.ERROR,
    format: LintOutput = LintFormat.TEXT,
) -> int:
    """Put the shards of lint together.

    The result is that of one run. It runs no rule, and asks neither DNS nor the web.
    """
    session = session_of(context)
    shards = {str(each): shard_file.read(session.path(each)) for each in shard}
    made = [each.made(name) for name, each in shards.items()]
    merge.check(made, command="lint")
    merge.refuse_others(made[0], tool=__version__, files=repo_state(session.root))
    first, *_ = shards.values()
    day = date.fromisoformat(first.day)
    repo, publications = session.load(today=day)
    select = None if first.select is None else frozenset(first.select)
    asked = Asked(domains([*first.domains]), first.live, select, frozenset(first.ignore))
    with session.waiting("putting findings together"):
        result = merge_shards(
            repo,
            publications,
            _found(repo, shards, asked),
            domains=asked.domains,
            rules=asked.rules,
            today=day,
        )
    return lint_result.tell(
        session, linted(result, publications, asked.domains), asked, format, fail_on, merged=True
    )


def _found(repo: Repo, shards: dict[str, LintShard], asked: Asked) -> list[Finding]:
    """Return what all shards found.

    Raises:
        MailAuthError: somebody edited one of them: a finding is of nothing that is there.
    """
    places, found = Places(repo.of(asked.domains), ALL_RULES), list[Finding]()
    for name, shard in shards.items():
        for entry in shard.findings:
            finding = places.finding(entry)
            if finding is None:
                raise MailAuthError(
                    f"{name}: there is no {entry.path}:{entry.line} for a finding of {entry.rule}; "
                    "make the shard again"
                )
            found.append(finding)
    return found
