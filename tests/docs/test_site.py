"""The site builds without a warning, has a page for all that the code knows, and loads nothing."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mailauth_dns.cli.command_tree import all_commands
from mailauth_dns.lint.catalog import ALL_RULES
from mailauth_dns.senders.catalogue_files import Catalogue
from tests.docs.page import ROOT

# What a browser fetches by itself: an address elsewhere in one of these would be asked.
_LOADS = {
    "script": ("src",),
    "link": ("href",),
    "img": ("src", "srcset"),
    "iframe": ("src",),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "object": ("data",),
    "embed": ("src",),
    "image": ("href", "xlink:href"),
    "use": ("href", "xlink:href"),
}
_ELSEWHERE = re.compile(r"^\s*(?:https?:)?//")
_STYLE_LOADS = re.compile(r"(?:url\(|@import)\s*[\"']?((?:https?:)?//[^\"')\s]+)")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return out


class Loads(HTMLParser):
    """Collects what a page would fetch from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._style = tag == "style"
        given = dict(attrs)
        # A canonical address or the like is told, not fetched.
        if tag == "link" and given.get("rel") in ("canonical", "prev", "next", "edit"):
            return
        for name in _LOADS.get(tag, ()):
            if _ELSEWHERE.match(given.get(name) or ""):
                self.found.append(f"{tag} {given[name]}")
        self.found += _STYLE_LOADS.findall(given.get("style") or "")

    def handle_data(self, data: str) -> None:
        if self._style:
            self.found += _STYLE_LOADS.findall(data)


def loads(text: str) -> list[str]:
    parser = Loads()
    parser.feed(text)
    return parser.found


FROM_ELSEWHERE = [
    '<script src="https://cdn.example/x.js"></script>',
    '<link rel="stylesheet" href="//cdn.example/x.css">',
    '<img alt="" src="http://cdn.example/x.png">',
    "<style>@import url(https://cdn.example/x.css)</style>",
    '<p style="background: url(https://cdn.example/x.png)">',
]


@pytest.mark.parametrize("text", FROM_ELSEWHERE)
def test_a_load_from_elsewhere_is_found(text: str) -> None:
    assert len(loads(text)) == 1


def test_a_link_is_no_load() -> None:
    assert loads('<a href="https://www.rfc-editor.org/rfc/rfc7208">RFC 7208</a>') == []


def _fetched(site: Path) -> Iterator[str]:
    for page in site.rglob("*.html"):
        yield from (f"{page.relative_to(site)}: {each}" for each in loads(page.read_text()))
    for style in site.rglob("*.css"):
        yield from _STYLE_LOADS.findall(style.read_text())


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    assert len(list(site.rglob("*.html"))) > 200
    assert list(_fetched(site)) == []


def test_each_rule_has_a_page(site: Path) -> None:
    for rule in ALL_RULES:
        assert rule.slug in (site / f"reference/rules/{rule.id}.html").read_text()
    index = (site / "reference/rules/index.html").read_text()
    assert [rule.id for rule in ALL_RULES if f'href="{rule.id}.html"' not in index] == []


def test_each_command_has_a_page(site: Path) -> None:
    for command in list(all_commands())[1:]:
        name = command.path.partition(" ")[2].replace(" ", "-")
        assert command.path in (site / f"reference/commands/{name}.html").read_text()


def test_each_sender_that_a_policy_can_name_has_a_page(site: Path) -> None:
    index = (site / "reference/senders/index.html").read_text()
    for sender, entry in Catalogue().all():
        assert f">{sender}<" in index
        if entry.is_compiled:
            assert f'href="{sender}.html"' in index
            assert (
                html.escape(entry.name) in (site / f"reference/senders/{sender}.html").read_text()
            )


def test_the_search_is_local(site: Path) -> None:
    assert "SPF010" in (site / "search/search_index.json").read_text()
