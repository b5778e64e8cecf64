"""What users are told about wrong arguments."""

from __future__ import annotations

from typing import Any

import typer

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
    said = " ".join(error.format_message().split()).rstrip(".")
    for theirs, ours in _OURS.items():
        said = said.replace(theirs, ours)
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "mailauth-dns"
    return f"{said}; see {path} --help"
