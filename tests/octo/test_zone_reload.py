"""The command that makes a name server read a zone again."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mailauth_dns.errors import ProviderError
from mailauth_dns.octo import zone_reload
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
