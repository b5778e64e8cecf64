"""What reaches a terminal.

It gets no control sequence of anybody else's, nothing that it cannot show, no unwanted colour.
"""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Mapping, Sequence

import pytest

from tests.conftest import RepoFolder

HEAD = (
    "$TTL 3600\n@ IN SOA ns1.example.net. h.example.net. 1 7200 1800 1209600 300\n@ IN NS "
    "ns1.example.net.\n"
)


def on_a_terminal(repo: RepoFolder, *arguments: str, **environment: str) -> str:
    return shown_by(["-m", "mailauth_dns", "-C", str(repo.root), *arguments], environment)


def shown_by(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """What Python shows on a terminal when it is given these arguments."""
    controller, terminal = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=terminal,
        stderr=terminal,
        env={**kept, "TERM": "xterm-256color", **environment},
    )
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
    repo.local(
        "example.com",
        HEAD + '@ IN TXT "v=spf1 a \\027[31mred"\n_dmarc IN TXT "v=DMARC1; p=none; x=\\155[2J"\n',
    )
    repo.policy(
        "domain: example.com\nproviders: [local]\nspf: {terms: [mx], all: fail}\ndmarc: {p: none}\n"
    )
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


@pytest.mark.parametrize(
    ("arguments", "environment"), [(["--no-color"], {}), ([], {"NO_COLOR": "1"})]
)
def test_colour_is_for_terminals_that_want_it(
    hostile: RepoFolder, arguments: list[str], environment: dict[str, str]
) -> None:
    assert "\x1b[" in on_a_terminal(hostile, "plan", "--no-live")
    assert "\x1b[" not in on_a_terminal(hostile, "plan", "--no-live", *arguments, **environment)


def test_a_terminal_without_the_sign_is_no_reason_to_fail(repo: RepoFolder) -> None:
    command = [sys.executable, "-m", "mailauth_dns", "-C", str(repo.root), "rules"]
    ran = subprocess.run(
        command, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}, check=False
    )
    assert ran.returncode == 0
    assert b"RFC 7208" in ran.stdout


def test_closed_output_is_no_traceback(repo: RepoFolder) -> None:
    command = f"{sys.executable} -m mailauth_dns -C {repo.root} schema >&-"
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (1, "")


NAME = "_spf.a-rather-long-name-of-a-sender-that-nobody-would-break-anywhere.example"
LONG = f'domain: example.com\nspf: {{terms: [ptr, "ip4:192.0.2.10/24", "include:{NAME}"]}}\n'


def long_lines(text: str) -> str:
    return text.replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [40, 80, 132])
def test_findings_are_wrapped_between_words(repo: RepoFolder, columns: int) -> None:
    repo.policy(LONG)
    whole = repo.run("lint", "-q").out
    said = long_lines(on_a_terminal(repo, "lint", "-q", "--no-color", COLUMNS=str(columns)))
    assert " ".join(said.split()) == " ".join(whole.split())
    lines = said.splitlines()
    assert len(lines) > len(whole.splitlines())
    words = set(whole.split())
    for line in lines:
        assert len(line) <= columns or len(line.split()) == 1
        assert words.issuperset(line.split())


def test_what_goes_on_below_is_indented(repo: RepoFolder) -> None:
    repo.policy("domain: example.com\nspf: {terms: [ptr], all: fail}\n")
    said = long_lines(on_a_terminal(repo, "lint", "-q", "--no-color", COLUMNS="60"))
    assert said.startswith(
        "zones/policy/policy.yaml:2:15: warning SPF014 spf-ptr: uses\n"
        "    ptr, which some receivers skip: mail that only ptr lets\n"
        "    pass then fails; list the hosts that send as ip4, ip6 or\n"
        "    a, then take ptr out\n"
    )


def test_colours_stay_with_their_words(repo: RepoFolder) -> None:
    repo.policy("domain: example.com\nspf: {terms: [ptr], all: fail}\n")
    said = on_a_terminal(repo, "lint", "-q", COLUMNS="60")
    assert "\x1b[1mzones/policy/policy.yaml:2:15: \x1b[0m\x1b[33mwarning \x1b[0m" in said


def test_outside_of_a_terminal_a_finding_is_one_line(repo: RepoFolder) -> None:
    """So that it can be searched for and counted."""
    repo.policy(LONG)
    command = [sys.executable, "-m", "mailauth_dns", "-C", str(repo.root), "lint", "-q"]
    ran = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "COLUMNS": "40"}, check=False
    )
    assert ran.stdout == repo.run("lint", "-q").out


@pytest.mark.parametrize("columns", [60, 80])
def test_a_plan_fits_the_terminal(repo: RepoFolder, columns: int) -> None:
    """Values are broken where a sign says so, and sentences between words."""
    repo.local("example.com", HEAD)
    repo.policy(
        "domain: example.com\nproviders: [local]\nspf: {terms: [mx], all: fail}\n"
        f"dmarc: {{p: quarantine, sp: none, np: reject}}\nbimi: {{default: {{l: 'https://{NAME}/a.svg'}}}}\n"
    )
    said = on_a_terminal(
        repo, "plan", "--no-live", "--no-color", COLUMNS=str(columns), LINES="", TERM="dumb"
    )
    lines = long_lines(said).splitlines()
    assert [line for line in lines if len(line) > columns and len(line.split()) > 1] == []
    assert any(line.endswith("\\") for line in lines)


def test_a_message_fits_the_terminal_and_a_line_of_a_file_stays_whole(repo: RepoFolder) -> None:
    repo.policy(f"domain: example.com\nspf: {{terms: [mx], all: fial}} # {'why ' * 20}\n")
    said = long_lines(on_a_terminal(repo, "lint", "--no-color", COLUMNS="60")).splitlines()
    [shown] = [line for line in said if line.lstrip().startswith("2 |")]
    assert len(shown) > 60
    assert all(len(line) <= 60 for line in said if "|" not in line)


SLOW = """
import sys, time
from mailauth_dns.cli import main, waiting
from mailauth_dns.cli.commands import diff
from mailauth_dns.deploy import verify
waiting.DELAY = 0.01
diff.watch = lambda *_, **__: time.sleep(1) or {}
sys.exit(main(sys.argv[1:]))
"""


COUNTED = """
import time
from mailauth_dns.cli import waiting
waiting.DELAY = 0.01
with waiting.shown("waiting for caches", 299.0, no_color=True):
    time.sleep(1.5)
"""


@pytest.mark.parametrize(
    ("arguments", "environment", "shown"),
    [
        ([], {}, True),
        (["-q"], {}, False),
        ([], {"TERM": "dumb"}, False),
    ],
)
def test_a_terminal_shows_what_a_run_waits_for(
    repo: RepoFolder, arguments: list[str], environment: dict[str, str], shown: bool
) -> None:
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    said = shown_by(["-c", SLOW, "-C", str(repo.root), "diff", *arguments], environment)
    assert ("asking the authoritative servers" in said) is shown


def test_what_is_left_of_a_wait_is_counted_down() -> None:
    said = shown_by(["-c", COUNTED], {})
    assert "waiting for caches" in said
    assert "0:04:5" in said
    assert " left" in said


def test_a_pipe_shows_nothing_of_waiting(repo: RepoFolder) -> None:
    repo.policy("domain: example.com\nspf: {all: fail}\n")
    command = [sys.executable, "-c", SLOW, "-C", str(repo.root), "diff"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    following = f"Next: mailauth-dns -C {repo.root} next  (DNS says what the policies say)\n"
    assert (ran.stdout, ran.stderr) == ("Diff: 0 sets, 0 differ, 0 unknown\n", following)
