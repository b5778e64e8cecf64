"""How diff and verify explain and show the policies beside live DNS, and their exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text

from mailauth_dns.cli.session import DIFFERS, DONE, FAILED, Format, Session
from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy.why_live_differs import Reasons, reasons
from mailauth_dns.plan.plan import LiveEntry
from mailauth_dns.records.name import DomainName
from mailauth_dns.render import json_data, live_text
from mailauth_dns.render.terminal_text import count
from mailauth_dns.spread.spread import Spread


def explained(
    session: Session,
    seen: Mapping[DomainName, tuple[LiveEntry, ...]],
    publications: Sequence[Publication],
    spread: Spread | None = None,
) -> Reasons:
    """Return the mistakes that explain what differs; the zones' servers are asked for more.

    With `spread`, other machines ask.
    """
    with session.waiting("looking for mistakes that explain what differs"):
        return reasons(seen, publications, spread)


def show(
    session: Session,
    seen: Mapping[DomainName, tuple[LiveEntry, ...]],
    why: Reasons,
    format: Format,
    title: str,
) -> int:
    """Show the rows of every zone and why they differ; return the exit code."""
    rows = [row for each in seen.values() for row in each]
    unknown = sum(row.state == "unknown" for row in rows)
    off = sum(row.state != "as policy" for row in rows) - unknown
    if format is Format.JSON:
        session.json(json_data.live(seen, why))
    else:
        session.show(live_text.rows(rows, why), wrap=True)
        said = f"{title}: {count(len(rows), 'set')}, {off} differ, {unknown} unknown"
        session.show([Text(said, style="bold")])
    return FAILED if unknown else DIFFERS if off else DONE
