"""What the local provider refuses: a file that it cannot edit, and a set that moved."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from octodns.zone import Zone

from mailauth_dns.errors import ProviderError
from mailauth_dns.masterfile.master_file import MasterFile
from mailauth_dns.octo.local import LocalProvider
from tests.octo.local_zone import ORIGIN, TEXT, plan, provider, spf


def test_a_zone_that_is_not_there_is_not_made(folder: Path) -> None:
    mine = provider(folder)
    made = plan(mine, spf("v=spf1 mx -all"))
    (folder / "example.com.zone").unlink()
    assert mine.read(ORIGIN) is None
    assert mine.populate(Zone("example.com.", []), target=True) is False
    with pytest.raises(ProviderError, match="no such file; zones are never made here"):
        mine.apply(made)
    assert not (folder / "example.com.zone").exists()


def test_a_file_that_cannot_be_read_is_named(folder: Path) -> None:
    path = folder / "example.com.zone"
    path.unlink()
    path.mkdir()
    with pytest.raises(ProviderError, match=re.escape(str(path))):
        provider(folder).read(ORIGIN)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"v=spf1 a ~all"', '"v=spf1 -all"'),
        (" ; odd", '\n TXT "another"'),
        ('        IN TXT  "v=spf1 a ~all"\n', ""),
    ],
)
def test_a_set_that_changed_since_it_was_read_is_not_written(
    folder: Path, old: str, new: str
) -> None:
    mine = provider(folder)
    made = plan(mine, spf("v=spf1 mx -all"))
    moved = TEXT.replace(old, new)
    (folder / "example.com.zone").write_text(moved)
    with pytest.raises(
        ProviderError, match=r"example\.com TXT: the set changed since it was read; plan again"
    ):
        mine.apply(made)
    assert (folder / "example.com.zone").read_text() == moved


def test_a_file_that_knot_writes_itself_is_not_edited(folder: Path) -> None:
    """Knot writes it again at the next dynamic update, from what it has in memory."""
    path = folder / "example.com.zone"
    path.write_text(f";; Zone dump (Knot DNS 3.2.6)\n{TEXT}")
    mine = provider(folder)
    with pytest.raises(ProviderError, match=r"knotd writes this file itself.*zonefile-sync: -1"):
        mine.apply(plan(mine, spf("v=spf1 mx -all")))


REFUSED = [
    ("$INCLUDE other\n", None, "$INCLUDE in line 13"),
    ("$GENERATE 1-2 h$ A 192.0.2.$\n", None, "$GENERATE in line 13"),
    ("a NSEC b.example.com. A\n", None, "the file is signed (NSEC in line 13)"),
    ("", "example.com.zone.jnl", "a server changes this zone itself"),
]


def master_of(provider: LocalProvider) -> MasterFile:
    master = provider.read(ORIGIN)
    assert master is not None
    return master


@pytest.mark.parametrize(("more", "beside", "message"), REFUSED)
def test_what_cannot_be_edited_says_so_before_and_while_applying(
    folder: Path, more: str, beside: str | None, message: str
) -> None:
    path = folder / "example.com.zone"
    mine = provider(folder)
    assert mine.refusal(master_of(mine)) is None
    path.write_text(TEXT + "\n" + more)
    if beside is not None:
        (folder / beside).touch()
    assert message in (mine.refusal(master_of(mine)) or "")
    with pytest.raises(ProviderError, match=re.escape(message)):
        mine.apply(plan(mine, spf("v=spf1 mx -all")))
    assert path.read_text() == TEXT + "\n" + more


def test_a_value_that_is_not_octets_is_refused(folder: Path) -> None:
    mine = provider(folder)
    with pytest.raises(ProviderError, match="cannot be written as a TXT record"):
        mine.apply(plan(mine, spf("v=spf1 exp=\u20ac.example.net")))
    assert (folder / "example.com.zone").read_text() == TEXT


@pytest.mark.parametrize(
    "arguments", [{"reload": "rndc reload"}, {"reload": [1]}, {"directory": 1}]
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"is a list|is the path"):
        LocalProvider("local", **{"directory": "served", **arguments})
