"""The questions on a terminal: each has a default and a reason, and a wrong answer is asked again."""

from __future__ import annotations

import os
import pty
import pwd
import select
import subprocess
import sys
import time
from pathlib import Path


def talk(folder: Path, replies: list[tuple[str, str]], *arguments: str) -> tuple[int, str]:
    """Run quickstart on a terminal; each reply is given when its question was asked."""
    terminal, end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "mailauth_dns", "-C", str(folder), "quickstart", *arguments],
        stdin=end,
        stdout=end,
        stderr=end,
        env={**os.environ, "PYTHONPATH": str(Path.cwd()), "COLUMNS": "100", "NO_COLOR": "1"},
    )
    os.close(end)
    said, asked = "", 0
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            data = os.read(terminal, 10_000)
        except OSError:  # the other end is closed
            break
        said += data.decode()
        while replies and replies[0][0] in said[asked:]:
            asked = len(said)
            os.write(terminal, f"{replies.pop(0)[1]}\n".encode())
    os.close(terminal)
    return process.wait(60), said.replace("\r\n", "\n")


def test_each_question_has_a_default_and_a_reason(tmp_path: Path, private_dir: Path) -> None:
    code, said = talk(
        tmp_path,
        [
            ("Name of your mail server [mail.example.com]: ", ""),
            ("Its address, or several with spaces between: ", "192.0.2.300"),
            ("Its address, or several with spaces between: ", "192.0.2.10 2001:db8::10"),
            ("route53, cloudflare) [registrar]: ", ""),
            ("(opendkim, rspamd) [", "opendkim"),
            ("Folder for the private key", str(private_dir)),
            ("Mail address for DMARC reports [postmaster@example.com]: ", ""),
        ],
        "example.com",
        "--no-live",
        "--owner",
        pwd.getpwuid(os.geteuid()).pw_name,
    )
    assert code == 0, said
    assert "'192.0.2.300' is no address; write one such as 192.0.2.10" in said
    assert "\nSPF lists the addresses that may send your mail.\n" in said
    policy = (tmp_path / "zones/policy/example.com.yaml").read_text()
    assert "- ip4:192.0.2.10\n    - ip6:2001:db8::10\n" in policy
    assert "Next steps for example.com" in said


def test_a_question_that_is_broken_off_leaves_nothing(tmp_path: Path) -> None:
    code, said = talk(tmp_path, [("Name of your mail server", "\x04")], "example.com", "--no-live")
    assert code == 130, said
    assert "interrupted" in said
    assert list(tmp_path.iterdir()) == []
