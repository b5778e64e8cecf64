"""Findings and policy tests as JUnit XML, which every CI system can show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from mailauth_dns.errors import one_line
from mailauth_dns.lint.finding import Finding
from mailauth_dns.lint.rule import Severity
from mailauth_dns.lint.waiver import Waived
from mailauth_dns.simulate.run_mail_tests import TestResult, Trial


@dataclass(frozen=True, slots=True)
class _Case:
    """One test case.

    `kind` is failure, error or skipped; None if the case passed. `text` says more. Of a case that
    passed, the document holds only `text`.
    """

    place: str
    name: str
    kind: str | None = None
    word: str = ""
    message: str = ""
    text: tuple[str, ...] = ()


def findings(found: Sequence[Finding], waived: Sequence[Waived], worst: Severity) -> str:
    """Return one suite with a test case a finding.

    A finding below `worst` passes, an unknown one is an error, a waived one is skipped.
    """
    cases = []
    for finding in found:
        place = finding.place
        kind = "error" if finding.unknown else "failure" if finding.rule.severity >= worst else None
        message = f"{finding.word}: {finding.advice}"
        where = f"{place.source.path}:{place.line}:{place.column}"
        cases.append(
            _Case(
                place.source.path,
                _name(finding),
                kind,
                finding.word,
                message,
                (where if kind is not None else message,),
            )
        )
    for each in waived:
        reason = f"waived until {each.waiver.until}: {each.waiver.reason}"
        cases.append(
            _Case(
                each.finding.place.source.path,
                _name(each.finding),
                "skipped",
                "",
                reason,
                (each.finding.advice,),
            )
        )
    return _document("mailauth-dns lint", cases or [_Case("mailauth-dns", "nothing found")])


def _name(finding: Finding) -> str:
    whose = f" of {finding.domains_told}" if finding.shared else ""
    place = finding.place
    return f"{finding.rule.id} {finding.rule.slug}{whose} at {place.line}:{place.column}"


def tests(found: Iterable[Trial]) -> str:
    """Return one suite with a test case a policy test; an unknown result is an error."""
    kinds = {TestResult.PASSED: None, TestResult.FAILED: "failure", TestResult.UNKNOWN: "error"}
    cases = []
    for trial in found:
        told = (*trial.verdict.why, *(f"warning: {warning}" for warning in trial.verdict.warnings))
        cases.append(
            _Case(
                trial.domain,
                trial.name,
                kinds[trial.outcome],
                str(trial.outcome),
                "; ".join(trial.problems),
                told,
            )
        )
    return _document("mailauth-dns test", cases)


def _document(title: str, cases: Sequence[_Case]) -> str:
    kinds = Counter(case.kind for case in cases)
    counts = {
        "tests": str(len(cases)),
        "failures": str(kinds["failure"]),
        "errors": str(kinds["error"]),
    }
    root = Element("testsuites", counts)
    suite = SubElement(
        root, "testsuite", {"name": title, **counts, "skipped": str(kinds["skipped"])}
    )
    for case in cases:
        element = SubElement(
            suite, "testcase", {"classname": one_line(case.place), "name": one_line(case.name)}
        )
        if case.kind is not None:
            kind = {"type": case.word} if case.word else {}
            SubElement(
                element, case.kind, {**kind, "message": one_line(case.message)}
            ).text = _lines(case.text)
        elif case.text:
            SubElement(element, "system-out").text = _lines(case.text)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _lines(lines: Iterable[str]) -> str:
    """Return lines of text, in which characters that do not print are written as in master files.

    XML cannot hold some of them (XML 1.0 §2.2).
    """
    return "\n".join(map(one_line, lines))
