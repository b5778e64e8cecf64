"""Completion: the shells themselves, with the scripts that we print, in a repo."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mailauth_dns.cli import completions
from mailauth_dns.policy import glance
from tests.conftest import RepoFolder, need

# What stands on the line, and what the shell offers. REPO is a zone repo, which is not the folder
# that the shell is in.
LINES = {
    "mailauth-dns li": {"lint"},
    "mailauth-dns dkim ro": {"rotate"},
    "mailauth-dns help dkim ro": {"rotate"},
    "mailauth-dns plan --det": {"--detailed-exitcode"},
    "mailauth-dns completion ": {"bash", "zsh", "fish"},
    "mailauth-dns export example.com --format op": {"opendkim"},
    "mailauth-dns -C REPO lint ex": {"example.com", "example.net"},
    "mailauth-dns lint -C REPO example.n": {"example.net"},
    "mailauth-dns -C REPO lint example.com ex": {"example.net"},
    "mailauth-dns -C REPO spf tree pa": {"park1.example", "park2.example"},
    "mailauth-dns -C REPO dkim adopt example.com ": {"mx1", "mx2", "on-disk"},
    "mailauth-dns -C REPO dkim adopt park1.example ": set(),
    "mailauth-dns senders st": {"status"},
    "mailauth-dns senders show sendg": {"sendgrid"},
    "mailauth-dns -C REPO senders check mine": {"mine"},
    "mailauth-dns -C REPO senders retire example.com n": {"news"},
    "mailauth-dns -C REPO simulate --from a@example.com --dkim mx": {"mx1", "mx2"},
    "mailauth-dns -C REPO import example.org --provider b": {"bind"},
    "mailauth-dns -C REPO apply p": {"plan.json", "plans/", "providers/"},
    "mailauth-dns -C REPO plan --show plans/": {"plans/old.json"},
    "mailauth-dns rules SPF01": {f"SPF01{n}" for n in range(10)},
    "mailauth-dns lint --select SPF010,BIMI00": {f"SPF010,BIMI00{n}" for n in range(1, 7)},
    "mailauth-dns -C REPO/nowhere lint ": {"merge"},
    "mailauth-dns -C REPO/plan.json lint ": {"merge"},
    "mailauth-dns -C REPO plan m": {"merge"},
    "mailauth-dns -C REPO plan example.com m": set(),
    "mailauth-dns -C REPO plan merge pl": {"plan.json", "plans/"},
    "mailauth-dns help lint m": {"merge"},
    "mailauth-dns plan --nope ex": set(),
}


# The shells get the same words in other forms.
FEW = (
    "mailauth-dns li",
    "mailauth-dns -C REPO spf tree pa",
    "mailauth-dns -C REPO dkim adopt example.com ",
    "mailauth-dns rules SPF01",
)


@pytest.fixture
def program(repo: RepoFolder, tmp_path: Path) -> Path:
    """Our program, in a folder for PATH; beside it, the repo that the lines name."""
    repo.policy(
        "domains: [example.com, example.net]\ndkim:\n  selectors:\n"
        "    mx1: {state: revoked}\n    mx2: {state: absent}\n"
        "senders: {news: {sender: mine}}\n"
    )
    repo.policy("domains_file: ../parked.txt\nparked: true\n", "parked")
    repo.policy("domain: [half written", "broken.example")
    repo.write("zones/parked.txt", "park1.example # sold\npark2.example\n")
    repo.write("zones/keys/example.com/on-disk.pem", "")
    repo.provider("bind", {"class": "x"})
    repo.write("zones/senders/mine.yaml", "")
    for path in ("plan.json", "plans/old.json", "page.html", "; rm.json"):
        repo.write(path, "{}")
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "mailauth-dns").write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -m mailauth_dns "$@"\n'
    )
    (folder / "mailauth-dns").chmod(0o755)
    return folder


def asked(shell: str, script: str, program: Path, folder: Path) -> set[str]:
    """What a shell offers for a line. Anything on its standard error fails the test."""
    said = subprocess.run(
        [shell, *{"zsh": ["-f"], "fish": ["--no-config"]}.get(shell, ["--norc"]), "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={**os.environ, "PATH": f"{program}:{os.environ['PATH']}"},
    )
    assert said.stderr == ""
    return set(said.stdout.split("\n")) - {""}


@pytest.mark.parametrize("line", LINES)
def test_bash_completes(repo: RepoFolder, program: Path, tmp_path: Path, line: str) -> None:
    # Bash sets these when the tab key is pressed.
    words = line.replace("REPO", str(repo.root)).split(" ")
    asking = (
        f'COMP_WORDS=({" ".join(words[:-1])} "{words[-1]}"); COMP_CWORD={len(words) - 1}; '
        f"_mailauth_dns_completion mailauth-dns"
    )
    script = f'{repo.run("completion", "bash").out}\n{asking}\nprintf "%s\\n" "${{COMPREPLY[@]}}"'
    assert asked("bash", script, program, tmp_path) == LINES[line]


@pytest.mark.parametrize("line", FEW)
def test_fish_completes(repo: RepoFolder, program: Path, tmp_path: Path, line: str) -> None:
    need(None if shutil.which("fish") else "fish is not installed")
    script = repo.run("completion", "fish").out
    line = line.replace("REPO", str(repo.root))
    offered = asked("fish", f'{script}\ncomplete -C "{line}"', program, tmp_path)
    assert {each.partition("\t")[0] for each in offered} == LINES[
        line.replace(str(repo.root), "REPO")
    ]


@pytest.mark.parametrize("line", FEW)
def test_zsh_completes(repo: RepoFolder, program: Path, tmp_path: Path, line: str) -> None:
    """Its line editor is not there: what our function gives to `_arguments` is what counts."""
    need(None if shutil.which("zsh") else "zsh is not installed")
    words = line.replace("REPO", str(repo.root)).split(" ")
    script = (
        f"compdef() {{ }}\n_arguments() {{ print -r -- $1 }}\n{repo.run('completion', 'zsh').out}\n"
        f"words=({' '.join(words[:-1])} '{words[-1]}'); CURRENT={len(words)}\n"
        "_mailauth_dns_completion"
    )
    [offered] = asked("zsh", script, program, tmp_path)
    assert set(re.findall(r'"([^"]*)"(?::"[^"]*")?(?=[ )])', offered)) == LINES[line]


def test_no_word_is_offered_that_a_shell_could_obey(
    repo: RepoFolder, program: Path, tmp_path: Path
) -> None:
    repo.policy('domains: ["$(touch owned)", "a.example;ls", "*.example", "-rf", ok.example]\n')
    script = repo.run("completion", "bash").out
    asking = (
        f'COMP_WORDS=(mailauth-dns -C "{repo.root}" lint ""); COMP_CWORD=4; '
        '_mailauth_dns_completion mailauth-dns\nprintf "%s\\n" "${COMPREPLY[@]}"'
    )
    offered = asked("bash", f"{script}\n{asking}", program, tmp_path)
    assert "ok.example" in offered
    assert not [each for each in offered if not re.fullmatch(r"[a-z0-9.]+", each)]
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("", [f"shop-{n:02}" for n in range(100)]),
        ("shop-999", [f"shop-999{n:02}.example" for n in range(100)]),
        ("shop-99999", ["shop-99999.example"]),
        ("b", []),
    ],
)
def test_a_hundred_thousand_domains_are_a_short_answer(typed: str, offered: list[str]) -> None:
    assert completions.few((f"shop-{n:05}.example" for n in range(100_000)), typed) == offered


def test_many_policies_are_known_by_the_names_of_their_files(
    repo: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(glance, "MAX_POLICIES", 2)
    for name in ("a", "b", "c", "d"):
        repo.policy(f"domain: {name}.example\n", f"{name}.file")
    assert list(glance.domains(repo.root)) == ["a.example", "b.example", "c.file", "d.file"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script_that_it_can_read(
    repo: RepoFolder, monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    named = repo.run("completion", shell)
    assert (named.code, named.err) == (0, "")
    assert "_MAILAUTH_DNS_COMPLETE=complete_" + shell in named.out
    monkeypatch.setenv("SHELL", f"/usr/bin/{shell}")
    assert repo.run("completion").out == named.out
    if shutil.which(shell) is not None:
        subprocess.run([shell, "-n"], input=named.out, text=True, check=True)


@pytest.mark.parametrize(("shell", "said"), [("/bin/ksh", "ksh"), ("", "not set")])
def test_another_shell_is_refused(
    repo: RepoFolder, monkeypatch: pytest.MonkeyPatch, shell: str, said: str
) -> None:
    monkeypatch.setenv("SHELL", shell)
    refused = repo.run("completion")
    assert (refused.code, refused.out, refused.err) == (
        1,
        "",
        f"$SHELL is {said}; name the shell: bash, zsh, fish\n",
    )
    assert repo.run("completion", "ksh").code == 1
