"""The man page: made of the help, fresh, clean, and put where man finds it."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from pathlib import Path

import man_page
import pytest

from mailauth_dns.cli.command_tree import all_commands
from tests.conftest import need

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "man/mailauth-dns.1"

# What a text is, and how roff is told to print just that.
TEXTS = {
    "plain": "plain",
    ".SH not a heading": r"\&.SH not a heading",
    "'tis no macro": r"\(aqtis no macro",
    "--out C:\\x": r"\-\-out C:\ex",
    "`ID` ~/dkim ^": r"\(gaID\(ga \(ti/dkim \(ha",
    "§": r"\[u00A7]",
}


@pytest.mark.parametrize("text", TEXTS)
def test_roff_prints_what_was_meant(text: str) -> None:
    assert man_page.roff(text) == TEXTS[text]


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text() == man_page.page(all_commands()), "the help changed: run script/man"


def test_the_page_has_every_command_option_and_example() -> None:
    page = PAGE.read_text().splitlines()
    for shown in all_commands():
        rows = [row for _, each in shown.options for row in each]
        for label, _ in [*shown.arguments, *rows]:
            assert rf"\fB{man_page.roff(label)}\fR" in page
        for example in shown.examples:
            assert man_page.roff(example.line) in page


def test_groff_has_nothing_to_say_against_the_page() -> None:
    need(None if shutil.which("groff") else "groff is not installed")
    command = ["groff", "-man", "-ww", "-rLL=78n", "-Tutf8", str(PAGE)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stderr == ""
    assert "Show what would change at every provider." in ran.stdout


def test_the_wheel_brings_the_page_to_where_man_looks() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    files = project["tool"]["setuptools"]["data-files"]
    assert files == {"share/man/man1": ["man/mailauth-dns.1"]}
