"""Findings as a table in Markdown, for the comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mailauth_dns.errors import one_line
from mailauth_dns.lint.finding import Finding, tally

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&])")
# Of a person, a team or an issue; code hosts would notify and link them.
_MENTION = re.compile(r"[@#](?=\w)")
_APART = "&#8203;"  # a space of no width keeps the mark from what follows


def findings(found: Sequence[Finding], waived: int) -> Iterator[str]:
    """Yield the table's lines; `waived` is the number of findings that waivers silence."""
    yield f"**Lint: {tally(found, waived)}**"
    if found:
        yield ""
        yield "| | rule | place | what happens | what to do |"
        yield "|---|---|---|---|---|"
    for finding in found:
        place = finding.place
        cells = (
            finding.word,
            f"{finding.rule.id} {finding.rule.slug}",
            f"{place.source.path}:{place.line}:{place.column}",
            finding.text,
        )
        yield "| " + " | ".join(map(_escaped, (*cells, finding.fix))) + " |"


def _escaped(text: str) -> str:
    """Return outside text as one line that means nothing in Markdown."""
    return _MENTION.sub(
        lambda mark: mark[0] + _APART, _SPECIAL.sub(r"\\\1", " ".join(one_line(text).split()))
    )
