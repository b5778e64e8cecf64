"""Files of evidence: one that is not there says nothing, and one that cannot be read is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailauth_dns.errors import PolicyError
from mailauth_dns.evidence.evidence import Evidence
from mailauth_dns.evidence.kept.evidence_files import read_evidence
from mailauth_dns.records.name import DomainName

DOMAIN = DomainName("example.com")


def test_no_file_is_no_evidence(tmp_path: Path) -> None:
    assert read_evidence(tmp_path, DOMAIN) == Evidence(DOMAIN)


@pytest.mark.parametrize("broken", ["zones", "zones/evidence"])
def test_a_file_where_a_folder_belongs_is_an_error(tmp_path: Path, broken: str) -> None:
    path = tmp_path / broken
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
    with pytest.raises(PolicyError, match=r"zones/evidence/example\.com\.json"):
        read_evidence(tmp_path, DOMAIN)
