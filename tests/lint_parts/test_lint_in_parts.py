"""Lint in parts finds what lint of the whole repo finds, whatever is in which part."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.lint.catalog import RULES
from mailauth_dns.lint.finding import Finding
from mailauth_dns.lint.rule import Needs
from mailauth_dns.lint_parts.lint_files import LintFiles, Part
from mailauth_dns.lint_parts.lint_in_parts import lint_in_parts
from mailauth_dns.lint_policies import LintResult, lint_repo
from mailauth_dns.policy.load import load_repo
from mailauth_dns.spread.processes import Processes
from mailauth_dns.spread.spread import InThisProcess
from tests.conftest import RepoFolder

_P = TypeVar("_P")
_D = TypeVar("_D")

STATIC = tuple(rule for rule in RULES if rule.needs is Needs.POLICY)
KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAy9qfhh+9ngAdCpTVmxy9KHNkgZwSjZsp4NfMV+0zZ0+K"
    "8vVWDpo8/MhfVoemYjpLCASwX7yyufXWMbdRNs3rhiulNpEFhopT2AJyhe9BdcyvR/MEQoa+HMeEE+SCqQ0Z8cgk"
    "XdEQdGhrw807KjAjTlxoQ+gCsvRn1okXJ6OproJrzvfD/ol/RuIcyaGiQl/OG5ZSKpM4SBPyFCDH73T9l9apZ45V"
    "lo6uyoj9tOOAwx9VFn5U98rqMPWoVKPuV+EgrR0DhmVmDKVHMlM/Sc/vHY8JzM5CJLHCsYPm3Rb4AWR4bMcDGNrK"
    "nc2IUcf+0NWPCQkax9S2iNkmCo0AM43PAwIDAQAB"
)
DMARC = 'dmarc: {p: reject, rua: ["mailto:d@example.org"]}\n'
TOKENS = "senders: {ses: {region: eu-west-1, mail_from: bounce, tokens: [aaa, bbb, ccc]}}\n"


def waived_until(rule: str) -> str:
    return f'waivers: [{{rule: {rule}, reason: "known", until: 2999-01-01}}]\n'


# Each is a repo: names of files with what is in them.
REPOS: dict[str, dict[str, str]] = {
    "all have one key, and the first domain is in the last file": {
        "1": f"domain: c.example\ndkim: {{selectors: {{s: {{p: {KEY}}}}}}}\n",
        "2": f"domain: b.example\ndkim: {{selectors: {{s: {{p: {KEY}}}}}}}\n",
        "3": f"domain: a.example\ndkim: {{selectors: {{s: {{p: {KEY}}}}}}}\n",
    },
    "a record above is in another file, before or after": {
        "1": "domain: shop.example.com\ndmarc: {p: none, sp: none}\n",
        "2": f"domain: example.com\n{DMARC}",
        "3": f"domain: a.shop.example.com\nzone: shop.example.com\n{DMARC}",
    },
    "a record above ends the walk": {
        "1": "domain: a.b.example.com\ndmarc: {p: reject, sp: none}\n",
        "2": "domain: b.example.com\ndmarc: {p: none, psd: n}\n",
        "3": f"domain: example.com\n{DMARC}",
    },
    "files share what they inherit, and one waives it": {
        "_defaults": "spf: {terms: [ptr], all: pass}\nttl: 300\n",
        "1": "domains: [z.example, b.example]\n",
        "2": f"domain: a.example\n{waived_until('SPF014')}",
        "3": f"domain: c.example\n{DMARC}",
    },
    "waivers stand in the defaults": {
        "_defaults": waived_until("SPF014") + waived_until("x").replace("waivers: [", "#"),
        "1": "domain: b.example\nspf: {terms: [ptr], all: fail}\n",
        "2": "domain: a.example\nspf: {terms: [mx], all: fail}\n",
    },
    "nobody needs a waiver, and one names no rule": {
        "_defaults": waived_until("SPF014"),
        "1": "domain: b.example\nspf: {terms: [mx], all: fail}\n",
        "2": f"domain: a.example\nspf: {{terms: [mx], all: fail}}\n{waived_until('SPF999')}",
    },
    "tokens of a sender stand in two files": {
        "1": f"domain: b.example\n{TOKENS}",
        "2": f"domain: a.example\n{TOKENS}",
    },
    "many domains in a file, with places in the list": {
        "1": "domains_file: list.txt\nspf: {terms: [ptr]}\n",
        "2": f"domain: a.example\n{DMARC}",
    },
    "a zone holds several policies": {
        "1": f"domain: example.com\nspf: {{terms: [ptr], all: fail}}\n{DMARC}",
        "2": "domain: a.example.com\nzone: example.com\nspf: {terms: [mx, ptr], all: pass}\n",
    },
    "reports go to another policy": {
        "1": 'domain: example.com\ndmarc: {p: none, rua: ["mailto:d@example.net"]}\n',
        "2": 'domain: example.net\nspf: {terms: [ptr]}\ndmarc: {p: none, rua: ["mailto:d@example.com"]}\n',
    },
}

# Repos that lint refuses, or that are looked at as a whole.
WHOLE: dict[str, dict[str, str]] = {
    "a mistake": {"1": "domain: a.example\nttl: x\n", "2": "domain: b.example\n"},
    "a mistake in the defaults": {"_defaults": "domain: a.example\n", "2": "domain: b.example\n"},
    "a domain twice": {"1": "domain: a.example\n", "2": "domain: a.example\n"},
    "a deeper zone": {"1": "domain: a.example\n", "2": "domain: b.a.example\nzone: a.example\n",
                      "3": "domain: c.b.a.example\nzone: a.example\n", "4": "domain: d.b.a.example\nzone: b.a.example\n"},
    "other nameservers": {
        "1": "domain: a.example\nnameservers: [192.0.2.1]\n",
        "2": "domain: b.a.example\nzone: a.example\n",
    },
    "no such provider": {"1": "domain: a.example\nproviders: [gone]\n"},
    "one name, two policies": {
        "1": "domain: a.example\ndkim: {selectors: {s: {cname: s.b.example}}}\n",
        "2": "domain: s._domainkey.a.example\nzone: a.example\nspf: {terms: [mx], all: fail}\n",
    },
    "a name where reports are agreed to": {
        "1": 'domain: a.example\ndmarc: {p: none, rua: ["mailto:d@b.example"]}\n',
        "2": "domain: b.example\n",
        "3": "domain: a.example._report._dmarc.b.example\nzone: b.example\nspf: {all: fail}\n",
    },
}  # fmt: skip


def _written(repo: RepoFolder, files: dict[str, str]) -> Path:
    repo.write("zones/policy/list.txt", "# ours\nz.example\n\nb.example\n")
    for name, text in files.items():
        repo.policy(text, name)
    return repo.root


def _whole(root: Path) -> LintResult:
    repo = load_repo(root)
    return lint_repo(repo, compile_repo(repo), rules=STATIC)


def _told(result: LintResult) -> list[object]:
    return [
        *map(_row, result.findings),
        *((_row(each.finding), each.waiver, each.place[1:]) for each in result.waived),
    ]


def _row(finding: Finding) -> tuple[object, ...]:
    place = finding.place
    shown = place.source.lines[place.line - 1]
    return (
        *(finding.rule.id, finding.domains, finding.shared, place.source.path, *place[1:]),
        *(shown, finding.message, finding.fix, finding.at, finding.unknown),
    )


@pytest.mark.parametrize("files", [1, 2, 100])
@pytest.mark.parametrize("name", REPOS)
def test_parts_find_what_the_whole_finds(repo: RepoFolder, name: str, files: int) -> None:
    root = _written(repo, REPOS[name])
    found = lint_in_parts(root, STATIC, InThisProcess(), files=files)
    assert found is not None
    whole = _whole(root)
    assert whole.findings or whole.waived
    assert _told(found.result) == _told(whole)
    assert found.domains == tuple(policy.domain for policy in load_repo(root).policies)


@pytest.mark.parametrize("name", WHOLE)
def test_what_may_be_wrong_is_left_to_the_whole(repo: RepoFolder, name: str) -> None:
    root = _written(repo, WHOLE[name])
    assert lint_in_parts(root, STATIC, InThisProcess(), files=1) is None


def test_a_private_key_in_a_file_that_nobody_names_is_left_to_the_whole(repo: RepoFolder) -> None:
    root = _written(repo, {"1": "domain: a.example\n"})
    repo.write("zones/keys/a.example/s.pem", "-----BEGIN PRIVATE KEY-----\n")
    assert lint_in_parts(root, STATIC, InThisProcess()) is None


@pytest.mark.parametrize("text", ["{", None])
def test_a_broken_lock_is_left_to_the_whole(repo: RepoFolder, text: str | None) -> None:
    root = _written(repo, {"1": "domain: a.example\n"})
    lock = root / "zones/locks/spf.json"
    lock.parent.mkdir()
    lock.mkdir() if text is None else lock.write_text(text)
    assert lint_in_parts(root, STATIC, InThisProcess()) is None


def test_later_parts_are_told_what_the_first_ones_found_out(repo: RepoFolder) -> None:
    """Else every file with a key that all have would be checked twice."""
    root = repo.root
    for number in range(8):
        policy = f"domain: d{number}.example\ndkim: {{selectors: {{s: {{p: {KEY}}}}}}}\n"
        repo.policy(policy, str(number))
    done: list[tuple[str, ...]] = []

    class Counting(InThisProcess):
        def each(self, work: Callable[[_P], _D], parts: Iterable[_P]) -> Iterator[_D]:
            def noted(part: _P) -> _D:
                assert isinstance(part, Part)
                done.append(part.names)
                return work(part)

            return super().each(noted, parts)

    assert lint_in_parts(root, STATIC, Counting(), files=1) is not None
    names = [name for part in done for name in part]
    assert len(names) - len(set(names)) <= 1


def test_a_part_holds_no_text_of_a_file_but_the_lines_shown(repo: RepoFolder) -> None:
    from datetime import date

    root = _written(repo, {"1": "# a remark\ndomain: a.example\nspf: {terms: [ptr], all: fail}\n"})
    work = LintFiles(root, tuple(rule.id for rule in STATIC), date(2026, 12, 1), False)
    result = work(Part(("1.yaml",), {}))
    assert result is not None
    assert "a remark" not in repr(result)


FORMATS = ("text", "json", "sarif", "junit", "github", "markdown")


@pytest.fixture
def large(repo: RepoFolder) -> RepoFolder:
    repo.policy('spf: {terms: [ptr, "include:_spf.example.net"]}\n', "_defaults")
    for number in range(520):
        key = f"dkim: {{selectors: {{s: {{p: {KEY}}}}}}}\n" if number % 7 else ""
        waived = waived_until("SPF014") if number % 50 == 3 else ""
        repo.policy(f"domain: d{number}.example\n{key}{DMARC}{waived}", f"d{number}.example")
    return repo


@pytest.mark.parametrize("format", FORMATS)
def test_several_processes_write_what_one_writes(large: RepoFolder, format: str) -> None:
    one = large.run("lint", "--format", format, "--jobs", "1")
    three = large.run("lint", "--format", format, "--jobs", "3")
    assert three == one
    assert "SPF014" in one.out


def test_a_mistake_is_told_as_by_one_process(large: RepoFolder) -> None:
    large.policy("domain: d3.example\nttl: soon\n", "wrong")
    one, three = (large.run("lint", "--jobs", jobs) for jobs in ("1", "3"))
    assert three == one
    assert one.code == 1
    assert "ttl: " in one.err


def test_more_processes_are_not_started_for_a_small_repo(
    repo: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Processes, "__init__", None)
    repo.policy(f"domain: a.example\n{DMARC}")
    assert repo.run("lint", "--jobs", "5").code == 0


@pytest.mark.parametrize("jobs", ["0", "x", "-1", "1000", "²", "0000000019999", f"{1:08}{0:05000}"])
def test_a_number_of_processes_that_is_none_is_refused(
    large: RepoFolder, monkeypatch: pytest.MonkeyPatch, jobs: str
) -> None:
    assert large.run("lint", f"--jobs={jobs}").code == 1
    monkeypatch.setenv("MAILAUTH_JOBS", jobs)
    ran = large.run("lint")
    assert ran.code == 1
    assert re.search(r"MAILAUTH_JOBS=.*: is not a number of processes; write 1 to 256", ran.err)


def test_the_environment_says_how_many_processes(
    large: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Processes, "__init__", None)
    monkeypatch.setenv("MAILAUTH_JOBS", "1")
    assert json.loads(large.run("lint", "--format", "json").out)["findings"]
