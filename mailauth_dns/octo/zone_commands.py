"""A name server's own commands: one looks at a zone's new file, one makes the server read it."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping, Sequence

from mailauth_dns.errors import NotServed, ProviderError
from mailauth_dns.records.name import DomainName

COMMAND_TIME = 30.0  # seconds that a command may take
_SHOWN = 200  # characters of what a command says, from its end


def check_zone(command: Sequence[str], origin: DomainName, text: bytes) -> None:
    """Run `command` on a file with the zone as it would be.

    `{zone}` in its words is replaced by the zone's name, and `{file}` by the file's.

    Raises:
        ProviderError: it cannot be run, fails, or takes longer than `COMMAND_TIME`.
    """
    try:
        with tempfile.NamedTemporaryFile(prefix=f"{origin}.") as draft:
            draft.write(text)
            draft.flush()
            _run(command, {"{zone}": origin, "{file}": draft.name})
    except (_Failed, OSError) as error:
        raise ProviderError(
            f"{origin} is not written: the check of the new file says no: {error}"
        ) from None


def reload_zone(command: Sequence[str], origin: DomainName) -> None:
    """Run `command`, with `{zone}` in its words replaced by the zone's name.

    Raises:
        NotServed: it cannot be run, fails, or takes longer than `COMMAND_TIME`.
    """
    try:
        _run(command, {"{zone}": origin})
    except _Failed as error:
        raise NotServed(f"{origin} is written, but {error}") from None


class _Failed(Exception):
    """A command failed; the text begins with its name."""


def _run(command: Sequence[str], replaced: Mapping[str, str]) -> None:
    words = list(command)
    for name, value in replaced.items():
        words = [word.replace(name, value) for word in words]
    try:
        subprocess.run(  # noqa: S603 - the repo names the command
            words,
            check=True,
            capture_output=True,
            timeout=COMMAND_TIME,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    except subprocess.CalledProcessError as error:
        # nsd-control says on standard output what is wrong.
        said = error.stderr.decode(errors="replace").strip()
        last = (said or error.stdout.decode(errors="replace").strip())[-_SHOWN:]
        raise _Failed(
            f"{words[0]} failed with exit code {error.returncode}" + (f": {last}" if last else "")
        ) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _Failed(f"{words[0]} could not be run: {error}") from None
