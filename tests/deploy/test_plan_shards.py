"""Parts of a plan, made on several machines: merged, they are the single plan to the octet."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailauth_dns import __version__
from mailauth_dns.compile.compile_repo import compile_repo
from mailauth_dns.deploy import plan_batches
from mailauth_dns.deploy.make_plan import make_plan
from mailauth_dns.deploy.plan_request import PlanRequest
from mailauth_dns.deploy.plan_shards import merged
from mailauth_dns.deploy.provider_pool import providers
from mailauth_dns.deploy.zone_groups import groups
from mailauth_dns.plan import plan_file, plan_json, plan_shard
from mailauth_dns.plan.plan import Plan, Where
from mailauth_dns.policy import load
from mailauth_dns.policy.repo import Repo
from mailauth_dns.policy.repo_state import repo_state
from mailauth_dns.render import plan_markdown, plan_text
from mailauth_dns.spread.shard import Shard
from tests.conftest import RepoFolder
from tests.deploy import several_zones
from tests.deploy.fixed_clock import stand_still
from tests.deploy.several_zones import Drawn, repos


def planned(repo: Repo, shard: Shard | None, request: PlanRequest) -> Plan:
    with providers(repo) as pool:
        return make_plan(repo, pool, compile_repo(repo), replace(request, shard=shard))


def file_text(plan: Plan) -> str:
    return "".join(plan_json.dumped(plan))


def read_back(plan: Plan, folder: Path, name: str) -> Plan:
    path = folder / name
    path.write_text(file_text(plan))
    return plan_file.read(path)


def as_text(plan: Plan) -> str:
    return "\n".join(line.plain for line in plan_text.plan(plan, show_kept=False))


def places_of(*plans: Plan) -> list[Where]:
    return [
        where
        for plan in plans
        for where in (*(zone.where for zone in plan.zones), *(each.where for each in plan.failed))
    ]


def compared(root: Path, drawn: Drawn, of: int, request: PlanRequest) -> None:
    repo = several_zones.written(root, drawn)
    single = planned(repo, None, request)
    shards = {
        f"shard-{number}": read_back(planned(repo, Shard(number, of), request), root, "shard")
        for number in range(of, 0, -1)
    }
    assert sorted(places_of(*shards.values())) == sorted(places_of(single))
    checked = plan_shard.check(shards.items(), tool=__version__, files=repo_state(root))
    together, _ = merged(repo, compile_repo(repo), checked)
    assert file_text(together) == file_text(single)
    assert as_text(together) == as_text(single)
    assert plan_markdown.plan(together, 65536) == plan_markdown.plan(single, 65536)


def tied(gone: str, user: str) -> Drawn:
    """A key that goes, and an alias of another zone that leads to it at the provider alone.

    The alias stays for now: what it is to lead to is in a zone that cannot be read.
    """
    far = "f.example"
    return Drawn(
        {
            gone: {"dkim": "{selectors: {s1: {state: absent}}}"},
            user: {"dkim": f"{{selectors: {{s1: {{cname: s1._domainkey.{far}}}}}}}"},
            far: {"dkim": "{selectors: {s1: {p: AAAA}}}"},
        },
        {
            (gone, "local"): ["s1._domainkey TXT v=DKIM1;_p=BBBB"],
            (user, "local"): [f"s1._domainkey CNAME s1._domainkey.{gone}."],
            (far, "local"): None,
        },
    )


OWN_SPF = Drawn(
    {
        "a.example": {"spf": "absent"},
        "b.example": {"spf": '{terms: ["include:d.example"], all: fail}'},
        "c.example": {"spf": "{all: fail}"},
        "d.example": {"spf": "absent", "providers": "[local, other]"},
    },
    {
        ("a.example", "local"): ["@ TXT v=spf1_-all"],
        ("b.example", "local"): ["@ TXT v=spf1_include:a.example_~all"],
        ("c.example", "local"): None,
        ("d.example", "local"): ["@ TXT v=spf1_-all"],
        ("d.example", "other"): ["@ TXT v=spf1_include:a.example_~all"],
    },
)


@given(drawn=repos(), of=st.integers(1, 8), normalize=st.booleans())
@settings(max_examples=60)
def test_merged_shards_are_the_single_plan(drawn: Drawn, of: int, normalize: bool) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as monkeypatch:
        stand_still(monkeypatch)
        monkeypatch.setattr(plan_batches, "BATCH", 2)
        compared(Path(folder), drawn, of, PlanRequest(live=False, normalize=normalize))


TIES = {
    "alias behind": tied("a.example", "b.example"),
    "alias before": tied("b.example", "a.example"),
    "own SPF record goes": OWN_SPF,
}


@pytest.mark.parametrize("of", range(1, 9))
@pytest.mark.parametrize("drawn", TIES.values(), ids=TIES)
def test_what_only_providers_tell_counts_in_every_part(
    drawn: Drawn, of: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_still(monkeypatch)
    compared(tmp_path, drawn, of, PlanRequest(live=False))


@given(drawn=repos(), of=st.integers(1, 8))
def test_each_zone_is_in_one_shard_and_no_group_is_split(drawn: Drawn, of: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        declared = compile_repo(several_zones.written(Path(folder), drawn))
    zones, together = [each.origin for each in declared], groups(declared)
    shards = [together.in_shard(zones, Shard(number, of)) for number in range(1, of + 1)]
    assert sorted(each for shard in shards for each in shard) == zones
    for zone in zones:
        [mine] = [shard for shard in shards if zone in shard]
        assert mine.issuperset(together.of(zone))


# The command line


@pytest.fixture
def team(repo: RepoFolder, monkeypatch: pytest.MonkeyPatch) -> RepoFolder:
    """Three zones at one provider, one of which has a permission for nothing."""
    stand_still(monkeypatch)
    for zone in ("a.example", "b.example", "c.example"):
        repo.local(zone, several_zones.HEAD)
        repo.policy(f"domain: {zone}\nproviders: [local]\nspf: {{all: fail}}\n", zone)
    repo.write(
        "zones/policy/c.example.yaml",
        "domain: c.example\nproviders: [local]\nspf: {all: fail}\n"
        "allow: [{rule: SPF010, reason: meant, until: 2099-12-31}]\n",
    )
    return repo


def shards(repo: RepoFolder, of: int, *options: str) -> list[str]:
    names = [f"shard-{number}.json" for number in range(1, of + 1)]
    for number, name in enumerate(names, 1):
        ran = repo.run("plan", "--no-live", "--shard", f"{number}/{of}", "--out", name, *options)
        assert ran.code == 0, ran.said
    return names


@pytest.mark.parametrize("format", ["text", "json", "html", "markdown", "github"])
def test_the_command_writes_what_one_run_writes(team: RepoFolder, format: str) -> None:
    single = team.run("plan", "--no-live", "--out", "plan.json", "--format", format)
    assert "SPF010 is permitted, and nothing here needs it" in single.out or format != "text"
    merged = team.run(
        "plan", "merge", *shards(team, 8)[::-1], "--out", "merged.json", "--format", format
    )
    assert (merged.code, merged.out) == (single.code, single.out)
    read = [(team.root / name).read_text() for name in ("plan.json", "merged.json")]
    assert read[0] == read[1]


@pytest.mark.parametrize(
    ("options", "code"), [(["--detailed-exitcode"], 2), (["--fail-on", "blocked"], 0)]
)
def test_the_exit_codes_are_those_of_plan(team: RepoFolder, options: list[str], code: int) -> None:
    assert team.run("plan", "--no-live", *options).code == code
    assert team.run("plan", "merge", *shards(team, 3), *options).code == code


def test_to_merge_asks_no_provider(team: RepoFolder) -> None:
    names = shards(team, 2)
    shutil.rmtree(team.root / "served")
    merged = team.run("plan", "merge", *names, "--out", "merged.json")
    assert merged.code == 0, merged.said


def test_options_of_the_shards_are_those_of_the_plan(team: RepoFolder) -> None:
    options = ("a.example", "b.example", "--normalize", "--show-kept", "--provider", "local")
    single = team.run("plan", "--no-live", "--out", "plan.json", *options)
    merged = team.run("plan", "merge", *shards(team, 2, *options), "--out", "merged.json")
    assert merged.out == single.out
    assert (team.root / "merged.json").read_text() == (team.root / "plan.json").read_text()


def test_a_shard_says_that_it_is_one(team: RepoFolder) -> None:
    ran = team.run("plan", "--no-live", "--shard", "1/1", "--out", "shard.json")
    assert ran.out.startswith(
        "note: this is shard 1/1 of a plan; `plan merge` puts the shards together\n"
    )
    assert ran.next == "plan merge SHARD... --out plan.json  (puts the shards together)"
    assert team.run("plan", "--show", "shard.json").out == ran.out


USES = [
    ("apply", "shard-1.json"),
    ("simulate", "--from", "x@a.example", "--ip", "192.0.2.1", "--plan", "shard-1.json"),
    ("serve", "--plan", "shard-1.json", "--port", "0"),
]


@pytest.mark.parametrize("command", USES, ids=" ".join)
def test_nothing_takes_a_shard_for_a_plan(team: RepoFolder, command: tuple[str, ...]) -> None:
    shards(team, 2)
    refused = team.run(*command)
    assert refused.code == 1
    assert refused.err.endswith(
        "shard-1.json is shard 1/2 of a plan; put all shards together first: "
        "`plan merge SHARD... --out plan.json`\n"
    )


WRONG = {
    "0/8": "there is no such shard; they are 1/8 to 8/8",
    "9/8": "there is no such shard; they are 1/8 to 8/8",
    "1/0": "0 shards; from 1 to 1000 are allowed",
    "1/1001": "1001 shards; from 1 to 1000 are allowed",
    "eight": "write its number and how many there are, such as 1/8",
    "-1/8": "write its number and how many there are, such as 1/8",
    "1 / 8": "write its number and how many there are, such as 1/8",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_shard_that_is_none_is_refused(team: RepoFolder, text: str) -> None:
    ran = team.run("plan", f"--shard={text}")
    assert (ran.code, ran.err) == (1, f"--shard {text}: {WRONG[text]}\n")


BESIDE = [
    (("--live-only",), "--live-only makes a plan in one piece; leave out --shard\n"),
    (
        ("--show", "plan.json"),
        "--show prints a plan that is made already; leave out --changed-since, --provider, "
        "--shard and --live-only\n",
    ),
]


@pytest.mark.parametrize(("options", "message"), BESIDE)
def test_some_plans_have_no_parts(team: RepoFolder, options: tuple[str, ...], message: str) -> None:
    ran = team.run("plan", "--shard", "1/2", *options)
    assert (ran.code, ran.err) == (1, message)


SAME = "; make all shards from one commit, on one day, with the same options\n"


def refused(repo: RepoFolder, *names: str) -> str:
    ran = repo.run("plan", "merge", *names, "--out", "merged.json")
    assert (ran.code, ran.out) == (1, "")
    assert not (repo.root / "merged.json").exists()
    return ran.err


def test_a_shard_that_is_missing_is_named(team: RepoFolder) -> None:
    names = shards(team, 8)
    assert refused(team, *names[:-1]) == (
        "of 8 shards, 8 is missing; `plan --shard 8/8` makes shard 8\n"
    )
    assert refused(team, names[0]) == (
        "of 8 shards, 2, 3, 4, 5, 6 and 2 more are missing; `plan --shard 2/8` makes shard 2\n"
    )


def test_a_shard_that_is_there_twice_is_named(team: RepoFolder) -> None:
    one, two = shards(team, 2)
    team.write("copy.json", (team.root / one).read_text())
    assert (
        refused(team, one, two, "copy.json") == "copy.json is shard 1/2, and so is shard-1.json\n"
    )
    assert "shard-1.json is shard 1/2" not in refused(team, one, one), "one file, named twice"


OTHERS = {
    ("--normalize",): "--normalize",
    ("--show-kept",): "--show-kept",
    ("a.example",): "the domains",
    ("--provider", "local"): "--provider",
}


@pytest.mark.parametrize("options", OTHERS)
def test_a_shard_with_other_options_is_named(team: RepoFolder, options: tuple[str, ...]) -> None:
    one, _ = shards(team, 2)
    team.run("plan", "--no-live", "--shard", "2/2", "--out", "other.json", *options)
    assert refused(team, one, "other.json") == (
        f"other.json does not belong to shard-1.json, which differs in {OTHERS[options]}{SAME}"
    )


def test_a_shard_of_another_number_of_shards_is_named(team: RepoFolder) -> None:
    one, _ = shards(team, 2)
    team.run("plan", "--no-live", "--shard", "2/3", "--out", "other.json")
    assert refused(team, one, "other.json") == (
        f"other.json does not belong to shard-1.json, which differs in the number of shards{SAME}"
    )


def test_shards_of_other_files_are_refused(team: RepoFolder) -> None:
    one, two = shards(team, 2)
    team.policy("domain: b.example\nproviders: [local]\nspf: {all: softfail}\n", "b.example")
    assert refused(team, one, two) == (
        "shard-1.json was made from other files than those in zones/ and providers/ here; "
        "check out what it was made from, or make all shards again\n"
    )
    team.run("plan", "--no-live", "--shard", "2/2", "--out", two)
    assert refused(team, one, two) == (
        "shard-2.json does not belong to shard-1.json, which differs in "
        f"the files in zones/ and providers/{SAME}"
    )


def test_shards_of_another_version_are_refused(team: RepoFolder) -> None:
    names = shards(team, 2)
    for name in names:
        plan = plan_file.read(team.root / name)
        (team.root / name).write_text(file_text(replace(plan, tool="0.0.1")))
    assert refused(team, *names) == (
        f"shard-1.json was made by mailauth-dns 0.0.1, and this is {__version__}; "
        "merge with the same version\n"
    )


def test_what_is_no_shard_is_refused(team: RepoFolder) -> None:
    team.run("plan", "--no-live", "--out", "plan.json")
    assert refused(team, "plan.json") == (
        "plan.json is a whole plan, and no shard of one; there is nothing to merge\n"
    )
    team.write("broken.json", "{}")
    assert "broken.json is not a plan file" in refused(team, "broken.json")


def test_a_shard_that_somebody_edited_is_refused(team: RepoFolder) -> None:
    one, two = shards(team, 2)
    path = team.root / one
    path.write_text(path.read_text().replace('"normalize": false', '"normalize": true'))
    assert "is not what plan wrote: its fingerprint is" in refused(team, one, two)


def test_a_shard_that_lost_a_zone_is_refused(team: RepoFolder) -> None:
    names = shards(team, 2)
    for name in names:
        plan = plan_file.read(team.root / name)
        (team.root / name).write_text(file_text(replace(plan, zones=plan.zones[1:])))
    assert refused(team, *names) == (
        "the shards do not hold all zones of the plan, each once; plan again\n"
    )


def test_a_zone_in_two_shards_is_refused(team: RepoFolder) -> None:
    names = shards(team, 2)
    read = {name: plan_file.read(team.root / name) for name in names}
    zones = [zone for plan in read.values() for zone in plan.zones]
    for name, plan in read.items():
        (team.root / name).write_text(file_text(replace(plan, zones=zones)))
    assert refused(team, *names) == (
        f"shard-2.json: {zones[0].zone} at local is in shard-1.json too; plan again\n"
    )


def test_the_earliest_moment_counts(team: RepoFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = shards(team, 2)
    for name, hour in ((one, "13"), (two, "09")):
        plan = plan_file.read(team.root / name)
        late = replace(plan, made_at=plan.made_at.replace("T12", f"T{hour}"))
        (team.root / name).write_text(file_text(late))
    team.run("plan", "merge", one, two, "--out", "merged.json")
    assert plan_file.read(team.root / "merged.json").made_at == "2026-06-01T09:00:00+00:00"


def test_shards_of_two_days_are_refused(team: RepoFolder) -> None:
    """Permissions count by day, and so do senders that are retired."""
    one, two = shards(team, 2)
    plan = plan_file.read(team.root / two)
    late = replace(plan, made_at=plan.made_at.replace("-01T", "-02T"))
    (team.root / two).write_text(file_text(late))
    assert refused(team, one, two) == (
        f"shard-2.json does not belong to shard-1.json, which differs in the day in UTC{SAME}"
    )


@pytest.mark.parametrize("command", ["plan", "lint"])
def test_a_shard_of_files_that_changed_meanwhile_is_not_made(
    team: RepoFolder, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    real = load.load_repo

    def edited(*arguments: Any, **options: Any) -> Repo:
        found = real(*arguments, **options)
        team.policy("domain: new.example\nparked: true\n", "new")
        return found

    monkeypatch.setattr(load, "load_repo", edited)
    live = ("--no-live",) if command == "plan" else ()
    ran = team.run(command, *live, "--shard", "1/2", "--out", "shard.json")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "files of the repo changed while the shard was made; make it again\n"
    assert not (team.root / "shard.json").exists()
