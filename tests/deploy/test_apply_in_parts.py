"""An apply that several processes do ends as that of one process does, however it ends."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.deploy import plan_batches, write_in_parts
from mailauth_dns.deploy.apply import ApplyRequest, apply
from mailauth_dns.deploy.make_plan import make_plan
from mailauth_dns.deploy.plan_in_parts import Part
from mailauth_dns.deploy.plan_request import PlanRequest
from mailauth_dns.deploy.provider_pool import providers
from mailauth_dns.deploy.replan import NoLongerReviewed, replan
from mailauth_dns.deploy.write_in_parts import PartsOfWriting, WritePart
from mailauth_dns.deploy.zone_results import ZoneResults
from mailauth_dns.plan import plan_json
from mailauth_dns.plan.permissions import allowance
from mailauth_dns.policy.load import load_repo
from mailauth_dns.render import plan_text
from mailauth_dns.spread import processes
from mailauth_dns.spread.spread import Spread
from tests.conftest import Ran, RepoFolder
from tests.deploy import several_zones, test_plan_in_parts
from tests.deploy.fixed_clock import DAY, stand_still
from tests.deploy.several_zones import HEAD, Drawn, repos
from tests.deploy.test_interrupts import interrupted
from tests.deploy.test_plan_in_parts import of_mark

APPLY = ("apply", "plan.json", "--no-live", "--allow", "live-unknown")
FLEET = [f"d{number:03}.example" for number in range(600)]


class Elsewhere(test_plan_in_parts.Elsewhere):
    """What was planned, and what was written, from nothing but what can be sent."""

    @property
    def planned(self) -> list[str]:
        plans = [part for part in self.parts if isinstance(part, Part)]
        return [each.origin for part in plans for each in part.batch.chosen]

    @property
    def written(self) -> list[str]:
        writes = [part for part in self.parts if isinstance(part, WritePart)]
        return [each.zone for part in writes for each in part.zones]


def of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the smallest applies be done in parts, of two zones each."""
    monkeypatch.setattr(plan_batches, "BATCH", 2)
    monkeypatch.setattr(plan_batches, "PART", 2)
    monkeypatch.setattr("mailauth_dns.spread.spread.FEWEST", 1)
    monkeypatch.setattr(write_in_parts, "PART", 2)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    of_any_size(monkeypatch)


Edit = Callable[[Path], None]


