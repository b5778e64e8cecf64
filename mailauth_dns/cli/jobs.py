"""How many processes a command works in."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer

from mailauth_dns.cli import headings
from mailauth_dns.errors import MailAuthError, one_line
from mailauth_dns.policy.repo_layout import POLICY_DIR
from mailauth_dns.spread.spread import FEWEST, Spread, pays

# Named here too, because the module with the processes is loaded for large repos alone.
VARIABLE = "MAILAUTH_JOBS"
_MOST = 256
_NUMBER = re.compile(r"[0-9]{1,9}")

Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        metavar="N",
        min=1,
        max=_MOST,
        help="processes at most; default: one a core (also MAILAUTH_JOBS). "
        f"Fewer than {FEWEST} policy files or zones take one",
        show_default=False,
        rich_help_panel=headings.PACE,
    ),
]


def policy_files(root: Path) -> int:
    """Return how many policy files a repo has, or would have if all were sound."""
    with suppress(OSError), os.scandir(root / POLICY_DIR) as found:
        return sum(entry.name.endswith(".yaml") for entry in found)
    return 0


def processes_for(parts: int, given: int | None, *, asks_dns: bool = False) -> int:
    """Return in how many processes to work on so many files or zones; `given` is `--jobs`.

    Each process that asks DNS has a window of questions at each server. So there is one of these
    unless somebody says how many.

    Raises:
        MailAuthError: MAILAUTH_JOBS is not such a number.
    """
    most = given or _in_environment()
    if not pays(parts) or most == 1 or (asks_dns and most is None):
        return 1
    from mailauth_dns.spread.processes import usable_cores

    return most or usable_cores()


@contextmanager
def in_processes(number: int) -> Iterator[Spread | None]:
    """Yield so many processes to work in, which end with the block; None where this one is all."""
    if number == 1:
        yield None
        return
    # Large repos alone need these.
    from mailauth_dns.spread.processes import Processes

    with Processes(number) as processes:
        yield processes


def _in_environment() -> int | None:
    text = os.environ.get(VARIABLE, "")
    if not text:
        return None
    if _NUMBER.fullmatch(text) is None or not 1 <= int(text) <= _MOST:
        raise MailAuthError(
            f"{VARIABLE}={one_line(text)}: is not a number of processes; write 1 to {_MOST}"
        )
    return int(text)
