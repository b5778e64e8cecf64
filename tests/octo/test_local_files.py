"""How the local provider replaces a file: under a lock, whole, and in its place."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mailauth_dns.errors import ProviderError
from mailauth_dns.octo import folder_lock
from tests.octo.local_zone import TEXT, plan, provider, spf


def test_another_run_is_waited_for_and_then_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_lock, "LOCK_WAIT", 0.1)
    mine = provider(folder)
    made = plan(mine, spf("v=spf1 mx -all"))
    with (folder / ".mailauth-dns.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ProviderError, match="is locked by another run"):
            mine.apply(made)
        assert (folder / "example.com.zone").read_text() == TEXT
    mine.apply(made)
    assert "v=spf1 mx -all" in (folder / "example.com.zone").read_text()


KILLED = """
import os, signal, sys
from octodns.zone import Zone
from mailauth_dns.octo.txt_round_trip import txt_record
from mailauth_dns.octo.local import LocalProvider
from mailauth_dns.masterfile.master_file import MasterFile
mine, desired = LocalProvider("local", directory=sys.argv[1]), Zone("example.com.", [])
mine.populate(desired, target=True)
desired.add_record(txt_record(desired, "new", 60, ["x"]), lenient=True)
os.{call} = lambda *arguments: os.kill(os.getpid(), signal.SIGKILL)
mine.apply(mine.plan(desired))
"""


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_killed_run_leaves_the_old_file_and_no_lock(folder: Path, call: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED.replace("{call}", call), str(folder)],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert (folder / "example.com.zone").read_text() == TEXT
    mine = provider(folder)
    mine.apply(plan(mine, spf("v=spf1 mx -all")))
    assert "v=spf1 mx -all" in (folder / "example.com.zone").read_text()
    assert mine.list_zones() == ["example.com."]


def test_a_failed_write_leaves_nothing_behind(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    mine = provider(folder)
    made = plan(mine, spf("v=spf1 mx -all"))
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ProviderError, match="No space left on device"):
        mine.apply(made)
    assert {path.name for path in folder.iterdir()} == {"example.com.zone", ".mailauth-dns.lock"}
    assert (folder / "example.com.zone").read_text() == TEXT


def test_a_link_stays_a_link_and_the_mode_stays(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    link, target = folder / "example.com.zone", tmp_path_factory.mktemp("elsewhere") / "zone"
    link.rename(target)
    link.symlink_to(target)
    target.chmod(0o640)
    mine = provider(folder)
    mine.apply(plan(mine, spf("v=spf1 mx -all")))
    assert link.is_symlink()
    assert "v=spf1 mx -all" in target.read_text()
    assert target.stat().st_mode & 0o7777 == 0o640
