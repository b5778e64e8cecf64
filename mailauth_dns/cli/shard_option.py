"""The option --shard: which of the work this machine does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mailauth_dns.cli import headings
from mailauth_dns.errors import MailAuthError
from mailauth_dns.spread.shard import Shard, parsed

ShardOption = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="I/N",
        help="only shard I of N, for several machines; `merge` puts them together",
        rich_help_panel=headings.LOOK,
    ),
]


def state_of(root: Path, shard: Shard | None) -> str | None:
    """Return the digest of a repo's files before they are read, where a shard is to name it."""
    if shard is None:
        return None
    from mailauth_dns.policy.repo_state import repo_state

    return repo_state(root)


def refuse_changed(before: str | None, after: str) -> None:
    """Refuse a shard of files that are no longer what they were before they were read.

    Raises:
        MailAuthError: nobody knows which of the two the shard is made of.
    """
    if before != after:
        raise MailAuthError("files of the repo changed while the shard was made; make it again")


def shard_of(text: str | None) -> Shard | None:
    """Return the shard that the option names; None without it.

    Raises:
        MailAuthError: there is no such shard.
    """
    if text is None:
        return None
    try:
        return parsed(text)
    except MailAuthError as error:
        raise MailAuthError(f"--shard {text}: {error}") from None
