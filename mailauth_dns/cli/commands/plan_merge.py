"""The plan merge command: shards of a plan, made on several machines, put together."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from mailauth_dns import __version__
from mailauth_dns.cli import completions, plan_format, plan_result, what_next_plan
from mailauth_dns.cli.plan_format import MaxChars, PlanFormat, PlanOutput
from mailauth_dns.cli.plan_result import DetailedExitcode, Out, PlanFailOn
from mailauth_dns.cli.session import session_of
from mailauth_dns.deploy.plan_shards import merged
from mailauth_dns.plan import plan_file, plan_shard
from mailauth_dns.policy.repo_state import repo_state


def command(
    context: typer.Context,
    shard: Annotated[
        list[Path],
        typer.Argument(
            metavar="SHARD...",
            autocompletion=completions.plans,
            help="the files that `plan --shard` wrote, all of them, in any order",
        ),
    ],
    out: Out = None,
    fail_on: PlanFailOn = None,
    detailed_exitcode: DetailedExitcode = False,
    format: PlanOutput = PlanFormat.TEXT,
    max_chars: MaxChars = None,
) -> int:
    """Put the shards of a plan together.

    The result is the plan that one run makes. It asks no provider and no DNS.
    """
    session = session_of(context)
    plan_format.check(format, max_chars)
    read = ((str(each), plan_file.read(session.path(each))) for each in dict.fromkeys(shard))
    shards = plan_shard.check(read, tool=__version__, files=repo_state(session.root))
    # What is declared can follow from the day, so it is that of the shards.
    day = date.fromisoformat(min(each.made_at for each in shards.values())[:10])
    repo, publications = session.load(today=day)
    file, how = merged(repo, publications, shards)
    plan_result.write(session, out, file)
    plan_format.show(session, file, format, max_chars, how.show_kept)
    code = plan_result.exit_code(session, file, fail_on, detailed=detailed_exitcode)
    declaring = [domain for publication in publications for domain in publication.domains]
    what_next_plan.after_plan(session, file, out, declaring, live=how.live, shards=len(shards))
    return code
