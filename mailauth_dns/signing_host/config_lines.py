"""Lines of configuration files, tables and maps: a word and what follows it, # for comments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mailauth_dns.errors import MailAuthError


def rows(text: str) -> Iterator[tuple[str, str]]:
    """Yield each line's first word and the rest, white space as single spaces.

    >>> list(rows("Mode  sv  # both"))
    [('Mode', 'sv')]
    """
    for line in text.splitlines():
        if words := line.split("#", 1)[0].split():
            yield words[0], " ".join(words[1:])


def text_of(path: Path) -> str:
    """Return a file's text, none where there is no such file.

    Raises:
        MailAuthError: it is not a regular file, or cannot be read.
    """
    try:
        if path.exists() and not path.is_file():
            # To open a pipe would be to wait for ever.
            raise MailAuthError(f"{path}: is not a regular file")
        return path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        raise MailAuthError(f"{path}: {error.strerror}") from None
