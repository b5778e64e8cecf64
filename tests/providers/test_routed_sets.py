"""Sets that a provider answers in a way of its own, and zones that it has twice: neither is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from octodns_route53 import Route53Provider

from tests.providers.azure_stub import AzureApi
from tests.providers.googlecloud_stub import GoogleCloudApi
from tests.providers.route53_server import Route53Api
from tests.providers.world import APEX, DMARC, OLD_SPF, SPF, World


def _weighted(api: Any) -> None:
    assert isinstance(api, Route53Api)
    for id in ("blue", "green"):
        extra = f"<SetIdentifier>{id}</SetIdentifier><Weight>1</Weight><TTL>300</TTL>"
        api.put_set(*DMARC, extra, f'"v=DMARC1; p=none; rua=mailto:{id}@example.com"')


def _alias(api: Any) -> None:
    assert isinstance(api, Route53Api)
    target = (
        "<AliasTarget><HostedZoneId>Z1</HostedZoneId><DNSName>d.example.com.</DNSName>"
        "<EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget>"
    )
    api.put_set(*DMARC, target)


def _policy(api: Any) -> None:
    assert isinstance(api, GoogleCloudApi)
    api.put(*DMARC, 300, "v=DMARC1; p=none")
    api.route(*DMARC)


def _target(api: Any) -> None:
    assert isinstance(api, AzureApi)
    api.put(*DMARC, 300, "v=DMARC1; p=none")
    api.lead(*DMARC)


ROUTED = [
    ("route53", _weighted, "Route 53 answers this set by a routing policy"),
    ("route53", _alias, "it is an alias of Route 53's own kind"),
    ("googlecloud", _policy, "Google Cloud DNS answers this set by a routing policy"),
    ("azure", _target, "it is an alias of Azure's own kind"),
]


@pytest.mark.parametrize(
    ("world", "make", "reason"),
    ROUTED,
    indirect=["world"],
    ids=["weighted", "alias", "policy", "target"],
)
def test_a_set_with_a_routing_of_its_own_is_never_written(
    world: World, make: Callable[[Any], None], reason: str
) -> None:
    world.api.put(*APEX, 3600, OLD_SPF, "token=1")
    make(world.api)
    before = world.api.whole()[DMARC]
    world.policy("spf: {terms: ['ip4:192.0.2.10', mx], all: fail}\ndmarc: {p: quarantine}\n")
    planned = world.plan()
    assert planned.code == 1
    assert reason in planned.out
    assert world.apply().code == 1
    assert world.api.whole()[DMARC] == before
    assert world.values(APEX) == {SPF, "token=1"}  # the others are done


@pytest.mark.parametrize("world", ["route53", "googlecloud"], indirect=True)
def test_a_zone_that_is_there_twice_is_never_written(world: World) -> None:
    assert isinstance(world.api, Route53Api | GoogleCloudApi)
    world.api.twice()
    ran = world.apply()
    assert ran.code == 1
    assert "Write `private: true` or `private: false` in the stanza" in ran.said
    assert world.api.writes() == 0


@pytest.mark.parametrize("world", ["route53"], indirect=True)
def test_a_listing_without_the_apex_ns_is_only_a_part(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Route 53 always tells it, so that a page of the listing was lost."""
    world.api.put(*APEX, 3600, OLD_SPF, "token=1")
    really = Route53Provider._load_records
    monkeypatch.setattr(
        Route53Provider,
        "_load_records",
        lambda self, id: [each for each in really(self, id) if each["Type"] != "NS"],
    )
    ran = world.apply()
    assert ran.code == 1
    assert "has no NS at example.com, so it is only a part of the zone" in world.plan().out
    assert world.api.writes() == 0
