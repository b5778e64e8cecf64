"""Files of evidence that `reports read --write` must not read or write."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mailauth_dns.evidence.kept import evidence_files
from mailauth_dns.policy.repo_layout import EVIDENCE_DIR
from tests.conftest import RepoFolder
from tests.reports.made import OTHER_DOMAIN, aggregate

FILE = EVIDENCE_DIR / "example.com.json"

BROKEN = [
    ("[{", ":1:3: not JSON"),
    ("", ":1:1: expected a list"),
    ("\ufeff[1]", ":1:2: format: null is not a format"),
    (b"\xff\xfe", ":1:1: not UTF-8: octet 0xff"),
    (b'[{"format": 1, "domain": "example.com"}\n,\xff]', ":2:2: not UTF-8: octet 0xff"),
    ('[{"format": 1, "domain": "example.net"}\n]', ":1:1: domain: the file is about example.net"),
    ("[" * 100_000, ":1:2: nested too deep"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "said"), BROKEN, ids=[said for _, said in BROKEN])
def test_a_broken_file_is_told_and_stays(kept: RepoFolder, content: str | bytes, said: str) -> None:
    kept.policy("domain: example.net\n", "example.net")
    kept.write("reports/4.xml", aggregate(OTHER_DOMAIN))
    path = kept.write(str(FILE), content)
    before = path.read_bytes()
    ran = kept.run("reports", "read", "--write", "reports")
    assert ran.code == 1
    assert f"Not written\n  zones/evidence/example.com.json{said}" in ran.out
    assert path.read_bytes() == before
    # The others are written.
    assert "zones/evidence/example.net.json: 1 report added, 1 in all" in ran.out


def test_a_huge_file_is_not_read(kept: RepoFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence_files, "MAX_READ", 1000)
    kept.write(str(FILE), " " * 1001)
    ran = kept.run("reports", "read", "--write", "reports")
    assert ran.code == 1
    assert "example.com.json: has 1001 octets, at most 1000 are read" in ran.out


def test_what_is_no_file_is_not_read(kept: RepoFolder, tmp_path: Path) -> None:
    (kept.root / EVIDENCE_DIR).mkdir()
    os.mkfifo(kept.root / FILE)
    ran = kept.run("reports", "read", "--write", "reports")
    assert ran.code == 1
    assert "zones/evidence/example.com.json: not a regular file" in ran.out
    (kept.root / FILE).unlink()
    secret = tmp_path / "secret.json"
    secret.write_text("mine")
    (kept.root / FILE).symlink_to(secret)
    ran = kept.run("reports", "read", "--write", "reports")
    assert ran.code == 1
    assert "zones/evidence/example.com.json: lies outside the repo" in ran.out
    assert secret.read_text() == "mine"


def test_a_folder_outside_the_repo_is_not_written(kept: RepoFolder, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (kept.root / EVIDENCE_DIR).symlink_to(tmp_path / "elsewhere")
    ran = kept.run("reports", "read", "--write", "reports")
    assert ran.code == 1
    assert "lies outside the repo" in ran.said
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_without_a_repo_nothing_is_read(repo: RepoFolder) -> None:
    (repo.root / "zones/policy").rmdir()
    ran = repo.run("reports", "read", "--write", "reports")
    assert ran.code == 1
    assert "there is no such folder" in ran.err
