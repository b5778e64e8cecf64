"""Rules look at every policy, or at named ones beside what the others say."""

from __future__ import annotations

import json

from tests.conftest import RepoFolder

KEY = 'dkim: {selectors: {s1: {k: ed25519, p: "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}}}\n'


def test_a_key_of_another_domain_is_found_when_one_alone_is_looked_at(repo: RepoFolder) -> None:
    repo.policy("domain: a.example\n" + KEY, "a")
    repo.policy("domain: b.example\n" + KEY, "b")
    whole = repo.run("lint", "--select", "DKIM033").out
    assert "the key is also that of a.example" in whole
    assert repo.run("lint", "b.example", "--select", "DKIM033").out == whole
    assert repo.run("lint", "a.example", "--select", "DKIM033").out == "Lint: nothing found\n"


def test_a_policy_without_records_is_looked_at_too(repo: RepoFolder) -> None:
    repo.policy("domain: a.example\n" + KEY, "a")
    repo.policy(
        'domain: b.example\nwaivers: [{rule: SPF14, reason: "until the move", until: 2999-01-01}]\n',
        "b",
    )
    for domains in ((), ("b.example",)):
        ran = repo.run("lint", *domains, "--format", "json")
        assert "WAIVER003" in {finding["rule"] for finding in json.loads(ran.out)["findings"]}
        assert ran.code == 2
    assert repo.run("lint", "a.example").code == 0


def test_cases_of_junit_are_told_apart_where_policies_share_a_place(repo: RepoFolder) -> None:
    """Both domains use the files of one key; what they inherit stands at one place."""
    repo.policy("domains: [a.example, b.example]\n" + KEY.replace("ed25519", "rsa"), "both")
    said = repo.run("lint", "--format", "junit").out
    names = [
        line.partition(' name="')[2].partition('"')[0]
        for line in said.splitlines()
        if "<testcase" in line
    ]
    assert len(set(names)) == len(names) > 0
    assert all(" of a.example" in name or " of b.example" in name for name in names)
