"""How a command parses its arguments and writes its help."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperGroup

from mailauth_dns.cli import help_text
from mailauth_dns.cli.command_help import ClickContext, described, is_argument, summary
from mailauth_dns.cli.usage import UsageError

# The help is as wide as the terminal, but no line is longer than people read with ease.
HELP_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Command(TyperCommand):
    """A command whose usage errors say which command they are about.

    Its help shows arguments by their metavar alone. typer adds brackets and Python types, which
    differ between versions.
    """

    def parse_args(self, ctx: ClickContext, args: list[str]) -> list[str]:
        """Parse the arguments."""
        try:
            return super().parse_args(ctx, args)
        except UsageError as error:
            raise with_context(error, ctx) from None

    def collect_usage_pieces(self, ctx: ClickContext) -> list[str]:
        """Return the parts of the usage line after the command's name."""
        params: list[Any] = self.get_params(ctx)
        return ["[OPTIONS]", *(each.metavar for each in params if is_argument(each))]

    def format_options(self, ctx: ClickContext, formatter: Any) -> None:  # noqa: ANN401 - either click's
        """Write the help of arguments and options, and the examples."""
        shown = described(ctx)
        help_text.write_sections(formatter, [("Arguments", shown.arguments), *shown.options])
        help_text.write_everywhere(formatter)
        help_text.write_examples(formatter, shown.examples)


class Group(TyperGroup):
    """A group of commands, such as dkim. Its list shows each summary whole."""

    def format_options(self, ctx: ClickContext, formatter: Any) -> None:  # noqa: ANN401 - either click's
        """Write the list of commands, and the examples."""
        rows = [(name, summary(command)) for name, command in self.commands.items()]
        help_text.write_sections(formatter, [("Commands", rows)])
        help_text.write_everywhere(formatter)
        help_text.write_examples(formatter, described(ctx).examples)


def with_context(error: Any, ctx: ClickContext) -> Any:  # noqa: ANN401 - either click's
    """Return a usage error that knows its command; the parser leaves that out of some of them."""
    error.ctx = error.ctx or ctx
    return error
