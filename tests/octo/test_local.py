"""The local provider: through octoDNS and back with everything foreign intact, and never a half-written or wrongly written file."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from octodns.record import Record
from octodns.zone import Zone

from mailauth_dns.errors import ProviderError
from mailauth_dns.masterfile.master_file import MasterFile
from mailauth_dns.octo import local, zone_reload
from mailauth_dns.octo.local import LocalProvider
from mailauth_dns.octo.txt_round_trip import internal_text, octets, txt_record
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import quoted

ORIGIN = DomainName("example.com")
ODD = 'say "hello"; \\ back\\; \x00\n\xff caf\xc3\xa9 ' + "".join(map(chr, range(256))) + "x" * 200
TEXT = f"""$ORIGIN example.com.
$TTL 1h
@       IN SOA  ns1.example.net. hostmaster.example.net. ( 41 ; serial
                2h 30m 2w 5m )
        IN NS   ns1.example.net.
        IN TXT  "v=spf1 a ~all"
        IN TXT  {quoted(ODD)} ; odd
        IN MX   10 mx
mx      IN A    192.0.2.1
        IN AAAA 2001:db8::1
sub     IN DNAME example.net.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "example.com.zone").write_text(TEXT)
    return tmp_path


def provider(folder: Path, **arguments: Any) -> LocalProvider:
    return LocalProvider("local", directory=str(folder), **arguments)


def read(provider: LocalProvider) -> Any:
    zone = Zone("example.com.", [])
    assert provider.populate(zone, target=True, lenient=True)
    return zone


def plan(provider: LocalProvider, edit: Callable[[Any], None]) -> Any:
    desired = read(provider)
    edit(desired)
    return provider.plan(desired, lenient=True)


def spf(value: str) -> Callable[[Any], None]:
    """Return an edit that puts this SPF value into the apex set, beside what is foreign."""

    def edit(zone: Any) -> None:
        there = zone.get_type("", "TXT")
        texts = [str(text) for text in there.values if not text.startswith("v=spf1")]
        zone.add_record(
            txt_record(zone, "", there.ttl, [*texts, internal_text(value)]),
            replace=True,
            lenient=True,
        )

    return edit


@given(st.text(st.characters(max_codepoint=255)))
def test_octets_survive_octodns_internal_form(value: str) -> None:
    assert octets(internal_text(value)) == value


def test_an_apply_changes_its_set_and_the_serial(folder: Path) -> None:
    mine = provider(folder)
    mine.apply(plan(mine, spf("v=spf1 mx -all")))
    expected = TEXT.replace('        IN TXT  "v=spf1 a ~all"\n', "").replace("( 41 ;", "( 42 ;")
    expected = expected.replace(
        "        IN MX   10 mx\n",
        '        IN MX   10 mx\nexample.com. 3600 IN TXT "v=spf1 mx -all"\n',
    )
    assert (folder / "example.com.zone").read_text() == expected
    assert provider(folder).plan(read(mine)) is None


def test_every_octet_is_written_as_it_was_read(folder: Path) -> None:
    """A new TTL rewrites the foreign value too."""

    def edit(zone: Any) -> None:
        there = zone.get_type("", "TXT")
        zone.add_record(
            txt_record(zone, "", 60, [str(text) for text in there.values]),
            replace=True,
            lenient=True,
        )

    mine = provider(folder)
    mine.apply(plan(mine, edit))
    master = mine.read(ORIGIN)
    assert master is not None
    rrset = master.zone().get((ORIGIN, "TXT"))
    assert rrset is not None
    assert rrset.ttl == 60
    assert rrset.values == {"v=spf1 a ~all", ODD}


def test_sets_are_made_and_deleted(folder: Path) -> None:
    def edit(zone: Any) -> None:
        zone.remove_record(zone.get_type("mx", "A"))
        for name, data in (
            ("s1._domainkey", {"type": "CNAME", "value": "s1.keys.example.net."}),
            ("_dmarc", {"type": "TXT", "value": "v=DMARC1\\; p=none"}),
            ("null", {"type": "MX", "value": {"preference": 0, "exchange": "."}}),
        ):
            zone.add_record(Record.new(zone, name, {"ttl": 60, **data}, lenient=True), lenient=True)

    mine = provider(folder)
    mine.apply(plan(mine, edit))
    text = (folder / "example.com.zone").read_text()
    assert "192.0.2.1" not in text
    assert "mx.example.com.        IN AAAA 2001:db8::1\n" in text
    assert '_dmarc.example.com. 60 IN TXT "v=DMARC1; p=none"\n' in text
    assert "s1._domainkey.example.com. 60 IN CNAME s1.keys.example.net.\n" in text
    assert "null.example.com. 60 IN MX 0 .\n" in text


UNHOLDABLE = [
    'h HTTPS 1 . alpn="h2,h3"',
    "l LOC 1 2 3",
    "c CNAME x\nc CNAME y",
    "c CNAME caf\xc3\xa9",
    "a CAA \\# 3 000102",
    "n NAPTR 1 1",
]


@pytest.mark.parametrize("record", UNHOLDABLE)
def test_a_record_that_octodns_cannot_hold_stays_and_stops_nothing(
    folder: Path, record: str
) -> None:
    path = folder / "example.com.zone"
    path.write_bytes((TEXT + record + "\n").encode("latin-1"))
    mine = provider(folder)
    mine.apply(plan(mine, spf("v=spf1 mx -all")))
    assert path.read_bytes().decode("latin-1").endswith(record + "\n")
    assert "v=spf1 mx -all" in path.read_text("latin-1")


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


def test_another_set_that_changed_since_is_kept(folder: Path) -> None:
    mine = provider(folder)
    made = plan(mine, spf("v=spf1 mx -all"))
    (folder / "example.com.zone").write_text(TEXT.replace("192.0.2.1", "192.0.2.9"))
    mine.apply(made)
    text = (folder / "example.com.zone").read_text()
    assert "192.0.2.9" in text
    assert "v=spf1 mx -all" in text


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


def test_another_run_is_waited_for_and_then_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "LOCK_WAIT", 0.1)
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


def test_the_reload_command_is_told_the_zone(folder: Path) -> None:
    note = folder / "note"
    mine = provider(
        folder,
        reload=[
            sys.executable,
            "-c",
            "import sys; open(sys.argv[1], 'w').write(sys.argv[2])",
            str(note),
            "<{zone}>",
        ],
    )
    mine.apply(plan(mine, spf("v=spf1 mx -all")))
    assert note.read_text() == "<example.com>"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            [sys.executable, "-c", "import sys; sys.exit('no such zone')"],
            "is written, but .* failed with exit code 1: no such zone",
        ),
        (["/nowhere/rndc"], "is written, but /nowhere/rndc could not be run"),
        (
            [sys.executable, "-c", "import time; time.sleep(60)"],
            "is written, but .* could not be run: .*timed out",
        ),
    ],
)
def test_a_failed_reload_says_that_the_file_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], message: str
) -> None:
    monkeypatch.setattr(zone_reload, "RELOAD_TIME", 0.5)
    mine = provider(folder, reload=command)
    with pytest.raises(ProviderError, match=message):
        mine.apply(plan(mine, spf("v=spf1 mx -all")))
    assert "v=spf1 mx -all" in (folder / "example.com.zone").read_text()


@pytest.mark.parametrize(
    "arguments", [{"reload": "rndc reload"}, {"reload": [1]}, {"directory": 1}]
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"is a list|is the path"):
        LocalProvider("local", **{"directory": "served", **arguments})
