"""What every command shares: the repo it works in, how much it says, and where."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mailauth_dns import __version__
from mailauth_dns.cli import command_lines, waiting
from mailauth_dns.cli.repo_root import repo_root
from mailauth_dns.errors import MailAuthError, RecordSyntaxError, one_line
from mailauth_dns.records.name import DomainName, domain_name

if TYPE_CHECKING:
    from rich.text import Text

    from mailauth_dns.cache.shelf import Shelf
    from mailauth_dns.compile.publication import Publication
    from mailauth_dns.policy.repo import Repo
    from mailauth_dns.policy.secret_redaction import Redactor

DONE, FAILED, DIFFERS, INTERRUPTED = 0, 1, 2, 130  # the exit codes, the same everywhere

_SHOWN = re.compile(r" +[0-9]* *\|")  # a line of a file, with its number


def width_of(console: Any) -> int:  # noqa: ANN401 - rich.console.Console, which is slow to load
    """Return the columns to fill; rich does not read COLUMNS on a terminal that is called dumb."""
    said = os.environ.get("COLUMNS", "")
    return int(said) if said.isdecimal() and int(said) else int(console.width)


class Format(StrEnum):
    """How results are written."""

    TEXT = "text"
    JSON = "json"


class PageFormat(StrEnum):
    """How results are written that have a page too."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"


class Redacting(logging.Formatter):
    """Log lines without the secrets that the stanzas name: libraries log what they send."""

    redactor: Redactor | None = None  # a run that asks no provider has none

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = super().format(record)
        return line if self.redactor is None else self.redactor.text(line)


@dataclass
class Session:
    """One run in the repo `root`. Results go to standard output, everything else to standard error.

    Files that the command line names lie in `folder`: that of -C, else the current one, which may
    be below the root.
    """

    root: Path
    folder: Path
    quiet: bool
    no_color: bool
    log_format: Redacting
    given: tuple[str, ...] = ()  # the command line

    def load(
        self, *, may_be_empty: bool = False, today: date | None = None, to_plan: bool = False
    ) -> tuple[Repo, tuple[Publication, ...]]:
        """Return the repo and what its policies declare.

        A repo without a policy is a problem unless it `may_be_empty`. What is declared may follow
        from the day; without one, it is `today`. `to_plan` is as in `load_repo`.
        """
        with self.waiting("reading policies"):
            # Slow to load, and of no use to a command that reads no policy.
            from mailauth_dns.compile.compile_repo import compile_repo
            from mailauth_dns.policy.load import load_repo

            repo = load_repo(self.root, may_be_empty=may_be_empty, today=today, to_plan=to_plan)
            return repo, compile_repo(repo)

    def shelf(self, *, no_cache: bool) -> Shelf:
        """Return what earlier runs kept; a closed shelf if the user wants none of it."""
        # Of no use to most commands.
        from mailauth_dns.cache.program import identity
        from mailauth_dns.cache.shelf import Shelf, folder_of

        folder = None if no_cache else folder_of(os.environ)
        return Shelf(folder, identity(__version__) if folder is not None else "")

    def hide_secrets(self, repo: Repo) -> None:
        """Keep what the stanzas name out of what libraries log, before a provider is asked.

        A run that asks none reads no secret.
        """
        from mailauth_dns.policy.secret_redaction import Redactor, secrets_of

        self.log_format.redactor = Redactor(secrets_of(repo.stanzas.values()))

    def path(self, given: Path) -> Path:
        """Return a file that the command line named; relative ones lie in -C, as in git."""
        return self.folder / given

    def show(self, lines: Iterable[Text], *, beside: bool = False, wrap: bool = False) -> None:
        """Write lines: results, or on standard error what stands `beside` a result in JSON.

        With `wrap`, long lines break between words on a terminal, save those with `no_wrap`.
        Elsewhere a line stays one.
        """
        stream = sys.stderr if beside else sys.stdout
        lines = map(_guarded, lines)
        if stream.isatty():
            from rich.console import Console  # slow to load, and of no use in a pipe

            from mailauth_dns.render.terminal_text import COLUMNS, wrapped_line

            console = Console(
                file=stream,
                highlight=False,
                no_color=self.no_color,
                color_system=None if self.no_color else "auto",
            )
            columns = width_of(console)
            COLUMNS.set(columns)  # before the lines are made
            for line in lines:
                whole = line.no_wrap or not wrap  # what is copied stays on one line
                for part in (line,) if whole else wrapped_line(line, columns):
                    console.print(part, soft_wrap=True)
        else:
            stream.writelines(f"{line.plain}\n" for line in lines)

    def line(self, text: str) -> None:
        """Write a plain result, which the caller has made safe to print."""
        sys.stdout.write(text + "\n")

    def flush(self) -> None:
        """Hand over the results so far.

        Raises:
            BrokenPipeError: nobody reads them.
        """
        sys.stdout.flush()

    def json(self, data: Any) -> None:  # noqa: ANN401 - anything JSON holds
        """Write a result as JSON."""
        sys.stdout.write(json.dumps(data, indent=1, ensure_ascii=True) + "\n")

    def page(self, page: str) -> None:
        """Write a result as a page, which belongs in a file."""
        sys.stdout.write(page)
        if sys.stdout.isatty():
            self.say("write the page to a file and open it in a browser: ... > page.html")

    def say(self, text: str) -> None:
        """Write a message that is not a result, unless the user asked for quiet."""
        if not self.quiet:
            write_message(text)

    def next(self, *words: str, why: str) -> None:
        """Say which command of ours comes next, and why."""
        self._say_next(self.spelled(("mailauth-dns", *words)), why)

    def again(self, *more: str, why: str, without: str = "") -> None:
        """Say that this command comes next once more, with `more` and `without` an option."""
        self._say_next(command_lines.repeated(self.given, more, without=without), why)

    def _say_next(self, command: str, why: str) -> None:
        self.say(f"Next: {command}  ({why})")

    def spelled(self, command: Sequence[str]) -> str:
        """Return a command as it is typed to work in this repo, whatever folder this run is in."""
        return command_lines.spelled(command, self.folder, self.root)

    @contextmanager
    def progress(self, total: int, what: str) -> Iterator[Callable[[str], None]]:
        """Show a progress bar on a terminal; call what it yields for each part that is done."""
        if total < 2 or not self._shows_progress():
            yield lambda _part: None
            return
        from rich.console import Console
        from rich.progress import Progress

        with Progress(
            console=Console(stderr=True, no_color=self.no_color), transient=True
        ) as progress:
            task = progress.add_task(what, total=total)
            yield lambda _part: progress.advance(task)

    @contextmanager
    def waiting(self, what: str, seconds: float | None = None) -> Iterator[None]:
        """Show on a terminal what this run waits for, and for how long, or how long is left."""
        with (
            waiting.shown(what, seconds, no_color=self.no_color)
            if self._shows_progress()
            else nullcontext()
        ):
            yield

    def _shows_progress(self) -> bool:
        """Tell whether somebody looks at a terminal that can draw a line again."""
        return (
            not self.quiet
            and sys.stderr.isatty()
            and os.environ.get("TERM", "dumb") not in ("dumb", "unknown")
        )


