"""The commands, one module each, in the order of `--help`."""

from __future__ import annotations

# A command's module has its name. These differ: a keyword cannot be a module, and pytest collects `test`.
_OTHER_MODULES = {"import": "importing", "test": "run_tests"}

NAMES = (
    "lint",
    "compile",
    "rules",
    "schema",
    "diff",
    "plan",
    "apply",
    "verify",
    "serve",
    "export",
    "test",
    "simulate",
    "check-message",
    "import",
    "init",
    "completion",
    "dkim",
    "spf",
)


def module_name(command: str) -> str:
    """Return the full name of the module that holds a command."""
    return f"{__name__}.{_OTHER_MODULES.get(command, command.replace('-', '_'))}"
