"""How a command parses its arguments and writes its help."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

from mailauth_dns.cli.usage import UsageError

ClickContext = Any  # click's, or that of the copy which some versions of typer bring
HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}


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
        return ["[OPTIONS]", *(each.metavar for each in params if _is_argument(each))]

    def format_options(self, ctx: ClickContext, formatter: Any) -> None:  # noqa: ANN401 - as above
        """Write the help of arguments and options."""
        arguments, options = [], []
        for param in self.get_params(ctx):
            label, text = param.get_help_record(ctx) or ("", "")
            if _is_argument(param):
                arguments.append((param.metavar, text))
            elif label:
                options.append((label, text))
        for title, rows in (("Arguments", arguments), ("Options", options)):
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def with_context(error: Any, ctx: ClickContext) -> Any:  # noqa: ANN401 - either click's
    """Return a usage error that knows its command; the parser leaves that out of some of them."""
    error.ctx = error.ctx or ctx
    return error


def _is_argument(param: Any) -> bool:  # noqa: ANN401 - either click's
    return bool(param.param_type_name == "argument")
