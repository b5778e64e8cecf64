"""Whose mail may align with a domain: its policy's, and those of policies above and below it."""

from __future__ import annotations

import pytest

from mailauth_dns.evidence.sources import declared_sources
from mailauth_dns.evidence.sources.declared_sources import declared_of
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records import name
from mailauth_dns.records.name import DomainName
from tests.conftest import RepoFolder

POLICY = 'zone: example.com\ndomains_file: ../names.txt\nspf: {terms: ["ip4:192.0.2.1"]}\n'


def of_names(repo: RepoFolder, names: list[str]) -> Repo:
    """Return a repo with a policy for each of these names."""
    repo.write("zones/names.txt", "".join(f"{each}\n" for each in names))
    repo.policy(POLICY, "names")
    return load_repo(repo.root)


def test_policies_above_and_below_count_and_those_beside_do_not(repo: RepoFolder) -> None:
    names = ["b.example.com", "example.com", "a.b.example.com", "bb.example.com", "c.example.com"]
    loaded = of_names(repo, names)
    found = {
        policy.domain: {each.domain for each in declared_of(loaded, policy).sources}
        for policy in loaded.policies
    }
    assert found == {
        "example.com": set(names),
        "b.example.com": {"example.com", "b.example.com", "a.b.example.com"},
        "a.b.example.com": {"example.com", "b.example.com", "a.b.example.com"},
        "bb.example.com": {"example.com", "bb.example.com"},
        "c.example.com": {"example.com", "c.example.com"},
    }


def comparisons(repo: RepoFolder, number: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how many pairs of names are compared to judge every domain of a zone."""
    loaded = of_names(repo, ["example.com", *(f"h{at}.example.com" for at in range(number))])
    asked = 0

    def counting(one: DomainName, two: DomainName) -> bool:
        nonlocal asked
        asked += 1
        return name.is_at_or_below(one, two)

    with monkeypatch.context() as patched:
        patched.setattr(declared_sources, "is_at_or_below", counting)
        for policy in loaded.policies:
            declared_of(loaded, policy)
    return asked


def test_a_domain_is_not_compared_with_every_other_of_its_zone(
    repo: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    fourth, whole = (comparisons(repo, number, monkeypatch) for number in (50, 200))
    assert whole <= 5 * fourth
