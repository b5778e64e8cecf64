"""script/demo: what a newcomer sees first."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PASSES = "SPF pass, DKIM pass, DMARC pass"
# What the story and the examples come to, in this order.
MILESTONES = [
    "1. You run mail for example.com",
    "$ mailauth-dns lint\nLint: nothing found",
    "$ mailauth-dns plan --out plan.json\nexample.com at local",
    "site-verification",
    "every authoritative server agrees",
    "s1._domainkey.example.com  rsa, pending",
    "s1: state: active",
    PASSES,
    "SPF fail, DKIM none, DMARC fail, requested disposition none",
    "p none -> quarantine: failing mail goes to spam",
    "SPF fail, DKIM none, DMARC fail, requested disposition quarantine",
    "s1: state: retiring",
    PASSES,
    "Plan: 0 changes",
    "8. The larger examples",
    "Plan: 0 changes",
    "What you can do next",
    "Done: ",
]


def demo(home: Path, *options: str, reads: int = subprocess.DEVNULL) -> tuple[int, str]:
    """Run it, and return its exit code and its output."""
    done = subprocess.run(
        ["script/demo", *options],
        cwd=ROOT,
        env={**os.environ, "VENV": sys.prefix, "HOME": str(home)},
        stdin=reads,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert list(home.iterdir()) == [], "it leaves nothing behind"
    return done.returncode, done.stdout


def test_the_story_and_the_examples_end_well(private_dir: Path) -> None:
    changes = ["git", "status", "--porcelain", "--", "zones", "providers", "served"]
    before = subprocess.check_output(changes, cwd=ROOT)
    code, said = demo(private_dir, "--all")
    assert code == 0, said
    place = 0
    for milestone in MILESTONES:
        place = said.find(milestone, place)
        assert place >= 0, (milestone, said)
        place += len(milestone)
    assert said.splitlines()[-1].startswith("Done: ")
    assert subprocess.check_output(changes, cwd=ROOT) == before


def test_to_pause_takes_a_terminal(private_dir: Path) -> None:
    assert demo(private_dir, "--pause") == (
        1,
        "--pause waits for Enter, and there is no terminal here; leave it out\n",
    )


def test_a_page_is_turned_by_enter_and_the_end_of_input_ends_the_demo(private_dir: Path) -> None:
    ours, terminal = pty.openpty()
    os.write(ours, b"\n\x04")
    code, said = demo(private_dir, "--pause", reads=terminal)
    os.close(ours)
    os.close(terminal)
    assert code == 1
    assert "2. You declare" in said
    assert "3. " not in said


def test_a_typing_error_is_named(private_dir: Path) -> None:
    assert demo(private_dir, "--pauze") == (1, "demo takes --pause and --all, not --pauze\n")
