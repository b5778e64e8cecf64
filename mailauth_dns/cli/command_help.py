"""What the help of a command says, as plain data: for `--help`, the man page and the docs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mailauth_dns.cli import headings
from mailauth_dns.cli.example import Example
from mailauth_dns.cli.examples import EXAMPLES

ClickContext = Any  # click's, or that of the copy which some versions of typer bring
Row = tuple[str, str]  # what to write, and what it does


@dataclass(frozen=True, slots=True)
class CommandHelp:
    """The help of one command, or of a group of them, without any layout."""

    path: str  # "mailauth-dns dkim keygen"
    usage: str  # what stands behind the path: "[OPTIONS] DOMAIN"
    summary: str
    more: str  # the sentences after the summary
    arguments: tuple[Row, ...]
    options: tuple[tuple[str, tuple[Row, ...]], ...]  # headings with their rows
    examples: tuple[Example, ...]


def described(ctx: ClickContext) -> CommandHelp:
    """Return the help of the context's command.

    Options that every command has are not in it, unless they are the program's.
    """
    command = ctx.command
    options: dict[str, list[Row]] = {}
    arguments = []
    for param in command.get_params(ctx):
        label, text = param.get_help_record(ctx) or ("", "")
        if is_argument(param):
            arguments.append((param.metavar, text))
        elif "--help" in param.opts and ctx.parent is not None:
            continue
        elif label:
            options.setdefault(_heading(param), []).append((label, text))
    return CommandHelp(
        ctx.command_path,
        " ".join(command.collect_usage_pieces(ctx)),
        summary(command),
        " ".join((command.help or "").partition("\n\n")[2].split()),
        tuple(arguments),
        tuple((each, tuple(options[each])) for each in headings.ORDER if each in options),
        EXAMPLES[ctx.command_path.partition(" ")[2]],
    )


def summary(command: Any) -> str:  # noqa: ANN401 - either click's
    """Return the first sentence of a command's help."""
    return " ".join((command.help or "").partition("\n\n")[0].split())


def is_argument(param: Any) -> bool:  # noqa: ANN401 - either click's
    """Tell whether a parameter is an argument."""
    return bool(param.param_type_name == "argument")


def _heading(param: Any) -> str:  # noqa: ANN401 - either click's
    if panel := getattr(param, "rich_help_panel", None):
        return str(panel)
    acts = param.is_eager or not param.expose_value  # such as --version: no command follows it
    return headings.INSTEAD if acts else headings.REST
