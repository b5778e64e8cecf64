"""A plan that several processes make is, to the octet, the plan that one makes."""

from __future__ import annotations

import os
import select
import socket
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.deploy import plan_batches
from mailauth_dns.deploy.make_plan import make_plan
from mailauth_dns.deploy.plan_in_parts import InParts
from mailauth_dns.deploy.plan_request import PlanRequest
from mailauth_dns.deploy.provider_pool import providers
from mailauth_dns.deploy.quiet_notes import QuietNotes
from mailauth_dns.errors import (
    MaybeLost,
    NotServed,
    ProviderError,
    ProviderSilent,
    ServerBusy,
    SetMoved,
)
from mailauth_dns.octo.provider_objects import Unreachable
from mailauth_dns.plan import plan_json
from mailauth_dns.plan.plan import Plan, Where
from mailauth_dns.policy.load import load_repo
from mailauth_dns.policy.repo import Repo
from mailauth_dns.render import plan_markdown, plan_text
from mailauth_dns.spread import messages, processes
from mailauth_dns.spread.shard import Shard
from tests.conftest import Ran, RepoFolder
from tests.deploy import several_zones
from tests.deploy.fixed_clock import DAY, stand_still
from tests.deploy.git_repo import commit, git
from tests.deploy.quiet_fleet import EDITS, Fleet, fleet_in
from tests.deploy.several_zones import Drawn, repos
from tests.deploy.test_interrupts import interrupted
from tests.deploy.test_plan_shards import TIES

_Part = TypeVar("_Part")
_Done = TypeVar("_Done")


@dataclass
class Elsewhere:
    """Does parts here, from nothing but what can be sent to another process and back."""

    parts: list[Any] = field(default_factory=list)

    def each(self, work: Callable[[_Part], _Done], parts: Iterable[_Part]) -> Iterator[_Done]:
        there: Callable[[_Part], _Done] = sent(work)
        for part in parts:
            arrived = sent(part)
            self.parts.append(arrived)
            yield sent(there(arrived))

    @property
    def zones(self) -> list[str]:
        return sorted(each.origin for part in self.parts for each in part.batch.chosen)


def sent(value: Any) -> Any:
    return messages.unpickled(messages.pickled(value))


