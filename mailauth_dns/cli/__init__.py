"""The command line: arguments in, a call of the library, rendering and an exit code out."""

from __future__ import annotations

import gc
import io
import os
import sys
import warnings
from collections.abc import Sequence

import typer

from mailauth_dns.cli.root_options import app
from mailauth_dns.cli.session import FAILED, INTERRUPTED, write_message
from mailauth_dns.cli.usage import UsageError, explained
from mailauth_dns.errors import MailAuthError
from mailauth_dns.records.dkim import holds_private_key

__all__ = ["main", "run"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Every exception that a user can cause ends here, as a message on standard error.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if any(len(argument) > 60 and holds_private_key(argument) for argument in given):
        # Every complaint about an argument quotes it.
        write_message(
            "an argument is a private key, which the shell's history now has, and perhaps logs: "
            "make a new key"
        )
        return FAILED
    try:
        command = typer.main.get_command(app)
        result = command.main(
            args=given, prog_name="mailauth-dns", standalone_mode=False, obj=tuple(given)
        )
        sys.stdout.flush()
    except typer.Exit as end:
        return end.exit_code
    except UsageError as error:
        # typer exits with 2. Here 2 means findings, and a pipeline must not take a typo for them.
        write_message(explained(error))
        return FAILED
    except (typer.Abort, KeyboardInterrupt):
        write_message("interrupted")
        return INTERRUPTED
    except MailAuthError as error:
        write_message(str(error))
        return FAILED
    except BrokenPipeError:
        sys.stderr.close()
        return FAILED
    except OSError as error:
        write_message(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        return FAILED
    if result == INTERRUPTED:  # some versions of typer return it; others raise Abort
        write_message("interrupted")
    return result if isinstance(result, int) else 0


def run() -> None:
    """Console entry point."""
    if not sys.warnoptions:
        # Libraries warn programmers. Filters belong to all threads, so they are set once, here.
        warnings.simplefilter("ignore")
    # No other package takes part in how policies are read. To look for one that would, pydantic
    # opens the metadata of every package that is installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    for stream in (sys.stdout, sys.stderr):
        if stream is None:  # our parent closed it
            sys.exit(FAILED)
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that only knows ASCII shows a section sign as an escape.
            stream.reconfigure(errors="backslashreplace")
    # A run makes many values that live until it ends, and hardly a cycle. Looking for cycles all
    # the time costs a third of a large plan.
    gc.freeze()
    gc.set_threshold(1_000_000, 20, 100)
    code = main()
    # Python looks for cycles once more as it ends. What was frozen above is not all: commands load
    # their modules when they are called.
    gc.freeze()
    sys.exit(code)
