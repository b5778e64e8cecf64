"""Findings in each format: golden files, and the structure that other programs rely on."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from defusedxml import ElementTree
from jsonschema import ValidationError

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.lint.catalog import ALL_RULES, RULES
from mailauth_dns.lint.finding import Finding
from mailauth_dns.lint.rule import Severity
from mailauth_dns.lint.run_rules import run
from mailauth_dns.lint.subject import subjects
from mailauth_dns.lint.waiver import Waived, waived
from mailauth_dns.policy.load import load_repo
from mailauth_dns.render import (
    findings_github,
    findings_markdown,
    findings_sarif,
    findings_text,
    json_data,
    junit,
)
from tests import schemas
from tests.conftest import RepoFolder
from tests.lint import worlds

GOLDEN = Path(__file__).parent / "golden"

POLICY = """\
domain: example.com
spf: {terms: [ptr, "ip4:10.0.0.1"], all: pass}
dmarc: {p: none, rua: ["mailto:d@example.com!10m"]}
"""
ZONE = """\
example.com TXT v=spf1 -all
example.com TXT v=spf1 ~all
_dmarc.example.com TXT v=DMARC1; p=none
example.com A 192.0.2.1"""
WAIVERS = 'waivers: [{rule: SPF014, reason: "until the move", until: 2999-01-01}]\n'
SELECTED = ("SPF002", "SPF014", "SPF016", "SPF027", "DMARC014", "SPF021", "SPF022")


Judged = tuple[list[Finding], list[Waived]]


@pytest.fixture
def judged(repo: RepoFolder) -> Judged:
    """Return findings of every kind, in a file whose name must be escaped."""
    repo.policy(POLICY, "odd, name 100%")
    repo.policy(
        'domain: example.net\nspf: {terms: ["include:_spf.example.org"], all: fail}\n', "unknown"
    )
    repo.policy(
        "domains: [a.example, b.example, c.example]\nspf: {terms: [ptr], all: fail}\n", "several"
    )
    repo.policy("domain: example.org\nspf: {terms: [ptr], all: fail}\n" + WAIVERS, "waived")
    loaded = load_repo(repo.root)
    publications = compile_repo(loaded)
    today = date(2026, 6, 1)
    *others, here, there, waiving = subjects(loaded, publications, today)
    servers = {"ns1 (192.0.2.53:53)": worlds.world(ZONE)}
    beside = [
        *worlds.live([here], publications, servers, {}),
        *worlds.unanswered([there], publications),
    ]
    rules = [rule for rule in RULES if rule.id in SELECTED]
    looked_at = [*others, *beside, waiving]
    return waived(run(rules, looked_at), looked_at, loaded.policies, rules, ALL_RULES, today)


def as_sarif(found: list[Finding], silenced: list[Waived]) -> str:
    return json.dumps(findings_sarif.findings(found, silenced), indent=1) + "\n"


FORMATS: dict[str, Callable[[list[Finding], list[Waived]], str]] = {
    "text.txt": lambda found, silenced: "".join(
        f"{line.plain}\n" for line in findings_text.lines(found, len(silenced))
    ),
    "findings.json": lambda found, silenced: (
        json.dumps(json_data.findings(found, silenced), indent=1) + "\n"
    ),
    "findings.sarif": as_sarif,
    "junit.xml": lambda found, silenced: junit.findings(found, silenced, Severity.ERROR),
    "github.txt": lambda found, _: "".join(f"{line}\n" for line in findings_github.findings(found)),
    "findings.md": lambda found, silenced: "".join(
        f"{line}\n" for line in findings_markdown.findings(found, len(silenced))
    ),
}


@pytest.mark.parametrize("name", FORMATS)
def test_findings_read_as_they_should(
    name: str, judged: Judged, request: pytest.FixtureRequest
) -> None:
    said = FORMATS[name](*judged)
    golden = GOLDEN / name
    if request.config.getoption("--update-golden"):
        golden.write_text(said)
    assert said == golden.read_text()


def test_sarif_has_the_structure_of_the_standard(judged: Judged) -> None:
    """The properties that the schema of SARIF 2.1.0 requires, and the references between them."""
    found, silenced = judged
    log: dict[str, Any] = json.loads(as_sarif(found, silenced))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    [ran] = log["runs"]
    rules = ran["tool"]["driver"]["rules"]
    assert ran["tool"]["driver"]["name"] == "mailauth-dns"
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert [len(result["suppressions"]) for result in ran["results"]] == [0] * len(found) + [
        1
    ] * len(silenced)
    [suppressed] = ran["results"][-1]["suppressions"]
    assert (suppressed["kind"], suppressed["status"], suppressed["justification"]) == (
        "inSource",
        "accepted",
        "until the move",
    )
    for result, finding in zip(
        ran["results"], [*found, *(each.finding for each in silenced)], strict=True
    ):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding.rule.id
        assert result["kind"] in ("fail", "open")
        assert result["level"] in (
            ("error", "warning", "note") if result["kind"] == "fail" else ("none",)
        )
        assert result["message"]["text"]
        [location] = result["locations"]
        region = location["physicalLocation"]["region"]
        assert (region["startLine"], region["startColumn"]) == (
            finding.place.line,
            finding.place.column,
        )
        assert region["endColumn"] > region["startColumn"] >= 1
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        assert not uri.startswith("/")
        assert " " not in uri
    assert {result["kind"] for result in ran["results"]} == {"fail", "open"}
    assert all(
        rule["shortDescription"]["text"] and rule["defaultConfiguration"]["level"] for rule in rules
    )


def test_sarif_is_valid_by_the_schema_that_it_names(judged: Judged) -> None:
    log: dict[str, Any] = json.loads(as_sarif(*judged))
    schema = schemas.sarif().schema
    assert not isinstance(schema, bool)
    assert log["$schema"] == schema["id"]
    schemas.sarif().validate(log)
    schemas.sarif().validate(findings_sarif.findings([], []))


SPOILT: dict[str, Callable[[dict[str, Any]], object]] = {
    "a key that it does not know": lambda log: log["runs"][0].update(rules=[]),
    "a result without a message": lambda log: log["runs"][0]["results"][0].pop("message"),
    "a level that there is not": lambda log: log["runs"][0]["results"][0].update(level="fatal"),
    "a line 0": lambda log: log["runs"][0]["results"][0]["locations"][0]["physicalLocation"][
        "region"
    ].update(startLine=0),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_the_schema_of_sarif_refuses_what_is_spoilt(
    judged: Judged, spoil: Callable[[dict[str, Any]], object]
) -> None:
    log = json.loads(as_sarif(*judged))
    spoil(log)
    with pytest.raises(ValidationError):
        schemas.sarif().validate(log)


def test_junit_counts_what_fails_and_what_is_unknown(judged: Judged) -> None:
    found, silenced = judged
    for worst in Severity:
        suite = ElementTree.fromstring(junit.findings(found, silenced, worst))[0]
        failing = sum(not finding.unknown and finding.rule.severity >= worst for finding in found)
        assert (int(suite.attrib["failures"]), len(suite.findall("testcase/failure"))) == (
            failing,
            failing,
        )
        unknown = sum(finding.unknown for finding in found)
        assert (int(suite.attrib["errors"]), len(suite.findall("testcase/error"))) == (
            unknown,
            unknown,
        )
        assert (
            int(suite.attrib["skipped"]) == len(suite.findall("testcase/skipped")) == len(silenced)
        )
        assert (
            int(suite.attrib["tests"])
            == len(suite.findall("testcase"))
            == len(found) + len(silenced)
        )


def test_a_workflow_command_is_one_line_whose_values_are_escaped(judged: Judged) -> None:
    found, _ = judged
    lines = list(findings_github.findings(found))
    assert len(lines) == len(found)
    first = next(line for line in lines if "SPF014" in line and "odd" in line)
    assert first.startswith(
        "::warning file=zones/policy/odd%2C name 100%25.yaml,line=2,col=15,endColumn=18,"
        "title=SPF014 spf-ptr::"
    )
    assert not any("\n" in line for line in lines)


def test_where_dns_is_away_a_domain_has_one_line(repo: RepoFolder) -> None:
    """JSON has each rule; to people fifty of them with fifty reasons would hide what is known."""
    repo.policy(POLICY)
    repo.policy(POLICY.replace("com", "net"), "net")
    loaded = load_repo(repo.root)
    publications = compile_repo(loaded)
    found = run(
        RULES, worlds.unanswered(subjects(loaded, publications, date(2026, 6, 1)), publications)
    )
    said = [line.plain for line in findings_text.lines(found, 0)]
    dark = [line for line in said if ": unknown " in line]
    assert [line.partition(":")[0] for line in dark] == [
        "zones/policy/net.yaml",
        "zones/policy/policy.yaml",
    ]
    number = len(
        {
            finding.rule.id
            for finding in found
            if finding.unknown and finding.domain == "example.com"
        }
    )
    assert f"unknown {number} rules could not be decided, the first because of " in dark[1]
    assert any("SPF014" in line for line in said)


def test_nothing_found_is_a_whole_document_too() -> None:
    assert findings_sarif.findings([], [])["runs"][0]["results"] == []
    [case] = ElementTree.fromstring(junit.findings([], [], Severity.ERROR)).iter("testcase")
    assert len(case) == 0
    assert list(findings_markdown.findings([], 0)) == ["**Lint: nothing found**"]
