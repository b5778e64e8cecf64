"""How the local provider replaces a file: under a lock, whole, and in its place."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mailauth_dns.atomic_files import replace_file
from mailauth_dns.errors import ProviderError
from mailauth_dns.octo import folder_lock
from mailauth_dns.records.name import DomainName
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


@pytest.fixture
def two(folder: Path) -> Path:
    """A folder with a second zone in it."""
    (folder / "example.net.zone").write_text(TEXT.replace("$ORIGIN example.com.\n", ""))
    return folder


def test_two_runs_write_two_zones_of_a_folder_at_once(
    two: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_lock, "LOCK_WAIT", 0.1)
    mine = provider(two)
    made = plan(mine, spf("v=spf1 mx -all"))
    with (
        folder_lock.locked(two, two / "example.com.zone"),
        pytest.raises(ProviderError, match=r"example\.com\.zone is locked by another run"),
    ):
        mine.apply(made)
    assert (two / "example.com.zone").read_text() == TEXT
    with folder_lock.locked(two, two / "example.net.zone"):
        mine.apply(made)
    assert "v=spf1 mx -all" in (two / "example.com.zone").read_text()


def test_who_waited_for_a_zone_changes_the_new_file(folder: Path) -> None:
    """The other run has replaced the file, so that the lock on the old one says nothing."""
    path, order = folder / "example.com.zone", list[str]()

    def other() -> None:
        with folder_lock.locked(folder, path):
            order.append("other")
            waits.set()
            time.sleep(0.1)
            replace_file(path, b"new", durable=False)
            time.sleep(0.1)
            order.append("other is done")

    waits = threading.Event()
    thread = threading.Thread(target=other)
    thread.start()
    waits.wait()
    with folder_lock.locked(folder, path):
        order.append("mine")
        with path.open("rb") as there, pytest.raises(BlockingIOError):
            fcntl.flock(there, fcntl.LOCK_EX | fcntl.LOCK_NB)
    thread.join()
    assert order == ["other", "other is done", "mine"]


def test_many_runs_lose_no_line_of_one_another(folder: Path) -> None:
    path = folder / "example.com.zone"
    path.write_text("")

    def append(name: str) -> None:
        for number in range(40):
            with folder_lock.locked(folder, path):
                lines = path.read_text() + f"{name} {number}\n"
                replace_file(path, lines.encode(), durable=False)

    threads = [threading.Thread(target=append, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path.read_text().splitlines()) == sorted(
        f"{name} {number}" for name in "abcd" for number in range(40)
    )


def test_drafts_of_a_run_that_goes_on_are_left_alone(two: Path) -> None:
    mine, draft = provider(two), two / ".example.net.zone.abc.draft"
    draft.write_text("half of it")
    with folder_lock.locked(two, two / "example.net.zone"):
        mine.apply(plan(mine, spf("v=spf1 mx -all")))
        assert draft.exists()
    mine.apply(plan(mine, spf("v=spf1 a -all")))
    assert not draft.exists()


def test_drafts_of_a_file_with_a_longer_name_are_left_alone(
    two: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Links may lead to files without an ending: that of example.com to example, and so on."""
    store = tmp_path_factory.mktemp("store")
    for zone, file in (("example.com", "example"), ("example.net", "example.net")):
        (two / f"{zone}.zone").rename(store / file)
        (two / f"{zone}.zone").symlink_to(store / file)
    running, left = store / ".example.net.abc_123.draft", store / ".example.abc_123.draft"
    mine = provider(two)
    running.write_text("half of it")
    left.write_text("half of it")
    with folder_lock.locked(two, two / "example.net.zone"):
        mine.apply(plan(mine, spf("v=spf1 mx -all")))
    assert running.exists()
    assert not left.exists()


def test_drafts_of_who_writes_through_a_link_are_left_alone(
    two: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """That run holds the file, and not the lock of the folder that the link leads to."""
    links = tmp_path_factory.mktemp("links")
    (links / "example.net.zone").symlink_to(two / "example.net.zone")
    draft = two / ".example.net.zone.abc_123.draft"
    draft.write_text("half of it")
    with folder_lock.locked(links, links / "example.net.zone"):
        provider(two).apply(plan(provider(two), spf("v=spf1 mx -all")))
    assert draft.exists()
    provider(two).apply(plan(provider(two), spf("v=spf1 a -all")))
    assert not draft.exists()


def test_where_a_file_cannot_be_locked_its_folder_is_held_alone(
    two: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NFS locks no file that is open for reading only."""
    monkeypatch.setattr(folder_lock, "LOCK_WAIT", 0.1)
    path, other, real = two / "example.com.zone", two / "example.net.zone", fcntl.flock
    of_zone = path.stat().st_ino

    def flock(handle: int, kind: int) -> None:
        if os.fstat(handle).st_ino == of_zone:
            raise OSError(errno.EBADF, "Bad file descriptor")
        real(handle, kind)

    monkeypatch.setattr(fcntl, "flock", flock)
    with (
        folder_lock.locked(two, path),
        pytest.raises(ProviderError, match="is locked by another run"),
        folder_lock.locked(two, path),
    ):
        pass
    with (
        folder_lock.locked(two, other),
        pytest.raises(ProviderError, match="is locked by another run"),
        folder_lock.locked(two, path),
    ):
        pass
    mine = provider(two)
    mine.apply(plan(mine, spf("v=spf1 mx -all")))
    assert "v=spf1 mx -all" in path.read_text()


def test_an_edit_in_the_moment_before_the_write_is_not_lost(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody's editor knows nothing of our locks."""
    path, mine = folder / "example.com.zone", provider(folder)
    made = plan(mine, spf("v=spf1 mx -all"))
    real = os.fsync

    def fsync(handle: int) -> None:
        real(handle)
        path.write_text(f"{TEXT}new A 192.0.2.9\n")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(ProviderError, match="was changed by somebody else meanwhile"):
        mine.apply(made)
    assert path.read_text() == f"{TEXT}new A 192.0.2.9\n"
    assert {each.name for each in folder.iterdir()} == {path.name, ".mailauth-dns.lock"}


def test_a_folder_that_cannot_be_read_is_told_with_its_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is an answer: nobody asks again, and nobody gives the provider up."""

    def is_symlink(path: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    mine = provider(folder)
    mine.within = folder
    monkeypatch.setattr(Path, "is_symlink", is_symlink)  # as in Python 3.11
    with pytest.raises(ProviderError, match=r"/example\.com\.zone: Permission denied$"):
        mine.read(DomainName("example.com"))


@pytest.mark.parametrize("mode", [0o444, 0o400])
def test_a_file_that_may_only_be_read_is_locked_and_replaced(folder: Path, mode: int) -> None:
    path, mine = folder / "example.com.zone", provider(folder)
    path.chmod(mode)
    mine.apply(plan(mine, spf("v=spf1 mx -all")))
    assert "v=spf1 mx -all" in path.read_text()
    assert path.stat().st_mode & 0o7777 == mode


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
