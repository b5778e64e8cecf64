"""The shelf: whatever happens to its files, a value is the one that was put, or is not there."""

from __future__ import annotations

import errno
import json
import os
import signal
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailauth_dns.cache import shelf as shelf_module
from mailauth_dns.cache.shelf import Shelf, folder_of

NAME, VALUE = "plans of /srv/zones", {"zones": ["example.com"], "number": 1}

FOLDERS = [
    ({"MAILAUTH_CACHE": "/c"}, "/c"),
    ({"MAILAUTH_CACHE": "/c", "XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/c"),
    ({"MAILAUTH_CACHE": "", "XDG_CACHE_HOME": "/x"}, None),
    ({"MAILAUTH_CACHE": "relative", "XDG_CACHE_HOME": "/x"}, None),
    ({"XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/x/mailauth-dns"),
    ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, "/h/.cache/mailauth-dns"),
    ({"HOME": "/h"}, "/h/.cache/mailauth-dns"),
    ({"HOME": ""}, None),
    ({}, None),
]


@pytest.mark.parametrize(("environment", "folder"), FOLDERS)
def test_the_environment_says_where(environment: dict[str, str], folder: str | None) -> None:
    assert folder_of(environment) == (None if folder is None else Path(folder))


def shelf_in(folder: Path | None, program: str = "1.0") -> Shelf:
    return Shelf(folder, program)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "mailauth-dns"


@pytest.fixture
def filled(folder: Path) -> Path:
    shelf_in(folder).put(NAME, VALUE)
    return folder


def value_file(folder: Path) -> Path:
    [path] = folder.glob("*.json")
    return path


def test_a_value_comes_back_in_another_run(filled: Path) -> None:
    assert shelf_in(filled).get(NAME) == VALUE
    assert shelf_in(filled).get("another name") is None


def test_only_the_user_can_read_it(filled: Path) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (filled, *filled.iterdir())}
    assert modes == {filled.name: 0o700, "key": 0o600, value_file(filled).name: 0o600}


def test_no_folder_no_value() -> None:
    shelf = shelf_in(None)
    shelf.put(NAME, VALUE)
    assert shelf.get(NAME) is None
    assert not shelf.is_open


def test_reading_makes_nothing(folder: Path) -> None:
    assert shelf_in(folder).get(NAME) is None
    assert not folder.exists()


def _delete(folder: Path) -> None:
    value_file(folder).unlink()


