"""Every provider that fails, is slow or does not tell the truth: what must never happen then."""

from __future__ import annotations

import pytest

from tests.providers.contract import ZONE, Fault
from tests.providers.world import (
    APEX,
    DMARC,
    KEY,
    LONG_KEY,
    OLD_SPF,
    SPF,
    World,
    broken,
    out_of_date,
)

# An incomplete reading is no reading


@broken(Fault.SECOND_PAGE)
def test_a_second_page_that_fails_is_never_the_end_of_the_zone(world: World) -> None:
    world.api.put(ZONE, "TXT", 3600, OLD_SPF, "token=1")
    before = world.api.whole()
    world.api.break_with(Fault.SECOND_PAGE)
    assert world.apply().code == 1
    assert (world.api.whole(), world.api.writes()) == (before, 0)


@broken(Fault.EARLY_END)
def test_a_listing_that_ends_early_is_never_the_whole_zone(world: World) -> None:
    world.api.put(ZONE, "TXT", 3600, OLD_SPF, "token=1")
    before = world.api.whole()
    world.api.break_with(Fault.EARLY_END)
    ran = world.apply()
    assert ran.code == 1
    assert "only a part of the zone" in ran.said
    assert (world.api.whole(), world.api.writes()) == (before, 0)


@broken(Fault.EMPTY)
def test_an_empty_listing_never_wipes_a_zone(world: World) -> None:
    world.api.put(ZONE, "TXT", 3600, OLD_SPF, "token=1")
    before = world.api.whole()
    world.api.break_with(Fault.EMPTY)
    ran = world.apply()
    assert ran.code == 1
    assert "nothing is written" in ran.said
    assert (world.api.whole(), world.api.writes()) == (before, 0)


@broken(Fault.EMPTY_LATER)
def test_a_zone_that_is_empty_when_it_is_written_is_never_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    out_of_date(monkeypatch)
    world.api.put(ZONE, "TXT", 3600, OLD_SPF, "token=1")
    before = world.api.whole()
    world.plan()
    world.api.break_with(Fault.EMPTY_LATER)
    ran = world.repo.run("apply", "plan.json", "--no-live", "--allow", "live-unknown")
    assert ran.code == 1
    assert "nothing is written" in ran.said
    assert world.api.whole() == before


# A provider that is busy, broken or silent


@broken(Fault.BUSY_READ)
def test_a_busy_provider_is_asked_again_when_it_says(world: World) -> None:
    world.api.break_with(Fault.BUSY_READ, 1)
    world.api.break_with(Fault.BUSY_WRITE, 1)
    ran = world.apply()
    assert ran.code == 0, ran.said
    assert {APEX, DMARC, KEY} <= world.api.held().keys()


@broken(Fault.BUSY_WRITE)
def test_a_provider_that_stays_busy_is_told_and_nothing_is_lost(world: World) -> None:
    world.api.pause = 0
    world.api.put(ZONE, "TXT", 3600, OLD_SPF, "token=1")
    before = world.api.whole()
    world.api.break_with(Fault.BUSY_WRITE)
    ran = world.apply()
    assert ran.code == 1
    assert world.api.said_when_busy in ran.said
    assert world.api.whole() == before


@broken(Fault.BROKEN_WRITE)
def test_a_write_that_fails_once_is_done_again(world: World) -> None:
    world.api.put(ZONE, "TXT", 3600, OLD_SPF, "token=1")
    world.api.break_with(Fault.BROKEN_WRITE, 1)
    ran = world.apply()
    assert ran.code == 0, ran.said
    assert world.values(APEX) == {SPF, "token=1"}


@broken(Fault.SILENT_WRITE)
def test_a_write_that_nobody_hears_of_is_not_done_twice(world: World) -> None:
    world.api.put(ZONE, "TXT", 3600, OLD_SPF, "token=1")
    world.api.break_with(Fault.SILENT_WRITE, 1)
    ran = world.apply()
    assert ran.code == 0, ran.said
    assert world.values(APEX) == {SPF, "token=1"}


@broken(Fault.SILENT_READ)
def test_a_silent_provider_fails_its_zone_and_nothing_is_written(world: World) -> None:
    world.api.break_with(Fault.SILENT_READ)
    ran = world.apply()
    assert ran.code == 1
    assert world.api.writes() == 0


# Told as done, and not done


@broken(Fault.NO_EFFECT)
def test_an_update_without_effect_is_never_told_as_applied(world: World) -> None:
    world.api.put(ZONE, "TXT", 3600, OLD_SPF, "token=1")
    world.api.break_with(Fault.NO_EFFECT)
    ran = world.apply()
    assert ran.code == 1
    assert "the provider took the change and does not have it: " in ran.said


@broken(Fault.CUT)
def test_a_value_cut_at_255_is_never_told_as_applied(world: World) -> None:
    world.api.break_with(Fault.CUT)
    ran = world.apply()
    assert ran.code == 1
    whole = len(f"v=DKIM1; k=rsa; p={LONG_KEY}")
    assert f"{KEY[0]} TXT (255 of {whole} octets are there: the provider cuts" in ran.said
