"""`script/lab`: a playground in which mail is sent and judged, and which leaves nothing."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import need
from tests.lab import mailhost
from tests.lab.isolated_host import missing
from tests.lab.namespaces import PATIENCE

MARK = "MAILAUTH_PLAYGROUND"
SEND = (
    "printf 'From: alice@example.com\\nTo: bob@example.net\\nSubject: hello\\n\\nhi\\n' |"
    " sendmail -f alice@example.com bob@example.net\n"
)


@pytest.fixture(autouse=True, scope="module")
def _possible() -> None:
    need(missing(*mailhost.PROGRAMS, "policyd-spf", "pdns_server", "rspamd"))


@pytest.fixture
def mark() -> str:
    return secrets.token_hex(8)


def lab(*arguments: str, script: str = "") -> subprocess.CompletedProcess[str]:
    words = [*arguments, "--", "bash", "-c", script] if script else arguments
    return subprocess.run(
        ["script/lab", *words], capture_output=True, text=True, check=False, timeout=120
    )


def ok(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def marked(mark: str) -> set[int]:
    """Return the processes that were started with this mark in their environment."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"{MARK}={mark}".encode() in path.read_bytes():
                found.add(int(path.parent.name))
    return found


def of_the_host() -> tuple[object, ...]:
    """Return what a playground could leave on this machine."""
    links = subprocess.run(["ip", "-br", "link"], capture_output=True, text=True, check=True)
    files = {
        str(path): path.stat().st_mtime_ns
        for folder in ("/etc/postfix", "/etc/dkimkeys", "/etc/rspamd", "/usr/local/bin", "/media")
        for path in (Path(folder), *Path(folder).glob("*"))
    }
    single = {path: Path(path).read_bytes() for path in ("/etc/resolv.conf", "/etc/opendkim.conf")}
    return Path("/proc/mounts").read_text(), links.stdout, files, single, os.uname().nodename


def test_mail_is_sent_and_judged_and_nothing_is_left() -> None:
    before = of_the_host()
    said = ok(
        lab(
            script=SEND
            + "receiver-inbox --save ~/hello.eml; grep -c '^Received' ~/hello.eml; hostname\n"
            "echo changed > /etc/opendkim.conf; touch /etc/postfix/new /etc/dkimkeys/new\n"
        )
    )
    assert re.findall(r"^(SPF|DKIM|DMARC) +(\w+) *(.*)$", said, re.MULTILINE) == [
        ("SPF", "NONE", "with IP 192.0.2.10"),
        ("DKIM", "NONE", ""),
        ("DMARC", "NONE", ""),
    ]
    assert said.endswith("\n3\nmx.example.com\n")  # Received-SPF is one of them
    assert of_the_host() == before


def test_dns_is_looked_at_and_changed_by_hand() -> None:
    """People ask `dig`, and play the colleague who edits DNS beside the policy."""
    need(missing("dig", "nsupdate"))
    said = ok(
        lab(
            script="printf 'server 192.0.2.53\nupdate add hand.example.com 60 TXT hello\nsend\n' |"
            ' nsupdate -y "hmac-sha256:mailauth:$(cat ~/bind-secret)" && '
            "dig +short hand.example.com TXT\n"
        )
    )
    assert said == '"hello"\n'


@pytest.mark.parametrize("victim", ["shell", "playground"])
def test_a_kill_leaves_nothing(victim: str, mark: str) -> None:
    before = of_the_host()
    started = subprocess.Popen(
        ["script/lab", "--", "sleep", "98765"],
        env={**os.environ, MARK: mark},
        stdout=subprocess.DEVNULL,
    )
    sleeping = next(_until_asleep())
    assert len(marked(mark)) > 10  # the servers
    os.kill(sleeping if victim == "shell" else started.pid, signal.SIGKILL)
    assert started.wait(PATIENCE) == (137 if victim == "shell" else -signal.SIGKILL)
    until = time.monotonic() + PATIENCE
    while marked(mark):
        assert time.monotonic() < until, marked(mark)
        time.sleep(0.05)
    assert of_the_host() == before