def _delete_all(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def _delete_key(folder: Path) -> None:
    (folder / "key").unlink()


def _empty(folder: Path) -> None:
    value_file(folder).write_bytes(b"")


def _cut(folder: Path) -> None:
    path = value_file(folder)
    path.write_bytes(path.read_bytes()[:-1])


def _flip(folder: Path) -> None:
    path = value_file(folder)
    path.write_bytes(path.read_bytes().replace(b"example.com", b"example.net"))


def _unsigned(folder: Path) -> None:
    value_file(folder).write_bytes(json.dumps(VALUE).encode())


def _signed_with_another_key(folder: Path) -> None:
    other = folder.parent / "other"
    shelf_in(other).put(NAME, {"zones": ["evil.example"]})
    value_file(folder).write_bytes(value_file(other).read_bytes())


def _of_another_name(folder: Path) -> None:
    there = value_file(folder)
    shelf_in(folder).put("another name", {"zones": ["evil.example"]})
    [other] = set(folder.glob("*.json")) - {there}
    other.replace(there)


def _link(folder: Path) -> None:
    path = value_file(folder)
    path.rename(folder.parent / "elsewhere.json")
    path.symlink_to(folder.parent / "elsewhere.json")


def _pipe(folder: Path) -> None:
    path = value_file(folder)
    path.unlink()
    os.mkfifo(path, 0o600)


def _a_folder_instead(folder: Path) -> None:
    path = value_file(folder)
    path.unlink()
    path.mkdir()


def _others_can_write_the_file(folder: Path) -> None:
    value_file(folder).chmod(0o666)


def _others_can_write_the_folder(folder: Path) -> None:
    folder.chmod(0o777)


def _others_can_read_the_key(folder: Path) -> None:
    (folder / "key").chmod(0o644)


def _short_key(folder: Path) -> None:
    (folder / "key").write_bytes(b"00")


def _odd_key(folder: Path) -> None:
    (folder / "key").write_bytes(b"\xff" * 64)


def _linked_folder(folder: Path) -> None:
    folder.rename(folder.parent / "real")
    folder.symlink_to(folder.parent / "real")


DAMAGE = [
    _delete,
    _delete_all,
    _delete_key,
    _empty,
    _cut,
    _flip,
    _unsigned,
    _signed_with_another_key,
    _of_another_name,
    _link,
    _pipe,
    _a_folder_instead,
    _others_can_write_the_file,
    _others_can_write_the_folder,
    _others_can_read_the_key,
    _short_key,
    _odd_key,
    _linked_folder,
]
# A folder that cannot be trusted is left as it is. What is wrong with a file is mended.
STAYS = {_others_can_write_the_folder, _linked_folder}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_was_damaged_is_not_there(filled: Path, damage: Callable[[Path], None]) -> None:
    damage(filled)
    assert shelf_in(filled).get(NAME) is None


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_was_damaged_is_put_again(filled: Path, damage: Callable[[Path], None]) -> None:
    damage(filled)
    for _ in range(2):  # a key that is no key goes first
        shelf_in(filled).put(NAME, VALUE)
    mended = damage not in STAYS and damage is not _a_folder_instead
    assert shelf_in(filled).get(NAME) == (VALUE if mended else None)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("whose", ["file", "key", "folder"])
def test_what_belongs_to_another_user_is_not_there(filled: Path, whose: str) -> None:
    path = {"file": value_file(filled), "key": filled / "key", "folder": filled}[whose]
    os.chown(path, 65534, 65534)
    assert shelf_in(filled).get(NAME) is None


@given(data=st.binary(max_size=200))
def test_any_octets_in_its_place_are_no_value(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = tmp_path_factory.mktemp("any") / "shelf"
    shelf_in(folder).put(NAME, VALUE)
    value_file(folder).write_bytes(data)
    assert shelf_in(folder).get(NAME) is None


def test_another_program_has_other_values(filled: Path) -> None:
    assert shelf_in(filled, "2.0").get(NAME) is None
    shelf_in(filled, "2.0").put(NAME, "of that version")
    assert shelf_in(filled, "2.0").get(NAME) == "of that version"
    assert shelf_in(filled).get(NAME) is None


def test_another_format_has_other_values(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf_module, "_FORMAT", shelf_module._FORMAT + 1)
    assert shelf_in(filled).get(NAME) is None


WRITING = ("mkdir", "create_private_file", "replace_private_file")
REFUSALS = (errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT)


@pytest.mark.parametrize("what", WRITING)
@pytest.mark.parametrize("number", REFUSALS, ids=errno.errorcode.get)
def test_a_full_or_read_only_disk_keeps_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, what: str, number: int
) -> None:
    _refuse(monkeypatch, what, number)
    shelf_in(folder).put(NAME, VALUE)
    assert shelf_in(folder).get(NAME) is None


@pytest.mark.parametrize("number", REFUSALS, ids=errno.errorcode.get)
def test_a_folder_that_is_read_only_is_read(
    filled: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    for what in WRITING:
        _refuse(monkeypatch, what, number)
    shelf_in(filled).put(NAME, "another")
    assert shelf_in(filled).get(NAME) == VALUE


def _refuse(monkeypatch: pytest.MonkeyPatch, what: str, number: int) -> None:
    def refused(*_arguments: object, **_options: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path if what == "mkdir" else shelf_module, what, refused)


def test_a_full_disk_leaves_what_was_there(filled: Path) -> None:
    """The real thing: a draft that cannot be filled is deleted."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        shelf_in(filled).put(NAME, "x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert shelf_in(filled).get(NAME) == VALUE
    assert sorted(path.suffix for path in filled.iterdir()) == ["", ".json"]


def test_a_file_where_the_folder_would_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine\n")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        shelf_in(folder).put(NAME, VALUE)
        assert shelf_in(folder).get(NAME) is None
    assert (tmp_path / "file").read_text() == "mine\n"


def test_two_runs_at_once(folder: Path) -> None:
    values = [[number] * 2000 for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda value: shelf_in(folder).put(NAME, value), values))
        read = list(pool.map(lambda _: shelf_in(folder).get(NAME), values))
    assert all(value in values for value in read)
    assert not list(folder.glob(".*"))


def test_it_stays_small(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf_module, "MAX_VALUES", 3)
    for number in range(6):
        shelf_in(filled).put(f"name {number}", VALUE)
        path = filled / shelf_module._file_name(f"name {number}")
        os.utime(path, (1_000_000 + number, 1_000_000 + number))
    assert len(list(filled.glob("*.json"))) <= 4
    monkeypatch.setattr(shelf_module, "MAX_SHELF", 100)
    shelf_in(filled).put(NAME, VALUE)
    assert [path.name for path in filled.glob("*.json")] == [shelf_module._file_name(NAME)]


def test_what_is_too_large_is_not_kept(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf_module, "MAX_VALUE", 10)
    assert shelf_in(filled).get(NAME) is None
    shelf_in(filled).put("another", "x" * 20)
    assert len(list(filled.glob("*.json"))) == 1


@pytest.mark.parametrize("value", [float("nan"), "\ud800", {"a": [None, True]}, "\U0001f4ec"])
def test_any_json_comes_back(folder: Path, value: object) -> None:
    shelf_in(folder).put(NAME, value)
    found = shelf_in(folder).get(NAME)
    assert found == value or found != found


def test_what_is_no_json_is_not_kept(folder: Path) -> None:
    circle: list[object] = []
    circle.append(circle)
    shelf_in(folder).put(NAME, circle)
    assert shelf_in(folder).get(NAME) is None
