"""Pages of the site for the commands, made of what their --help says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from site_rules import linked_rfc, prose

from mailauth_dns.cli.command_help import CommandHelp, Row
from mailauth_dns.cli.command_tree import all_commands
from mailauth_dns.cli.commands import GROUPS

FOLDER = "reference/commands"


def pages() -> dict[str, str]:
    """Return the pages by their path below docs/: one for each command, and an index."""
    commands = list(all_commands())
    made = {f"{FOLDER}/{_file(each)}": _page(each) for each in commands[1:]}
    return {f"{FOLDER}/index.md": _index(commands), **made}


def _file(command: CommandHelp) -> str:
    return f"{command.path.partition(' ')[2].replace(' ', '-')}.md"


def _index(commands: Sequence[CommandHelp]) -> str:
    program, *others = commands
    lines = ["# Commands", "", _text(program.summary), ""]
    for group, members in GROUPS.items():
        lines += [f"## {group}", "", "| command | does |", "|---|---|"]
        lines += [
            f"| [`{each.path}`]({_file(each)}) | {_cell(each.summary)} |"
            for each in others
            if each.path.split()[1] in members
        ]
        lines.append("")
    for heading, rows in program.options:
        lines += [f"## {heading}", "", *_table("option", rows), ""]
    return "\n".join(lines) + "\n"


def _page(command: CommandHelp) -> str:
    lines = [f"# {command.path}", "", _text(command.summary), ""]
    lines += ["```text", f"{command.path} {command.usage}".rstrip(), "```", ""]
    if command.more:
        lines += [_text(command.more), ""]
    if command.examples:
        lines += ["## Examples", ""]
        for example in command.examples:
            lines += [f"{_text(example.words)}:", "", "```text", example.line, "```", ""]
    if command.arguments:
        lines += ["## Arguments", "", *_table("argument", command.arguments), ""]
    for heading, rows in command.options:
        lines += [f"## {heading}", "", *_table("option", rows), ""]
    lines.append("[All commands](index.md), and the options that each of them has")
    return "\n".join(lines) + "\n"


def _table(first: str, rows: Sequence[Row]) -> Iterator[str]:
    yield f"| {first} | does |"
    yield "|---|---|"
    for label, text in rows:
        yield f"| `{label.replace('|', chr(92) + '|')}` | {_cell(text)} |"


def _cell(text: str) -> str:
    return _text(text).replace("|", "\\|")


def _text(text: str) -> str:
    return linked_rfc(prose(text))
