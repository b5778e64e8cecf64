"""The runner of pages can fail: it finds what a page says wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import need
from tests.docs import machine, shown
from tests.docs.page import ROOT, Page, PageError, steps
from tests.docs.walk import Walk, rewritten

SAME = [
    (["a", "b"], ["a", "b"], True),
    (["a"], ["a", "b"], False),
    (["a", "..."], ["a", "b", "c"], True),
    (["a", "...", "c"], ["a", "c"], True),
    (["a", "...", "c"], ["a", "b"], False),
    (["..."], [], True),
    ([], ["a"], False),
    (["since 2026-12-01 09:00 UTC"], ["since 2027-01-31T10:11:12Z"], True),
    (["mx20261201._domainkey"], ["mx20270131._domainkey"], True),
    (["p=" + "A" * 60], ["p=" + "b" * 60], True),
    (["p=MIIBIjANBgkqh..."], ["p=MIIBIjANBgkqh" + "b" * 60], True),
    (['"p=MIIBIjANBgkqh..."'], ['"p=MIIBIjANBgkqh' + "b" * 60 + '" "ccc"'], True),
    (["p=MIIBIjANBgkqh..."], ["p="], False),
    (["plan 18e02971cb7c"], ["plan 77ab0c19e0d4"], True),
    (["3 changes"], ["4 changes"], False),
    (["TTL 3600 s"], ["TTL 300 s"], False),
    (["took 1.2 s"], ["took 0.9 s"], True),
]


@pytest.mark.parametrize(("expected", "said", "same"), SAME)
def test_compares(expected: list[str], said: list[str], same: bool) -> None:
    assert shown.same(expected, said) is same


WRONG = [
    ("```sh\nmailauth-dns lint\n```", "write `console`"),
    ("```console\nmailauth-dns lint\n```", "begins with `$ command`"),
    ("<!-- test: colck: +10m -->", "'colck' is none of"),
    ("<!-- test: exit: 2 -->\n\nno block", "no block follows"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_a_page_that_is_not_written_as_pages_are_is_refused(text: str, message: str) -> None:
    with pytest.raises(PageError, match=message.replace("$", r"\$")):
        list(steps("page.md", text.splitlines()))


WALKS = [
    ("```console\n$ echo one\none\n$ cd /\n$ pwd\n/\n```", []),
    ("```console\n$ echo one\ntwo\n```", ["+one"]),
    ("```console\n$ false\n```", ["exits 1, not 0"]),
    ("<!-- test: exit: 1 -->\n```console\n$ false\n```", []),
    ("<!-- test: exit: 1 -->\n```console\n$ true\n```", ["exits 0, not 1"]),
    ("<!-- test: sh: false -->", ["exits 1, not 0"]),
    ('```text title="a/b.txt"\nx\n```\n\n```console\n$ cat a/b.txt\nx\n```', []),
    (
        "<!-- test: type: you -->\n```console\n$ read -p 'Who? ' who; echo Hello $who\n"
        "Who? you\nHello you\n```",
        [],
    ),
    ("```yaml\ndomain: example.com\nspff: {}\n```", ["'spff' is not a key here"]),
    ("```yaml\nspf: {all: fail}\n```", ["no whole policy"]),
    ("<!-- test: fragment -->\n```yaml\nspf: {all: fail}\n```", []),
    ("<!-- test: fragment: dkim.selectors -->\n```yaml\na: {state: gone}\n```", ["'gone'"]),
    ("<!-- test: stanza -->\n```yaml\nclass: x.Y\ntoken: abc\n```", ["a secret"]),
    ("<!-- test: background -->\n```console\n$ sleep 9\n```", ["show what it says"]),
    (
        "```console\n$ mailauth-dns dkim keygen example.com\n...\n```",
        ["there is no such folder"],
    ),
]


@pytest.mark.parametrize(("text", "problems"), WALKS)
def test_a_walk_finds(text: str, problems: list[str], tmp_path: Path) -> None:
    need(machine.missing("plain"))
    found = tuple(steps("page.md", text.splitlines()))
    page = Page(ROOT / "page.md", "plain", (), "", found)
    with machine.plain(tmp_path) as shell:
        walk = Walk(page, shell, tmp_path)
        walk.take()
    said = "\n".join(walk.problems)
    assert bool(walk.problems) is bool(problems), said
    for problem in problems:
        assert problem in said


def test_what_is_said_now_is_written_into_the_page(tmp_path: Path) -> None:
    need(machine.missing("plain"))
    path = tmp_path / "page.md"
    path.write_text(
        "# One\n\n- a list\n\n  ```console\n  $ echo 1\n  2\n  $ echo 3\n  ```\n\nEnd\n"
    )
    page = Page(path, "plain", (), "", tuple(steps("page.md", path.read_text().splitlines())))
    page_name = ROOT / "page.md"
    with machine.plain(tmp_path) as shell:
        walk = Walk(Page(page_name, "plain", (), "", page.steps), shell, tmp_path)
        walk.take()
    assert rewritten(page, walk.outputs) == path.read_text().replace("  2\n", "  1\n").replace(
        "echo 3\n", "echo 3\n  3\n"
    )