def of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the smallest plans be made in parts, of two zones each."""
    monkeypatch.setattr(plan_batches, "BATCH", 2)
    monkeypatch.setattr(plan_batches, "PART", 2)
    monkeypatch.setattr("mailauth_dns.spread.spread.FEWEST", 1)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    of_any_size(monkeypatch)
    stand_still(monkeypatch)


def planned(
    repo: Repo, request: PlanRequest, spread: Elsewhere | None = None
) -> tuple[Plan, dict[Where, str], list[str]]:
    """Return a plan, the places with nothing to do, and the progress that it told."""
    publications, progress = compile_repo(repo), list[str]()
    folders = {"local": ("served", str(repo.root / "served"))}
    quiet = QuietNotes({each.origin: each for each in publications}, folders)
    in_parts = InParts(spread, quiet) if spread is not None else None
    with providers(repo) as pool:
        asked = repo, pool, publications, request, progress.append
        plan = make_plan(*asked, quiet.note, in_parts, quiet.begin)
    return plan, quiet.quiet, sorted(progress)


def compared(repo: Repo, request: PlanRequest) -> Elsewhere:
    """Check that both plans are the same; return who made the parts."""
    spread = Elsewhere()
    one, several = planned(repo, request), planned(repo, request, spread)
    assert "".join(plan_json.dumped(several[0])) == "".join(plan_json.dumped(one[0]))
    assert several[0] == one[0]
    texts = [
        [line.plain for line in plan_text.plan(each[0], show_kept=True)] for each in (one, several)
    ]
    assert texts[0] == texts[1]
    assert plan_markdown.plan(several[0], 65536) == plan_markdown.plan(one[0], 65536)
    assert several[1:] == one[1:], "what is quiet, and the progress"
    return spread


REQUESTS = st.builds(
    PlanRequest,
    live=st.just(False),
    normalize=st.booleans(),
    show_kept=st.booleans(),
    providers=st.sampled_from([(), (), ("local",), ("other",)]),
    zones=st.sampled_from([None, None, frozenset(several_zones.ZONES[::2])]),
    shard=st.sampled_from([None, None, Shard(1, 2), Shard(2, 3)]),
)


@given(drawn=repos(), request=REQUESTS, batch=st.integers(1, 3))
@settings(max_examples=120)
def test_parts_are_the_single_plan(drawn: Drawn, request: PlanRequest, batch: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as monkeypatch:
        stand_still(monkeypatch)
        of_any_size(monkeypatch)
        monkeypatch.setattr(plan_batches, "BATCH", batch)
        monkeypatch.setattr(plan_batches, "PART", batch)
        repo = several_zones.written(Path(folder), drawn)
        spread = compared(repo, request)
        assert not (repo.tested and spread.parts), "a test may look at any zone"


@pytest.mark.parametrize("drawn", TIES.values(), ids=TIES)
def test_what_only_providers_tell_counts_in_all_parts(
    drawn: Drawn, tmp_path: Path, small: None
) -> None:
    assert compared(several_zones.written(tmp_path, drawn), PlanRequest(live=False)).parts


def test_values_that_are_alike_by_chance_are_told_apart(tmp_path: Path, small: None) -> None:
    """A record that leads to b.example is one thing, and one that leads to its own zone another."""
    led = {"a.example": "b", "a1.example": "b", "b.example": "b", "c.example": "c"}
    drawn = Drawn(
        {zone: {"spf": "{all: fail}"} for zone in led},
        {(zone, "local"): [f"@ TXT v=spf1_include:{at}.example_~all"] for zone, at in led.items()},
    )
    spread = compared(several_zones.written(tmp_path, drawn), PlanRequest(live=False))
    assert len(spread.parts) == 2


# Who plans what


@pytest.fixture
def mixed(repo: RepoFolder, small: None, remote_anew: None) -> RepoFolder:
    """Zones in files of our own, and one of each kind that stays in the command's process."""
    for zone in ("a.example", "b.example", "both.example", "told.example", "gone.example"):
        repo.local(zone, several_zones.HEAD)
        repo.policy(f"domain: {zone}\nproviders: [local]\nspf: {{all: fail}}\n", zone)
    repo.provider(
        "far", {"class": "tests.deploy.provider.Remote", "directory": repo.root / "remote"}
    )
    for zone, at in (("far.example", "[far]"), ("both.example", "[local, far]")):
        repo.write(f"remote/{zone}.yaml", '? ""\n: - {type: TXT, value: token=kept}\n')
        repo.policy(f"domain: {zone}\nproviders: {at}\nspf: {{all: fail}}\n", zone)
    repo.write("zones/evidence/told.example.json", "{}\n")
    repo.policy(
        "domain: gone.example\nproviders: [local]\nspf: {all: fail}\n"
        "senders: {google: {retired: 2025-01-01}}\n",
        "gone.example",
    )
    return repo


def test_only_zones_in_files_of_our_own_are_planned_elsewhere(mixed: RepoFolder) -> None:
    spread = compared(load_repo(mixed.root, today=DAY.date()), PlanRequest(live=False))
    assert spread.zones == ["a.example", "b.example"]