def session_of(context: typer.Context) -> Session:
    """Return the run's session."""
    session = context.obj
    assert isinstance(session, Session)
    return session


def _guarded(line: Text) -> Text:
    """Return a line that is safe to print; one that was not loses its styles."""
    text = line.plain
    # A document is several lines of one text.
    safe = "\n".join(map(one_line, text.split("\n"))) if "\n" in text else one_line(text)
    return line if safe == text else type(line)(safe)


def new_session(
    directory: Path | None,
    quiet: bool,
    verbosity: int,
    no_color: bool,
    given: tuple[str, ...] = (),
) -> Session:
    """Return the session for these options, and the whole command line as it was `given`.

    `verbosity` 1 shows what libraries warn of, 2 also what they do.
    """
    if directory is not None and not directory.is_dir():
        raise MailAuthError(f"-C {directory}: there is no such folder")
    folder = directory if directory is not None else Path()
    root = directory if directory is not None else repo_root(folder)
    log_format = Redacting("%(name)s: %(message)s")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(log_format)
    logging.basicConfig(handlers=[handler])
    logging.getLogger().setLevel(
        {0: logging.CRITICAL, 1: logging.WARNING}.get(verbosity, logging.INFO)
    )
    return Session(root, folder, quiet, no_color or "NO_COLOR" in os.environ, log_format, given)


def domains(texts: list[str] | None) -> tuple[DomainName, ...]:
    """Return the domains that were named on the command line.

    Raises:
        MailAuthError: one is no domain name.
    """
    found = []
    for text in texts or ():
        try:
            found.append(domain_name(text))
        except RecordSyntaxError as error:
            raise MailAuthError(f"{text or repr(text)}: {error}") from None
    return tuple(dict.fromkeys(found))


def write_message(text: str) -> None:
    """Write a message to standard error, safe for terminals and CI systems.

    On a terminal, long lines break between words. The lines of a file that are shown stay whole:
    marks stand below them. Results that were written before stand before it, also where both
    streams lead to one file.
    """
    with suppress(OSError):  # the end of the run tells of it
        sys.stdout.flush()
    lines = list(map(one_line, text.split("\n")))
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.text import Text

        from mailauth_dns.render.terminal_text import wrapped_line

        columns = width_of(Console(stderr=True))
        lines = [
            part.plain
            for line in lines
            for part in ([Text(line)] if _SHOWN.match(line) else wrapped_line(Text(line), columns))
        ]
    sys.stderr.write("\n".join(lines) + "\n")
