"""Shards of lint, found on several machines: merged, they are the single run to the octet."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns import __version__
from mailauth_dns.lint import shard_file
from mailauth_dns.lint.catalog import RULES
from mailauth_dns.lint.finding import Finding
from mailauth_dns.lint.merge_findings import merged
from mailauth_dns.lint.rule import At
from mailauth_dns.lint.run_rules import said
from mailauth_dns.records.name import DomainName
from mailauth_dns.serve.server import LoopbackServer
from mailauth_dns.typed_yaml.yaml_tree import Place, SourceText
from tests.conftest import RepoFolder

# The findings of every policy of a list stand at one line, and are one finding.
LIST = """\
domains: [a.example, b.example, c.example, d.example]
spf: {terms: [ptr], all: pass}
waivers:
  - {rule: SPF014, reason: until the move, until: 2999-01-01}
  - {rule: SPF046, reason: nobody knows, until: 2999-01-01}
"""
FILE = """\
domains_file: ../names.txt
spf: {terms: ["ip4:10.0.0.1", ptr], all: pass}
waivers: [{rule: SPF014, reason: long ago, until: 2020-01-01}]
"""
OTHERS = {
    "e.example": "domain: e.example\nspf: {terms: [ptr], all: fail}\n",
    "sub.e.example": "domain: sub.e.example\nzone: e.example\nspf: {terms: [ptr], all: pass}\n",
    "f.example": "domain: f.example\nparked: true\nwaivers: [{rule: X1, reason: y, until: 2999-01-01}]\n",
}
DEFAULTS = 'dmarc: {p: none, rua: ["mailto:d@e.example!10m"]}\n'
FORMATS = ["text", "json", "sarif", "junit", "github", "markdown"]


@pytest.fixture
def team(repo: RepoFolder) -> RepoFolder:
    repo.policy(DEFAULTS, "_defaults")
    repo.policy(LIST, "list")
    repo.policy(FILE, "names")
    repo.write("zones/names.txt", "g.example\nh.example\n# a comment\ni.example\n")
    for name, text in OTHERS.items():
        repo.policy(text, name)
    return repo


def shards(repo: RepoFolder, of: int, *options: str) -> list[str]:
    names = [f"lint-{number}.json" for number in range(1, of + 1)]
    for number, name in enumerate(names, 1):
        ran = repo.run("lint", "--shard", f"{number}/{of}", "--out", name, *options)
        assert (repo.root / name).exists(), ran.said
    return names


@pytest.mark.parametrize("of", range(1, 9))
@pytest.mark.parametrize("format", FORMATS)
def test_merged_shards_are_the_single_run(team: RepoFolder, of: int, format: str) -> None:
    single = team.run("lint", "--format", format)
    merged = team.run("lint", "merge", *shards(team, of)[::-1], "--format", format)
    assert (merged.code, merged.out, merged.err) == (single.code, single.out, single.err)


OPTIONS = [
    ("a.example", "c.example", "h.example"),
    ("--select", "SPF014,SPF002", "--live"),
    ("--select", "SPF014,DMARC014"),
    ("--ignore", "SPF014,WAIVER002"),
    ("--ignore", "spf014"),
]


@pytest.mark.parametrize("options", OPTIONS)
def test_options_of_the_shards_are_those_of_the_run(
    team: RepoFolder, no_resolvers: None, options: tuple[str, ...]
) -> None:
    single = team.run("lint", *options)
    merged = team.run("lint", "merge", *shards(team, 3, *options))
    assert (merged.code, merged.out) == (single.code, single.out)


@pytest.mark.parametrize("level", ["error", "warning", "info"])
def test_fail_on_judges_all_findings(team: RepoFolder, level: str) -> None:
    single = team.run("lint", "--fail-on", level)
    assert team.run("lint", "merge", *shards(team, 2), "--fail-on", level).code == single.code


def test_what_is_live_is_in_the_shards(team: RepoFolder, no_resolvers: None) -> None:
    head = "$TTL 60\n@ IN SOA ns1.example.net. h.example.net. 1 2 3 4 5\n@ IN NS ns1.example.net.\n"
    for zone in ("a.example", "b.example", "c.example", "e.example"):
        team.local(zone, head + '@ IN TXT "v=spf1 -all"\n@ IN TXT "v=spf1 ~all"\n')
    with LoopbackServer(team.root / "served", "127.0.0.1", 0) as server:
        team.policy(f'{DEFAULTS}nameservers: ["127.0.0.1:{server.port}"]\n', "_defaults")
        names = shards(team, 3, "--live")
        single = team.run("lint", "--live", "--format", "json")
    merged = team.run("lint", "merge", *names, "--format", "json")
    assert (merged.code, merged.out) == (single.code, single.out)
    found = json.loads(merged.out)["findings"]
    assert {"SPF002"} <= {each["rule"] for each in found if each["server"]}
    assert any(each["unknown"] for each in found)
    text = team.run("lint", "merge", *names)
    assert text.next.startswith("rules ")


def test_a_shard_without_policies_finds_nothing(repo: RepoFolder) -> None:
    repo.policy("domain: example.com\nspf: {terms: [ptr], all: fail}\n")
    ran = repo.run("lint", "--shard", "8/8", "--out", "lint-8.json")
    assert (ran.code, ran.out) == (0, "Lint: nothing found\n")
    assert ran.next == "lint merge SHARD...  (puts the shards together)"


# Findings of any shape, dealt out to shards

DOMAINS = tuple(map(DomainName, ("a.example", "b.example", "c.example", "d.example")))
SOURCE = SourceText("zones/policy/x.yaml", ("one", "two"))


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    at = At((DomainName("a.example"), "TXT"), "192.0.2.1") if draw(st.booleans()) else None
    place = Place(SOURCE, draw(st.integers(1, 2)), draw(st.integers(1, 2)))
    whose = (draw(st.sampled_from(DOMAINS)),)
    words = draw(st.sampled_from(["breaks", "is odd"])), draw(st.sampled_from(["mend it", ""]))
    return Finding(draw(st.sampled_from(RULES[:3])), whose, draw(st.booleans()), place, *words, at)


def one_run(found: list[Finding]) -> list[Finding]:
    """Return what `run` makes of findings, which come domain by domain."""
    order = {domain: at for at, domain in enumerate(DOMAINS)}
    return merged(found, order)


@given(st.lists(findings(), max_size=12), st.lists(st.integers(1, 3), min_size=4, max_size=4))
def test_findings_are_put_together_in_any_order(found: list[Finding], dealt: list[int]) -> None:
    found = sorted(found, key=lambda each: each.domain)
    single = one_run(found)
    order = {domain: at for at, domain in enumerate(DOMAINS)}
    parts = [
        one_run([each for each in found if dealt[order[each.domain]] == number])
        for number in (3, 2, 1)
    ]
    assert merged((each for part in parts for each in part), order) == single
    assert len({said(each) for each in single}) == len(single)


# What is no shard


def refused(repo: RepoFolder, *names: str) -> str:
    ran = repo.run("lint", "merge", *names)
    assert (ran.code, ran.out) == (1, "")
    return ran.err


def test_a_file_is_for_a_shard_alone(team: RepoFolder) -> None:
    ran = team.run("lint", "--out", "lint.json")
    assert (ran.code, ran.err) == (
        1,
        "--out: only a shard has a file; add --shard, or write `> FILE`\n",
    )


def test_a_shard_that_is_none_is_refused(team: RepoFolder) -> None:
    ran = team.run("lint", "--shard", "3/2")
    assert (ran.code, ran.err) == (1, "--shard 3/2: there is no such shard; they are 1/2 to 2/2\n")


def test_a_shard_that_is_missing_or_twice_is_named(team: RepoFolder) -> None:
    names = shards(team, 3)
    assert refused(team, *names[:2]) == (
        "of 3 shards, 3 is missing; `lint --shard 3/3` makes shard 3\n"
    )
    team.write("copy.json", (team.root / "lint-1.json").read_bytes())
    assert refused(team, *names, "copy.json") == ("copy.json is shard 1/3, and so is lint-1.json\n")


FOREIGN: Mapping[tuple[str, ...], str] = {
    ("a.example",): "the domains",
    ("--select", "SPF014"): "--select",
    ("--ignore", "SPF014"): "--ignore",
    ("--live",): "--live",
}


@pytest.mark.parametrize("options", FOREIGN)
def test_a_shard_of_something_else_is_named(
    team: RepoFolder, no_resolvers: None, options: tuple[str, ...]
) -> None:
    shards(team, 2)
    team.run("lint", "--shard", "2/2", "--out", "lint-2.json", *options)
    assert refused(team, "lint-1.json", "lint-2.json") == (
        f"lint-2.json does not belong to lint-1.json, which differs in {FOREIGN[options]}; "
        "make all shards from one commit, on one day, with the same options\n"
    )


def test_shards_of_other_files_are_refused(team: RepoFolder) -> None:
    names = shards(team, 2)
    team.policy(OTHERS["e.example"].replace("fail", "pass"), "e.example")
    assert refused(team, *names) == (
        "lint-1.json was made from other files than those in zones/ and providers/ here; "
        "check out what it was made from, or make all shards again\n"
    )


def edited(repo: RepoFolder, name: str, **changes: Any) -> None:
    path = repo.root / name
    data = json.loads(path.read_text())
    for key, value in changes.items():
        if key in data["lint_shard"]:
            data["lint_shard"][key] = value
        else:
            data["lint_shard"]["findings"][0][key] = value
    path.write_text(json.dumps(data))


@pytest.mark.parametrize(
    "edit", [{"of": 10**9}, {"number": 0}, {"number": 3}, {"day": "today"}], ids=str
)
def test_a_shard_that_somebody_edited_is_refused(team: RepoFolder, edit: dict[str, Any]) -> None:
    [name, _] = shards(team, 2)
    edited(team, name, **edit)
    assert refused(team, name) == "lint-1.json is not as it was written; make the shard again\n"


def test_shards_are_merged_as_of_their_day(team: RepoFolder) -> None:
    """On that day, what is waived until then was waived still."""
    names = shards(team, 2)
    for name in names:
        edited(team, name, day="2020-01-01")
    said = team.run("lint", "merge", *names).out
    assert "WAIVER001" in team.run("lint").out
    assert "WAIVER001" not in said


def test_shards_of_another_version_are_refused(team: RepoFolder) -> None:
    names = shards(team, 2)
    for name in names:
        edited(team, name, tool="0.0.1")
    assert refused(team, *names) == (
        f"lint-1.json was made by mailauth-dns 0.0.1, and this is {__version__}; "
        "merge with the same version\n"
    )


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"lint_shard": {}}', '{"format": 3}', "\xff"])
def test_what_is_no_shard_is_refused(team: RepoFolder, text: str) -> None:
    team.write("odd.json", text)
    assert refused(team, "odd.json") == (
        f"{team.root / 'odd.json'} is not what `lint --shard I/N --out FILE` of this version "
        "writes\n"
    )


def test_a_file_without_an_end_is_refused(
    team: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shard_file, "MAX_FILE", 1000)
    for path in ("/dev/zero", "long.json"):
        team.write("long.json", " " * 1001)
        assert refused(team, path) == f"{team.root / path} is too big for a shard of lint\n"


EDITS: list[dict[str, Any]] = [
    {"path": "../../outside"},
    {"path": "zones/policy/e.example.yaml"},
    {"line": 999},
    {"line": 0},
    {"rule": "SPF999"},
    {"domains": ["nobody.example"]},
]


@pytest.mark.parametrize("edit", EDITS, ids=str)
def test_a_finding_of_nothing_that_is_there_is_refused(
    team: RepoFolder, edit: dict[str, Any]
) -> None:
    [name] = shards(team, 1)
    path = team.root / name
    data = json.loads(path.read_text())
    found = data["lint_shard"]["findings"]
    first = next(each for each in found if each["path"] == "zones/policy/list.yaml") | edit
    data["lint_shard"]["findings"] = [first]
    path.write_text(json.dumps(data))
    assert f"{name}: there is no {first['path']}:{first['line']} for a finding of" in refused(
        team, name
    )