def test_few_zones_are_planned_here(mixed: RepoFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailauth_dns.spread.spread.FEWEST", 3)
    spread = compared(load_repo(mixed.root, today=DAY.date()), PlanRequest(live=False))
    assert spread.zones == []


def test_a_part_has_the_policies_around_its_zones_and_no_text(
    repo: RepoFolder, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_batches, "BATCH", 1)
    monkeypatch.setattr(plan_batches, "PART", 1)
    repo.provider("local", {"class": "mailauth_dns.octo.LocalProvider", "directory": "served"})
    for zone in ("a.example", "sub.a.example", "z.example"):
        repo.local(zone, several_zones.HEAD + '_dmarc TXT "v=DMARC1; p=reject"\n')
    repo.policy("# a note\ndomain: a.example\nproviders: [local]\ndmarc: absent\n", "a")
    repo.policy("domain: sub.a.example\nproviders: [local]\nspf: {terms: [mx]}\n", "sub")
    repo.policy(
        "domain: z.example\nproviders: [local]\ndmarc: absent\n"
        "allow: [{rule: DMARC032, reason: meant, until: 2099-01-01}]\n",
        "z",
    )
    spread = compared(load_repo(repo.root, today=DAY.date()), PlanRequest(live=False))
    found = [
        (
            [each.origin for each in part.batch.chosen],
            [each.domain for each in part.policies],
            list(part.permissions.by_domain),
        )
        for part in spread.parts
    ]
    assert found == [
        (["a.example"], ["a.example", "sub.a.example"], []),
        (["sub.a.example"], ["a.example", "sub.a.example"], []),
        (["z.example"], ["z.example"], ["z.example"]),
    ]
    assert all(not each.root.items for part in spread.parts for each in part.policies)
    assert b"# a note" not in messages.pickled(spread.parts)


def test_no_secret_is_sent(repo: RepoFolder, small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZONES_TOKEN", str(repo.root / "served"))
    repo.local("a.example", several_zones.HEAD)
    repo.provider(
        "local", {"class": "mailauth_dns.octo.LocalProvider", "directory": "env/ZONES_TOKEN"}
    )
    repo.policy("domain: a.example\nproviders: [local]\nspf: {all: fail}\n", "a")
    said: list[bytes] = []
    real = messages.pickled

    def pickled(message: object) -> bytes:
        said.append(real(message))
        return said[-1]

    monkeypatch.setattr(messages, "pickled", pickled)
    loaded = load_repo(repo.root, today=DAY.date())
    loaded = replace(loaded, root=Path("/nowhere"))
    compared(loaded, PlanRequest(live=False))
    assert any(b"env/ZONES_TOKEN" in each for each in said)
    assert not any(os.environ["ZONES_TOKEN"].encode() in each for each in said)


KINDS = [ProviderError, ProviderSilent, ServerBusy, NotServed, MaybeLost, SetMoved, Unreachable]


@pytest.mark.parametrize("kind", KINDS)
def test_errors_of_providers_can_be_sent(kind: type[ProviderError]) -> None:
    error = kind("ns.example: refused")
    if isinstance(error, ProviderSilent):
        error.pause = 7.0
    again = sent(error)
    assert (type(again), str(again), vars(again)) == (kind, str(error), vars(error))


# The command line


def same(repo: RepoFolder, *options: str) -> Ran:
    """Return what a plan says, in however many processes, with one plan file."""
    ran, files = [], []
    for number in ("1", "2", "3"):
        ran.append(repo.run("plan", "--out", "plan.json", "--jobs", number, *options))
        files.append((repo.root / "plan.json").read_text())
    assert ran[0] == ran[1] == ran[2]
    assert files[0] == files[1] == files[2]
    return ran[0]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many processes each run was given, in turn."""
    numbers: list[int] = []
    real = processes.Processes

    class Counted(real):  # type: ignore[valid-type, misc]
        def __init__(self, jobs: int) -> None:
            numbers.append(jobs)
            super().__init__(jobs)

    monkeypatch.setattr(processes, "Processes", Counted)
    return numbers


def test_the_number_of_processes_changes_nothing(
    team: RepoFolder, small: None, started: list[int]
) -> None:
    """Zones that are served, so that the workers ask live DNS, and one at a remote provider."""
    (team.root / "served/shop.example.zone").unlink()
    ran = same(team, "--show-kept")
    assert "shop.example" in ran.said
    assert "far.example at far" in ran.out
    assert started == [2, 3]


@pytest.mark.parametrize("format", ["text", "json", "markdown", "html", "github"])
def test_formats_are_the_same(mixed: RepoFolder, format: str) -> None:
    assert same(mixed, "--no-live", "--format", format).out


OPTIONS = [
    ("--shard", "1/2"),
    ("--changed-since", "main"),
    ("--provider", "local"),
    ("a.example", "both.example"),
    ("--normalize", "--no-cache"),
]


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_options_mean_what_they_do_in_one_process(
    mixed: RepoFolder, options: tuple[str, ...]
) -> None:
    git(mixed.root, "init", "-qb", "main")
    commit(mixed.root, "as it was")
    git(mixed.root, "checkout", "-qb", "branch")
    mixed.policy("domain: a.example\nproviders: [local]\nspf: {all: softfail}\n", "a.example")
    commit(mixed.root, "softer")
    assert "a.example" in same(mixed, "--no-live", *options).said or "--shard" in options


def test_the_variable_counts_too(
    mixed: RepoFolder, started: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAILAUTH_JOBS", "2")
    assert mixed.run("plan", "--no-live").code in (0, 1)
    monkeypatch.setenv("MAILAUTH_JOBS", "none")
    ran = mixed.run("plan", "--no-live")
    assert ran.code == 1
    assert "MAILAUTH_JOBS=none: is not a number of processes" in ran.err
    assert started == [2]


def test_a_small_repo_takes_one_process(
    mixed: RepoFolder, started: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailauth_dns.spread.spread.FEWEST", 500)
    mixed.run("plan", "--no-live", "--jobs", "5")
    assert started == []


def test_live_dns_is_asked_by_one_process_unless_somebody_says_so(
    mixed: RepoFolder, started: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each process has a window of questions at each server."""
    mixed.write("zones/policy/_defaults.yaml", 'nameservers: ["127.0.0.1:1"]\n')
    monkeypatch.setattr(processes, "usable_cores", lambda: 2)
    mixed.run("plan")
    assert started == []
    mixed.run("plan", "--no-live")
    mixed.run("plan", "--jobs", "3")
    assert started == [2, 3]


def test_a_stanza_that_is_wrong_is_told_once(mixed: RepoFolder) -> None:
    mixed.provider("local", {"class": "mailauth_dns.octo.LocalProvider", "folder": "served"})
    one, two = (mixed.run("plan", "--no-live", "--jobs", jobs) for jobs in ("1", "2"))
    assert one == two
    assert one.code == 1


# What is kept for the next plan


@pytest.fixture
def fleet(repo: RepoFolder, small: None, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """A fleet of which parts are planned from nothing but what can be sent."""
    monkeypatch.setenv("MAILAUTH_CACHE", str(repo.root.parent / "cache"))
    monkeypatch.setattr(processes, "Processes", lambda _jobs: nullcontext(Elsewhere()))
    return fleet_in(repo)


@pytest.mark.parametrize("edit", EDITS)
def test_what_is_quiet_is_what_one_process_calls_so(fleet: Fleet, edit: str) -> None:
    fleet.plan("--jobs", "2")
    EDITS[edit](fleet)
    assert (
        fleet.plan("--jobs", "2", "--no-cache")
        == fleet.plan("--jobs", "2")
        == fleet.plan("--jobs", "1")
        == fleet.plan("--jobs", "1", "--no-cache")
    )


# The end of it


def test_an_interrupt_ends_all_processes(repo: RepoFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = f"MARK_OF_A_TEST={repo.root}"
    monkeypatch.setenv(*mark.split("="))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.setblocking(False)
        zones = [f"d{number:03}.example" for number in range(520)]
        for zone in zones:
            repo.local(zone, several_zones.HEAD)
        repo.write("zones/policy/all.txt", "\n".join(zones))
        repo.policy(
            "domains_file: all.txt\nproviders: [local]\nspf: {all: fail}\n"
            f'nameservers: ["127.0.0.1:{silent.getsockname()[1]}"]\n'
        )

        def asked() -> bool:
            return bool(select.select([silent], [], [], 0)[0]) and len(of_mark(mark)) == 3

        code, out = interrupted(repo, asked, "plan", "--jobs", "2")
    assert (code, out) == (130, "interrupted\n")
    assert of_mark(mark) == []


def of_mark(mark: str) -> list[str]:
    """Return the processes with a variable in their environment, without this one."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if each.name != str(os.getpid()) and mark.encode() in (each / "environ").read_bytes():
                found.append(each.name)
    return found
