"""The prose is true: its links lead somewhere, and its commands and options exist."""

from __future__ import annotations

import importlib
import re
import shlex
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from mailauth_dns.lint.rule import Needs
from mailauth_dns.lint.rules import spf_terms
from mailauth_dns.senders.catalogue_files import PACKAGED
from tests.conftest import RepoFolder
from tests.lint.test_cases import findings

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])

sys.path.append(str(ROOT / "script"))
MADE = {
    path
    for name in ("site_rules", "site_policy", "site_commands", "site_senders")
    for path in importlib.import_module(name).pages()
}

# A page's words in brackets, and where they lead; an address elsewhere is not asked.
_LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:)([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)

_SPAN = re.compile(r"`([^`]+)`")
_RUN = re.compile(r"^\s*(?:- run: |\$ )?(mailauth-dns [a-z].*)$")


def anchors(page: Path) -> set[str]:
    """The names by which a page's headings are linked to."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in _HEADING.findall(page.read_text())
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(page.read_text()):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if target.exists() or ROOT / "docs" not in page.parents:
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link
        else:  # a page that is made when the site is built
            assert str(target.resolve().relative_to(ROOT / "docs")) in MADE, link


_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def test_each_loss_has_a_test_of_its_own() -> None:
    """Sixteen reports, and as many tests; those that the page names are there."""
    named = _TEST.findall((ROOT / "docs/explanation/cannot-happen.md").read_text())
    assert len(set(named)) == len(named) == 16
    for path, test in named:
        assert f"def {test}(" in (ROOT / path).read_text()


def code(page: Path) -> Iterator[str]:
    """The lines of code blocks and the code in sentences; what a console shows is run elsewhere."""
    fence = ""
    for line in page.read_text().splitlines():
        if line.lstrip().startswith("```"):
            fence = "" if fence else line.strip()
        elif fence:
            if fence != "```console":
                yield line
        elif line.startswith("    "):
            yield line
        else:
            yield from _SPAN.findall(line)


def commands() -> list[tuple[str, str]]:
    return [
        (str(page.relative_to(ROOT)), match[1])
        for page in PAGES
        for line in code(page)
        if (match := _RUN.match(line))
    ]


def test_there_are_commands_to_check() -> None:
    assert len(commands()) > 20


@pytest.mark.parametrize(("page", "line"), commands())
def test_a_command_in_the_prose_is_one(page: str, line: str, repo: RepoFolder) -> None:
    """Its help knows every long option that the line has."""
    words = shlex.split(line, comments=True)[1:]
    named = [word for word in words if re.fullmatch(r"[a-z][a-z-]*", word)]
    shown = repo.run(named[0], "--help")
    if shown.code == 0 and "Commands" in shown.out and named[1:]:
        shown = repo.run(*named[:2], "--help")
    assert shown.code == 0, shown.said
    for word in words:
        option = word.partition("=")[0].strip("[]")
        if option.startswith("--") and option != "--no-color":
            assert option in shown.out, f"{page}: {line}"


def test_the_first_rule_of_contributing_works(repo: RepoFolder) -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text()
    blocks = re.findall(r"^ *```(python|yaml)\n(.*?)^ *```", page, re.MULTILINE | re.DOTALL)
    code, case = [textwrap.dedent(text) for _, text in blocks][:2]
    names = dict(vars(spf_terms))
    exec(code, names)  # what the page tells to put at the end of that file
    rule = names["spf_exists_constant"]
    cases = yaml.safe_load(case)
    for passing in cases["passes"]:
        assert findings(repo, rule, passing) == []
    for failing in cases["fails"]:
        [finding] = findings(repo, rule, failing)
        assert failing["message"] in finding.message
        assert f"{finding.place.line}:{finding.place.column}" == failing["at"]


def test_the_sender_of_contributing_is_one_of_the_catalogue() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text()
    section = page.partition("## Add a sender")[2].partition("\n## ")[0]
    [block] = re.findall(r"^ *```yaml\n(.*?)^ *```", section, re.MULTILINE | re.DOTALL)
    assert textwrap.dedent(block) == (PACKAGED / "uberspace.yaml").read_text()


def test_json_docs_name_all_needs_of_rules() -> None:
    page = (ROOT / "docs/reference/json.md").read_text()
    named = re.search(r"`needs` \(([^)]*)\)", page)
    assert named is not None
    assert set(named[1].split(", ")) == {need.name.lower() for need in Needs}
