"""What others wrote cannot leave its place in a plan, whatever it is and in whatever format.

Markdown is read by a CommonMark parser, workflow commands as GitHub reads them, pages as a browser does: each document has the
structure that it has with a plain word in the place of every outside text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from mailauth_dns.pages.plan_page import plan_page
from mailauth_dns.plan import plan_json
from mailauth_dns.plan.permission import IdlePermission, Permission
from mailauth_dns.plan.plan import AuthorityEntry, Plan
from mailauth_dns.render import plan_github, plan_markdown, plan_text
from mailauth_dns.typed_yaml.yaml_tree import FileLine
from tests.pages.hostile import ATTACK, LONG, change, hostile_plan, zone
from tests.pages.page_reader import PageReader

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
# As in tests/cli/test_outside_text.py: no command for a terminal, none for a CI system.
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
COMMAND = re.compile(r"^\s*::|##\w*\[", re.MULTILINE)

FRAGMENTS = [
    "`", "```", "````", "~~~", "|", "<!--", "-->", "@team", "@", "#123", "GH-1", "!12", "~label", "%1", "$1", "$x$",
    "\n", "\r\n", "\n\n", "\t", "    ", "\u202e", "\u2066", "\x1b[31m", "\x07", "\x00", "</details>", "<details>", "<summary>",
    "<b>", "</script>", "<img src=x onerror=y>", "[x](https://evil.example)", "![i](u)", "[x]: /u", "https://evil.example",
    "www.evil.example", "a@b.example", "**", "__", "*", "_", "~~", "- ", "1. ", "> ", "# ", "---", "===", "&lt;", "&#64;", "\\",
    "::error::x", "##[error]x", "##vso[x]", "%0A::error::", "/close", "{{ 7 }}", "\xe9", "\u00a0", "\u2028", "\ud800", "word", " ", "x" * 3000,
]  # fmt: skip
TEXTS = st.one_of(
    st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=8).map("".join),
    st.text(min_size=1, max_size=40),
)


def structure(tokens: list[Token]) -> Iterator[tuple[object, ...]]:
    """What a document is made of, without its words."""
    for token in tokens:
        if token.type in ("text", "text_special", "code_inline"):
            continue
        own = token.content if token.type in ("html_block", "html_inline") else ""
        yield (token.type, token.tag, token.nesting, token.info, own)
        yield from structure(token.children or [])


def words(tokens: list[Token]) -> Iterator[str]:
    """The words in which a code host would look for mentions and addresses."""
    for token in tokens:
        if token.type == "inline":
            yield "".join(
                each.content for each in token.children or [] if each.type != "code_inline"
            )


def without_details(found: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return [each for each in found if each[0] != "html_block"]


def told(text: str) -> Plan:
    """A plan whose every text is this one, long enough for folds, with lines of files too."""
    made = hostile_plan(text)
    more = [
        zone(number, change(number, meaning=text, place=FileLine(text, number)))
        for number in range(10, 16)
    ]
    permitted = Permission("SPF001", text, date(2026, 12, 1), text, 3)
    allowed = change(20, risk="breaking", rules=("SPF001",), permissions=(permitted,))
    moved = AuthorityEntry("differs", text, True, (permitted,))
    zones = (*made.zones, *more, zone(20, allowed, authority=moved))
    return replace(made, zones=zones, idle=(IdlePermission(permitted, "unused", ("a.example",)),))


PLAIN = list(structure(PARSER.parse(plan_markdown.plan(told("word")))))


@given(TEXTS)
@example(ATTACK)
@example(LONG)
@example("::error::x")  # begins a line of a fence
@example("@__")  # GitLab's names may begin so
@settings(max_examples=150, deadline=None)
def test_markdown_keeps_its_structure(text: str) -> None:
    said = plan_markdown.plan(told(text), 10_000_000)
    tokens = PARSER.parse(said)
    assert list(structure(tokens)) == PLAIN
    assert said.startswith(f"{plan_markdown.MARKER}\n")
    assert not CONTROL.search(said)
    assert not COMMAND.search(said)
    for each in words(tokens):
        assert not re.search(r"[@#]\w|://|\bwww\.", each), each


@given(TEXTS, st.integers(plan_markdown.MIN_CHARS, 70_000))
@example(ATTACK, plan_markdown.MIN_CHARS)
@example(LONG, plan_markdown.MAX_CHARS)
@example(LONG, plan_markdown.MIN_CHARS)
@example("<details>", 4418)  # stands in a fence, and opens nothing there
@settings(max_examples=60, deadline=None)
def test_what_is_cut_is_never_longer_and_still_closed(text: str, most: int) -> None:
    said = plan_markdown.plan(told(text), most)
    assert len(said) <= most
    tokens = PARSER.parse(said)
    html = "".join(token.content for token in tokens if token.type == "html_block")
    assert html.count("<details>") == html.count("</details>")
    kinds = {token.type for token in tokens}
    assert kinds <= {each[0] for each in PLAIN} | {"blockquote_open", "blockquote_close"}


@given(TEXTS)
@example(ATTACK)
@example(LONG)
@settings(max_examples=150, deadline=None)
def test_each_annotation_is_one_command_with_our_properties(text: str) -> None:
    lines = list(plan_github.plan(told(text)))
    for line in lines:
        found = re.fullmatch(r"::(error|warning|notice) ([^\r\n]*?)::([^\r\n]*)", line)
        assert found, line
        properties = [each.partition("=") for each in found[2].split(",")]
        assert {name for name, _, _ in properties} <= {"file", "line", "title"}
        assert not any(":" in value for _, _, value in properties)
        assert not CONTROL.search(line)
        assert not re.search(r"##\w*\[", line)
        assert sum(len(each) for name, _, each in properties if name != "file") < 3_000
        assert len(found[3]) < 5_000
    kinds = [line.partition(" ")[0] for line in lines]
    assert all(kinds.count(kind) <= plan_github.MAX_OF_A_KIND for kind in ("::error", "::warning"))


class Structure(PageReader):
    """The elements of a page, in order."""

    def __init__(self, page: str) -> None:
        self.elements: list[str] = []
        super().__init__(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        if tag not in ("del", "ins"):  # terms that changed
            self.elements.append(tag)


@given(TEXTS)
@settings(max_examples=60, deadline=None)
def test_a_page_keeps_its_structure(text: str) -> None:
    assert Structure(plan_page(told(text))).elements == _PAGE


_PAGE = Structure(plan_page(told("word"))).elements


@given(TEXTS)
@settings(max_examples=60, deadline=None)
def test_json_gives_back_what_it_was_given(text: str) -> None:
    data = json.loads(json.dumps(plan_json.as_json(told(text)), ensure_ascii=True))
    assert data["zones"][0]["changes"][0]["meaning"] == text
    assert data["zones"][0]["changes"][0]["after"] == [text + "!"]


@given(TEXTS)
@settings(max_examples=60, deadline=None)
def test_text_has_no_line_that_others_wrote(text: str) -> None:
    said = [line.plain for line in plan_text.plan(told(text), show_kept=True)]
    plain = [line.plain for line in plan_text.plan(told("word"), show_kept=True)]
    assert not any(CONTROL.search(line) or "\n" in line for line in said)
    assert len(said) >= len(plain)


@pytest.mark.parametrize("escape", ["`x` <b>", "</details>", "\n\n# x", "@team"])
def test_these_tests_see_what_gets_out(escape: str) -> None:
    said = plan_markdown.plan(told("word")).replace("word", escape)
    tokens = PARSER.parse(said)
    out = any(re.search(r"[@#]\w", each) for each in words(tokens))
    assert list(structure(tokens)) != PLAIN or out


def depths(tokens: list[Token]) -> list[Any]:
    return [token.level for token in tokens]


def test_nothing_stays_open() -> None:
    found = depths(PARSER.parse(plan_markdown.plan(told(ATTACK))))
    assert found[-1] == 0
    assert all(abs(one - other) <= 1 for one, other in pairwise(found))
