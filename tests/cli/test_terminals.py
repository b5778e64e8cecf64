"""What reaches a terminal: no control sequence of anybody else's, nothing it cannot show, and no colour where none is wanted."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from tests.conftest import RepoFolder

HEAD = "$TTL 3600\n@ IN SOA ns1.example.net. h.example.net. 1 7200 1800 1209600 300\n@ IN NS ns1.example.net.\n"


def on_a_terminal(repo: RepoFolder, *arguments: str, **environment: str) -> str:
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "mailauth_dns", "-C", str(repo.root), *arguments]
    kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    process = subprocess.Popen(command, stdout=terminal, stderr=terminal, env={**kept, "TERM": "xterm-256color", **environment})
    os.close(terminal)
    said = b""
    while True:
        try:
            part = os.read(controller, 65536)
        except OSError:  # Linux says so when the other end is closed
            break
        if not part:
            break
        said += part
    os.close(controller)
    process.wait(30)
    return said.decode()


@pytest.fixture
def hostile(repo: RepoFolder) -> RepoFolder:
    repo.local("example.com", HEAD + '@ IN TXT "v=spf1 a \\027[31mred"\n_dmarc IN TXT "v=DMARC1; p=none; x=\\155[2J"\n')
    repo.policy("domain: example.com\nproviders: [local]\nspf: {terms: [mx], all: fail}\ndmarc: {p: none}\n")
    return repo


def test_octets_from_dns_are_no_commands_to_the_terminal(hostile: RepoFolder) -> None:
    said = on_a_terminal(hostile, "plan", "--no-live", "--show-kept", "--no-color")
    assert "\\027[31mred" in said
    assert "\\155[2J" in said
    assert "\x1b" not in said
    assert "\x9b" not in said


def test_a_policys_own_octets_are_no_commands_either(repo: RepoFolder) -> None:
    repo.policy('domain: example.com\n"\\e[31mred": 1\n')
    said = on_a_terminal(repo, "lint")
    assert "\\027[31mred" in said
    assert "\x1b" not in said


@pytest.mark.parametrize(("arguments", "environment"), [(["--no-color"], {}), ([], {"NO_COLOR": "1"})])
def test_colour_is_for_terminals_that_want_it(hostile: RepoFolder, arguments: list[str], environment: dict[str, str]) -> None:
    assert "\x1b[" in on_a_terminal(hostile, "plan", "--no-live")
    assert "\x1b[" not in on_a_terminal(hostile, "plan", "--no-live", *arguments, **environment)


def test_a_terminal_without_the_sign_is_no_reason_to_fail(repo: RepoFolder) -> None:
    command = [sys.executable, "-m", "mailauth_dns", "-C", str(repo.root), "rules"]
    ran = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}, check=False)
    assert ran.returncode == 0
    assert b"RFC 7208" in ran.stdout


def test_closed_output_is_no_traceback(repo: RepoFolder) -> None:
    command = f"{sys.executable} -m mailauth_dns -C {repo.root} schema >&-"
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (1, "")
