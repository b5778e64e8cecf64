"""Quiet zones: a plan that recalls them is, octet by octet, the plan without a cache."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailauth_dns.octo.target import Target
from tests.conftest import RepoFolder
from tests.deploy.quiet_fleet import D3, EDITS, MASTER, POLICY, ZONES, Fleet, fleet_in


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The zones that a provider was asked about."""
    zones: list[str] = []
    real = Target.propose

    def propose(self: Target, publication: Any, *arguments: Any, **options: Any) -> Any:
        zones.append(publication.origin)
        return real(self, publication, *arguments, **options)

    monkeypatch.setattr(Target, "propose", propose)
    return zones


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("MAILAUTH_CACHE", str(folder))
    return folder


@pytest.fixture
def fleet(repo: RepoFolder, shelf: Path) -> Fleet:
    return fleet_in(repo)


def asked(looked: list[str], fleet: Fleet, *options: str) -> list[str]:
    """Return the zones about which a plan asks a provider."""
    looked.clear()
    fleet.plan(*options)
    return sorted(looked)


def same(fleet: Fleet, *options: str) -> None:
    """A plan says the same without a cache, with it, and with what that one has kept."""
    assert (
        fleet.plan("--no-cache", *options)
        == fleet.plan(*options)
        == fleet.plan(*options)
        == fleet.plan("--no-cache", *options)
    )


def test_what_is_quiet_is_not_looked_at_again(fleet: Fleet, looked: list[str]) -> None:
    assert asked(looked, fleet) == ZONES
    assert asked(looked, fleet) == []


def test_without_a_cache_everything_is_looked_at(
    fleet: Fleet, looked: list[str], shelf: Path
) -> None:
    assert asked(looked, fleet, "--no-cache") == ZONES
    assert not shelf.exists()
    asked(looked, fleet)
    assert asked(looked, fleet, "--no-cache") == ZONES


