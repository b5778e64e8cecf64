"""CI installs, beside the secrets, nothing by a name that anybody may take at PyPI."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from mailauth_dns.export.pipeline import REQUIREMENTS, Forge, pipeline_files
from mailauth_dns.policy.provider_stanza import read

COMMIT = "0123456789abcdef0123456789abcdef01234567"
URL = "https://forge.example/you/mailauth-dns"


def required(*classes: str) -> str:
    stanzas = [
        read(f"p{number}", f"providers/p{number}.yaml", f"class: {each}\n".encode())
        for number, each in enumerate(classes)
    ]
    return pipeline_files(Forge.GITHUB, stanzas)[REQUIREMENTS]


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("#")]


def installed_from(monkeypatch: pytest.MonkeyPatch, direct_url: str | None) -> None:
    """Let pip have noted where mailauth-dns came from (PEP 610)."""
    # Packages bring a finder of distributions of their own, once they are loaded.
    kind = type(metadata.distribution("mailauth-dns"))
    before = kind.read_text

    def read_text(self: metadata.Distribution, filename: str) -> str | None:
        return direct_url if filename == "direct_url.json" else before(self, filename)

    monkeypatch.setattr(kind, "read_text", read_text)


@pytest.mark.parametrize("url", [URL, URL.replace("//", "//you:password@")])
def test_it_comes_from_where_it_was_installed(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    installed_from(
        monkeypatch, f'{{"url": "{url}", "vcs_info": {{"vcs": "git", "commit_id": "{COMMIT}"}}}}'
    )
    assert lines(required()) == [f"mailauth-dns @ git+{URL}@{COMMIT}"]
    both = required("octodns_powerdns.PowerDnsProvider", "octodns_bind.Rfc2136Provider")
    assert lines(both) == [f"mailauth-dns[bind,powerdns] @ git+{URL}@{COMMIT}"]


UNKNOWN = [
    None,  # from an index
    '{"url": "file:///home/you/mailauth-dns", "dir_info": {"editable": true}}',
    f'{{"url": "file:///srv/git", "vcs_info": {{"vcs": "git", "commit_id": "{COMMIT}"}}}}',
    '{"url": "https://forge.example/mailauth_dns.whl", "archive_info": {}}',
]


@pytest.mark.parametrize("direct_url", UNKNOWN)
def test_where_that_is_unknown_pip_refuses_until_somebody_writes_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, direct_url: str | None
) -> None:
    installed_from(monkeypatch, direct_url)
    path = tmp_path / "requirements.txt"
    path.write_text(required("octodns_bind.Rfc2136Provider"))
    words = ("install", "--dry-run", "--no-index", "--requirement", str(path))
    done = subprocess.run([sys.executable, "-m", "pip", *words], capture_output=True, text=True)
    assert done.returncode != 0
    assert "WRITE ITS URL AND COMMIT HERE" in done.stderr


def test_a_provider_without_an_extra_has_the_version_that_is_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(metadata, "packages_distributions", lambda: {"octodns_other": ["pytest"]})
    assert f"pytest=={metadata.version('pytest')}" in lines(required("octodns_other.Provider"))


def test_a_package_that_is_not_here_is_not_guessed() -> None:
    text = required("octodns_nowhere.Provider")
    assert "octodns-nowhere" not in text
    assert "# octodns_nowhere is not installed here" in text
    assert len(lines(text)) == 1