def ended(root: Path, drawn: Drawn, edit: Edit, spread: Spread | None) -> tuple[object, ...]:
    """Return what an apply says of a repo that is edited after the review, and what it leaves."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    repo = several_zones.written(root, drawn)
    with providers(repo) as pool:
        reviewed = make_plan(repo, pool, compile_repo(repo), PlanRequest(live=False))
    edit(root)
    repo = load_repo(root, today=DAY.date())
    allowed = tuple(map(allowance, ("live-unknown", "SPF010", "DMARC032", "DKIM030")))
    told: list[str] = []
    with providers(repo) as pool:
        try:
            fresh, notes = replan(
                repo, pool, compile_repo(repo), reviewed, live=False, spread=spread
            )
        except NoLongerReviewed as stale:
            return str(stale), stale.stale, stale.rest, files_of(root)
        journal = root / "journal"
        request = ApplyRequest(allowed, live=False, notes=notes, spread=spread, journal=journal)
        result = apply(fresh, pool, request, reviewed, told.append)
    lines = journal.read_text().splitlines() if journal.exists() else []
    said = [line.plain for line in plan_text.outcome(result)]
    dumped = "".join(plan_json.dumped(fresh))
    return (
        said,
        dumped,
        sorted(told),
        sorted(map(_timeless, lines)),
        list(result.zones),
        files_of(root),
    )


def _timeless(line: str) -> str:
    return str({**json.loads(line), "time": ""})


def files_of(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): path.read_text()
        for folder in ("served", "served-too")
        for path in sorted((root / folder).glob("*.zone"))
    }


def _added(zone: str, line: str) -> Edit:
    def edit(root: Path) -> None:
        path = root / f"served/{zone}.zone"
        if path.exists():
            path.write_text(path.read_text() + line)

    return edit


def nothing(_root: Path) -> None:
    """Edit nothing."""


edits = st.one_of(
    st.just(nothing),
    st.just(nothing),
    st.builds(
        _added,
        st.sampled_from(several_zones.ZONES),
        st.sampled_from(
            [
                '_dmarc IN TXT "v=DMARC1; p=quarantine"\n',
                'www IN TXT "foreign"\n',
                "www IN CNAME @\nwww IN A 192.0.2.1 ; broken\n",
            ]
        ),
    ),
)


@given(drawn=repos(), edit=edits)
@settings(max_examples=120)
def test_parts_end_as_the_single_apply(drawn: Drawn, edit: Edit) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as monkeypatch:
        stand_still(monkeypatch)
        of_any_size(monkeypatch)
        root, spread = Path(folder) / "repo", Elsewhere()
        one = ended(root, drawn, edit, None)
        several = ended(root, drawn, edit, spread)
        for mine, theirs in zip(one, several, strict=True):
            assert mine == theirs


@pytest.fixture
def zones(repo: RepoFolder, small: None) -> RepoFolder:
    """Zones in files of our own; after one kind of write, a command is run."""
    for zone in ("a.example", "b.example", "c.example"):
        repo.local(zone, HEAD)
        repo.policy(f"domain: {zone}\nproviders: [local]\nspf: {{all: fail}}\n", zone)
    repo.provider(
        "told",
        {
            "class": "mailauth_dns.octo.LocalProvider",
            "directory": "served",
            "reload": "['true']",
        },
    )
    repo.local("told.example", HEAD)
    repo.policy("domain: told.example\nproviders: [told]\nspf: {all: fail}\n", "told")
    return repo


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    spread = Elsewhere()

    class Opened:
        def __init__(self, _jobs: int) -> None: ...

        def __enter__(self) -> Elsewhere:
            return spread

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(processes, "Processes", Opened)
    return spread


def test_a_zone_whose_reload_is_a_command_is_written_here(
    zones: RepoFolder, elsewhere: Elsewhere
) -> None:
    """That command may not be meant to be run twice at a time."""
    assert zones.run("plan", "--no-live", "--out", "plan.json").code == 0
    ran = zones.run(*APPLY, "--jobs", "2")
    assert ran.code == 0
    assert "told.example at told  applied" in ran.out
    assert sorted(elsewhere.written) == ["a.example", "b.example", "c.example"]


def test_what_has_nothing_to_do_is_not_sent(zones: RepoFolder, elsewhere: Elsewhere) -> None:
    assert zones.run("plan", "--no-live", "--out", "plan.json").code == 0
    assert zones.run(*APPLY, "--jobs", "2", "--only", "b.example").code == 0
    elsewhere.parts.clear()
    ran = zones.run(*APPLY, "--jobs", "2")
    assert ran.code == 0
    assert "Apply: 3 applied, 1 unchanged" in ran.out
    assert sorted(elsewhere.written) == ["a.example", "c.example"]


def test_an_apply_that_asks_is_done_in_parts_too(
    zones: RepoFolder, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    ran = zones.run("apply", "--no-live", "--allow", "live-unknown", "--jobs", "2")
    assert ran.code == 0
    assert sorted(elsewhere.written) == ["a.example", "b.example", "c.example"]


def test_a_wrong_number_of_processes_is_told_before_the_question(
    zones: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAILAUTH_JOBS", "many")
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    ran = zones.run("apply", "--no-live", "--allow", "live-unknown")
    assert ran.code == 1
    assert "MAILAUTH_JOBS=many: is not a number of processes" in ran.said
    assert "Apply these changes?" not in ran.said


def test_where_live_dns_is_asked_others_only_write(
    zones: RepoFolder, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each process that asks DNS has a window of questions at each server."""
    zones.write("zones/policy/_defaults.yaml", 'nameservers: ["127.0.0.1:1"]\n')
    monkeypatch.setattr(processes, "usable_cores", lambda: 2)
    zones.run("plan", "--out", "plan.json")
    zones.run("apply", "plan.json", "--wait", "0s", "--allow", "live-unknown")
    assert (elsewhere.planned, len(elsewhere.written)) == ([], 3)


