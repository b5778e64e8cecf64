"""Import as a library user calls it."""

from __future__ import annotations

import pytest

from mailauth_dns.errors import MailAuthError
from mailauth_dns.importing.import_domains import import_domains, write
from mailauth_dns.importing.readers import KeyFile, ZoneFile
from mailauth_dns.policy.load import load_repo
from mailauth_dns.records.name import DomainName
from tests.conftest import RepoFolder
from tests.importing.zones import HEAD

DOMAIN = DomainName("example.com")


def test_a_domain_is_imported_and_written_once(repo: RepoFolder) -> None:
    repo.write("example.com.zone", HEAD + '@ IN TXT "v=spf1 mx -all"\n')
    empty = load_repo(repo.root, may_be_empty=True)
    imports = import_domains(empty, (DOMAIN,), ZoneFile(repo.root / "example.com.zone"))
    assert imports.source == "example.com.zone"
    assert imports.policies == imports.whole
    assert not (repo.root / "zones/policy/example.com.yaml").exists()
    assert write(empty, imports) == {"zones/policy/example.com.yaml"}
    [policy] = load_repo(repo.root).of([DOMAIN])
    assert (policy.domain, policy.path) == (DOMAIN, "zones/policy/example.com.yaml")
    with pytest.raises(FileExistsError):
        write(empty, imports)


def test_a_key_file_is_for_one_domain(repo: RepoFolder) -> None:
    empty = load_repo(repo.root, may_be_empty=True)
    both = (DOMAIN, DomainName("example.net"))
    with pytest.raises(MailAuthError, match="is one domain's key"):
        import_domains(empty, both, KeyFile(repo.root / "default.txt"))
