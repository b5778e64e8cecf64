"""Every provider, driven through plan and apply as a user does: what it does, and what it leaves alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.providers.contract import PROVIDERS, SECRET, ZONE, kind
from tests.providers.world import (
    APEX,
    DMARC,
    KEY,
    LONG_KEY,
    OLD_SPF,
    SPF,
    TOKENS,
    World,
    every,
)
from tests.senders.mailers import with_mailers

PAGES = Path(__file__).parents[2] / "docs/reference/providers"

# What is done


@every
def test_what_is_missing_is_created(world: World) -> None:
    ran = world.apply()
    assert ran.code == 0, ran.said
    assert world.values(APEX) == {SPF}
    assert world.values(DMARC) == {"v=DMARC1; p=none"}
    assert world.plan().code == 0
    assert json.loads((world.repo.root / "plan.json").read_text())["zones"][0]["changes"] == []


@every
def test_a_value_of_more_than_255_octets_is_published_whole(world: World) -> None:
    assert world.apply().code == 0
    assert world.values(KEY) == {f"v=DKIM1; k=rsa; p={LONG_KEY}"}


@every
def test_what_is_declared_absent_is_deleted(world: World) -> None:
    assert world.apply().code == 0
    world.policy("dmarc: absent\nspf: absent\ndkim: {selectors: {s1: {state: absent}}}\n")
    ran = world.apply()
    assert ran.code == 0, ran.said
    assert not {APEX, DMARC, KEY} & world.api.held().keys()


@every
def test_a_set_without_others_gets_the_ttl_of_the_policy(world: World) -> None:
    assert world.apply().code == 0
    world.policy("dmarc: {p: none, ttl: 7200}\n")
    ran = world.apply()
    assert ran.code == 0, ran.said
    assert world.held(DMARC) == (7200, {"v=DMARC1; p=none"})


@every
def test_a_selector_moves_between_key_and_alias(world: World) -> None:
    assert world.apply().code == 0
    world.policy("dkim: {selectors: {s1: {cname: s1.example.net}}}\n")
    ran = world.apply()
    assert ran.code == 0, ran.said
    assert KEY not in world.api.held()
    assert world.values((KEY[0], "CNAME")) == {"s1.example.net."}


SENDERS = """\
senders:
  cloud: {{region: eu-1, mail_from: bounce, tokens: [aaa, bbb, ccc]{retired}}}
  bulk: {{return_path: em1, target: u1.bulk.example{retired}}}