def test_an_empty_variable_is_no_cache(
    fleet: Fleet, looked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAILAUTH_CACHE", "")
    assert asked(looked, fleet) == asked(looked, fleet) == ZONES


OTHERWISE = [
    ("stricter", [D3]),
    ("a comment", [D3]),
    ("foreign value", [D3]),
    ("new", ["d8.fleet.example"]),
    ("a policy above", sorted([*ZONES, "fleet.example"])),
    ("subdomain in the zone", [D3]),
    ("includes a neighbour", ZONES[3:5]),
    ("reports to all", sorted([*ZONES, "example.net"])),
    ("defaults", ZONES),
    ("tests", ZONES),
]


@pytest.mark.parametrize(("edit", "zones"), OTHERWISE)
def test_what_changed_is_looked_at_with_all_that_it_may_touch(
    fleet: Fleet, looked: list[str], edit: str, zones: list[str]
) -> None:
    fleet.plan()
    EDITS[edit](fleet)
    assert set(asked(looked, fleet)) == set(zones)


def test_what_changed_is_quiet_once_it_is_applied(fleet: Fleet, looked: list[str]) -> None:
    fleet.plan()
    EDITS["stricter"](fleet)
    fleet.plan()
    fleet.repo.run("apply", "plan.json", "--no-live", *_ALLOWED)
    assert asked(looked, fleet) == [D3]
    assert asked(looked, fleet) == []


def test_zones_at_two_providers_are_quiet_too(fleet: Fleet, looked: list[str]) -> None:
    EDITS["at two providers"](fleet)
    fleet.replace(fleet.root / f"more/{ZONES[4]}.zone", "~all", "-all")
    assert asked(looked, fleet) == sorted([*ZONES, ZONES[2], ZONES[4]])
    assert asked(looked, fleet) == []
    fleet.replace(fleet.root / f"more/{ZONES[4]}.zone", "-all", "~all")
    assert asked(looked, fleet) == [ZONES[4], ZONES[4]]
    same(fleet)


_ALLOWED = ("--allow", "live-unknown", "--allow", "DMARC032")


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_seen(fleet: Fleet, edit: str) -> None:
    fleet.plan()
    EDITS[edit](fleet)
    same(fleet)


def _now_two(listing: Path) -> None:
    listing.write_text(f"{LISTED[0]}\n{LISTED[1]}\n")


LISTED = ["l1.fleet.example", "l2.fleet.example"]
LISTS: dict[str, Callable[[Path], object]] = {
    "one more": _now_two,
    "another": lambda listing: listing.write_text(f"{LISTED[1]}\n"),
    "none": lambda listing: listing.write_text(""),
    "broken": lambda listing: listing.write_text("no name!\n"),
    "gone": Path.unlink,
}


@pytest.mark.parametrize("named", ["domains_file: ../list.txt", f"domains: {LISTED}"])
def test_zones_of_one_policy_file_are_quiet_together(
    fleet: Fleet, looked: list[str], named: str
) -> None:
    fleet.repo.write("zones/list.txt", "\n".join(LISTED))
    policy = POLICY.replace("domain: {domain}", named)
    fleet.repo.write("zones/policy/listed.yaml", policy.format())
    for zone in LISTED:
        fleet.repo.write(f"served/{zone}.zone", MASTER)
    assert asked(looked, fleet) == sorted([*ZONES, *LISTED])
    assert asked(looked, fleet) == []
    fleet.replace(fleet.master(LISTED[0]), "0123456789", "9876543210")
    assert asked(looked, fleet) == LISTED
    fleet.replace(fleet.master(LISTED[0]), "p=quarantine", "p=none")
    assert asked(looked, fleet) == LISTED  # what is to be changed is not quiet,
    assert asked(looked, fleet) == LISTED  # and neither is what shares its file
    same(fleet)


@pytest.mark.parametrize("edit", LISTS)
def test_a_list_of_one_domain_is_seen_to_change(fleet: Fleet, edit: str) -> None:
    listing = fleet.root / "zones/list.txt"
    fleet.repo.write("zones/list.txt", f"{LISTED[0]}\n")
    policy = POLICY.replace("domain: {domain}", "domains_file: ../list.txt")
    fleet.repo.write("zones/policy/listed.yaml", policy.format())
    for zone in LISTED:
        fleet.repo.write(f"served/{zone}.zone", MASTER)
    fleet.plan()
    LISTS[edit](listing)
    same(fleet)


def test_a_policy_without_a_provider_is_no_plan_without_any(fleet: Fleet) -> None:
    """What is planned anew is a part of the repo, and nothing is said of it as of the whole."""
    fleet.repo.write("zones/policy/_defaults.yaml", "ttl: 3600\n")
    for zone in ZONES:
        fleet.add(fleet.policy(zone), "providers: [local]\n")
    fleet.repo.write("zones/policy/x.example.yaml", POLICY.format(domain="x.example"))
    fleet.plan()
    same(fleet)


@pytest.mark.parametrize("options", [("--normalize",), ("--show-kept",), ("--format", "json")])
def test_options_have_plans_of_their_own(fleet: Fleet, options: tuple[str, ...]) -> None:
    fleet.master(D3).write_text(fleet.master(D3).read_text().replace("v=DMARC1; p", "v=DMARC1;p"))
    fleet.plan()
    looks, without = (fleet.plan(*options, *more)[1] for more in ((), ("--no-cache",)))
    assert looks == without


@settings(max_examples=20)
@given(edits=st.lists(st.sampled_from(sorted(EDITS)), min_size=2, max_size=5))
def test_any_edits_one_after_the_other_are_seen(
    repo: RepoFolder, shelf: Path, edits: list[str]
) -> None:
    for path in (repo.root, shelf):
        shutil.rmtree(path, ignore_errors=True)
    fleet = fleet_in(repo)
    fleet.plan()
    for edit in edits:
        EDITS[edit](fleet)
        with_cache, without = fleet.plan(), fleet.plan("--no-cache")
        assert with_cache == without


def _each(change: Callable[[Path], object]) -> Callable[[Path], None]:
    def damage(shelf: Path) -> None:
        for path in shelf.iterdir():
            change(path)

    return damage


def _a_file(shelf: Path) -> None:
    shutil.rmtree(shelf)
    shelf.write_text("a file\n")


def _a_link(shelf: Path) -> None:
    shelf.symlink_to(shelf.rename(f"{shelf}.real"))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "deleted": shutil.rmtree,
    "emptied": _each(Path.unlink),
    "truncated": _each(lambda path: path.write_bytes(path.read_bytes()[:-7])),
    "corrupted": _each(lambda path: path.write_bytes(path.read_bytes().replace(b"d3", b"d4"))),
    "filled": _each(lambda path: path.write_bytes(b'{"zones": {}}')),
    "world-writable": lambda shelf: shelf.chmod(0o777),
    "read-only": lambda shelf: shelf.chmod(0o500),
    "unreadable": lambda shelf: shelf.chmod(0),
    "a file": _a_file,
    "a link": _a_link,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_whatever_happens_to_the_cache_no_result_changes(
    fleet: Fleet, shelf: Path, damage: str
) -> None:
    fleet.plan()
    DAMAGE[damage](shelf)
    same(fleet)
    EDITS["stricter"](fleet)
    same(fleet)


def test_what_is_written_while_a_plan_is_made_is_not_remembered(
    fleet: Fleet, looked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan may have read the one text or the other."""
    real, was = Target.propose, fleet.master(D3).read_bytes()

    def propose(self: Target, *arguments: Any, **options: Any) -> Any:
        fleet.master(D3).write_bytes(was)  # the same octets, at another time
        return real(self, *arguments, **options)

    monkeypatch.setattr(Target, "propose", propose)
    fleet.plan()
    assert asked(looked, fleet) == [D3]


def test_no_secret_is_kept(fleet: Fleet, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVED", str(fleet.root / "served"))
    fleet.replace(fleet.root / "providers/local.yaml", "directory: served", "directory: env/SERVED")
    fleet.plan()
    assert not list(shelf.glob("*.json"))  # the environment decides, and is not looked at
