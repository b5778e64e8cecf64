"""What others wrote is shown as text: to people, terminals, CI systems and code hosts."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import defusedxml.ElementTree as ET
import pytest

from mailauth_dns.deploy.apply import ApplyResult
from mailauth_dns.deploy.zone_results import Status, ZoneResult
from mailauth_dns.errors import one_line
from mailauth_dns.lint.catalog import ALL_RULES
from mailauth_dns.lint.finding import Finding
from mailauth_dns.lint.rule import Severity
from mailauth_dns.lint.waiver import Waived
from mailauth_dns.plan.plan import ChangeEntry, LiveEntry, Plan, ServerEntry
from mailauth_dns.policy.model import WaiverSection
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import quoted
from mailauth_dns.render import (
    findings_github,
    findings_markdown,
    findings_sarif,
    findings_text,
    junit,
    plan_text,
)
from mailauth_dns.render import json_data as data
from mailauth_dns.serve.server import LoopbackServer
from mailauth_dns.typed_yaml.yaml_tree import Place, SourceText
from tests.conftest import RepoFolder
from tests.lab.zones import HEAD

HOSTILE = (
    "::error::owned\n::error file=x::two\r\n  "
    "::add-mask::three\x1b[31m\x1b]0;title\x07\x9b0m\u202eright\u2066left\u2069\u200b\u2028four"
    "\x85five `code` | cell <!-- hidden --> @org/team #1 ##[error]six "
    "##vso[task.setvariable]seven ![x](https://x.example) end"
)
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u2028\u2029\u202a-\u202e\u2066-\u2069]")
COMMAND = re.compile(r"^\s*::|##\w*\[", re.MULTILINE)


def leaves(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(data, str):
        yield path
    for key, value in (
        data.items()
        if isinstance(data, dict)
        else enumerate(data)
        if isinstance(data, list)
        else ()
    ):
        yield from leaves(value, (*path, key))


def with_value(data: Any, path: tuple[str | int, ...], value: str) -> Any:
    if not path:
        return value
    copy: Any = dict(data) if isinstance(data, dict) else list(data)
    copy[path[0]] = with_value(copy[path[0]], path[1:], value)
    return copy


def sealed(data: dict[str, Any]) -> str:
    """Return a plan file with the fingerprint that anybody can work out."""
    rest = {key: value for key, value in data.items() if key != "fingerprint"}
    canonical = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode(
        "ascii"
    )
    return json.dumps({**rest, "fingerprint": hashlib.sha256(canonical).hexdigest()})


POLICY = (
    "domain: example.com\nproviders: [local]\nnameservers: ['127.0.0.1:9']\nspf: {terms: "
    "[mx], all: fail}\n"
    "dkim: {selectors: {s1: {cname: s1.keys.example.net}}}\n"
    "tests:\n  - {name: a spoof, from: a@example.com, ip: 192.0.2.1, expect: {spf: pass}}\n"
)


@pytest.fixture
def plan(repo: RepoFolder) -> tuple[RepoFolder, dict[str, Any]]:
    """A plan with something in every field, and with a zone that failed."""
    repo.local(
        "example.com",
        HEAD + '@ IN TXT "v=spf1 ~all"\n@ IN TXT "MS=ms1"\ns1._domainkey IN A 192.0.2.1\n',
    )
    repo.policy(POLICY)
    repo.policy("domain: example.org\nproviders: [local]\ndmarc: {p: none}\n", "org")
    assert repo.run("plan", "--no-live", "--show-kept", "--out", "plan.json").code == 1
    data = json.loads((repo.root / "plan.json").read_text())
    [zone] = data["zones"]
    assert zone["changes"]
    assert zone["blocked"]
    assert zone["kept"]
    assert zone["tests"]
    assert data["failed"]
    row = {
        "domain": "example.com",
        "name": "example.com",
        "type": "TXT",
        "policy": ["a"],
        "provider": ["b"],
        "live": None,
    }
    server = {"server": "ns1", "values": ["c"], "reason": None}
    zone["live"] = [
        {
            **row,
            "reason": "why",
            "state": "unknown",
            "servers": [server, {**server, "values": None, "reason": "r"}],
        }
    ]
    return repo, data


def test_no_field_of_a_plan_file_says_more_than_text(
    plan: tuple[RepoFolder, dict[str, Any]],
) -> None:
    repo, data = plan
    shown_at_all = 0
    for path in list(leaves(data)):
        (repo.root / "hostile.json").write_text(sealed(with_value(data, path, HOSTILE)))
        for arguments in (
            ("plan", "--show", "hostile.json", "--show-kept"),
            ("apply", "hostile.json", "--no-live"),
        ):
            ran = repo.run(*arguments)
            assert not CONTROL.search(ran.said), (path, ran.said)
            assert not COMMAND.search(ran.said), (path, ran.said)
            shown_at_all += "owned" in ran.said
        as_json = repo.run("plan", "--show", "hostile.json", "--format", "json")
        assert not CONTROL.search(as_json.said)
    assert shown_at_all > 5


NAMES = [
    ("zones", 0, "zone"),
    ("zones", 0, "provider"),
    ("zones", 0, "changes", 0, "name"),
    ("zones", 0, "changes", 0, "type"),
    ("failed", 0, "zone"),
]


@pytest.mark.parametrize("path", NAMES, ids=lambda path: path[-1])
def test_a_plan_file_whose_names_are_no_names_is_refused(
    plan: tuple[RepoFolder, dict[str, Any]], path: tuple[str | int, ...]
) -> None:
    repo, data = plan
    (repo.root / "hostile.json").write_text(sealed(with_value(data, path, "x\n::error::y")))
    for arguments in (("plan", "--show", "hostile.json"), ("apply", "hostile.json")):
        ran = repo.run(*arguments)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.endswith("is not a plan file of this version (1 problems); plan again\n")


def found() -> tuple[list[Finding], list[Waived]]:
    """Return a finding, an unknown one and a waived one, hostile wherever others can write."""
    source = SourceText(f"zones/policy/{HOSTILE}.yaml", (HOSTILE,))
    place = Place(source, 1, 1, 1)
    known = Finding(ALL_RULES[0], (DomainName(HOSTILE),), True, place, HOSTILE, HOSTILE)
    waiver = WaiverSection.model_construct(
        rule=ALL_RULES[0].id, reason=HOSTILE, until=date(2027, 1, 1)
    )
    return [known, replace(known, unknown=True, fix="")], [Waived(known, waiver, place)]


def as_text() -> str:
    return "\n".join(
        one_line(line.plain) for line in findings_text.lines(*count_waived())
    )  # as a session shows lines


def count_waived() -> tuple[list[Finding], int]:
    some, waived = found()
    return some, len(waived)


FORMATS: dict[str, Callable[[], str]] = {
    "text": as_text,
    "markdown": lambda: "\n".join(findings_markdown.findings(*count_waived())),
    "sarif": lambda: "\n".join(strings(findings_sarif.findings(*found()))),
    "junit": lambda: "\n".join(texts(junit.findings(*found(), Severity.INFO))),
    "json": lambda: json.dumps(data.findings(*found())),
}


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for each in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from strings(each)


def texts(document: str) -> Iterator[str]:
    for element in ET.fromstring(document).iter():
        yield from element.attrib.values()
        yield element.text or ""


@pytest.mark.parametrize("format", FORMATS)
def test_findings_are_text_in_every_format(format: str) -> None:
    said = FORMATS[format]()
    assert "owned" in said
    assert not CONTROL.search(said), said
    if format not in ("sarif", "junit", "json"):  # documents, whose lines are their own
        assert not COMMAND.search(said), said


def test_a_finding_is_one_command_to_github() -> None:
    lines = list(findings_github.findings(found()[0]))
    assert len(lines) == 2
    for line in lines:
        assert re.match("::[a-z]+ file=", line)
        assert not CONTROL.search(line)
        assert "\n" not in line
        assert not re.search(r"##\w*\[", line)


def test_a_finding_is_one_row_to_a_code_host() -> None:
    """Marked's own rules: what is escaped is text, a mention needs its mark beside its name."""
    rows = [line for line in findings_markdown.findings(*count_waived()) if "owned" in line]
    assert len(rows) == 2
    for row in rows:
        assert len(re.findall(r"(?<!\\)\|", row)) == 6
        assert not re.search(r"[@#]\w", html.unescape(row))
        assert not re.search(r"(?<!\\)[<`!]", row)
        assert len(row.splitlines()) == 1


