"""Files are whole at every moment: killed runs, full disks, links, modes and owners."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mailauth_dns.atomic_files import (
    alone,
    create_file,
    create_private_file,
    followed,
    replace_file,
    sweep,
)

OLD, NEW = b"old", b"new" * 100
WHOSE = (os.getuid(), os.getgid())


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def there(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(OLD)
    return path


@pytest.mark.parametrize("durable", [True, False])
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o2644])
def test_the_mode_stays(there: Path, mode: int, durable: bool) -> None:
    there.chmod(mode)
    replace_file(there, NEW, durable=durable)
    assert (there.read_bytes(), stat.S_IMODE(there.stat().st_mode), names(there.parent)) == (
        NEW,
        mode,
        {"file"},
    )


@pytest.mark.parametrize("mask", [0o022, 0o027, 0o077])
def test_a_new_file_has_the_mode_that_the_process_gives(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        replace_file(tmp_path / "file", NEW, durable=False)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o666 & ~mask


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_the_owner_stays(there: Path) -> None:
    os.chown(there, 1234, 4321)
    replace_file(there, NEW, durable=True)
    assert (there.stat().st_uid, there.stat().st_gid) == (1234, 4321)


def test_a_link_is_replaced_and_one_that_is_followed_stays(there: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(there)
    (tmp_path / "second").symlink_to("link")
    replace_file(followed(tmp_path / "second"), NEW, durable=False)
    assert (link.is_symlink(), there.read_bytes()) == (True, NEW)
    replace_file(link, OLD, durable=False)
    assert (link.is_symlink(), link.read_bytes(), there.read_bytes()) == (False, OLD, NEW)


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "null").symlink_to("/dev/null")
    for name in ("pipe", "folder", "null"):
        with pytest.raises(OSError, match="is not a regular file"):
            replace_file(tmp_path / name, NEW, durable=False)
    assert names(tmp_path) == {"pipe", "folder", "null"}
    assert (tmp_path / "null").is_symlink()


def test_what_a_user_named_is_found_behind_links(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "to").symlink_to("folder")
    (tmp_path / "folder/dangling").symlink_to("../new")
    (tmp_path / "round").symlink_to("round")
    assert followed(tmp_path / "to/file") == tmp_path / "folder/file"
    assert followed(tmp_path / "to/dangling") == tmp_path / "new"
    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        followed(tmp_path / "round")


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"])
def test_an_open_file_is_not_replaced_by_its_number(tmp_path: Path, name: str) -> None:
    """Root could: /dev/stdout would be a file from then on."""
    (tmp_path / "link").symlink_to("/dev/stdout")
    program = (
        "import sys; from pathlib import Path; from mailauth_dns.atomic_files import followed; "
        "followed(Path(sys.argv[1]))"
    )
    with (tmp_path / "out").open("wb") as out:
        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / name)],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (
        "stands for a device or an open file, which cannot be replaced; name a file" in done.stderr
    )


def test_what_is_no_longer_as_it_was_read_is_not_replaced(there: Path) -> None:
    with pytest.raises(OSError, match="was changed by somebody else meanwhile"):
        replace_file(there, NEW, durable=False, instead_of=b"older")
    assert (there.read_bytes(), names(there.parent)) == (OLD, {"file"})
    replace_file(there, NEW, durable=False, instead_of=OLD)
    assert there.read_bytes() == NEW


def test_runs_are_at_a_folder_one_after_the_other(tmp_path: Path) -> None:
    """The kernel lets the next one in, also when a run is killed."""
    program = (
        "import sys; from mailauth_dns.atomic_files import Path, alone\n"
        "with alone(Path(sys.argv[1])): print('in', flush=True)"
    )
    with alone(tmp_path):
        second = subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE
        )
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(1)
    assert second.communicate(timeout=10)[0] == b"in\n"


def test_an_error_names_the_file_and_no_draft(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        replace_file(tmp_path / "gone/file", NEW, durable=False)
    assert caught.value.filename == str(tmp_path / "gone/file")


def test_a_private_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "key"
    before = os.umask(0)
    try:
        create_private_file(path, NEW, WHOSE)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        create_private_file(path, OLD, WHOSE)
    assert (path.read_bytes(), names(tmp_path)) == (NEW, {"key"})
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")  # a link that leads nowhere is a file that is there
    with pytest.raises(FileExistsError):
        create_private_file(path, OLD, WHOSE)
    assert names(tmp_path) == {"key"}


LIMITED = """
import resource, signal, sys
from pathlib import Path
from mailauth_dns.atomic_files import create_private_file, replace_file
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
path = Path(sys.argv[1])
try:
    {call}
except OSError as error:
    print(Path(error.filename).name, error.strerror)
"""
CALLS = [
    "replace_file(path, bytes(300), durable=True)",
    "create_private_file(path.with_name('key'), bytes(300), (0, 0))",
]


@pytest.mark.parametrize("call", CALLS)
def test_a_file_that_does_not_fit_leaves_what_was_there(there: Path, call: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED.replace("{call}", call), str(there)],
        capture_output=True,
        text=True,
        check=True,
    )
    name = "key" if "'key'" in call else "file"
    assert done.stdout == f"{name} File too large\n"
    assert (there.read_bytes(), names(there.parent)) == (OLD, {"file"})


KILLED = """
import os, signal, sys
from pathlib import Path
from mailauth_dns.atomic_files import create_private_file, replace_file
path = Path(sys.argv[1])
os.fsync = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
{call}
"""


@pytest.mark.parametrize("call", CALLS)
def test_a_killed_run_leaves_a_draft_that_is_swept(there: Path, call: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED.replace("{call}", call), str(there)], check=False
    )
    assert done.returncode == -signal.SIGKILL
    [draft] = names(there.parent) - {"file"}
    assert draft.startswith(".")
    assert draft.endswith(".draft")
    assert there.read_bytes() == OLD
    if draft.startswith(".key."):
        assert stat.S_IMODE((there.parent / draft).stat().st_mode) == 0o600
    for name in ("file", "key"):
        sweep(there.parent, name)
    assert names(there.parent) == {"file"}


def test_a_new_file_has_the_usual_mode_and_replaces_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    create_file(path, NEW)
    mask = os.umask(0o022)
    os.umask(mask)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (NEW, 0o666 & ~mask)
    with pytest.raises(FileExistsError):
        create_file(path, OLD)
    assert (path.read_bytes(), names(tmp_path)) == (NEW, {"file"})
