"""Reads a page as a browser's parser does, and refuses what no page of ours has."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"meta"}
SVG = {"svg", "title", "desc", "text", "rect", "path"}
TAGS = SVG | {
    "html", "head", "meta", "style", "body", "a", "header", "main", "footer", "section", "article",
    "h1", "h2", "h3", "h4", "p", "span", "b", "code", "bdi", "del", "ins", "ul", "ol", "li",
    "dl", "dt", "dd", "div", "details", "summary", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "class", "href", "id", "scope", "open", "role",
    "aria-labelledby", "aria-hidden", "data-of",
    "viewbox", "width", "height", "x", "y", "rx", "d", "text-anchor",
}  # fmt: skip


class PageReader(HTMLParser):
    """What a page holds; reading one that is not well formed, or holds anything else, fails."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.labels: list[str] = []
        self.headings: list[int] = []
        self.policy = ""
        self.styles: list[str] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        given = dict(attrs)
        assert len(given) == len(attrs)
        for name, value in given.items():
            assert name in ATTRIBUTES, f"{tag} {name}"
            if name == "href":
                assert value == "#main"
        if "id" in given:
            self.ids.append(given["id"] or "")
        self.labels += (given.get("aria-labelledby") or "").split()
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"] or ""
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "svg":
            assert given.get("aria-hidden") == "true" or given.get("role") == "img"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        (self.styles if self.open[-1:] == ["style"] else self.texts).append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)
