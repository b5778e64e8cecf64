"""What is checked in every policy, also by its quick ways."""

from __future__ import annotations

import pytest

from mailauth_dns.policy.model import PolicyFile
from mailauth_dns.policy.repo_checks import length_problems
from mailauth_dns.records.name import MAX_NAME, DomainName
from mailauth_dns.typed_yaml.yaml_tree import Place, SourceText

PLACE = Place(SourceText("zones/policy/p.yaml", ("",)), 1, 1)


@pytest.mark.parametrize("selector", ["s", "s" * 63, f"{'s' * 63}.{'s' * 63}"])
def test_names_that_are_too_long_for_dns_are_found(selector: str) -> None:
    body = PolicyFile.model_validate(
        {
            "domain": "example.com",
            "dkim": {"selectors": {selector: {"state": "revoked"}}},
            "tls_rpt": {"rua": ["mailto:tls@example.com"]},
        }
    )
    for length in range(1, MAX_NAME + 1):
        domain = DomainName(("d" * 49 + ".") * 6)[-length - 1 : -1].lstrip(".")
        names = (f"{selector}._domainkey.{domain}", f"_smtp._tls.{domain}", f"_dmarc.{domain}")
        found = length_problems(DomainName(domain), body, PLACE)
        said = " ".join(problem.message for problem in found)
        assert [name in said for name in names] == [len(name) > MAX_NAME for name in names]
