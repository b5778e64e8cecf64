"""What web forms of registrars do to records: values and names that were meant as a policy has them, and are not.

A form that takes one unquoted line keeps the quotes and backslashes that were pasted into it; one that adds the zone by itself doubles a
whole name. DNS then has something, and receivers find nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mailauth_dns.diff.equivalence import meaning, parsed
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.name import MAX_NAME, DomainName


def meant(text: str) -> tuple[str, str]:
    """Return a value as it was meant, and what its form did to it; the value itself and nothing where there is no trace of that."""
    undone, traces = text, []
    if '"' in undone:
        undone = re.sub(r'"\s*"', "", undone).strip().strip('"')
        traces.append("the quotes are part of it")
    if "\\;" in undone:
        undone = undone.replace("\\;", ";")
        traces.append("a backslash before a semicolon is part of it")
    return undone, " and ".join(traces)


def spoiled(kind: Family, wanted: Iterable[str], there: Iterable[str]) -> str | None:
    """Return what a form did to a value, where one of those that are there was meant to be one that is wanted; None otherwise."""
    ours = {meaning(kind, "TXT", text): text for text in wanted}
    squeezed = {"".join(text.split()) for text in ours.values()}
    for text in sorted(there):
        undone, traces = meant(text)
        if meaning(kind, "TXT", text) in ours:
            continue
        if traces and meaning(kind, "TXT", undone) in ours:
            return f"{traces}: enter it without"
        if "".join(undone.split()) in squeezed:
            return f"{f'{traces}, and ' if traces else ''}spaces were put in or lost, as where a form splits it: enter it as one line"
    return None


def is_spoiled(name: DomainName, kind: Family, text: str) -> str | None:
    """Return what a form did to a value that no receiver reads as it stands, and would read as meant; None otherwise."""
    undone, traces = meant(text)
    if (
        not traces
        or parsed(kind, "TXT", text) is not None
        or family(name, "TXT", undone) is not kind
    ):
        return None
    return traces if parsed(kind, "TXT", undone) is not None else None


def misnamed(name: DomainName, zone: DomainName) -> Iterator[tuple[DomainName, str]]:
    """Yield the names that a record can have come to in place of its own, each with what went wrong."""
    wrong = [(f"{name}.{zone}", "a form added the zone once more")]
    if "_" in name:
        wrong.append((name.replace("_", ""), "the underscore is missing"))
    if "._domainkey." in name:
        wrong.append((name.replace("._domainkey.", "."), "_domainkey is missing"))
    for other, what in wrong:
        if len(other) <= MAX_NAME and not other.startswith("*"):
            yield DomainName(other), what


def looks_like(kind: Family, name: DomainName, text: str) -> bool:
    """Tell whether a value at a wrong name is a record of a family; `name` is where it belongs."""
    undone, _ = meant(text)
    return family(name, "TXT", undone) is kind and parsed(kind, "TXT", undone) is not None
