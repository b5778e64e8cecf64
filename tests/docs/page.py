"""A page of the docs as what its reader does: files to write and commands to run, in order.

CONTRIBUTING.md tells how a page is written.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]

_FRONT = re.compile(r"---\n(.*?)^---\n", re.MULTILINE | re.DOTALL)
_FENCE = re.compile(r"^( *)(`{3,})([\w-]*)(.*)$")
_TITLE = re.compile(r'title="([^"]+)"')
_DIRECTIVE = re.compile(r"^ *<!-- test: (.*)$")
_KNOWN = ("sh", "clock", "exit", "fragment", "stanza", "background", "type", "skip")
_SHELLS = ("sh", "bash", "shell", "zsh")  # a command in one of these would not be run


class PageError(Exception):
    """The page is not written as pages are."""


@dataclass(frozen=True, slots=True)
class Command:
    """`text` as typed, without prompts; `expected` is what the page shows below it."""

    text: str
    expected: tuple[str, ...]
    line: int  # 0-based: the first line of the output
    indent: str
    exit: int = 0
    background: bool = False
    typed: str | None = None  # lines that the reader types when asked


@dataclass(frozen=True, slots=True)
class Block:
    """A block that is no console: a file if it has a title, or YAML to check, or neither."""

    language: str
    title: str | None
    text: str
    line: int
    marks: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Hidden:
    """Shell lines that readers do not see; they must exit with 0."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Clock:
    """Moves the clock for what comes after it: +10m, +1h, +8d."""

    shift: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A console block that no test can run here, and why."""

    reason: str
    line: int


Step = Command | Block | Hidden | Clock | Skipped


@dataclass(frozen=True)
class Page:
    """One file of Markdown."""

    path: Path
    machine: str
    lab: tuple[str, ...]  # options of script/lab
    reason: str
    steps: tuple[Step, ...] = field(repr=False)

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))


def read(path: Path) -> Page:
    """Return a page.

    Raises:
        PageError: it is not written as pages are.
    """
    text = path.read_text()
    front = _FRONT.match(text)
    about = (yaml.safe_load(front[1]) or {}).get("test", {}) if front else {}
    machine, reason = about.get("machine", "plain"), about.get("reason", "")
    if machine not in ("plain", "lab", "none") or (machine == "none") != bool(reason):
        raise PageError(f"{path}: machine is plain, lab or none; none needs a reason")
    lab = tuple(about.get("lab", ()))
    return Page(path, machine, lab, reason, tuple(steps(path.name, text.splitlines())))


def steps(name: str, lines: Sequence[str]) -> Iterator[Step]:
    at = 0
    marks: list[tuple[str, str]] = []
    while at < len(lines):
        if directive := _DIRECTIVE.match(lines[at]):
            start, text = at, directive[1]
            while "-->" not in text:
                at += 1
                text += "\n" + lines[at]
            word, _, rest = text.removesuffix("-->").rstrip().partition(":")
            if word not in _KNOWN:
                raise PageError(f"{name}:{start + 1}: {word!r} is none of {', '.join(_KNOWN)}")
            if word == "sh":
                yield Hidden(textwrap.dedent(rest).strip(), start)
            elif word == "clock":
                yield Clock(rest.strip())
            else:
                marks.append((word, rest.strip()))
        elif fence := _FENCE.match(lines[at]):
            end = next(
                (n for n in range(at + 1, len(lines)) if lines[n].strip() == fence[2]), len(lines)
            )
            yield from _fenced(name, lines, at, end, fence, tuple(marks))
            marks, at = [], end
        at += 1
    if marks:
        raise PageError(f"{name}: {marks[0][0]}: no block follows it")


def _fenced(
    name: str,
    lines: Sequence[str],
    start: int,
    end: int,
    fence: re.Match[str],
    marks: tuple[tuple[str, str], ...],
) -> Iterator[Step]:
    indent, language = fence[1], fence[3]
    title = _TITLE.search(fence[4])
    if language in _SHELLS and title is None:
        raise PageError(f"{name}:{start + 1}: write `console` and `$ command`: it is run then")
    if language != "console":
        body = [line.removeprefix(indent) for line in lines[start + 1 : end]]
        text = "".join(f"{line}\n" for line in body)
        yield Block(language, title[1] if title else None, text, start, marks)
    elif skip := dict(marks).get("skip"):
        yield Skipped(skip, start)
    else:
        yield from _commands(name, lines, start + 1, end, indent, dict(marks))


def _commands(
    name: str, lines: Sequence[str], at: int, end: int, indent: str, marks: dict[str, str]
) -> Iterator[Command]:
    found: list[Command] = []
    while at < end:
        line = lines[at].removeprefix(indent)
        if not line.startswith("$ "):
            raise PageError(f"{name}:{at + 1}: a console block begins with `$ command`")
        typed = [line[2:]]
        at += 1
        while at < end and lines[at].removeprefix(indent).startswith("> "):
            typed.append(lines[at].removeprefix(indent)[2:])
            at += 1
        first = at
        while at < end and not lines[at].removeprefix(indent).startswith("$ "):
            at += 1
        shown = tuple(each.removeprefix(indent) for each in lines[first:at])
        found.append(Command("\n".join(typed), shown, first, indent))
    for place, command in enumerate(found):
        last = place == len(found) - 1
        yield Command(
            command.text,
            command.expected,
            command.line,
            indent,
            int(marks.get("exit", 0)) if last else 0,
            "background" in marks,
            marks.get("type") if last else None,
        )
