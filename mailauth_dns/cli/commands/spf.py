"""The spf commands: the tree of lookups behind a record, and the lock on flattened names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from mailauth_dns.cli import completions, headings, what_next
from mailauth_dns.cli.command import Command, Group
from mailauth_dns.cli.dns_before_after import resolvers
from mailauth_dns.cli.options import Domains, OutputFormat, OutputOrPage
from mailauth_dns.cli.session import DIFFERS, DONE, FAILED, Format, PageFormat, domains, session_of
from mailauth_dns.evaluate.spf import MAX_TERMS, MAX_VOIDS
from mailauth_dns.evaluate.spf_cost import lookup_cost
from mailauth_dns.evaluate.spf_tree import LookupCost, Remark
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.repo_layout import LOCK_FILE

LOCK_TIME = 300.0  # seconds that DNS may take for all names

# These make SPF a permerror for every message that reaches them, whatever the cost.
# Each with the rule where it is about the domain's own record, and about one that it includes.
_PERMERRORS = {
    Remark.MISSING: ("SPF001", "SPF022"),
    Remark.SEVERAL: ("SPF002", "SPF022"),
    Remark.INVALID: ("SPF006", "SPF022"),
    Remark.LOOP: ("SPF023", "SPF023"),
    Remark.EXCHANGERS: ("SPF013", "SPF013"),
}


command = typer.Typer(
    cls=Group,
    help="Show what SPF records cost, and flatten them with a lock.",
    rich_markup_mode=None,
)


@command.command("tree", cls=Command)
def tree(
    context: typer.Context,
    domain: Annotated[
        str,
        typer.Argument(
            metavar="DOMAIN", autocompletion=completions.domains, help="whose SPF record"
        ),
    ],
    format: OutputOrPage = PageFormat.TEXT,
) -> int:
    """Draw the lookups behind an SPF record, with their cost.

    Where there are policies, DNS is taken as they would make it.
    """
    from mailauth_dns.render import spf_tree_report

    session = session_of(context)
    [name] = domains([domain])
    live, published = resolvers(session, None)
    title, resolver = (live, *published)[-1]
    with session.waiting("asking DNS"):
        cost = lookup_cost(name, resolver)
    match format:
        case PageFormat.JSON:
            session.json(spf_tree_report.tree_data(title, cost))
        case PageFormat.HTML:
            from mailauth_dns.pages.spf_page import spf_page

            session.page(spf_page(title, cost))
        case PageFormat.TEXT:
            session.show(spf_tree_report.tree(title, cost))
    code = _exit_code(cost)
    what_next.after_tree(session, name, rule=_rule(cost), unknown=code == FAILED)
    return code


def _exit_code(cost: LookupCost) -> int:
    if any(node.unknown is not None for node in cost.walk()):
        return FAILED
    return DIFFERS if _rule(cost) is not None else DONE


def _rule(cost: LookupCost) -> str | None:
    """Return the rule about what makes SPF a permerror; None where nothing does."""
    if cost.total > MAX_TERMS:
        return "SPF010"
    if cost.voids > MAX_VOIDS:
        return "SPF012"
    found = ((cost.found(remark), rules) for remark, rules in _PERMERRORS.items())
    return next((own if cost in nodes else inner for nodes, (own, inner) in found if nodes), None)


@command.command("lock", cls=Command)
def lock(
    context: typer.Context,
    domain: Domains = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="write nothing; exit code 2 when the lock is stale",
            rich_help_panel=headings.WRITE,
        ),
    ] = False,
    format: OutputFormat = Format.TEXT,
) -> int:
    """Resolve what policies flatten, and write zones/locks/spf.json."""
    from mailauth_dns.live.observe import observe  # it takes time to load
    from mailauth_dns.live.resolver import LiveResolver
    from mailauth_dns.render import spf_lock_report

    # It loads octoDNS, which other commands can do without.
    from mailauth_dns.spf_relock.relock import (
        relock,
        write,
    )

    session = session_of(context)
    repo = load_repo(session.root)  # not compiled: what the lock lacks would stop that
    nameservers = {policy.zone: policy.body.nameservers for policy in repo.policies}
    resolver = LiveResolver(nameservers, message_time=LOCK_TIME)
    named = domains(domain)
    with session.waiting(f"resolving flattened names, for up to {LOCK_TIME:.0f}s"):
        result = relock(repo, resolver, observe, named, datetime.now(UTC))
    if not check and result.stale:
        write(repo, result)
    if format is Format.JSON:
        session.json(spf_lock_report.data(result, written=not check and result.stale))
    else:
        session.show(spf_lock_report.text(result), wrap=True)
        state = ("stale" if check else "written") if result.stale else "as it is"
        session.line(f"Lock: {LOCK_FILE.as_posix()} {state}")
    written = result.stale and not check
    what_next.after_lock(session, domains(domain), stale=result.stale, written=written)
    if any(part.unknown for part in result.parts):
        return FAILED
    return DIFFERS if check and result.stale else DONE
