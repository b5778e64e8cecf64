"""Completion scripts: bash with the script that we print completes commands, options and values."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import RepoFolder

# What stands on the line, and what bash offers.
LINES = {
    "mailauth-dns li": {"lint"},
    "mailauth-dns dkim ro": {"rotate"},
    "mailauth-dns plan --det": {"--detailed-exitcode"},
    "mailauth-dns completion ": {"bash", "zsh", "fish"},
    "mailauth-dns export example.com --format op": {"opendkim"},
}


@pytest.mark.parametrize("line", LINES)
def test_bash_completes_with_our_script(repo: RepoFolder, tmp_path: Path, line: str) -> None:
    script = repo.run("completion", "bash")
    assert script.code == 0
    program = tmp_path / "mailauth-dns"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m mailauth_dns "$@"\n')
    program.chmod(0o755)
    # Bash sets these when the tab key is pressed.
    words = line.split(" ")
    asking = (
        f'COMP_WORDS=({" ".join(words[:-1])} "{words[-1]}"); COMP_CWORD={len(words) - 1}; '
        f'_mailauth_dns_completion "{program}"'
    )
    said = subprocess.run(
        ["bash", "-c", f'{script.out}\n{asking}\nprintf "%s\\n" "${{COMPREPLY[@]}}"'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(said.stdout.split()) == LINES[line]
    assert said.stderr == ""


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
