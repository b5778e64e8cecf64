"""How many requests a zone with one change makes: who has a hundred thousand zones counts them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from mailauth_dns.octo.provider_zone import LastRead
from tests.providers.contract import Fault
from tests.providers.http_stub import Asked, HttpStub
from tests.providers.world import POLICY, World, every, out_of_date

PAGES = Path(__file__).parents[2] / "docs/reference/providers"

# What asks for all zones of the account; a page of a hundred each.
ASKS_FOR_ALL_ZONES: dict[str, Callable[[Asked], bool]] = {
    "azure": lambda asked: asked.path.endswith("/dnsZones"),
    "cloudflare": lambda asked: asked.path.endswith("/zones") and "name" not in asked.query,
    "desec": lambda asked: asked.path.endswith("/domains/"),
    "googlecloud": lambda asked: (
        asked.path.endswith("/managedZones") and "dnsName" not in asked.query
    ),
    "hetzner": lambda asked: asked.path.endswith("/zones"),
    "route53": lambda asked: asked.path.endswith("/hostedzone"),
}


@every
def test_what_a_zone_with_one_change_costs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers stand in the docs; who has many zones counts them."""
    monkeypatch.setattr(LastRead, "is_fresh", lambda _look, _origin: True)
    world.api.page_size = 100
    assert world.apply().code == 0
    world.policy(POLICY.replace("p: none", "p: none, rua: ['mailto:d@example.com']"))
    plan, apply = costs(world)
    assert (plan, apply) == (world.api.plan_cost, world.api.apply_cost)
    assert apply - world.api.beside == 3
    requests = "1 request" if plan == 1 else f"{plan} requests"
    said = f"One zone with one change costs {requests} for the plan and {apply} for the apply."
    page = (PAGES / f"{world.api.id}.md").read_text()
    assert said in page.split("\n")


@every
def test_a_look_that_is_out_of_date_costs_another_one_where_the_api_has_no_condition(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    out_of_date(monkeypatch)
    world.api.page_size = 100
    before = world.api.listings()
    costs(world)
    looks_again = Fault.MOVED in world.api.faults
    assert world.api.listings() - before == 3 + looks_again


def costs(world: World) -> tuple[int, int]:
    """Return how many requests the plan makes, and its apply."""
    counts = [world.api.requests()]
    world.plan()
    counts.append(world.api.requests())
    world.repo.run("apply", "plan.json", "--no-live", "--allow", "live-unknown")
    counts.append(world.api.requests())
    plan, apply = (after - before for before, after in pairwise(counts))
    return plan, apply


@every
def test_a_zone_is_asked_for_by_its_name_and_never_looked_up_among_all(world: World) -> None:
    assert isinstance(world.api, HttpStub)
    costs(world)
    assert world.repo.run("plan", "--no-live").code == 0
    assert [each for each in world.api.asked if ASKS_FOR_ALL_ZONES[world.api.id](each)] == []
