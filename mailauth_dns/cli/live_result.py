"""How diff and verify show the policies beside live DNS, and their exit code."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text

from mailauth_dns.cli.session import DIFFERS, DONE, FAILED, Format, Session
from mailauth_dns.plan.plan import LiveEntry
from mailauth_dns.records.name import DomainName
from mailauth_dns.render import json_data, plan_text
from mailauth_dns.render.terminal_text import count


def show(
    session: Session, seen: Mapping[DomainName, tuple[LiveEntry, ...]], format: Format, title: str
) -> int:
    """Show the rows of every zone and return the exit code."""
    rows = [row for each in seen.values() for row in each]
    unknown = sum(row.state == "unknown" for row in rows)
    off = sum(row.state != "as policy" for row in rows) - unknown
    if format is Format.JSON:
        session.json(json_data.live(seen))
    else:
        session.show(plan_text.live_rows(rows), wrap=True)
        said = f"{title}: {count(len(rows), 'set')}, {off} differ, {unknown} unknown"
        session.show([Text(said, style="bold")])
    return FAILED if unknown else DIFFERS if off else DONE
