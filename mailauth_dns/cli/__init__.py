"""The command line: arguments in, a call of the library, rendering and an exit code out."""

from __future__ import annotations

import gc
import importlib
import io
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import typer

from mailauth_dns.cli.app import app
from mailauth_dns.cli.session import FAILED, INTERRUPTED
from mailauth_dns.errors import MailAuthError, one_line
from mailauth_dns.records.dkim import holds_private_key

__all__ = ["main"]

# The base of every complaint about usage. Some versions of typer bring their own click, which the public names come from.
_USAGE: type[Exception] = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)

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


_THEIRS = {
    "Value error, ": "",
    "Input should be a valid integer, unable to parse string as an integer": "use a whole number",
    "Input should be greater than or equal to": "use at least",
    "Input should be less than or equal to": "use at most",
    "Input should be": "use",
}
_GROUPS = ("dkim", "spf")  # commands that hold others


def _words(arguments: Sequence[str]) -> Iterator[str]:
    """Yield the arguments that are no options, nor values of those that work everywhere."""
    queue = iter(arguments)
    for argument in queue:
        if _EVERYWHERE.get(argument):
            next(queue, None)
        elif not argument.startswith("-"):
            yield argument


def _load(arguments: Sequence[str]) -> None:
    """Make the command that is named known to `app`; all of them where none is, or it is a mistake."""
    named = next(_words(arguments), None)
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
        _say(
            "an argument is a private key, which the shell's history has now, and logs perhaps: make a new one"
        )
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
        _say(_usage(error, given))
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


def _usage(error: Any, given: Sequence[str]) -> str:  # noqa: ANN401 - a ClickException of either click
    """Return what is wrong with the arguments on one line, and whose help says what is right."""
    said = " ".join(error.format_message().split()).rstrip(".")
    for (
        theirs,
        ours,
    ) in _THEIRS.items():  # some versions of typer hand on the words of a library below it
        said = said.replace(theirs, ours)
    context = getattr(error, "ctx", None)
    if context is not None:
        return f"{said}; see {context.command_path} --help"
    first, second = (*_words(given), "", "")[:2]
    named = f" {first}" if any(first in commands for commands in _COMMANDS.values()) else ""
    return f"{said}; see mailauth-dns{named}{f' {second}' if first in _GROUPS and second else ''} --help"


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
        elif argument.startswith("--directory=") or (
            argument.startswith("-C") and len(argument) > 2
        ):
            first.append(argument)
        else:
            rest.append(argument)
    return first + rest


def run() -> None:
    """Be the program."""
    # A run makes many values that live until it ends and hardly a cycle; looking for cycles all the time costs a third of a large plan.
    if not sys.warnoptions:
        warnings.simplefilter(
            "ignore"
        )  # what libraries warn programmers of; set once, since the filters are those of all threads
    for stream in (sys.stdout, sys.stderr):
        if stream is None:  # closed by whoever started us
            sys.exit(FAILED)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                errors="backslashreplace"
            )  # a section sign on an ASCII terminal is no reason to fail
    gc.freeze()
    gc.set_threshold(1_000_000, 20, 100)
    sys.exit(main())
