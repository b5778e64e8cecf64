"""Every rule has policies that pass and that fail, in cases/<ID>.yaml; this is the one driver.

A case is a policy alone, or a mapping: `policy`, other `files`, and for rules about DNS `zone`
(what its one server holds) or `servers`. For rules about the web it also has `web`: by address
`body` or `file` (of the folder pages), and where it matters `status`, `type`, `location`, or why it
is `untrusted`. What fails also has `message`, and `at`: line and column, or name and type where the
finding is about a live record; where it matters also `fix`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.compile.publication import Publication
from mailauth_dns.evaluate.web_page import FetchResult, Page, Untrusted
from mailauth_dns.lint.catalog import ALL_RULES, RULES
from mailauth_dns.lint.finding import Finding
from mailauth_dns.lint.rule import Needs, Rule, Severity
from mailauth_dns.lint.run_rules import run
from mailauth_dns.lint.subject import Subject, subjects
from mailauth_dns.policy.load import load_repo
from tests.conftest import RepoFolder
from tests.lint import worlds

FOLDER = Path(__file__).parent / "cases"
KEYS = Path(__file__).parent / "keys"
PAGES = Path(__file__).parent / "pages"
TODAY = date(2026, 6, 1)

Case = str | dict[str, Any]
Beside = Callable[[Sequence[Subject], Sequence[Publication]], Iterable[Subject]]


def cases(kind: str, *, live: bool = False) -> list[Any]:
    found = []
    for rule in RULES:
        entries = yaml.safe_load((FOLDER / f"{rule.id}.yaml").read_text())[kind]
        for number, entry in enumerate(entries):
            if not live or (isinstance(entry, dict) and servers(entry)):
                found.append(pytest.param(rule, entry, id=f"{rule.id}-{number}"))
    return found


def servers(case: Case) -> dict[str, str]:
    if isinstance(case, str):
        return {}
    held: dict[str, str] = case.get("servers") or (
        {"192.0.2.53:53": case["zone"]} if "zone" in case else {}
    )
    return held


def pages(case: Case) -> dict[str, FetchResult]:
    web = case.get("web", {}) if isinstance(case, dict) else {}
    return {
        url: Untrusted(page["untrusted"]) if "untrusted" in page else served(page)
        for url, page in web.items()
    }


def served(page: dict[str, Any]) -> Page:
    body = (PAGES / page["file"]).read_bytes() if "file" in page else page.get("body", "").encode()
    return Page(
        page.get("status", 200),
        page.get("type", "text/plain"),
        body,
        page.get("whole", True),
        page.get("location", ""),
    )


def findings(
    repo: RepoFolder, rule: Rule, case: Case, beside: Beside | None = None
) -> list[Finding]:
    for key in KEYS.glob("*.pem"):
        repo.write(f"zones/keys/example.com/{key.name}", key.read_bytes())
    for path, text in ({} if isinstance(case, str) else case.get("files", {})).items():
        repo.write(path, text)
    for number, policy in enumerate(
        (case if isinstance(case, str) else case["policy"]).split("---\n")
    ):
        repo.policy(policy, f"policy{number}")
    loaded = load_repo(repo.root)
    publications = compile_repo(loaded)
    looked_at: Iterable[Subject] = subjects(loaded, publications, TODAY)
    if beside is not None:
        looked_at = beside(list(looked_at), publications)
    elif held := servers(case):
        dns = {name: worlds.world(text) for name, text in held.items()}
        looked_at = worlds.live(list(looked_at), publications, dns, pages(case))
    return run([rule], looked_at)


@pytest.mark.parametrize(("rule", "case"), cases("passes"))
def test_passes(repo: RepoFolder, rule: Rule, case: Case) -> None:
    assert findings(repo, rule, case) == []


@pytest.mark.parametrize(("rule", "case"), cases("fails"))
def test_fails_at_the_right_place(repo: RepoFolder, rule: Rule, case: dict[str, str]) -> None:
    [finding] = findings(repo, rule, case)
    where = (
        f"{finding.place.line}:{finding.place.column}"
        if finding.at is None
        else " ".join(finding.at.key)
    )
    assert where == str(case["at"])
    assert case["message"] in finding.message
    assert case.get("fix", "") in finding.fix
    assert finding.fix
    assert not finding.unknown


@pytest.mark.parametrize(("rule", "case"), cases("fails", live=True))
def test_no_rule_passes_when_dns_does_not_answer(
    repo: RepoFolder, rule: Rule, case: dict[str, str]
) -> None:
    """What fails in DNS as it is is unknown, with a reason, where DNS cannot be asked."""
    found = findings(repo, rule, case, worlds.unanswered)
    assert found
    assert all(finding.unknown and finding.message for finding in found)


def test_rules_about_dns_have_cases_in_dns() -> None:
    needing = {rule.id for rule in RULES if rule.needs is not Needs.POLICY}
    for kind in ("passes", "fails"):
        assert needing <= {parameter.values[0].id for parameter in cases(kind, live=True)}


def test_ids_and_slugs_are_unique() -> None:
    assert len({rule.id for rule in ALL_RULES}) == len(ALL_RULES)
    assert len({rule.slug for rule in ALL_RULES}) == len(ALL_RULES)


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.id)
def test_every_rule_has_a_page_with_bad_and_good_and_a_source(rule: Rule) -> None:
    assert "\nBad:\n" in rule.page
    assert "\nGood:\n" in rule.page
    assert rule.source.startswith(("RFC ", "BIMI draft", "M3AAWG ")) or rule.source == "practice"


def test_what_only_practice_says_is_no_error() -> None:
    """Errors say that receivers break or ignore the record; a standard must say so too."""
    assert not [
        rule.id for rule in RULES if rule.source == "practice" and rule.severity is Severity.ERROR
    ]


def test_no_case_file_without_a_rule() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == {rule.id for rule in RULES}