def _second_call(monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> None:
    """Interrupt the second call of a method."""
    real, calls = getattr(owner, name), list[object]()

    def method(*arguments: Any) -> object:
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(owner, name, method)


IN_DOUBT = "failed: interrupted while it was written; run the apply again"
NOT_TRIED = "not tried: interrupted"
MOMENTS = [
    # of zones that other processes wrote: c, and told, which this process would write
    (ZoneResults, "add_all", "2", ["applied, 1 change"] * 2 + [IN_DOUBT, NOT_TRIED]),
    # between two groups: c needs a
    (PartsOfWriting, "fit", "2", ["applied, 1 change"] * 2 + [NOT_TRIED, "applied, 1 change"]),
    # of zones that this process wrote
    (ZoneResults, "add", "1", ["applied, 1 change", *[IN_DOUBT] * 3]),
]


@pytest.mark.parametrize(("owner", "name", "jobs", "told"), MOMENTS)
def test_an_interrupt_between_two_pieces_of_work_keeps_what_is_known(
    zones: RepoFolder,
    elsewhere: Elsewhere,
    monkeypatch: pytest.MonkeyPatch,
    owner: type,
    name: str,
    jobs: str,
    told: list[str],
) -> None:
    """No zone that was written is told as one that was not tried."""
    if name == "fit":
        terms = "spf: {terms: ['include:a.example'], all: fail}"
        zones.policy(f"domain: c.example\nproviders: [local]\n{terms}\n", "c.example")
    assert zones.run("plan", "--no-live", "--out", "plan.json").code == 0
    _second_call(monkeypatch, owner, name)
    ran = zones.run(*APPLY, "--jobs", jobs)
    monkeypatch.undo()
    assert ran.code == 130
    where = ("a.example at local", "b.example at local", "c.example at local", "told.example at")
    lines = [line for zone in where for line in ran.out.splitlines() if line.startswith(zone)]
    assert [line.split("  ", 1)[1] for line in lines] == told
    assert zones.run(*APPLY, "--jobs", "2").code == 0


@pytest.fixture
def fleet(repo: RepoFolder) -> RepoFolder:
    for zone in FLEET:
        repo.local(zone, HEAD)
    repo.write("zones/policy/all.txt", "\n".join(FLEET))
    repo.policy("domains_file: all.txt\nproviders: [local]\nparked: true\n")
    assert repo.run("plan", "--no-live", "--out", "plan.json").code == 0
    return repo


def written(repo: RepoFolder) -> list[str]:
    return [
        path.name
        for path in sorted((repo.root / "served").glob("*.zone"))
        if "v=DMARC1" in path.read_text()
    ]


def finished(repo: RepoFolder) -> None:
    """Check that one more apply does what is left, and no draft is left behind."""
    ran: Ran = repo.run(*APPLY, "--jobs", "2")
    assert ran.code == 0
    assert len(written(repo)) == len(FLEET)
    left = {path.name for path in (repo.root / "served").iterdir()}
    assert left == {*(f"{zone}.zone" for zone in FLEET), ".mailauth-dns.lock"}


def test_an_interrupt_ends_what_was_begun(fleet: RepoFolder) -> None:
    served = fleet.root / "served"
    last = served / f"{FLEET[60]}.zone"
    code, out = interrupted(fleet, lambda: "v=DMARC1" in last.read_text(), *APPLY, "--jobs", "2")
    if code == 0:
        pytest.fail("the machine was faster than the interrupt; let the fleet be bigger")
    assert code == 130
    there = written(fleet)
    assert 0 < len(there) < len(FLEET)
    assert f"{len(there)} applied" in out
    assert f"{len(FLEET) - len(there)} not tried" in out
    assert "interrupted while it was written" not in out
    finished(fleet)


def test_a_worker_that_is_killed_is_told_and_the_rest_can_be_done(
    fleet: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = processes._Worker.ask
    asked = 0

    def ask(worker: Any, message: bytes) -> Any:
        nonlocal asked
        if b"WritePart" in message:
            asked += 1
            if asked == 4:
                os.kill(worker._process.pid, signal.SIGKILL)
        return real(worker, message)

    monkeypatch.setattr(processes._Worker, "ask", ask)
    ran = fleet.run(*APPLY, "--jobs", "2")
    monkeypatch.undo()
    assert ran.code == 1
    assert "nobody knows what was written; run the apply again: a worker process was killed" in (
        ran.out
    )
    assert "not tried" in ran.out
    assert "Traceback" not in ran.said
    finished(fleet)


@pytest.mark.parametrize("at", [0, 150, 400])
def test_an_apply_that_is_killed_leaves_no_worker_and_can_be_done_again(
    fleet: RepoFolder, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    mark = f"MARK_OF_A_TEST={fleet.root}"
    monkeypatch.setenv(*mark.split("="))
    command = [sys.executable, "-m", "mailauth_dns", "-C", str(fleet.root), *APPLY, "--jobs", "2"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    file = fleet.root / f"served/{FLEET[at]}.zone"
    while "v=DMARC1" not in file.read_text() and process.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.001)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    while of_mark(mark):
        assert time.monotonic() < until
        time.sleep(0.01)
    monkeypatch.undo()
    assert len(written(fleet)) < len(FLEET)
    finished(fleet)
