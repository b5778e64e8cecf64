"""Who sends, as a proposal: the edit as a diff, and remarks."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from mailauth_dns.errors import octets
from mailauth_dns.importing.sender_edits import Difference
from mailauth_dns.importing.suggest_senders import Lookups, Suggested
from mailauth_dns.records.zone import quoted

FORMAT = 1


def diff(made: Suggested) -> str:
    """Return the edit of the policy as a unified diff; the whole policy where there is none."""
    if made.before is None:
        return made.after
    lines = difflib.unified_diff(
        made.before.splitlines(keepends=True),
        made.after.splitlines(keepends=True),
        f"a/{made.path}",
        f"b/{made.path}",
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def remarks(made: Suggested) -> Iterator[str]:
    """Yield what is told beside the edit, a line each."""
    for each in made.found.remarks:
        yield f"{each.kind}: {octets(each.name)}: {octets(each.text)}"
    for change in made.differences:
        yield f"changes: {told(change)}"
    if made.lookups is not None and made.lookups.now != made.lookups.then:
        yield _cost(made.lookups)


def _cost(lookups: Lookups) -> str:
    saved = lookups.now - lookups.then
    least = "at least " if lookups.at_least else ""
    if saved < 0:
        return f"lookups: SPF costs {least}{-saved} more DNS lookups"
    return f"lookups: SPF costs {least}{saved} fewer DNS lookups, of the 10 that receivers allow"


def told(change: Difference) -> str:
    """Return a difference in one line."""
    parts = [f"without {_listed(change.gone)}"] if change.gone else []
    parts += [f"with {_listed(change.added)}"] if change.added else []
    return f"{change.name} {change.type}: {', '.join(parts) or 'its terms stand in another order'}"


def _listed(values: tuple[str, ...]) -> str:
    """Return terms as they are, and whole records in quotes."""
    return " ".join(quoted(each) if each.startswith("v=") else octets(each) for each in values)


def data(made: Suggested, *, written: bool) -> dict[str, Any]:
    """Return the proposal as JSON has it."""
    lookups = made.lookups
    return {
        "format": FORMAT,
        "domain": made.domain,
        "path": made.path,
        "written": written,
        "policy": made.after,
        "diff": diff(made) if made.before is not None else None,
        "senders": [
            {
                "key": said.key,
                "sender": said.sender,
                "answers": {
                    key: list(answer) if isinstance(answer, tuple) else answer
                    for key, answer in said.answers.items()
                },
            }
            for said in made.found.senders
        ],
        "comments": list(made.found.comments),
        "remarks": [
            {"kind": str(each.kind), "name": each.name, "text": each.text}
            for each in made.found.remarks
        ],
        "differences": [
            {
                "name": each.name,
                "type": each.type,
                "without": list(each.gone),
                "with": list(each.added),
            }
            for each in made.differences
        ],
        "lookups": (
            {"now": lookups.now, "then": lookups.then, "at_least": lookups.at_least}
            if lookups is not None
            else None
        ),
        "unknown": [
            {"name": name, "type": type, "reason": reason} for (name, type), reason in made.unknown
        ],
    }
