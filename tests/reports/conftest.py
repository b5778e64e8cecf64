"""A repo with a policy, and reports about its domain."""

from __future__ import annotations

import pytest

from tests.conftest import RepoFolder
from tests.reports.made import aggregate, on_day, tls, wrote


@pytest.fixture
def kept(repo: RepoFolder) -> RepoFolder:
    repo.policy("domain: example.com\ndmarc: {p: none, sp: reject}\n", "example.com")
    wrote(repo.root / "reports", {"1.xml": aggregate(), "2.xml": on_day(1), "3.json": tls()})
    return repo
