"""Zones at a provider that tests make slow, silent or broken."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import RepoFolder

ZONES = [f"d{number}.example" for number in range(12)]
POLICY = "domains_file: domains.txt\nproviders: [remote]\nspf: {all: fail}\ndmarc: {p: none}\n"
APPLY = ("apply", "plan.json", "--no-live", "--allow", "live-unknown")


def remote(repo: RepoFolder, *zones: str, **stanza: object) -> Path:
    folder = repo.root / "remote"
    folder.mkdir()
    for zone in zones:
        (folder / f"{zone}.yaml").write_text('? ""\n: - {type: TXT, value: token=kept}\n')
    repo.policy(POLICY)
    repo.write("zones/policy/domains.txt", "\n".join(zones) + "\n")
    repo.provider(
        "remote", {"class": "tests.deploy.provider.Remote", "directory": folder, **stanza}
    )
    return folder


def holds(folder: Path, zone: str) -> tuple[bool, bool]:
    """Whether a zone has what the policy says, and what was there before."""
    text = (folder / f"{zone}.yaml").read_text()
    return "v=spf1 -all" in text and "v=DMARC1" in text, "token=kept" in text
