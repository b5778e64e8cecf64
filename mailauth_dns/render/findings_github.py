"""Findings as GitHub's workflow commands, which put them beside the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mailauth_dns.lint.finding import Finding
from mailauth_dns.lint.rule import Severity
from mailauth_dns.render.workflow_commands import annotation

_KIND = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def findings(found: Iterable[Finding]) -> Iterator[str]:
    """Yield a command a finding."""
    for finding in found:
        place = finding.place
        yield annotation(
            "error" if finding.unknown else _KIND[finding.rule.severity],
            finding.advice,
            file=place.source.path,
            line=place.line,
            col=place.column,
            endColumn=place.column + place.width,
            title=f"{finding.rule.id} {finding.rule.slug}"
            + (" (unknown)" if finding.unknown else ""),
        )