"""
PATH_MX, PATH_SPF = ((f"bounce.{ZONE}", type) for type in ("MX", "TXT"))
PATH_ALIAS = (f"em1.{ZONE}", "CNAME")


@every
def test_return_paths_come_and_go_and_others_stay(world: World) -> None:
    with_mailers(world.repo)
    world.api.put(PATH_SPF[0], "TXT", 3600, "token=1")
    before = world.api.held()
    world.policy(SENDERS.format(retired=""))
    ran = world.apply()
    assert ran.code == 0, ran.said
    assert world.values(PATH_MX) == {"10 feedback.eu-1.cloud.example."}
    assert world.values(PATH_SPF) == {"v=spf1 include:_spf.cloud.example ~all", "token=1"}
    assert world.values(PATH_ALIAS) == {"u1.bulk.example."}
    assert world.plan().code == 0
    assert json.loads((world.repo.root / "plan.json").read_text())["zones"][0]["changes"] == []
    world.policy(SENDERS.format(retired=", retired: 2020-01-01"))
    ran = world.apply()
    assert ran.code == 0, ran.said
    assert world.api.held() == before


@every
def test_at_a_return_path_what_others_have_is_not_written_over(world: World) -> None:
    with_mailers(world.repo)
    world.api.put(PATH_MX[0], "MX", 3600, "10 mx.other.example.")
    world.api.put(PATH_ALIAS[0], "CNAME", 3600, "u1.other.example.")
    for retired in ("", ", retired: 2020-01-01"):
        world.policy(SENDERS.format(retired=retired))
        ran = world.apply()
        assert (ran.code == 0) is bool(retired)
        assert world.values(PATH_MX) == {"10 mx.other.example."}
        assert world.values(PATH_ALIAS) == {"u1.other.example."}
        assert not world.values(PATH_SPF)  # half of a return path would be of no use


@pytest.mark.parametrize("world", [id for id in PROVIDERS if kind(id).watched], indirect=True)
def test_the_spf_record_is_never_missing_and_never_there_twice(world: World) -> None:
    world.api.put(ZONE, "TXT", 3600, OLD_SPF, "token=1")
    ran = world.apply()
    assert ran.code == 0, ran.said
    moments = world.api.moments()
    assert [values - {"token=1"} for values in moments if len(values) != 2] == []
    assert moments[-1] == {SPF, "token=1"}


# What others have there


@every
@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
def test_a_token_beside_ours_stays_octet_for_octet(world: World, token: str) -> None:
    world.api.put(ZONE, "TXT", 3600, token, OLD_SPF, comment="of others")
    ran = world.apply()
    assert ran.code == 0, ran.said
    assert world.held(APEX) == (3600, {world.api.holds(token), SPF})


@every
def test_a_changed_neighbour_never_changes_another_set(world: World) -> None:
    world.api.put(ZONE, "TXT", 3600, OLD_SPF, *TOKENS.values(), comment="of others")
    before = world.api.whole()
    ran = world.apply()
    assert ran.code == 0, ran.said
    after = world.api.whole()
    assert {key: after[key] for key in before if key != APEX} == {
        key: before[key] for key in before if key != APEX
    }
    assert after.keys() - before.keys() == {DMARC, KEY}


@every
def test_what_the_provider_keeps_beside_a_value_of_others_stays(world: World) -> None:
    """Its id, its comment, and its spelling."""
    world.api.put(ZONE, "TXT", 3600, OLD_SPF)
    world.api.put(ZONE, "TXT", 3600, "token=1", "token=2 " + "x" * 300, comment="ask the web team")
    kept = [each for each in world.api.entries(APEX) if "token" in each]
    assert world.apply().code == 0
    assert [each for each in world.api.entries(APEX) if "token" in each] == kept


@every
def test_a_deletion_of_ours_never_deletes_a_token(world: World) -> None:
    acme = (f"_acme-challenge.{ZONE}", "TXT")
    world.api.put(ZONE, "TXT", 3600, "token=1", SPF)
    world.policy("spf: absent\n")
    ran = world.apply()
    assert ran.code == 0, ran.said
    assert (world.values(APEX), world.values(acme)) == ({"token=1"}, {"acme-token"})


@every
def test_the_ttl_of_a_set_that_others_share_stays(world: World) -> None:
    ttl = max(world.api.ttls[0], 300)
    world.api.put(ZONE, "TXT", ttl, "token=1")
    world.policy("ttl: 7200\nspf: {all: fail}\n")
    assert world.apply().code == 0
    assert world.held(APEX) == (ttl, {"token=1", "v=spf1 -all"})


# What it is not told to do


@pytest.mark.parametrize("world", [id for id in PROVIDERS if kind(id).ttls[0] > 1], indirect=True)
def test_a_ttl_that_the_provider_does_not_take_is_told_in_the_plan(world: World) -> None:
    world.policy(f"dmarc: {{p: none, ttl: {world.api.ttls[0] - 1}}}\n")
    ran = world.plan()
    assert ran.code == 1
    least, most = world.api.ttls[0], world.api.ttls[-1]
    assert f"the provider takes TTLs from {least} to {most} seconds" in ran.out


@every
def test_a_zone_that_is_not_there_is_never_made(world: World) -> None:
    world.repo.policy(f"domain: example.org\nproviders: [{world.api.id}]\nspf: {{all: fail}}\n")
    ran = world.apply()
    assert ran.code == 1
    assert "has no zone example.org; make it there first" in ran.said
    assert world.api.writes() == 0


@every
def test_a_secret_is_never_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = SECRET[::-1]
    monkeypatch.setenv("STUB_TOKEN", wrong)
    for arguments in (("plan", "--no-live"), ("plan", "--no-live", "-v"), ("plan", "-v", "-v")):
        ran = world.repo.run(*arguments)
        assert ran.code == 1
        assert wrong not in ran.said
    assert world.api.writes() == 0
