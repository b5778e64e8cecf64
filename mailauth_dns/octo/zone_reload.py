"""The command that makes a name server read a zone again after its file was written."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from mailauth_dns.errors import ProviderError
from mailauth_dns.records.name import DomainName

RELOAD_TIME = 30.0  # seconds that the command may take


def reload_zone(command: Sequence[str], origin: DomainName) -> None:
    """Run `command`, with `{zone}` in its words replaced by the zone's name.

    Raises:
        ProviderError: it cannot be run, fails, or takes longer than `RELOAD_TIME`.
    """
    words = [word.replace("{zone}", origin) for word in command]
    try:
        subprocess.run(  # noqa: S603 - the repo names the command
            words,
            check=True,
            capture_output=True,
            timeout=RELOAD_TIME,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    except subprocess.CalledProcessError as error:
        last = error.stderr.decode(errors="replace").strip()[-200:]
        raise ProviderError(
            f"{origin} is written, but {words[0]} failed with exit code {error.returncode}"
            + (f": {last}" if last else "")
        ) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ProviderError(
            f"{origin} is written, but {words[0]} could not be run: {error}"
        ) from None
