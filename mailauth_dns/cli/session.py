"""What every command shares: the repo it works in, how much it says, and where."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from rich.text import Text

from mailauth_dns.compile import Publication, compile_repo
from mailauth_dns.errors import MailAuthError, RecordSyntaxError, one_line
from mailauth_dns.policy.load import Repo, load_repo
from mailauth_dns.policy.stanza import SHORTEST_SECRET
from mailauth_dns.records.name import DomainName, domain_name

DONE, FAILED, DIFFERS, INTERRUPTED = 0, 1, 2, 130  # the exit codes, the same everywhere


class Format(StrEnum):
    """How results are written."""

    TEXT = "text"
    JSON = "json"


class Redacting(logging.Formatter):
    """Log lines without the secrets that the stanzas name: libraries log what they send."""

    secrets: list[str] = []  # noqa: RUF012 - replaced whole, never added to

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = super().format(record)
        for secret in self.secrets:
            line = line.replace(secret, "***")
        return line


@dataclass
class Session:
    """One run. Results go to standard output, everything else to standard error."""

    root: Path
    quiet: bool
    no_color: bool
    log_format: Redacting

    def load(self, *, may_be_empty: bool = False) -> tuple[Repo, tuple[Publication, ...]]:
        """Return the repo and what its policies declare; one without a policy is a problem unless it `may_be_empty`."""
        repo = load_repo(self.root, may_be_empty=may_be_empty)
        names = {name for stanza in repo.stanzas.values() for name in stanza.environment}
        self.log_format.secrets = [secret for name in names if len(secret := os.environ.get(name, "")) >= SHORTEST_SECRET]
        return repo, compile_repo(repo)

    def path(self, given: Path) -> Path:
        """Return a file that the command line named; with -C a relative one lies in that folder, as with git."""
        return self.root / given

    def show(self, lines: Iterable[Text], *, beside: bool = False) -> None:
        """Write lines, long ones are the terminal's to fold: results, or what stands `beside` a result that is not text."""
        stream = sys.stderr if beside else sys.stdout
        lines = map(_guarded, lines)
        if stream.isatty() and not self.no_color:
            from rich.console import Console  # slow to load, and of no use in a pipe

            console = Console(file=stream, highlight=False)
            for line in lines:
                console.print(line, soft_wrap=True)
        else:
            stream.writelines(f"{line.plain}\n" for line in lines)

    def line(self, text: str) -> None:
        """Write a plain result, in a form of its own that keeps outside text in its place."""
        sys.stdout.write(text + "\n")

    def json(self, data: Any) -> None:  # noqa: ANN401 - anything JSON holds
        """Write a result as JSON."""
        sys.stdout.write(json.dumps(data, indent=1, ensure_ascii=True) + "\n")

    def say(self, text: str) -> None:
        """Tell something that is not a result, unless asked to be quiet."""
        if not self.quiet:
            sys.stderr.write("\n".join(map(one_line, text.split("\n"))) + "\n")

    @contextmanager
    def progress(self, total: int, what: str) -> Iterator[Callable[[str], None]]:
        """Show a bar for long work, on a terminal only; the caller tells each part that is done."""
        if self.quiet or total < 2 or not sys.stderr.isatty():
            yield lambda _part: None
            return
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True, no_color=self.no_color), transient=True) as progress:
            task = progress.add_task(what, total=total)
            yield lambda _part: progress.advance(task)


def _guarded(line: Text) -> Text:
    """Return a line of text; one that is not fit for every reader loses its styles."""
    safe = "\n".join(map(one_line, line.plain.split("\n")))  # a document is several lines of one text
    return line if safe == line.plain else Text(safe)


def new_session(root: Path, quiet: bool, verbosity: int, no_color: bool) -> Session:
    """Return the session for these options; `verbosity` 1 shows the libraries' warnings, 2 what they do."""
    if not root.is_dir():
        raise MailAuthError(f"-C {root}: there is no such folder")
    log_format = Redacting("%(name)s: %(message)s")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(log_format)
    logging.basicConfig(handlers=[handler])
    logging.getLogger().setLevel({0: logging.CRITICAL, 1: logging.WARNING}.get(verbosity, logging.INFO))
    return Session(root, quiet, no_color or "NO_COLOR" in os.environ, log_format)


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
            raise MailAuthError(f"{text}: {error}") from None
    return tuple(dict.fromkeys(found))
