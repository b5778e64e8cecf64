"""A plan is a value: it can be pickled and read back from its file, and holds no connection."""

from __future__ import annotations

import gc
import pickle
import threading
import time
import weakref
from concurrent.futures import CancelledError
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.deploy.apply import ApplyRequest, apply
from mailauth_dns.deploy.daemon_executor import DaemonExecutor
from mailauth_dns.deploy.make_plan import make_plan
from mailauth_dns.deploy.plan_request import PlanRequest
from mailauth_dns.deploy.provider_pool import ProviderPool, providers
from mailauth_dns.errors import PlanRefused
from mailauth_dns.plan import plan_file, plan_json
from mailauth_dns.plan.done import is_done
from mailauth_dns.plan.permissions import Allowance
from mailauth_dns.plan.plan import ChangeEntry, Plan
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, Zone, zone_of
from tests.conftest import RepoFolder

ZONE = (
    "@ IN SOA ns1 hostmaster 1 7200 1800 1209600 300\n@ IN NS ns1\n@ IN TXT token=kept\n"
    "s1._domainkey IN A 192.0.2.1\n"
)
POLICY = """domain: example.com
providers: [local]
spf: {all: fail}
dmarc: {p: none}
tests:
  - {name: own, from: a@example.com, ip: 192.0.2.1, expect: {spf: fail}}
"""
ALLOWED = (Allowance("live-unknown", None),)


@pytest.fixture
def loaded(repo: RepoFolder) -> Repo:
    repo.local("example.com", ZONE)
    repo.policy(POLICY)
    repo.policy("domain: example.org\nproviders: [local]\nspf: {all: fail}\n", "org")
    return load_repo(repo.root)


def planned(repo: Repo, pool: ProviderPool) -> Plan:
    return make_plan(repo, pool, compile_repo(repo), PlanRequest(live=False, show_kept=True))


def lanes_left() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "provider"]


def test_a_plan_is_pickled_and_read_back_from_its_file(loaded: Repo, tmp_path: Path) -> None:
    with providers(loaded) as pool:
        plan = planned(loaded, pool)
    [zone] = plan.zones
    assert zone.changes
    assert zone.kept
    assert zone.tests
    assert plan.failed
    assert pickle.loads(pickle.dumps(plan)) == plan
    (tmp_path / "plan.json").write_text("".join(plan_json.dumped(plan)))
    assert plan_file.read(tmp_path / "plan.json") == plan
    with pytest.raises(FrozenInstanceError):
        plan.tool = "other"  # type: ignore[misc]


def test_a_plan_of_other_connections_is_refused_before_the_first_write(loaded: Repo) -> None:
    with providers(loaded) as pool:
        plan = planned(loaded, pool)
    before = (loaded.root / "served/example.com.zone").read_text()
    with (
        providers(loaded) as other,
        pytest.raises(PlanRefused, match="was not planned with this connection to local; plan aga"),
    ):
        apply(plan, other, ApplyRequest(ALLOWED, wait=0, live=False))
    assert (loaded.root / "served/example.com.zone").read_text() == before


@pytest.mark.parametrize("error", [None, RuntimeError, KeyboardInterrupt])
def test_the_connections_leave_no_thread(loaded: Repo, error: type[BaseException] | None) -> None:
    def work() -> None:
        with providers(loaded) as pool:
            planned(loaded, pool)
            assert lanes_left()
            if error is not None:
                raise error

    if error is None:
        work()
    else:
        with pytest.raises(error):
            work()
    assert lanes_left() == []


def test_connections_that_nobody_has_any_more_leave_no_thread(loaded: Repo) -> None:
    """As those of a part of a plan, of which nobody knows that it was the last one."""
    pool = ProviderPool(loaded)
    planned(loaded, pool)
    lanes = lanes_left()
    assert lanes
    del pool
    gc.collect()
    for lane in lanes:
        lane.join(5)
    assert lanes_left() == []


def test_a_thread_without_a_job_keeps_nothing_of_the_last_one() -> None:
    """A worker that makes one part of a plan after another would grow with each of them."""
    executor, held = DaemonExecutor(), threading.Event()
    kept = weakref.ref(held)
    executor.submit(held.is_set).result()
    del held
    until = time.monotonic() + 5
    while kept() is not None and time.monotonic() < until:
        gc.collect()
    assert kept() is None
    executor.shutdown()


def test_a_job_that_hangs_is_left_behind_and_the_next_ones_are_dropped() -> None:
    executor, gate, begun = DaemonExecutor(), threading.Event(), threading.Event()

    def hang() -> str:
        begun.set()
        gate.wait(10)
        return "late"

    first, second = executor.submit(hang), executor.submit(str)
    begun.wait(10)
    started = time.monotonic()
    executor.shutdown(wait=False, cancel_futures=True)
    executor.join(0.05)
    assert time.monotonic() - started < 5
    with pytest.raises(CancelledError):
        second.result(5)
    gate.set()
    assert first.result(5) == "late"
    executor.join(5)


NAME = DomainName("_dmarc.example.com")
QUARANTINE, SPACED = "v=DMARC1; p=quarantine", "v=DMARC1;p=quarantine;"


def change(
    before: str, after: str | None, ttls: tuple[int | None, int | None] = (300, 300)
) -> ChangeEntry:
    return ChangeEntry(
        "example.com",
        NAME,
        "TXT",
        "dmarc",
        (before,),
        (after,) if after is not None else (),
        *ttls,
        0,
        "",
        "safe",
        (),
    )


def holding(*values: str, ttl: int = 300) -> Zone:
    sets = [RRset(NAME, "TXT", ttl, frozenset(values))] if values else []
    return zone_of(DomainName("example.com"), sets)


TIGHTEN = change("v=DMARC1; p=none", QUARANTINE)
DONE = [
    (TIGHTEN, holding(QUARANTINE), True),
    (TIGHTEN, holding(QUARANTINE, "token"), True),
    (TIGHTEN, holding(SPACED), True),  # the same to a receiver, so to a plan
    (TIGHTEN, holding(QUARANTINE, ttl=60), True),  # providers have TTLs of their own
    (TIGHTEN, holding("v=DMARC1; p=none"), False),
    (TIGHTEN, holding(QUARANTINE, "v=DMARC1; p=none"), False),  # two records are none
    (TIGHTEN, holding(), False),
    (change("v=DMARC1; p=none", None), holding("token"), True),
    (change("v=DMARC1; p=none", None), holding(), True),
    (change("v=DMARC1; p=none", None), holding("v=DMARC1; p=none"), False),
    (change(SPACED, QUARANTINE), holding(SPACED), False),  # only the spelling changes
    (change(SPACED, QUARANTINE), holding(QUARANTINE), True),
    (change(QUARANTINE, QUARANTINE, (300, 60)), holding(QUARANTINE), False),  # only the TTL
    (change(QUARANTINE, QUARANTINE, (300, 60)), holding(QUARANTINE, ttl=60), True),
]


@pytest.mark.parametrize(("change", "zone", "done"), DONE)
def test_a_change_is_done_where_our_values_mean_what_they_will(
    change: ChangeEntry, zone: Zone, done: bool
) -> None:
    assert is_done(change, zone) is done
