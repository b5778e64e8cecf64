"""The catalogue of senders as a list, for people and as JSON data."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from rich.text import Text

from mailauth_dns.render.json_data import FORMAT
from mailauth_dns.render.terminal_text import count
from mailauth_dns.senders.entry import Alignment, Entry

Listed = tuple[str, Entry]  # a sender's id, and what the catalogue says of it


def rows(found: Sequence[Listed]) -> Iterator[Text]:
    """Yield a line for each sender: how mail aligns by SPF and by DKIM, and its return path."""
    ids = max(len(sender) for sender, _ in found)
    names = max(len(entry.name) for _, entry in found)
    yield Text(
        f"{'id':<{ids}}  {'name':<{names}}  {'kind':<13}  {'SPF':<7}  {'DKIM':<7}  return path",
        style="dim",
    )
    for sender, entry in found:
        yield Text.assemble(
            (f"{sender:<{ids}}", "bold"), f"  {entry.name:<{names}}  {entry.kind or '-':<13}  "
        ).append(_facts(entry))
    compiled = sum(entry.is_compiled for _, entry in found)
    said = f"Senders: {compiled} that a policy can name"
    if len(found) > compiled:
        said += f", {count(len(found) - compiled, 'other')} only recognised"
    yield Text(said, style="bold")


def _facts(entry: Entry) -> str:
    path = entry.return_path
    if path is None:
        return "only recognised"
    return f"{spf_word(path.aligns):<7}  {dkim_word(entry):<7}  {path.class_}"


def spf_word(aligns: Alignment) -> str:
    """Return in a word whether SPF aligns: yes, relaxed (and not strict), no or unknown."""
    return "relaxed" if aligns.relaxed == "yes" and aligns.strict != "yes" else aligns.relaxed


def dkim_word(entry: Entry) -> str:
    """Return in a word whether the sender signs with the domain's keys: yes, or unknown."""
    return "yes" if entry.dkim is not None else "unknown"


def list_data(found: Iterable[Listed], own: Collection[str]) -> dict[str, Any]:
    """Return the list as JSON data; `own` are the ids of those that the repo itself describes."""
    return {
        "format": FORMAT,
        "senders": [
            {
                "id": sender,
                "name": entry.name,
                "kind": entry.kind,
                "compiled": entry.is_compiled,
                "own": sender in own,
                "return_path": str(path.class_) if (path := entry.return_path) else None,
                "spf": path.aligns.model_dump() if path is not None else None,
                "dkim": dkim_word(entry) if path is not None else None,
            }
            for sender, entry in found
        ],
    }
