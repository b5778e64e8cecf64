"""Shards of plans that ask DNS, a provider that is down, git and the catalogue of senders."""

from __future__ import annotations

import pytest

from tests.conftest import RepoFolder
from tests.deploy.fixed_clock import stand_still

SENDERS = """\
domain: shop.example
senders:
  newsletter: {sender: activecampaign}
  mailchimp: {retired: 2999-01-01}
  server: {ip: [192.0.2.10]}
spf: {terms: ["ip4:192.0.2.10"], all: fail}
dmarc: {p: none}
tests: [{name: ours, from: a@shop.example, ip: 192.0.2.10, expect: {spf: pass}}]
"""


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_still(monkeypatch)


def same(repo: RepoFolder, of: int, *options: str) -> str:
    """Hold a plan in shards against the single one, and return its text."""
    single = repo.run("plan", *options, "--out", "plan.json")
    names = [f"shard-{number}.json" for number in range(1, of + 1)]
    for number, name in enumerate(names, 1):
        repo.run("plan", *options, "--shard", f"{number}/{of}", "--out", name)
    merged = repo.run("plan", "merge", *names, "--out", "merged.json")
    assert (merged.code, merged.out) == (single.code, single.out)
    wanted, got = ((repo.root / name).read_text() for name in ("plan.json", "merged.json"))
    assert got == wanted
    return single.out


@pytest.mark.parametrize("of", [1, 2, 3, 8])
def test_what_dns_says_is_in_the_shards(team: RepoFolder, of: int) -> None:
    said = same(team, of)
    assert "every authoritative server" in said or "live DNS" in said


@pytest.mark.parametrize("of", [1, 2, 3, 8])
def test_a_zone_that_could_not_be_planned_is_in_one_of_them(team: RepoFolder, of: int) -> None:
    team.write("down", "")
    assert "far.example at far" in same(team, of, "--no-live")


@pytest.mark.parametrize("of", [2, 3, 8])
def test_senders_and_tests_are_as_in_one_plan(team: RepoFolder, of: int) -> None:
    team.policy(SENDERS, "shop.example")
    team.policy(
        "domain: good.example\nspf: {terms: [mx], all: fail}\n"
        "allow: [{rule: SPF010, reason: meant, until: 2026-01-31}]\n",
        "good.example",
    )
    said = same(team, of)
    assert "note: shop.example: Mailchimp is retired from 2999-01-01" in said
    assert "note: shop.example: the return path of ActiveCampaign is left out" in said
    assert "tests: " in said
    assert "2026-01-31" in said


@pytest.mark.parametrize("of", [2, 3, 8])
def test_what_changed_since_a_commit_is_the_same(branch: RepoFolder, of: int) -> None:
    branch.policy("domain: example.com\nspf: {all: softfail}\nproviders: [local]\n", "example.com")
    said = same(branch, of, "--no-live", "--changed-since", "main")
    assert "note: planned are the zones that changed since main" in said


@pytest.mark.parametrize("of", [2, 8])
def test_one_provider_of_several_is_the_same(team: RepoFolder, of: int) -> None:
    team.provider("second", {"class": "mailauth_dns.octo.LocalProvider", "directory": "served"})
    team.policy("domain: shop.example\nproviders: [local, second]\ndmarc: {p: none}\n", "shop")
    (team.root / "zones/policy/shop.example.yaml").unlink()
    said = same(team, of, "--no-live", "--provider", "second")
    assert "note: planned is what changes at second alone" in said
