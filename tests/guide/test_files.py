"""Which files `next` asks for: those that somebody reads."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailauth_dns.guide import files
from tests.conftest import RepoFolder

POLICY = "domain: example.com\nspf: {all: fail}\n"
STS = "mta_sts: {mode: testing, mx: [mx.example.com], max_age: 86400}\n"

# What the repo has beside the policy, and whether zones are stale then.
CASES = {
    "a web form: nobody reads zone files": ("", "", False),
    "a provider is named": ("providers: [local]\n", "", True),
    "octodns-sync reads the folder": ("", "zones/compiled/README", True),
    "a web server has the MTA-STS policy": (STS, "", True),
}


@pytest.mark.parametrize(("more", "file", "stale"), CASES.values(), ids=CASES)
def test_compiled_files_are_asked_for_where_somebody_reads_them(
    repo: RepoFolder, more: str, file: str, stale: bool
) -> None:
    repo.policy(POLICY + more)
    repo.write(
        "providers/local.yaml", "class: mailauth_dns.octo.LocalProvider\ndirectory: served\n"
    )
    if file:
        repo.write(file, "")
    here, found = files.read(repo.root, (), None, datetime.now(UTC))
    assert found is not None
    assert (here.stale or bool(found.stale)) == stale
