"""What only one of the providers has, and what is told of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mailauth_dns.octo import provider_errors
from tests.providers.cloudflare_stub import CloudflareApi
from tests.providers.contract import ZONE, Fault
from tests.providers.hetzner_stub import HetznerApi
from tests.providers.world import APEX, DMARC, KEY, OLD_SPF, World, every

cloudflare = pytest.mark.parametrize("world", ["cloudflare"], indirect=True)
hetzner = pytest.mark.parametrize("world", ["hetzner"], indirect=True)


@every
def test_a_wait_that_is_too_long_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_errors, "_PATIENCE", 0.01)
    world.api.pause = 120
    world.api.break_with(Fault.BUSY_READ)
    ran = world.plan()
    assert ran.code == 1
    # Hetzner's client waits by itself, and Route 53 tells no time.
    if world.api.id not in ("hetzner", "route53"):
        assert "; it asks to wait 120 seconds" in ran.out


@every
def test_a_lost_connection_is_told_in_words(world: World) -> None:
    world.api.break_with(Fault.SILENT_READ)
    assert "the server closed the connection" in world.plan().out


@every
def test_octodns_own_settings_change_no_record(world: World) -> None:
    """What octoDNS's class would do by itself with sets that it may not hold."""
    world.api.put(f"x.{ZONE}", "HTTPS", 3600, "1 . no-default-alpn")
    world.api.put(f"y.{ZONE}", "TXT", 3600, "a\\", "\\" * 255)
    before = world.api.whole()
    ran = world.apply()
    assert ran.code == 0, ran.said
    assert before.items() <= world.api.whole().items()


# Cloudflare


def records(world: World) -> list[dict[str, Any]]:
    assert isinstance(world.api, CloudflareApi)
    return world.api.records


@cloudflare
def test_a_proxied_alias_is_blocked(world: World) -> None:
    world.api.put(KEY[0], "CNAME", 300, "old.example.net")
    records(world)[-1]["proxied"] = True
    world.policy("dkim: {selectors: {s1: {cname: s1.example.net}}}\n")
    ran = world.plan()
    assert ran.code == 1
    assert "Cloudflare answers for this alias itself (it is proxied)" in ran.out


@cloudflare
def test_a_text_without_quotes_is_the_text_itself(world: World) -> None:
    """So Cloudflare kept it before it wrote quotes."""
    world.api.put(ZONE, "TXT", 300, OLD_SPF, "token=1")
    for record in records(world)[-2:]:
        record["content"] = {True: 'say "hi" \\ caf\u00e9', False: OLD_SPF}[
            "token" in record["content"]
        ]
    ran = world.apply()
    assert ran.code == 0, ran.said
    assert [each["content"] for each in records(world) if "hi" in each["content"]] == [
        'say "hi" \\ caf\u00e9'
    ]


@cloudflare
def test_a_ttl_that_cloudflare_chooses_stays_its_choice(world: World) -> None:
    world.api.put(ZONE, "TXT", 1, "token=1")
    assert world.apply().code == 0
    assert {each["ttl"] for each in records(world) if (each["name"], each["type"]) == APEX} == {1}


@cloudflare
def test_our_comment_stays_with_our_record(world: World) -> None:
    world.api.put(ZONE, "TXT", 3600, OLD_SPF, comment="asked for by mail team")
    id = records(world)[-1]["id"]
    assert world.apply().code == 0
    ours = [each for each in records(world) if each["id"] == id]
    assert [(each["comment"], "192.0.2.10" in each["content"]) for each in ours] == [
        ("asked for by mail team", True)
    ]


@cloudflare
def test_two_zones_of_one_name_are_told_apart_by_the_account(world: World) -> None:
    assert isinstance(world.api, CloudflareApi)
    world.api.accounts = ("a" * 32, "b" * 32)
    ran = world.plan()
    assert ran.code == 1
    assert (
        "the token sees 2 zones of this name; name the account in the stanza: account_id" in ran.out
    )
    world.repo.provider("cloudflare", {**world.api.stanza(), "account_id": "b" * 32})
    assert world.plan().code == 0


@cloudflare
def test_a_plan_of_cloudflare_is_never_bought(world: World) -> None:
    world.repo.provider("cloudflare", {**world.api.stanza(), "plan_type": "enterprise"})
    ran = world.plan()
    assert ran.code == 1
    assert "would also change settings of the zone that are not records" in ran.out


# Hetzner


@hetzner
def test_the_old_dns_console_is_refused_by_name(world: World) -> None:
    stanza = dict(world.api.stanza())
    del stanza["backend"]
    for more in ({}, {"backend": "dnsapi"}):
        world.repo.provider("hetzner", {**stanza, **more})
        ran = world.plan()
        assert ran.code == 1
        assert ran.err.startswith("providers/hetzner.yaml: backend: write `backend: hcloud`")


@hetzner
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"mode": "secondary"}, "the zone is a copy of another server's"),
        ({"protected": APEX}, "the set is protected against changes"),
    ],
    ids=["secondary", "protected"],
)
def test_what_hetzner_does_not_take_is_told_in_the_plan(
    world: World, change: dict[str, Any], told: str
) -> None:
    world.api.put(ZONE, "TXT", 3600, OLD_SPF)
    assert isinstance(world.api, HetznerApi)
    world.api.become(**change)
    ran = world.plan()
    assert ran.code == 1
    assert told in ran.out


@hetzner
def test_a_change_that_fails_after_it_was_taken_fails_the_zone(world: World) -> None:
    assert isinstance(world.api, HetznerApi)
    world.api.become(action="error")
    ran = world.apply()
    assert ran.code == 1
    assert "Hetzner did not carry out the change: The pending action failed" in ran.said


@hetzner
def test_a_set_without_a_ttl_has_that_of_the_zone_and_keeps_it(world: World) -> None:
    world.api.put(ZONE, "TXT", 3600, OLD_SPF, "token=1")
    assert isinstance(world.api, HetznerApi)
    world.api.become(without_ttl=APEX)
    assert world.apply().code == 0
    assert world.api.whole()[APEX]["ttl"] is None
    plan = json.loads((world.repo.root / "plan.json").read_text())
    [change] = [each for each in plan["zones"][0]["changes"] if each["name"] == ZONE]
    assert (change["ttl_before"], change["ttl_after"]) == (3600, 3600)
    assert DMARC in world.api.held()
