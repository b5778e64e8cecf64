"""Findings as SARIF 2.1.0 (OASIS), which code hosts show beside the lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from mailauth_dns import __version__
from mailauth_dns.errors import one_line
from mailauth_dns.lint.finding import Finding
from mailauth_dns.lint.rule import Rule, Severity
from mailauth_dns.lint.waiver import Waived
from mailauth_dns.typed_yaml.yaml_tree import Place

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def findings(found: Sequence[Finding], waived: Sequence[Waived]) -> dict[str, Any]:
    """Return one run with these results; waived ones are suppressed. Paths start at the repo."""
    named = (*found, *(each.finding for each in waived))
    rules = sorted(
        {finding.rule.id: finding.rule for finding in named}.values(), key=lambda rule: rule.id
    )
    index = {rule.id: at for at, rule in enumerate(rules)}
    driver = {
        "name": "mailauth-dns",
        "version": __version__,
        "rules": [_rule(rule) for rule in rules],
    }
    # Either every result of a run has `suppressions` or none (SARIF §3.27.23).
    results = [
        {**_result(finding, index[finding.rule.id]), "suppressions": []} for finding in found
    ]
    results += [
        {**_result(each.finding, index[each.finding.rule.id]), "suppressions": [_suppression(each)]}
        for each in waived
    ]
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
        ],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.slug,
        "shortDescription": {"text": rule.page.partition("\n")[0]},
        "help": {"text": f"{rule.page}\n\nSource: {rule.source}"},
        "defaultConfiguration": {"level": _LEVEL[rule.severity]},
    }


def _result(finding: Finding, index: int) -> dict[str, Any]:
    names = finding.domains if finding.at is None else (finding.at.key[0],)
    location: dict[str, Any] = {
        "physicalLocation": _physical(finding.place),
        "logicalLocations": [
            {"fullyQualifiedName": one_line(name), "kind": "resource"} for name in names
        ],
    }
    return {
        "ruleId": finding.rule.id,
        "ruleIndex": index,
        # A rule that could not be decided is open, and of no level (SARIF §3.27.9, §3.27.10).
        "kind": "open" if finding.unknown else "fail",
        "level": "none" if finding.unknown else _LEVEL[finding.rule.severity],
        "message": {"text": one_line(finding.advice)},
        "locations": [location],
    }


def _physical(place: Place) -> dict[str, Any]:
    region = {
        "startLine": place.line,
        "startColumn": place.column,
        "endColumn": place.column + place.width,
    }
    return {"artifactLocation": {"uri": quote(place.source.path)}, "region": region}


def _suppression(waived: Waived) -> dict[str, Any]:
    return {
        "kind": "inSource",
        "status": "accepted",
        "justification": one_line(waived.waiver.reason),
        "location": {"physicalLocation": _physical(waived.place)},
    }
