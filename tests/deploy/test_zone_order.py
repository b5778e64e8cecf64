"""An SPF record includes a name only once that has a record, and a record goes only after that."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mailauth_dns.deploy import plan_batches
from mailauth_dns.serve.server import LoopbackServer
from tests.conftest import RepoFolder
from tests.deploy.served_zone import ZONE, edit_zone, zone_text

SHARED = "_spf.b.example"
UNASKED = ("--no-live", "--allow", "live-unknown")
NETWORK = "spf: {terms: ['ip4:192.0.2.10'], all: fail}\n"


@pytest.fixture(autouse=True, params=[1, 500], ids=["alone", "together"])
def zones_at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What zones have to do with one another is seen however few of them are planned at once."""
    monkeypatch.setattr(plan_batches, "BATCH", request.param)


@pytest.fixture
def pair(team: RepoFolder) -> RepoFolder:
    """a.example is to include _spf.b.example, which is new."""
    for policy in (team.root / "zones/policy").glob("[!_]*.yaml"):
        policy.unlink()
    for name in ("a.example", "b.example"):
        team.write(f"served/{name}.zone", ZONE)
    team.policy(f'domain: a.example\nspf: {{terms: ["include:{SHARED}"], all: fail}}\n', "a")
    team.policy("domain: b.example\nspf: {terms: [mx], all: fail}\n", "b")
    team.policy(f"domain: {SHARED}\nzone: b.example\n{NETWORK}", "shared")
    return team


def plan(repo: RepoFolder, *arguments: str) -> dict[str, list[str]]:
    """Return what the plan says of each set: its new values, or why it stays as it is."""
    ran = repo.run("plan", "--no-live", "--format", "json", "--out", "plan.json", *arguments)
    data: dict[str, Any] = json.loads(ran.out)
    said = {each["name"]: each["after"] for zone in data["zones"] for each in zone["changes"]}
    return said | {
        each["name"]: [("waits: " if each["waits"] else "blocked: ") + each["reason"]]
        for zone in data["zones"]
        for each in zone["blocked"]
    }


INCLUDES = [f"v=spf1 include:{SHARED} -all"]
MISSING = [
    f"waits: waits for the SPF record of {SHARED} at local, which is not there, and this plan does "
    "not bring it; plan and apply b.example first, or with this zone"
]


def test_both_come_with_one_plan(pair: RepoFolder) -> None:
    assert plan(pair)["a.example"] == INCLUDES


@pytest.mark.parametrize("zone", ["b.example", "a.example"])
@pytest.mark.parametrize("term", ["include:{}", "redirect"])
def test_it_is_blocked_while_the_other_is(pair: RepoFolder, zone: str, term: str) -> None:
    """In another zone, and in the same one under another policy."""
    name = f"_spf.{zone}"
    (pair.root / "zones/policy/shared.yaml").unlink()
    pair.policy(f"domain: {name}\nzone: {zone}\n{NETWORK}", "shared")
    spf = f"redirect: {name}" if term == "redirect" else f'terms: ["include:{name}"], all: fail'
    pair.policy(f"domain: a.example\nspf: {{{spf}}}\n", "a")
    edit_zone(pair, "www IN A", "_spf IN CNAME x.example.net.\nwww IN A", zone)
    assert plan(pair)["a.example"] == [
        f"blocked: waits for the TXT at {name} at local, which is blocked"
    ]


def test_it_is_blocked_while_the_other_cannot_be_read(pair: RepoFolder) -> None:
    pair.policy(f"domain: {SHARED}\nzone: b.example\nproviders: [far]\n{NETWORK}", "shared")
    pair.policy("domain: b.example\nproviders: [far]\nspf: {terms: [mx], all: fail}\n", "b")
    pair.write("down", "")
    assert plan(pair)["a.example"] == [
        f"blocked: waits for the SPF record of {SHARED} at far, which could not be read"
    ]


def test_it_waits_while_the_other_is_left_out(pair: RepoFolder) -> None:
    assert plan(pair, "a.example") == {"a.example": MISSING}
    assert plan(pair, "a.example", "b.example")["a.example"] == MISSING, "its zone is planned"
    assert plan(pair, "a.example", SHARED)["a.example"] == INCLUDES


def test_what_is_there_already_ties_nothing(pair: RepoFolder) -> None:
    edit_zone(pair, "www IN A", '_spf IN TXT "v=spf1 -all"\nwww IN A', "b.example")
    assert plan(pair, "a.example")["a.example"] == INCLUDES


def test_a_name_that_no_policy_declares_is_not_asked_about(pair: RepoFolder) -> None:
    (pair.root / "zones/policy/shared.yaml").unlink()
    assert plan(pair, "a.example")["a.example"] == INCLUDES


def test_it_holds_for_what_includes_it_in_turn(pair: RepoFolder) -> None:
    pair.write("served/c.example.zone", ZONE)
    pair.policy('domain: c.example\nspf: {terms: ["include:_x.a.example"], all: fail}\n', "c")
    pair.policy(
        f'domain: _x.a.example\nzone: a.example\nspf: {{terms: ["include:{SHARED}"], all: fail}}\n',
        "x",
    )
    said = plan(pair, "a.example", "_x.a.example", "c.example")
    assert said["_x.a.example"] == MISSING
    assert said["c.example"] == [
        "waits: waits for the TXT at _x.a.example at local, which waits itself"
    ]


