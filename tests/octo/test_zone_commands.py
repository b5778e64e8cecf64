"""The commands that look at a zone's new file, and that make a name server read it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mailauth_dns.errors import ProviderError
from mailauth_dns.octo import zone_commands
from tests.octo.local_zone import plan, provider, spf


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
        (
            [sys.executable, "-c", "print('error zone not configured'); raise SystemExit(1)"],
            "is written, but .* failed with exit code 1: error zone not configured",
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
    monkeypatch.setattr(zone_commands, "COMMAND_TIME", 0.5)
    mine = provider(folder, reload=command)
    with pytest.raises(ProviderError, match=message):
        mine.apply(plan(mine, spf("v=spf1 mx -all")))
    assert "v=spf1 mx -all" in (folder / "example.com.zone").read_text()


LOOKS = """
import sys
text = open(sys.argv[2]).read()
sys.exit(0 if sys.argv[1] == 'example.com' and 'v=spf1 mx -all' in text else 'line 7: no')
"""


def test_the_check_sees_the_new_file_before_it_is_in_its_place(folder: Path) -> None:
    mine = provider(folder, check=[sys.executable, "-c", LOOKS, "{zone}", "{file}"])
    mine.apply(plan(mine, spf("v=spf1 mx -all")))
    assert "v=spf1 mx -all" in (folder / "example.com.zone").read_text()
    before = (folder / "example.com.zone").read_bytes()
    with pytest.raises(ProviderError, match=r"is not written: the check .* says no: .*line 7: no"):
        mine.apply(plan(mine, spf("v=spf1 -all")))
    assert (folder / "example.com.zone").read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == [
        ".mailauth-dns.lock",
        "example.com.zone",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"reload": "rndc reload"}, "reload is a list: the command and its arguments"),
        ({"check": ["named-checkzone", 5]}, "check is a list: the command and its arguments"),
        ({"check": ["named-checkzone", "{zone}"]}, 'check looks at "{file}"'),
    ],
)
def test_a_command_of_another_form_is_refused(
    folder: Path, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        provider(folder, **arguments)
