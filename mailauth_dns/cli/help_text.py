"""How the help of a command is laid out for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mailauth_dns.cli import headings
from mailauth_dns.cli.command_help import Row
from mailauth_dns.cli.example import Example

_EVERYWHERE = f"{headings.EVERYWHERE}: -C DIR, -q, -v, --no-color, -h (see `mailauth-dns --help`)"

_LABEL = 24  # characters; the text of a longer label begins on the next line
_FOLD = "    "  # before the second line of an example, and later ones


def write_sections(
    formatter: Any,  # noqa: ANN401 - either click's
    sections: Sequence[tuple[str, Sequence[Row]]],
) -> None:
    """Write rows below their headings. All second columns begin at the same place."""
    labels = [label for _, rows in sections for label, _ in rows]
    width = max((len(label) for label in labels if len(label) <= _LABEL), default=0)
    for title, rows in sections:
        if rows:
            with formatter.section(title):
                formatter.write_dl([(label.ljust(width), text) for label, text in rows], width)


def write_everywhere(formatter: Any) -> None:  # noqa: ANN401 - either click's
    """Write which options every command has."""
    formatter.write_paragraph()
    formatter.write_text(_EVERYWHERE)


def write_examples(formatter: Any, examples: Iterable[Example]) -> None:  # noqa: ANN401 - either click's
    """Write examples that can be pasted, each below what it is for."""
    with formatter.section("Examples"):
        for example in examples:
            formatter.write_text(f"{example.words}:")
            with formatter.indentation():
                for line in folded(example.line, formatter.width - formatter.current_indent):
                    formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


def folded(line: str, width: int) -> list[str]:
    r"""Return a shell command on lines of at most `width` characters, for the shell still one.

    >>> folded("mailauth-dns plan example.com --out plan.json", 40)
    ['mailauth-dns plan example.com \\', '    --out plan.json']
    """
    lines: list[str] = []
    rest = line
    while len(rest) > width and (at := _break(rest, width - 2)) > 0:
        lines.append(f"{rest[:at]} \\")
        rest = _FOLD + rest[at + 1 :]
    return [*lines, rest]


def _break(line: str, width: int) -> int:
    """Return the last place within `width` where a line may end: before an option, else a word.

    A blank within quotes is no such place.
    """
    start = len(line) - len(line.lstrip())
    places = [
        at
        for at in range(start + 1, min(width + 1, len(line)))
        if line[at] == " " and not _quoted(line[:at])
    ]
    before_options = [at for at in places if line.startswith(("-", ">", "&&"), at + 1)]
    return max(before_options or places, default=0)


def _quoted(text: str) -> bool:
    return text.count("'") % 2 == 1 or text.count('"') % 2 == 1
