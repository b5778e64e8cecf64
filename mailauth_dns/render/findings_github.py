"""Findings as GitHub's workflow commands, which put them beside the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mailauth_dns.errors import one_line
from mailauth_dns.lint.finding import Finding
from mailauth_dns.lint.rule import Severity

_COMMAND = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def findings(found: Iterable[Finding]) -> Iterator[str]:
    """Yield a command a finding."""
    for finding in found:
        place = finding.place
        command = "error" if finding.unknown else _COMMAND[finding.rule.severity]
        title = f"{finding.rule.id} {finding.rule.slug}" + (" (unknown)" if finding.unknown else "")
        where = {
            "file": place.source.path,
            "line": place.line,
            "col": place.column,
            "endColumn": place.column + place.width,
            "title": title,
        }
        properties = ",".join(f"{name}={_property(str(value))}" for name, value in where.items())
        yield f"::{command} {properties}::{_data(finding.advice)}"


def _data(text: str) -> str:
    return one_line(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
