"""The group of all commands. It imports a command's module when the command is looked up."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any

import typer
from typer.core import TyperGroup

from mailauth_dns.cli import commands, help_text
from mailauth_dns.cli.command import Command, with_context
from mailauth_dns.cli.command_help import ClickContext, described
from mailauth_dns.cli.usage import UsageError


class LazyGroup(TyperGroup):
    """The program's commands. Its options work before and after the command."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - typer's own
        super().__init__(**settings)
        # What dkim or lint import takes as long as a plan of a hundred zones.
        self.commands: Any = _Commands()

    def list_commands(self, ctx: ClickContext) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of the commands, and import none."""
        return list(commands.SUMMARIES)

    def resolve_command(self, ctx: ClickContext, args: list[str]) -> Any:  # noqa: ANN401 - as above
        """Return the command that the line names; a hyphen is as good as an underscore."""
        return super().resolve_command(ctx, self.whole(args))

    def whole(self, args: list[str]) -> list[str]:
        """Return the arguments with the command's whole name as the first."""
        return commands.whole(args)

    def format_options(self, ctx: ClickContext, formatter: Any) -> None:  # noqa: ANN401 - as above
        """Write the list of commands, and import none; then the options and examples."""
        shown = described(ctx)
        tasks = [(title, tuple(rows.items())) for title, rows in commands.GROUPS.items()]
        help_text.write_sections(formatter, tasks)
        help_text.write_sections(formatter, shown.options)
        help_text.write_examples(formatter, shown.examples)

    def parse_args(self, ctx: ClickContext, args: list[str]) -> list[str]:
        """Parse the program's options, wherever they stand."""
        try:
            return super().parse_args(ctx, _hoisted(args, self._options()))
        except UsageError as error:
            raise with_context(error, ctx) from None

    def _options(self) -> Mapping[str, bool]:
        """Return the options that work everywhere, each with whether a value follows.

        Eager ones, such as --version, do something else instead of the command.
        """
        params: list[Any] = self.params
        return {
            spelling: not (param.is_flag or param.count)
            for param in params
            for spelling in param.opts
            if not param.is_eager
        }


class _Commands(Mapping[str, Any]):
    """The commands by name."""

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - a command of either click
        if name not in commands.every_name():
            raise KeyError(name)
        return _imported(name)

    def __iter__(self) -> Iterator[str]:
        return commands.every_name()

    def __len__(self) -> int:
        return len(list(commands.every_name()))


@cache
def _imported(name: str) -> Any:  # noqa: ANN401 - a command of either click
    """Import a command's module and return its `command`: a function, or a group of functions."""
    command: Callable[..., int] | typer.Typer
    command = importlib.import_module(commands.module_name(name)).command
    if isinstance(command, typer.Typer):
        group = typer.main.get_group(command)
        group.name = name
        return group
    alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    alone.command(name, cls=Command)(command)
    return typer.main.get_command(alone)


def _hoisted(arguments: list[str], options: Mapping[str, bool]) -> list[str]:
    """Return the arguments with `options` first; what follows `--` stays where it is.

    >>> options = {"-C": True, "--directory": True, "-q": False, "-v": False}
    >>> _hoisted(["plan", "-vv", "-C", "dir", "--out", "x", "--", "-q"], options)
    ['-vv', '-C', 'dir', 'plan', '--out', 'x', '--', '-q']
    """
    first: list[str] = []
    rest: list[str] = []
    queue = iter(arguments)
    for argument in queue:
        if argument == "--":
            rest += [argument, *queue]
        elif options.get(argument, False):
            value = tuple(islice(queue, 1))
            # Without its value it stays last, so that the parser says that one is missing.
            (first if value else rest).extend((argument, *value))
        elif argument in options or _holds(argument, options):
            first.append(argument)
        else:
            rest.append(argument)
    return first + rest


def _holds(argument: str, options: Mapping[str, bool]) -> bool:
    """Tell whether one argument is an option with its value, or several flags of one letter."""
    if argument.startswith("--"):
        name, equals, _ = argument.partition("=")
        return bool(equals) and options.get(name, False)
    if len(argument) < 3 or not argument.startswith("-"):
        return False
    flags = all(options.get(f"-{letter}", True) is False for letter in argument[1:])
    return flags or options.get(argument[:2], False)
