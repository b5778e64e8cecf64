"""The option --shard: which of the work this machine does."""

from __future__ import annotations

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
