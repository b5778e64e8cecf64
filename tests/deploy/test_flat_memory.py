"""What a plan holds at once does not grow with its zones: octoDNS's objects live for one zone."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any

import pytest
from octodns.record import Record
from octodns.zone import Zone as OctoZone

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.deploy.apply import ApplyRequest, apply
from mailauth_dns.deploy.make_plan import make_plan
from mailauth_dns.deploy.plan_request import PlanRequest
from mailauth_dns.deploy.provider_pool import providers
from mailauth_dns.octo import target
from mailauth_dns.octo.target import Target
from mailauth_dns.plan.permissions import Allowance
from mailauth_dns.policy.load import load_repo
from tests.conftest import RepoFolder
from tests.deploy.remote_zones import remote

pytestmark = pytest.mark.usefixtures("remote_anew", "stands_still")

# What octoDNS makes for a zone: what is wanted, what is there, and a copy of it for us.
ZONES_AT_WORK, SETS_AT_WORK = 3, 12
WORKING = threading.Lock()


def alive() -> tuple[int, int]:
    """Return how many zones and record sets of octoDNS there are."""
    with WORKING:
        gc.collect()
        # By type: `isinstance` would ask proxies of other libraries for their class.
        kinds = [type(each) for each in gc.get_objects()]
    return sum(kind is OctoZone for kind in kinds), sum(issubclass(kind, Record) for kind in kinds)


@pytest.fixture
def stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no thread make anything while things are counted."""

    def guarded(act: Callable[..., Any]) -> Callable[..., Any]:
        def guard(*arguments: Any, **options: Any) -> Any:
            with WORKING:
                return act(*arguments, **options)

        return guard

    for name in ("propose", "apply", "read"):
        monkeypatch.setattr(Target, name, guarded(getattr(Target, name)))


def sampling(into: list[tuple[int, int]]) -> Callable[[str], None]:
    """Return a progress that counts what is alive every ten zones."""
    calls: list[str] = []

    def progress(zone: str) -> None:
        calls.append(zone)
        if len(calls) % 10 == 0:
            into.append(alive())

    return progress


@pytest.mark.parametrize("lanes", [1, 4])
def test_octodns_objects_are_bounded_by_the_zones_that_are_worked_on(
    repo: RepoFolder, monkeypatch: pytest.MonkeyPatch, lanes: int
) -> None:
    monkeypatch.setattr(target, "_AT_ONCE", lanes)
    zones = [f"d{number}.example" for number in range(60)]
    remote(repo, *zones)
    before, samples = alive(), list[tuple[int, int]]()
    loaded = load_repo(repo.root)
    with providers(loaded) as pool:
        request = PlanRequest(live=False)
        plan = make_plan(loaded, pool, compile_repo(loaded), request, sampling(samples))
        assert len(samples) == 6
        wanted = ApplyRequest((Allowance("live-unknown", None),), live=False)
        result: Any = apply(plan, pool, wanted, progress=sampling(samples))
    assert result.complete
    assert len(samples) == 12
    most = tuple(max(counts) for counts in zip(*samples, strict=True))
    assert most[0] - before[0] <= ZONES_AT_WORK * lanes
    assert most[1] - before[1] <= SETS_AT_WORK * lanes
