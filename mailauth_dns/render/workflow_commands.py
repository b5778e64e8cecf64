"""GitHub's workflow commands: lines that put a message beside a line of a pull request."""

from __future__ import annotations

from mailauth_dns.errors import one_line


def annotation(kind: str, message: str, **properties: object) -> str:
    """Return the command for one message; `kind` is error, warning or notice."""
    given = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{kind} {given}::{_data(message)}"


def _data(text: str) -> str:
    return one_line(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
