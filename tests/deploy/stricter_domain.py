"""A domain whose DMARC policy is to be stricter, with the evidence for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from mailauth_dns.evidence.evidence import Row
from mailauth_dns.records.dmarc import Policy
from mailauth_dns.reports.aggregate import PublishedPolicy
from tests.conftest import RepoFolder
from tests.deploy import evidence_repo
from tests.deploy.evidence_repo import commit_ago, policy_of, reports
from tests.deploy.served_zone import edit_zone

COM = "example.com"
SPF = '@ IN TXT "v=spf1 ip4:192.0.2.10 -all"'
POLICY = """domain: example.com
senders: {server: {ip: [192.0.2.10]}}
spf: {all: fail}
dmarc: {%s}
"""
NONE, QUARANTINE = policy_of(COM), policy_of(COM, Policy.QUARANTINE)
REJECT = policy_of(COM, Policy.REJECT)
Give = Callable[[RepoFolder], object]


def sends(repo: RepoFolder, live: str | None, declared: str, *, more: str = "") -> RepoFolder:
    """A domain of which `live` tags are published, and which has been so for sixty days."""
    record = f'_dmarc IN TXT "v=DMARC1; {live}"\n' if live is not None else ""
    edit_zone(repo, '@ IN TXT "v=spf1 ~all"\n', f"{SPF}\n{record}")
    repo.policy(POLICY % (live or "p=none").replace("=", ": ").replace(";", ","), COM)
    commit_ago(repo.root, 60)
    repo.policy(POLICY % declared + more, COM)
    return repo


def give(
    *rows: Row,
    published: PublishedPolicy = NONE,
    ago: Sequence[int] = range(1, 21),
    reporters: Sequence[str] = evidence_repo.REPORTERS,
) -> Give:
    """Give the repo reports with these rows, and commit all of it today."""

    def given(repo: RepoFolder) -> None:
        found = reports(COM, rows, ago=ago, reporters=reporters, published=published)
        evidence_repo.write(repo.root, COM, found)
        commit_ago(repo.root, 0)

    return given


def nothing(repo: RepoFolder) -> None:
    commit_ago(repo.root, 0)


def dmarc_change(repo: RepoFolder, domain: str = COM) -> dict[str, Any]:
    data = json.loads((repo.root / "plan.json").read_text())
    [change] = [
        each
        for each in data["zones"][0]["changes"]
        if (each["family"], each["domain"]) == ("dmarc", domain)
    ]
    assert isinstance(change, dict)
    return change
