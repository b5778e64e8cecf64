"""A zone that a policy plans to change, in a folder of master files."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import RepoFolder

ZONE = """$TTL 3600
@ IN SOA ns1.example.net. hostmaster.example.net. 41 7200 1800 1209600 300
@ IN NS ns1.example.net.
@ IN TXT "v=spf1 ~all"
@ IN TXT "MS=ms123"
www IN A 192.0.2.1
"""
POLICY = "domain: example.com\nspf: {terms: [mx], all: fail}\ndmarc: {p: none}\n"


def zone_text(repo: RepoFolder, zone: str = "example.com") -> str:
    return (repo.root / f"served/{zone}.zone").read_text()


def edit_zone(repo: RepoFolder, old: str, new: str, zone: str = "example.com") -> None:
    path = repo.root / f"served/{zone}.zone"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def planned(repo: RepoFolder, *arguments: str) -> Path:
    path = repo.root / "plan.json"
    ran = repo.run("plan", "--out", str(path), *arguments)
    assert ran.code == 0, ran.said
    return path
