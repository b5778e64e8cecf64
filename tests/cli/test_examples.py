"""The examples of `--help`: each parses, and those that need nothing else run on the examples."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from mailauth_dns.cli import commands
from mailauth_dns.cli.examples import EXAMPLES
from mailauth_dns.cli.root_options import app
from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder

ROOT = Path(__file__).parents[2]
PROGRAM: Any = typer.main.get_command(app)
LINES = sorted({each.line for examples in EXAMPLES.values() for each in examples})


def arguments(line: str) -> list[list[str]]:
    """What the program is given by a line of shell, each time that it is called."""
    found = re.findall(r"mailauth-dns ((?:[^&|<>()]|<>)*)", re.sub(r"[<>] \\S+", "", line))
    return [shlex.split(each) for each in found]


def parsed(words: list[str]) -> Any:
    command, path = PROGRAM, "mailauth-dns"
    while hasattr(command, "commands"):
        words = getattr(command, "whole", lambda given: given)(words)
        command, path, words = command.commands[words[0]], f"{path} {words[0]}", words[1:]
    return command.make_context(path, list(words))


def test_every_command_has_examples() -> None:
    paths = [""]
    for name in commands.every_name():
        below = getattr(PROGRAM.commands[name], "commands", {})
        paths += [name, *(f"{name} {each}" for each in below)]
    assert sorted(EXAMPLES) == sorted(paths)
    assert {len(examples) for examples in EXAMPLES.values()} <= {2, 3}


@pytest.mark.parametrize("path", EXAMPLES)
def test_examples_are_of_their_command(path: str) -> None:
    for example in EXAMPLES[path]:
        assert f"mailauth-dns {path}".strip() in example.line
        assert not example.words.endswith((".", ":"))


@pytest.mark.parametrize("line", LINES)
def test_an_example_parses(line: str) -> None:
    calls = arguments(line)
    assert calls
    for words in calls:
        context = parsed(words)
        assert context.command.callback is not None


# The exit code on the examples of this checkout, whose zones a name server on loopback has. Not
# here: what needs a key, a message or the Internet, or what does not end.
CODES = {
    "mailauth-dns lint": 0,
    "mailauth-dns lint example.com": 0,
    "mailauth-dns lint --fail-on warning --format github": 0,
    "mailauth-dns rules": 0,
    "mailauth-dns rules SPF010": 0,
    "mailauth-dns diff": 2,
    "mailauth-dns diff example.com --format json": 2,
    "mailauth-dns spf tree example.com": 0,
    "mailauth-dns spf tree example.com --format json": 0,
    "mailauth-dns spf lock": 0,
    "mailauth-dns spf lock --check": 0,
    "mailauth-dns senders": 0,
    "mailauth-dns senders ses": 0,
    "mailauth-dns senders list marketing": 0,
    "mailauth-dns senders list --format json": 0,
    "mailauth-dns senders show zendesk --domain example.net": 0,
    "mailauth-dns senders status": 0,
    "mailauth-dns senders status example.com --no-live": 0,
    "mailauth-dns compile": 0,
    "mailauth-dns compile --check": 0,
    "mailauth-dns plan example.com": 0,
    "mailauth-dns plan --out plan.json": 0,
    "mailauth-dns plan --out plan.json && mailauth-dns apply plan.json": 0,
    "mailauth-dns verify example.com": 0,
    "mailauth-dns verify example.com --wait 10m": 0,
    "mailauth-dns dkim status": 0,
    "mailauth-dns dkim status example.com --format json": 0,
    "mailauth-dns export example.com --format paste": 0,
    "mailauth-dns test": 0,
    "mailauth-dns simulate --from ceo@example.com --ip 203.0.113.66": 2,
    "mailauth-dns schema plan": 0,
    "mailauth-dns schema spf tree": 0,
    "mailauth-dns schema > zones/policy.schema.json": 0,
    "mailauth-dns init dns": 0,
    "mailauth-dns help": 0,
    "mailauth-dns help dkim rotate": 0,
}


def test_what_runs_is_an_example() -> None:
    assert {*CODES} <= {*LINES}


@pytest.fixture
def examples(repo: RepoFolder, monkeypatch: pytest.MonkeyPatch) -> Iterator[RepoFolder]:
    for folder in ("zones", "providers", "served"):
        shutil.copytree(ROOT / folder, repo.root / folder, dirs_exist_ok=True)
    with LoopbackServer(repo.root / "served", "127.0.0.1", 0) as server:
        defaults = repo.root / "zones/policy/_defaults.yaml"
        defaults.write_text(defaults.read_text().replace("5453", str(server.port)))
        yield repo


def test_examples_run(examples: RepoFolder, no_resolvers: None) -> None:
    """In this order, so that what one writes is there for the next."""
    for line, code in CODES.items():
        for words in arguments(line):
            ran = examples.run(*words)
            assert ran.code == code, f"{line}: {ran.said}"