def test_what_an_apply_says_is_text() -> None:
    change = ChangeEntry(
        domain=HOSTILE,
        name=HOSTILE,
        type="TXT",
        family="spf",
        before=(HOSTILE,),
        after=(HOSTILE * 2,),
        ttl_before=1,
        ttl_after=2,
        kept=0,
        meaning=HOSTILE,
        risk="safe",
        rules=(),
    )
    server = ServerEntry(server=HOSTILE, values=(HOSTILE,), reason=None)
    row = LiveEntry(
        domain=HOSTILE, name=HOSTILE, type="TXT", policy=(HOSTILE,), provider=None, live=None, reason=HOSTILE, state="unknown",
        servers=(server, ServerEntry(server=HOSTILE, values=None, reason=HOSTILE)),
    )  # fmt: skip
    result = ApplyResult(
        (ZoneResult(HOSTILE, HOSTILE, Status.FAILED, (change,), HOSTILE),),
        Plan("", "", None, None, False, (), ()),
        (HOSTILE,),
        (row,),
        (HOSTILE,),
    )
    said = "\n".join(one_line(line.plain) for line in plan_text.outcome(result))
    assert said.count("owned") > 5
    assert not CONTROL.search(said)
    assert not COMMAND.search(said)


def test_a_hostile_record_in_dns_is_text_to_diff_and_plan(repo: RepoFolder) -> None:
    value = HOSTILE.encode("latin-1", "replace").decode("latin-1")
    repo.local(
        "example.com", HEAD + f"@ IN TXT {quoted('v=spf1 ' + value)}\n@ IN TXT {quoted(value)}\n"
    )
    with LoopbackServer(repo.root / "served") as server:
        repo.policy(
            "domain: example.com\nproviders: [local]\nnameservers: "
            f"['127.0.0.1:{server.port}']\nspf: {{all: fail}}\n"
        )
        for arguments in (
            ["diff"],
            ["verify"],
            ["plan", "--show-kept"],
            ["lint", "--live"],
            ["spf", "tree", "example.com"],
        ):
            ran = repo.run(*arguments)
            assert not CONTROL.search(ran.said), (arguments, ran.said)
            assert not COMMAND.search(ran.said), (arguments, ran.said)
        assert "owned" in repo.run("diff").out
