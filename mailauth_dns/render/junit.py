"""Findings as JUnit XML, which every CI system can show."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from mailauth_dns.lint.rule import Finding, Severity
from mailauth_dns.lint.waiver import Waived

_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 §2.2


def findings(found: Sequence[Finding], waived: Sequence[Waived], worst: Severity) -> str:
    """Return one suite with a test case a finding.

    Those below `worst` are reported and do not fail, what is unknown is an error, what is waived is skipped.
    """
    failing = [finding for finding in found if not finding.unknown and finding.rule.severity >= worst]
    unknown = [finding for finding in found if finding.unknown]
    counts = {"tests": str(len(found) + len(waived) or 1), "failures": str(len(failing)), "errors": str(len(unknown))}
    root = Element("testsuites", counts)
    suite = SubElement(root, "testsuite", {"name": "mailauth-dns lint", **counts, "skipped": str(len(waived))})
    if not found and not waived:
        SubElement(suite, "testcase", {"classname": "mailauth-dns", "name": "nothing found"})
    for finding in found:
        place = finding.place
        case = _case(suite, finding)
        kind = "error" if finding.unknown else "failure" if finding.rule.severity >= worst else "system-out"
        text = _plain(f"{finding.word}: {finding.advice}")
        told = SubElement(case, kind, {} if kind == "system-out" else {"type": finding.word, "message": text})
        told.text = text if kind == "system-out" else f"{place.source.path}:{place.line}:{place.column}"
    for each in waived:
        reason = f"waived until {each.waiver.until}: {each.waiver.reason}"
        SubElement(_case(suite, each.finding), "skipped", {"message": _plain(reason)}).text = _plain(each.finding.advice)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _case(suite: Element, finding: Finding) -> Element:
    place = finding.place
    name = f"{finding.rule.id} {finding.rule.slug} at {place.line}:{place.column}"
    return SubElement(suite, "testcase", {"classname": place.source.path, "name": name})


def _plain(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
