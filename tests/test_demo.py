"""script/demo: what a newcomer sees first."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
ENVIRONMENT = {**os.environ, "VENV": sys.prefix}
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


def demo(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["script/demo", *options],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def left() -> set[str]:
    """What a demo could leave behind: its folder, and changes of the checkout."""
    changes = ["git", "status", "--porcelain", "--", "zones", "providers", "served"]
    found = subprocess.run(changes, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {*found.splitlines(), *map(str, Path.home().glob("mailauth-demo.*"))}


def test_the_story_ends_well_and_leaves_nothing_behind() -> None:
    before = left()
    done = demo("--all")
    assert done.returncode == 0, done.stdout
    place = 0
    for milestone in MILESTONES:
        place = done.stdout.find(milestone, place)
        assert place >= 0, (milestone, done.stdout)
        place += len(milestone)
    assert done.stdout.splitlines()[-1].startswith("Done: ")
    assert left() <= before


def test_to_pause_takes_a_terminal() -> None:
    done = demo("--pause")
    assert (done.returncode, done.stdout) == (
        1,
        "--pause waits for Enter, and there is no terminal here; leave it out\n",
    )


def test_a_page_is_turned_by_enter_and_the_end_of_input_ends_the_demo() -> None:
    before = left()
    ours, terminal = pty.openpty()
    os.write(ours, b"\n\x04")
    done = subprocess.run(
        ["script/demo", "--pause"],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdin=terminal,
        capture_output=True,
        text=True,
        check=False,
    )
    os.close(ours)
    os.close(terminal)
    assert done.returncode == 1
    assert "2. You declare" in done.stdout
    assert "3. " not in done.stdout
    assert left() <= before


def test_a_typing_error_is_named() -> None:
    done = demo("--pauze")
    assert (done.returncode, done.stdout) == (1, "demo takes --pause and --all, not --pauze\n")
