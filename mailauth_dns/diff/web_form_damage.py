"""What web forms of registrars do to records.

Some forms want one unquoted line, and keep the quotes and backslashes that you paste into them.
Some add the zone to the name, so a name entered whole has the zone twice. DNS then holds a value,
but receivers find no record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailauth_dns.diff.equivalence import parsed
from mailauth_dns.records.family import Family, family
from mailauth_dns.records.name import MAX_NAME, DomainName


def meant(text: str) -> tuple[str, str]:
    """Return a value as it was meant, and what a form did to it.

    Where no form left a trace, return the value itself and an empty text.
    """
    undone, traces = text, []
    if '"' in undone:
        undone = re.sub(r'"\s*"', "", undone).strip().strip('"')
        traces.append("the quotes are part of it")
    if "\\;" in undone:
        undone = undone.replace("\\;", ";")
        traces.append("a backslash before a semicolon is part of it")
    return undone, " and ".join(traces)


def is_spoiled(name: DomainName, kind: Family, text: str) -> str | None:
    """Return what a form did to a value that receivers can no longer read.

    Return None where they can read it, or could not read it even as it was meant.
    """
    undone, traces = meant(text)
    if (
        not traces
        or parsed(kind, "TXT", text) is not None
        or family(name, "TXT", undone) is not kind
    ):
        return None
    return traces if parsed(kind, "TXT", undone) is not None else None


def misnamed(name: DomainName, zone: DomainName) -> Iterator[tuple[DomainName, str]]:
    """Yield the wrong names at which a record can have ended up, each with what went wrong."""
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
