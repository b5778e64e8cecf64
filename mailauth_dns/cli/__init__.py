"""The command line: arguments in, a call of the library, rendering and an exit code out."""

from __future__ import annotations

import gc
import importlib
import io
import sys
from collections.abc import Sequence

import typer

from mailauth_dns.cli.app import app
from mailauth_dns.cli.session import FAILED, INTERRUPTED
from mailauth_dns.errors import MailAuthError, one_line
from mailauth_dns.records.dkim import holds_private_key

__all__ = ["main"]

# The base of every complaint about usage. Some versions of typer bring their own click, which the public names come from.
_USAGE: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")

# Options that work before and after the command; True where a value follows.
_EVERYWHERE = {
    "-C": True,
    "--directory": True,
    "-q": False,
    "--quiet": False,
    "-v": False,
    "-vv": False,
    "--verbose": False,
    "--no-color": False,
}

# The modules of this package, by the commands they hold. Only that of the command at hand is loaded: what dkim or lint need takes as
# long to load as a plan of a hundred zones.
_COMMANDS = {
    "policy": ("lint", "compile", "rules", "schema"),
    "publish": ("diff", "plan", "apply", "verify", "serve"),
    "dkim": ("dkim",),
    "export": ("export",),
    "receive": ("test", "simulate", "check-message"),
    "spf": ("spf",),
    "importing": ("import",),
    "init": ("init",),
    "completion": ("completion",),
}
_loaded: set[str] = set()


def _load(arguments: Sequence[str]) -> None:
    """Make the command that is named known to `app`; all of them where none is, or it is a mistake."""
    queue = iter(arguments)
    named = None
    for argument in queue:
        if _EVERYWHERE.get(argument):
            next(queue, None)
        elif not argument.startswith("-"):
            named = argument
            break
    known = any(named in commands for commands in _COMMANDS.values())
    for module, commands in _COMMANDS.items():
        if module not in _loaded and (not known or named in commands):
            importlib.import_module(f"{__name__}.{module}").register(app)
            _loaded.add(module)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; no exception that a user can cause gets past here."""
    given = _hoisted(list(sys.argv[1:] if arguments is None else arguments))
    if any(len(argument) > 60 and holds_private_key(argument) for argument in given):
        # Every complaint about an argument quotes it.
        _say("an argument is a private key, which the shell's history has now, and logs perhaps: make a new one")
        return FAILED
    try:
        _load(given)
        command = typer.main.get_command(app)
        result = command.main(args=given, prog_name="mailauth-dns", standalone_mode=False)
        sys.stdout.flush()
    except typer.Exit as end:
        return end.exit_code
    except _USAGE as error:
        # typer says 2 for bad usage; here 2 means that there is something to see, and a pipeline must not take a typo for it.
        _say(f"{error.format_message().rstrip('.')}; see mailauth-dns --help")  # type: ignore[attr-defined] # ClickException has it
        return FAILED
    except (typer.Abort, KeyboardInterrupt):
        _say("interrupted")
        return INTERRUPTED
    except MailAuthError as error:
        _say(str(error))
        return FAILED
    except BrokenPipeError:
        sys.stderr.close()
        return FAILED
    except OSError as error:
        _say(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        return FAILED
    if result == INTERRUPTED:  # how some versions of typer tell of it; others abort
        _say("interrupted")
    return result if isinstance(result, int) else 0


def _say(text: str) -> None:
    sys.stderr.write("\n".join(map(one_line, text.split("\n"))) + "\n")


def _hoisted(arguments: list[str]) -> list[str]:
    """Return the arguments with those options first that work everywhere."""
    first: list[str] = []
    rest: list[str] = []
    queue = iter(arguments)
    for argument in queue:
        if argument == "--":
            rest += [argument, *queue]
        elif argument in _EVERYWHERE:
            value = next(queue, None) if _EVERYWHERE[argument] else ""
            if value is None:
                rest.append(argument)  # typer tells that it wants a value
            else:
                first += [argument, value] if value else [argument]
        elif argument.startswith("--directory=") or (argument.startswith("-C") and len(argument) > 2):
            first.append(argument)
        else:
            rest.append(argument)
    return first + rest


def run() -> None:
    """Be the program."""
    # A run makes many values that live until it ends and hardly a cycle; looking for cycles all the time costs a third of a large plan.
    for stream in (sys.stdout, sys.stderr):
        if stream is None:  # closed by whoever started us
            sys.exit(FAILED)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a section sign on an ASCII terminal is no reason to fail
    gc.freeze()
    gc.set_threshold(1_000_000, 20, 100)
    sys.exit(main())
