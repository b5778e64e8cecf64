"""Findings as a table in Markdown, for the comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mailauth_dns.lint.rule import Finding, tally

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def findings(found: Sequence[Finding], waived: int) -> Iterator[str]:
    """Yield the table's lines, what is unknown among the others; `waived` are counted."""
    yield f"**Lint: {tally(found, waived)}**"
    if found:
        yield ""
        yield "| | rule | place | what happens | what to do |"
        yield "|---|---|---|---|---|"
    for finding in found:
        place = finding.place
        cells = (finding.word, f"{finding.rule.id} {finding.rule.slug}", f"{place.source.path}:{place.line}:{place.column}", finding.text)
        yield "| " + " | ".join(map(_escaped, (*cells, finding.fix))) + " |"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
