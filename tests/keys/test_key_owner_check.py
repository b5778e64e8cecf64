"""`dkim check` of a key that the signing program's user cannot read."""

from __future__ import annotations

import grp
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.keys.keyhost import Host
from tests.keys.signing_user import OPENDKIM_CONF, OTHER, SIGNER, needs_root

pytestmark = needs_root


def roots_folder(private: Path) -> None:
    os.chown(private.parent, 0, 0)


def roots_file(private: Path) -> None:
    os.chown(private, 0, 0)


def closed_above(private: Path) -> None:
    os.chown(private.parent.parent, 0, 0)
    private.parent.parent.chmod(0o700)


def group_of_others(private: Path) -> None:
    os.chown(private, 0, grp.getgrnam("mail").gr_gid)
    private.chmod(0o640)


def own_group(private: Path) -> None:
    os.chown(private, 0, SIGNER.pw_gid)
    private.chmod(0o640)


def somebody_else(private: Path) -> None:
    os.chown(private, OTHER.pw_uid, OTHER.pw_gid)


def nothing(_: Path) -> None:
    return


CLOSED: dict[str, tuple[Callable[[Path], None], list[str]]] = {
    "in order": (nothing, []),
    "its own group may read it, as Red Hat's packages have it": (own_group, []),
    "a folder of root": (
        roots_folder,
        [
            "{private.parent}: daemon may not enter this folder, so it cannot sign, and mail gets 4.7.1; chown daemon {private.parent}"
        ],
    ),
    "a file of root": (
        roots_file,
        [
            "{private}: daemon may not read it, so it cannot sign, and mail gets 4.7.1; chown daemon {private}"
        ],
    ),
    "a folder above": (
        closed_above,
        [
            "{private.parent.parent}: daemon may not enter this folder, so it cannot sign, and mail gets 4.7.1; "
            "chown daemon {private.parent.parent}"
        ],
    ),
    "a group that it is not in": (
        group_of_others,
        [
            "{private}: its mode is 0640: others than its owner may use it; chown daemon {private} and chmod 600 {private}",
            "{private}: daemon may not read it, so it cannot sign, and mail gets 4.7.1; chown daemon {private}",
        ],
    ),
    "somebody else's": (
        somebody_else,
        [
            "{private}: belongs to nobody, and OpenDKIM runs as daemon and refuses it; chown daemon {private}",
            "{private}: daemon may not read it, so it cannot sign, and mail gets 4.7.1; chown daemon {private}",
        ],
    ),
}


@pytest.fixture
def signing(host: Host, keys: Path) -> Host:
    """A host whose key is the signer's."""
    keys.mkdir()
    shutil.move(host.private_dir / "example.com", keys)
    host.private_dir = keys
    for path in (keys, *keys.rglob("*")):
        os.chown(path, SIGNER.pw_uid, SIGNER.pw_gid)
    return host


@pytest.mark.parametrize("case", CLOSED)
@pytest.mark.parametrize("known", ["--owner", "the KeyTable", "UserID alone", "nothing"])
def test_check_finds_what_the_signer_cannot_read(
    signing: Host, etc: Callable[[str, str], None], case: str, known: str
) -> None:
    """Wrong where it is certain who signs with the key, a note where the host only looks so."""
    change, wrong = CLOSED[case]
    private = signing.private_dir / "example.com/old.private"
    change(private)
    if known in ("the KeyTable", "UserID alone"):
        etc(
            OPENDKIM_CONF,
            "UserID daemon\n"
            + ("KeyTable file:/etc/keytable\n" if known == "the KeyTable" else ""),
        )
        etc("etc/keytable", f"# keys\nold._domainkey.example.com\texample.com:old:{private}\n")
    arguments = ["--owner", "daemon"] if known == "--owner" else []
    checked = signing.run("dkim", "check", "--private-dir", str(signing.private_dir), *arguments)
    weight = {"nothing": None, "UserID alone": "note"}.get(known, "wrong")
    expected = [line.format(private=private) for line in wrong]
    if weight == "wrong":
        assert checked.out.splitlines()[:-1] == [
            f"old._domainkey.example.com  wrong  DKIM037: {line}" for line in expected
        ]
        assert checked.code == (2 if wrong else 0)
    else:
        told = [line for line in checked.out.splitlines() if "cannot sign" in line]
        assert told == [
            f"old._domainkey.example.com  note  DKIM037: {line}"
            for line in expected
            if weight and "cannot sign" in line
        ]
