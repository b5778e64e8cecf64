"""Findings as a table in Markdown, for the comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mailauth_dns.lint.finding import Finding, tally
from mailauth_dns.render.markdown_text import escaped


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
        yield "| " + " | ".join(map(escaped, (*cells, finding.fix))) + " |"