def _until_asleep() -> Iterator[int]:
    until = time.monotonic() + 2 * PATIENCE
    while True:
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if path.read_bytes() == b"sleep\x0098765\x00":
                    yield int(path.parent.name)
        assert time.monotonic() < until, "the command did not start"
        time.sleep(0.05)


def test_a_shell_on_a_terminal() -> None:
    """It greets, has job control, and gives its exit code on."""
    leader, follower = pty.openpty()
    started = subprocess.Popen(
        ["script/lab", "--registrar"],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
        preexec_fn=lambda: os.close(leader),
    )
    os.close(follower)
    os.write(leader, b"jobs; mailauth-dns --version; exit 7\n")
    said = b""
    with contextlib.suppress(OSError):  # the terminal's end
        while more := os.read(leader, 4096):
            said += more
    assert started.wait(PATIENCE) == 7
    text = said.decode()
    assert "only its form changes it" in text
    assert re.search(r"mailauth-dns \d", text), text
    assert "job control" not in text


def test_the_form_has_the_habits_of_forms() -> None:
    done = lab(
        "--registrar",
        script="""
registrar-form add @ TXT 300 'v=spf1 ip4:192.0.2.10 -all'
registrar-form add @ TXT 300 'v=spf1 ip4:192.0.2.10 -all'
registrar-form add _dmarc.example.com TXT 300 '"v=DMARC1; p=none"'
registrar-form add _dmarc TXT 30 'v=DMARC1; p=none'
registrar-form delete @ TXT
registrar-form delete @ TXT 'site-verification=5c1f0c6b2f7e'
registrar-form list
ls
mailauth-dns -q import example.com
""",
    )
    assert done.stdout.startswith("saved\nsaved\nsaved\n")
    assert done.stderr.splitlines()[:3] == [
        "registrar-form: this record is there already",
        "registrar-form: the TTL must be 60 seconds or more",
        "registrar-form: there are 2 TXT records at @: say which by its value",
    ]
    rows = [line.split(maxsplit=3) for line in done.stdout.splitlines() if " TXT " in line]
    assert rows == [
        ["@", "TXT", "300", "v=spf1 ip4:192.0.2.10 -all"],
        ["_dmarc.example.com", "TXT", "300", '"v=DMARC1; p=none"'],
    ]
    assert "bind-secret" not in done.stdout
    assert "ip4:192.0.2.10" in done.stdout.partition("domain: example.com")[2]


def test_a_shared_folder_stays(tmp_path: Path) -> None:
    folder = tmp_path / "my repo"
    folder.mkdir()
    ok(lab("--share", str(folder), script="mailauth-dns -q init . && pwd > where"))
    assert (folder / "where").read_text() == f"{folder}\n"
    assert (folder / "zones/policy").is_dir()


def test_rspamd_and_a_fleet_at_powerdns() -> None:
    said = ok(
        lab(
            "--powerdns",
            "--rspamd",
            "--fleet",
            "3",
            script="systemctl is-active rspamd; ls /etc/opendkim.conf 2>&1; cat fleet.txt;"
            "mailauth-dns -q import example.com parked-00003.example",
        )
    )
    assert said.splitlines()[:5] == [
        "active",
        "ls: cannot access '/etc/opendkim.conf': No such file or directory",
        "parked-00001.example",
        "parked-00002.example",
        "parked-00003.example",
    ]


WRONG = [
    (("--fleet", "many"), "many is not a number from 0 to 100000"),
    (("--fleet", "-1"), "-1"),
    (("--share", "/nonexistent"), "/nonexistent is no folder that can be shared"),
    (("--share", "/"), "/ is no folder that can be shared"),
    (("--bind", "--registrar"), "not allowed with"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG)
def test_wrong_options(arguments: tuple[str, ...], said: str) -> None:
    done = lab(*arguments)
    assert (done.returncode, said in done.stderr, "Traceback" in done.stderr) == (1, True, False)
