"""A second writer at a provider: before our last look at a set, and between that look and our write."""

from __future__ import annotations

import pytest

from tests.providers.contract import PROVIDERS, ZONE, Fault
from tests.providers.world import APEX, OLD_SPF, SPF, World, broken, out_of_date

POLICY = 'spf: {terms: ["ip4:192.0.2.10", mx], all: fail}\n'
NO_LIVE = ("--no-live", "--allow", "live-unknown")
ADDED = "token=added"

# What becomes of a value that somebody adds to our set in the moment before we write it.
MOMENT_BEFORE = {
    "azure": "refused",  # by the ETag of the set
    "cloudflare": "kept",  # a record has an id, and only ours are written
    "desec": "lost",  # the API has neither
    "googlecloud": "refused",  # a change deletes the set as it was listed
    "hetzner": "lost",
    "route53": "refused",  # as at Google
}


@pytest.mark.parametrize("world", list(PROVIDERS), indirect=True)
def test_a_value_that_is_added_in_the_moment_before_we_write(world: World) -> None:
    world.api.put(ZONE, "TXT", 3600, OLD_SPF, "token=1")
    world.policy(POLICY)
    assert world.plan().code == 0
    world.api.break_with(Fault.OVERTAKEN, 1)
    ran = world.repo.run("apply", "plan.json", *NO_LIVE)
    match MOMENT_BEFORE[world.api.id]:
        case "refused":
            assert ran.code == 1
            assert "changed at the provider since it was read" in ran.out
            assert "0 of 1 changes are done" in ran.out
            assert world.values(APEX) == {OLD_SPF, "token=1", ADDED}
            again = world.repo.run("apply", "plan.json", *NO_LIVE)  # the same reviewed plan
            assert again.code == 0, again.said
            assert world.values(APEX) == {SPF, "token=1", ADDED}
        case "kept":
            assert ran.code == 0, ran.said
            assert world.values(APEX) == {SPF, "token=1", ADDED}
        case "lost":  # docs/explanation/limits.md says so
            assert ran.code == 0, ran.said
            assert world.values(APEX) == {SPF, "token=1"}


# How a policy without an SPF record, or with one, comes about in a set that others share: only what
# is ours comes or goes, and no provider needs to write the set whole.
ALONE = {
    "it comes": (("token=1",), POLICY, SPF),
    "it goes": ((OLD_SPF, "token=1"), "spf: absent\n", OLD_SPF),
}
WRITES_WHOLE = {"desec"}


@pytest.mark.parametrize("world", list(PROVIDERS), indirect=True)
@pytest.mark.parametrize("case", ALONE)
def test_a_value_that_is_added_in_the_moment_before_ours_comes_or_goes(
    world: World, case: str
) -> None:
    there, policy, ours = ALONE[case]
    world.api.put(ZONE, "TXT", 3600, *there)
    world.policy(policy)
    assert world.plan().code == 0
    world.api.break_with(Fault.OVERTAKEN, 1)
    world.repo.run("apply", "plan.json", *NO_LIVE, "--allow", "SPF047")
    assert (ADDED in world.values(APEX)) is (world.api.id not in WRITES_WHOLE)
    again = world.repo.run("apply", "plan.json", *NO_LIVE, "--allow", "SPF047")
    assert again.code == 0, again.said
    assert (ours in world.values(APEX)) is (case == "it comes")
    assert "token=1" in world.values(APEX)


@broken(Fault.MOVED)
def test_a_value_that_is_added_before_our_last_look_is_never_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    out_of_date(monkeypatch)
    world.api.put(ZONE, "TXT", 3600, OLD_SPF)
    world.plan()
    world.api.break_with(Fault.MOVED, 1)
    ran = world.repo.run("apply", "plan.json", *NO_LIVE)
    assert ran.code == 1
    assert "changed at the provider since it was read; plan again" in ran.said
    assert world.values(APEX) == {OLD_SPF, ADDED}
