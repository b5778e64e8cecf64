"""Terraform's language, as far as resources need it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Expression:
    """Text that Terraform evaluates."""

    text: str


Value = str | int | bool | Expression | Sequence[str]


def block(head: tuple[str, ...], arguments: Mapping[str, Value], inner: Iterable[str] = ()) -> str:
    """Return a block as `terraform fmt` lays it out: type and labels, arguments, inner blocks."""
    opening = " ".join([head[0], *map(string, head[1:])])
    width = max(map(len, arguments))
    lines = "".join(f"{name:{width}} = {_value(value)}\n" for name, value in arguments.items())
    parts = [_indented(part) for part in (lines, *inner)]
    return f"{opening} {{\n{chr(10).join(parts)}}}\n"


def comment(text: str) -> str:
    """Return lines of comment."""
    return "".join(f"# {line}\n" for line in text.split("\n"))


def string(text: str) -> str:
    """Return a string in quotes; SPF has macros such as %{i}, which are no templates here."""
    escaped = "".join(_ESCAPES.get(character, character) for character in text)
    return f'"{escaped.replace("${", "$${").replace("%{", "%%{")}"'


def strings(texts: Iterable[str]) -> str:
    """Return a list of strings."""
    return f"[{', '.join(map(string, texts))}]"


_ESCAPES = {'"': '\\"', "\\": "\\\\"} | {
    chr(code): f"\\u{code:04x}" for code in (*range(0x20), *range(0x7F, 0x100))
}


def _indented(text: str) -> str:
    return "".join(f"  {line}" if line.strip() else line for line in text.splitlines(keepends=True))


def _value(value: Value) -> str:
    match value:
        case Expression(text):
            return text
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case str():
            return string(value)
        case _:
            return strings(value)
