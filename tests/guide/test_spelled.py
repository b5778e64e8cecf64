"""Commands are typed so that they work in the repo, from the folder where the user is."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailauth_dns.cli.command_lines import given_without, spelled

SPELLED = [
    ("", ("mailauth-dns", "lint"), "mailauth-dns lint"),
    ("a b", ("mailauth-dns", "lint"), "mailauth-dns -C 'a b' lint"),
    ("repo", ("sudo", "mailauth-dns", "next"), "sudo mailauth-dns -C repo next"),
    ("repo", ("git", "add", "zones"), "git -C repo add zones"),
    ("", ("git", "add", "zones"), "git add zones"),
    ("repo", ("systemctl", "restart", "opendkim"), "systemctl restart opendkim"),
    ("", ("mailauth-dns", "apply", "my plan.json"), "mailauth-dns apply 'my plan.json'"),
]


@pytest.mark.parametrize(("folder", "command", "line"), SPELLED)
def test_spelled(folder: str, command: tuple[str, ...], line: str) -> None:
    assert spelled(command, Path(folder), Path(folder)) == line


WITHOUT = [
    ("export a --out x", "--out", "export a"),
    ("export --out=x a", "--out", "export a"),
    ("export a --out", "--out", "export a"),
    ("export a", "", "export a"),
]


@pytest.mark.parametrize(("given", "option", "left"), WITHOUT)
def test_a_command_line_without_an_option(given: str, option: str, left: str) -> None:
    assert " ".join(given_without(given.split(), option)) == left
