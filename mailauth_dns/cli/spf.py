"""Commands about SPF alone: the tree of lookups behind a record."""

from __future__ import annotations

from typing import Annotated

import typer

from mailauth_dns.cli.app import session_of
from mailauth_dns.cli.policy import OutputFormat
from mailauth_dns.cli.receive import worlds
from mailauth_dns.cli.session import DIFFERS, DONE, FAILED, Format, domains
from mailauth_dns.evaluate.spf import MAX_TERMS, MAX_VOIDS
from mailauth_dns.evaluate.spf_cost import LookupCost, Remark, lookup_cost

# What makes SPF a permerror for every message that gets there, whatever it costs.
_PERMERRORS = (Remark.MISSING, Remark.SEVERAL, Remark.INVALID, Remark.LOOP, Remark.EXCHANGERS)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(name="spf", help="SPF records and what they cost.", rich_markup_mode=None)
    group.command("tree")(tree)
    group.callback()(_group)
    app.add_typer(group)


def _group() -> None:
    """Tell typer that `spf` has subcommands: with a single command it would be that command."""


def tree(
    context: typer.Context,
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="whose SPF record")],
    format: OutputFormat = Format.TEXT,
) -> int:
    """Draw the lookups behind an SPF record with their cost, by DNS as the policies would make it, where there are any."""
    from mailauth_dns.render import spftree

    session = session_of(context)
    [name] = domains([domain])
    live, published = worlds(session, None)
    title, resolver = (live, *published)[-1]
    cost = lookup_cost(name, resolver)
    if format is Format.JSON:
        session.json(spftree.tree_data(title, cost))
    else:
        session.show(spftree.tree(title, cost))
    return _exit_code(cost)


def _exit_code(cost: LookupCost) -> int:
    if any(node.unknown is not None for node in cost.walk()):
        return FAILED
    wrong = cost.total > MAX_TERMS or cost.voids > MAX_VOIDS or any(cost.found(remark) for remark in _PERMERRORS)
    return DIFFERS if wrong else DONE
