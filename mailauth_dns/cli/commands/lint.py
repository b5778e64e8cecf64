"""The lint command: rules over the policies and, with --live, over live DNS and the web."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from mailauth_dns.cli import completions, headings, lint_result
from mailauth_dns.cli.jobs import Jobs, policy_files, processes_for
from mailauth_dns.cli.lint_result import Asked, FailOn, LintFailOn, LintFormat, LintOutput
from mailauth_dns.cli.options import Domains, PrivateWeb, Scheduler
from mailauth_dns.cli.session import Session, domains, session_of
from mailauth_dns.cli.shard_option import ShardOption, shard_of, state_of
from mailauth_dns.errors import MailAuthError
from mailauth_dns.lint.rule import Rule
from mailauth_dns.lint_policies import Linted, lint_repo, linted
from mailauth_dns.spread.shard import Shard


def command(
    context: typer.Context,
    domain: Domains = None,
    live: Annotated[
        bool,
        typer.Option(
            "--live",
            help="also ask DNS and, for MTA-STS and BIMI, the web",
            rich_help_panel=headings.LOOK,
        ),
    ] = False,
    private_web: PrivateWeb = False,
    select: Annotated[
        list[str] | None,
        typer.Option(
            "--select",
            metavar="ID,...",
            autocompletion=completions.rules,
            help="only these rules",
            rich_help_panel=headings.LOOK,
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            "--ignore",
            metavar="ID,...",
            autocompletion=completions.rules,
            help="not these rules",
            rich_help_panel=headings.LOOK,
        ),
    ] = None,
    shard: ShardOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="with --shard: write what was found to this file, for `lint merge`",
            rich_help_panel=headings.WRITE,
        ),
    ] = None,
    fail_on: LintFailOn = FailOn.ERROR,
    format: LintOutput = LintFormat.TEXT,
    scheduler: Scheduler = None,
    jobs: Jobs = None,
) -> int:
    """Check the policies and, with --live, what is in DNS.

    Every finding names its rule: `mailauth-dns rules ID` shows the rule's page. `lint merge` puts
    together what `lint --shard` found on several machines.
    """
    session = session_of(context)
    if private_web and not live:
        raise MailAuthError("--private-web: nothing is fetched without --live; add it")
    part = shard_of(shard)
    if scheduler is not None and not live:
        raise MailAuthError("--scheduler: DNS is not asked without --live; add it")
    if scheduler is not None and part is not None:
        raise MailAuthError("--scheduler: the cluster shares all of it; leave out --shard")
    if out is not None and part is None:
        raise MailAuthError("--out: only a shard has a file; add --shard, or write `> FILE`")
    wanted = lint_result.asked(domains(domain), select, ignore, live=live)
    alone = live or wanted.domains or part is not None
    found = None if alone else _in_parts(session, wanted.rules, jobs)
    if scheduler is not None:
        found = _on_cluster(session, wanted, scheduler, private_web=private_web)
    elif found is None:
        found = _whole(session, wanted, private_web, part, out)
    return lint_result.tell(session, found, wanted, format, fail_on, kept=out is not None)


def _whole(
    session: Session, wanted: Asked, private_web: bool, part: Shard | None, out: Path | None
) -> Linted:
    """Check policies in this process."""
    files = state_of(session.root, part)
    repo, publications = session.load()
    live = wanted.live
    with session.waiting("asking DNS and the web" if live else "checking policies"):
        if part is None:
            result = lint_repo(
                repo,
                publications,
                domains=wanted.domains,
                rules=wanted.rules,
                live=live,
                private_web=private_web,
            )
        else:
            from mailauth_dns.cli import lint_shard

            asked = lint_shard.AskedShard(wanted, private_web, part, out, files)
            result = lint_shard.looked(session, repo, publications, asked)
    return linted(result, publications, wanted.domains)


def _on_cluster(session: Session, wanted: Asked, scheduler: str, *, private_web: bool) -> Linted:
    """Let the workers of a cluster check policies and ask about them."""
    from mailauth_dns.lint_parts.live_in_parts import lint_live_in_parts
    from mailauth_dns.spread.dask_cluster import cluster

    repo, publications = session.load()
    with cluster(scheduler) as spread, session.waiting("asking DNS and the web"):
        result = lint_live_in_parts(
            *(repo, publications, wanted.rules, spread),
            domains=wanted.domains,
            private_web=private_web,
        )
    return linted(result, publications, wanted.domains)


def _in_parts(session: Session, rules: Sequence[Rule], jobs: int | None) -> Linted | None:
    """Check all policies in several processes; None where that is not worth it, or cannot be."""
    number = processes_for(policy_files(session.root), jobs)
    if number == 1:
        return None
    # Large repos alone need these.
    from mailauth_dns.lint_parts.lint_in_parts import lint_in_parts
    from mailauth_dns.spread.processes import Processes

    with session.waiting("checking policies"), Processes(number) as processes:
        return lint_in_parts(session.root, rules, processes)
