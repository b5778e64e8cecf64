"""Walk through a page as its reader does, and note where it says something else."""

from __future__ import annotations

import difflib
import time
from collections.abc import Iterator
from pathlib import Path

from tests.docs import shown, shown_yaml
from tests.docs.machine import Said, Shell
from tests.docs.page import Block, Clock, Command, Hidden, Page, PageError

BACKGROUND = 20  # seconds until a command in the background has said what the page shows
STARTED = 3  # seconds until it has said something, where the page shows nothing yet


class Walk:
    """`problems` are sentences with a place; `outputs` what each command said, by its line."""

    def __init__(self, page: Page, shell: Shell, scratch: Path) -> None:
        self.page = page
        self.problems: list[str] = []
        self.outputs: dict[Command, tuple[str, ...]] = {}
        self._shell = shell
        self._scratch = scratch

    def take(self) -> None:
        """Take every step; a hidden one that fails is the last."""
        for step in self.page.steps:
            match step:
                case Clock(shift):
                    self._shell.move_clock(shift)
                case Hidden(text, line):
                    if not self._ended(line, text, 0, self._shell.run(text)):
                        return
                case Block():
                    self._block(step)
                case Command(background=True):
                    self._background(step)
                case Command():
                    said = self._shell.run(step.text, step.typed)
                    self._compare(step, said)
                    self._ended(step.line, step.text, step.exit, said)

    def _ended(self, line: int, text: str, wanted: int, said: Said) -> bool:
        if said.code != wanted:
            shown_lines = "\n".join(said.lines)
            self._say(line, f"{text!r} exits {said.code}, not {wanted}:\n{shown_lines}")
        return said.code == wanted

    def _block(self, block: Block) -> None:
        if block.language == "yaml":
            folder = self._scratch / f"yaml-{block.line}"
            folder.mkdir()
            try:
                found = shown_yaml.problems(block, folder)
            except PageError as error:
                found = [str(error)]
            for problem in found:
                self._say(block.line, problem)
        if block.title is not None:
            self._shell.write(block.title, block.text)

    def _background(self, command: Command) -> None:
        log = self._scratch / f"background-{command.line}"
        self._shell.run(f"( {command.text} ) >{log} 2>&1 </dev/null &")
        ends = time.monotonic() + (BACKGROUND if command.expected else STARTED)
        if not command.expected:
            self._say(
                command.line, "show what it says once it is ready: the next step waits for it"
            )
        while not shown.same(command.expected, said := _lines_of(log)) or not said:
            if time.monotonic() > ends:
                break
            time.sleep(0.05)
        self._compare(command, Said(0, said))

    def _compare(self, command: Command, said: Said) -> None:
        if shown.same(command.expected, said.lines):
            return
        self.outputs[command] = said.lines
        difference = "\n".join(
            difflib.unified_diff(
                shown.settled(command.expected),
                shown.settled(said.lines),
                "the page",
                "the command",
                lineterm="",
            )
        )
        self._say(command.line, f"$ {command.text}\n{difference}")

    def _say(self, line: int, problem: str) -> None:
        self.problems.append(f"{self.page.name}:{line + 1}: {problem}")


def _lines_of(log: Path) -> tuple[str, ...]:
    return tuple(log.read_text().splitlines()) if log.exists() else ()


def rewritten(page: Page, outputs: dict[Command, tuple[str, ...]]) -> str:
    """Return the page's text with what its commands say now."""
    return "".join(f"{line}\n" for line in _lines(page, outputs))


def _lines(page: Page, outputs: dict[Command, tuple[str, ...]]) -> Iterator[str]:
    lines = page.path.read_text().splitlines()
    at = 0
    for command, said in sorted(outputs.items(), key=lambda each: each[0].line):
        yield from lines[at : command.line]
        yield from (f"{command.indent}{line}".rstrip() for line in said)
        at = command.line + len(command.expected)
    yield from lines[at:]
