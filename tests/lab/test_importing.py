"""An import of what real servers hold and answer; a plan against them has nothing to do then."""

from __future__ import annotations

from tests.conftest import RepoFolder
from tests.importing.zones import ODD
from tests.lab.conftest import Serving

NOT_SAID = (
    'bad._domainkey.example.com TXT "v=DKIM1; k=rsa": broken',
    'example.com TXT "v=spf1;-all": no receiver reads this value',
    'two._domainkey.example.com TXT "p=AAAA": 2 values',
    "_mta-sts.example.com TXT",
)


def test_a_whole_zone_at_a_provider_plans_to_nothing(serving: Serving, repo: RepoFolder) -> None:
    server = serving(example_com=ODD)
    before = server.dump("example.com")
    ran = repo.run("import", "example.com", "--provider", server.id, "--write")
    assert (ran.code, ran.out) == (2, "written: zones/policy/example.com.yaml\n"), ran.said
    for said in NOT_SAID:
        assert f"not said: {said}" in ran.err
    plan = repo.run("plan", "--detailed-exitcode")
    assert plan.code == 0, plan.said
    assert repo.run("apply").code == 0
    assert server.dump("example.com") == before


def test_live_dns_plans_to_nothing(serving: Serving, repo: RepoFolder) -> None:
    server = serving(example_com=ODD)
    selectors = [
        word for selector in ("s1", "s2", "010", "bad", "two") for word in ("--selector", selector)
    ]
    ran = repo.run("import", "example.com", *selectors, "--write")
    assert (ran.code, ran.out) == (2, "written: zones/policy/example.com.yaml\n"), ran.said
    for said in NOT_SAID:
        assert f"not said: {said}" in ran.err
    assert "cname: s2.sender.example\n" in (repo.root / "zones/policy/example.com.yaml").read_text()
    plan = repo.run("plan", "--detailed-exitcode")
    assert plan.code == 0, plan.said
    server.stop()
    (repo.root / "zones/policy/example.com.yaml").unlink()
    stopped = repo.run("import", "example.com")
    assert stopped.code == 1
    assert "unknown" in stopped.err
    assert "absent" not in stopped.out
