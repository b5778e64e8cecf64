"""What `spf lock` found, as text and as JSON data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from mailauth_dns.render.json_data import FORMAT
from mailauth_dns.render.terminal_text import count
from mailauth_dns.spf_relock.relock import NameRow, Relocked


def text(result: Relocked) -> Iterator[Text]:
    """Yield the lines for people."""
    for row in result.names:
        yield Text(f"{row.name}: {_state(row)}", style="bold")
        yield from (Text(f"  + {network}", style="green") for network in row.drift.added.networks)
        yield from (Text(f"  - {network}", style="red") for network in row.drift.removed.networks)
    for part in result.parts:
        yield Text(f"{part.name}: {part.said}")


def _state(row: NameRow) -> str:
    if row.after is None:
        return "no policy flattens it any more"
    size = count(len(row.after.addresses.networks), "network")
    if row.before is None:
        return f"{size}, new"
    if row.drift:
        return f"{size}, changed since {row.before.since}"
    if row.after != row.before:
        return f"{size}, the same addresses from other records"
    return f"{size}, as reviewed since {row.after.since}"


def data(result: Relocked, *, written: bool) -> dict[str, Any]:
    """Return the result as JSON data."""
    return {
        "format": FORMAT,
        "stale": result.stale,
        "written": written,
        "names": [
            {
                "name": row.name,
                "networks": []
                if row.after is None
                else [str(network) for network in row.after.addresses.networks],
                "added": [str(network) for network in row.drift.added.networks],
                "removed": [str(network) for network in row.drift.removed.networks],
            }
            for row in result.names
        ],
        "parts": [
            {"domain": part.domain, "name": part.name, "state": part.said, "changed": part.changed}
            for part in result.parts
        ],
    }
