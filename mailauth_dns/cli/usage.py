"""What users are told about wrong arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import typer

from mailauth_dns.cli.examples import EXAMPLES

# Some versions of typer bring their own click. The public names lead to the right one.
UsageError: type[Exception] = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)

# Words of a library below typer that some versions pass on, and ours.
_OURS = {
    "Value error, ": "",
    "Input should be a valid integer, unable to parse string as an integer": "use a whole number",
    "Input should be greater than or equal to": "use at least",
    "Input should be less than or equal to": "use at most",
    "Input should be": "use",
}


def explained(error: Any) -> str:  # noqa: ANN401 - a ClickException of either click
    """Return on one line what is wrong with the arguments, and whose help says what is right."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "mailauth-dns"
    return f"{_said(error, context)}; see {path} --help"


def _said(error: Any, context: Any) -> str:  # noqa: ANN401 - as above
    said = " ".join(error.format_message().split()).rstrip(".")
    if unknown := re.match("No such command '(.*?)'", said):
        near = _near(unknown[1], {each: each for each in context.command.list_commands(context)})
        return f"there is no command {unknown[1]!r}{near or _near(unknown[1], _below(context))}"
    if unknown := re.match("No such option:? '?(-[^ ']*)", said):
        params = context.command.get_params(context)
        options = {each: each for param in params for each in param.opts}
        return f"there is no option {unknown[1]}{_near(unknown[1], options)}"
    for theirs, ours in _OURS.items():
        said = said.replace(theirs, ours)
    return said


def _below(context: Any) -> dict[str, str]:  # noqa: ANN401 - as above
    """Return the commands of groups by name, such as `status`, in words with their groups."""
    if context.parent is not None:
        return {}
    found: dict[str, list[str]] = {}
    for path in sorted(EXAMPLES):
        group, _, name = path.rpartition(" ")
        if group:
            found.setdefault(name, []).append(path)
    return {name: " or ".join(paths) for name, paths in found.items()}


def _near(given: str, right: Mapping[str, str]) -> str:
    """Return in words what a wrong name was perhaps meant to be."""
    near = [right[each] for each in get_close_matches(given, right, 2, 0.6)]
    return f" (did you mean {' or '.join(near)}?)" if near else ""
