"""git, run in a repo that may be a stranger's: it starts nothing that the repo names."""

from __future__ import annotations

import subprocess
from pathlib import Path

from mailauth_dns.errors import MailAuthError

# No program that watches files and no hook, whatever configuration came with the folder.
_NOTHING_ELSE = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")


class GitFailed(MailAuthError):
    """git is not there, or did not do it; the text is what it says."""


def said(root: Path, *arguments: str, given: bytes = b"", seconds: float = 10) -> bytes:
    """Return what git prints in `root`; it reads what is `given`.

    Raises:
        GitFailed: it cannot be run, it fails, or it takes too long.
    """
    try:
        return subprocess.run(  # noqa: S603
            ["git", "-C", str(root), *_NOTHING_ELSE, *arguments],  # noqa: S607 - found on PATH
            input=given,
            capture_output=True,
            timeout=seconds,
            check=True,
        ).stdout
    except subprocess.CalledProcessError as error:
        words = error.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise GitFailed(words.removeprefix("fatal: ") or "says no more than that") from None
    except subprocess.TimeoutExpired:
        raise GitFailed(f"did not answer in {seconds:.0f} s") from None
    except OSError as error:
        raise GitFailed(f"cannot be run: {error.strerror}") from None