def test_a_record_stays_while_one_that_includes_it_is_blocked(pair: RepoFolder) -> None:
    """Nothing new is included, and what is included must not go."""
    edit_zone(pair, "www IN A", '_spf IN TXT "v=spf1 -all"\nwww IN A', "b.example")
    edit_zone(pair, "v=spf1 ~all", f"v=spf1 include:{SHARED} -all", "a.example")
    pair.policy('domain: a.example\nspf: {terms: ["include:_new.b.example"], all: fail}\n', "a")
    pair.policy(f"domain: _new.b.example\nzone: b.example\n{NETWORK}", "new")
    pair.policy(f"domain: {SHARED}\nzone: b.example\nspf: absent\n", "shared")
    assert plan(pair)[SHARED] == []
    edit_zone(pair, "www IN A", "_new IN CNAME x.example.net.\nwww IN A", "b.example")
    said = plan(pair)
    assert said["a.example"] == [
        "blocked: waits for the TXT at _new.b.example at local, which is blocked"
    ]
    assert said[SHARED] == [
        "blocked: goes after the TXT at a.example, which includes it and is blocked"
    ]


def test_only_asks_what_the_zone_holds_that_is_left_out(pair: RepoFolder) -> None:
    assert plan(pair)["a.example"] == INCLUDES
    ran = pair.run("apply", "plan.json", "--only", "a.example", *UNASKED)
    assert ran.code == 1
    assert f"waits for the SPF record of {SHARED} at local, which is not there" in ran.err
    assert zone_text(pair, "a.example") == ZONE
    for zone in ("b.example", "a.example"):
        assert pair.run("apply", "plan.json", "--only", zone, *UNASKED).code == 0
    assert "include:" in zone_text(pair, "a.example")


@pytest.mark.parametrize("stale", ["files", "records"])
def test_what_needs_a_stale_zone_is_not_among_the_rest(pair: RepoFolder, stale: str) -> None:
    assert plan(pair)["a.example"] == INCLUDES
    if stale == "files":
        pair.policy("domain: b.example\nspf: {terms: [a], all: fail}\n", "b")
    else:
        edit_zone(pair, "v=spf1 ~all", "v=spf1 a ~all", "b.example")
    ran = pair.run("apply", "plan.json", *UNASKED)
    assert (ran.code, "--only" in ran.err) == (1, False)
    assert zone_text(pair, "a.example") == ZONE


def test_a_zone_is_not_written_if_what_it_needs_could_not_be(pair: RepoFolder) -> None:
    pair.write("remote/b.example.yaml", '? ""\n: - {type: TXT, value: token=kept}\n')
    pair.policy(f"domain: {SHARED}\nzone: b.example\nproviders: [far]\n{NETWORK}", "shared")
    pair.policy("domain: b.example\nproviders: [far]\nspf: {terms: [mx], all: fail}\n", "b")
    stanza = {"class": "tests.deploy.provider.Remote", "directory": str(pair.root / "remote")}
    pair.provider("far", {**stanza, "fault": "write 99"})
    assert plan(pair)["a.example"] == INCLUDES
    ran = pair.run("apply", "plan.json", *UNASKED)
    assert ran.code == 1
    assert (
        "a.example at local  not tried: the SPF record of a.example would include "
        f"{SHARED}, which comes with b.example at far, where it is not made\n" in ran.out
    ), ran.out
    assert zone_text(pair, "a.example") == ZONE


def test_it_is_blocked_while_the_provider_tells_only_a_part_of_the_other(pair: RepoFolder) -> None:
    """That is found only once the zone's servers were asked."""
    pair.provider("half", {"class": "mailauth_dns.octo.LocalProvider", "directory": "half"})
    pair.write("half/b.example.zone", "".join(ZONE.splitlines(keepends=True)[:3]))
    pair.policy("domain: b.example\nproviders: [half]\nspf: {terms: [mx], all: fail}\n", "b")
    pair.policy(f"domain: {SHARED}\nzone: b.example\nproviders: [half]\n{NETWORK}", "shared")
    ran = pair.run("plan", "--format", "json")
    [a, b] = json.loads(ran.out)["zones"]
    assert all("the provider lists no TXT at b.example" in each["reason"] for each in b["blocked"])
    assert (a["changes"], [each["reason"] for each in a["blocked"]]) == (
        [],
        [f"waits for the TXT at {SHARED} at half, which is blocked"],
    )


def test_it_comes_only_once_every_server_has_the_other(pair: RepoFolder) -> None:
    """A second server gets the zone later, and some receivers ask that one."""
    defaults = (pair.root / "zones/policy/_defaults.yaml").read_text()
    for zone in ("a.example", "b.example"):
        pair.write(f"lagging/{zone}.zone", ZONE)
    with LoopbackServer(pair.root / "lagging", "127.0.0.1", 0) as second:
        more = defaults.replace('"]', f'", "127.0.0.1:{second.port}"]')
        pair.write("zones/policy/_defaults.yaml", more)
        assert pair.run("plan", "--out", "plan.json").code == 0
        ran = pair.run("apply", "plan.json", "--wait", "0s")
        assert ran.code == 1
        assert (
            "a.example at local  not tried: the SPF record of a.example would include "
            f"{SHARED}, which comes with b.example at local, which not every server serves yet; "
            "apply again\n" in ran.out
        ), ran.out
        assert zone_text(pair, "a.example") == ZONE
        pair.write("lagging/b.example.zone", zone_text(pair, "b.example"))
        ran = pair.run("apply", "plan.json", "--wait", "0s")
        assert "a.example at local  applied" in ran.out, ran.said
