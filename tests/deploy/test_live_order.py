"""Without a provider zones need one another all the same: `--live-only`, and at web forms."""

from __future__ import annotations

import json

import pytest

from tests.conftest import RepoFolder
from tests.deploy.served_zone import ZONE, edit_zone

SHARED = "_spf.b.example"
NETWORK = "spf: {terms: ['ip4:192.0.2.10'], all: fail}\n"
SENDS = f'domain: a.example\nspf: {{terms: ["include:{SHARED}"], all: fail}}\n'


@pytest.fixture
def pair(team: RepoFolder) -> RepoFolder:
    """a.example is to include _spf.b.example, which is new."""
    for policy in (team.root / "zones/policy").glob("[!_]*.yaml"):
        policy.unlink()
    for name in ("a.example", "b.example"):
        team.write(f"served/{name}.zone", ZONE)
    team.policy(SENDS, "a")
    team.policy("domain: b.example\nspf: {terms: [mx], all: fail}\n", "b")
    team.policy(f"domain: {SHARED}\nzone: b.example\n{NETWORK}", "shared")
    return team


def pasted(repo: RepoFolder, *domains: str) -> str:
    return " ".join(repo.run("export", *domains, "--format", "paste").out.split())


def blocked(repo: RepoFolder, *domains: str) -> list[str]:
    data = json.loads(repo.run("plan", *domains, "--live-only", "--format", "json").out)
    return [each["reason"] for zone in data["zones"] for each in zone["blocked"]]


MISSING = (
    f"waits for the SPF record of {SHARED} in live DNS, which is not there, and this plan does not "
    "bring it; publish b.example first, or with this zone"
)


def test_a_record_waits_while_the_one_that_it_includes_is_left_out(pair: RepoFolder) -> None:
    assert blocked(pair, "a.example") == [MISSING]
    assert f"Not yet: a.example TXT: {MISSING}" in pasted(pair, "a.example")
    edit_zone(pair, "www IN A", '_spf IN TXT "v=spf1 -all"\nwww IN A', "b.example")
    assert blocked(pair, "a.example") == []
    assert "Not yet" not in pasted(pair, "a.example")


def test_what_is_included_is_entered_first(pair: RepoFolder) -> None:
    ran = pair.run("export", "a.example", "b.example", SHARED, "--format", "json")
    zones = json.loads(ran.out)["zones"]
    assert [zone["zone"] for zone in zones] == ["b.example", "a.example"]
    assert [step["number"] for zone in zones for step in zone["steps"]] == [1, 2, 3]
    assert blocked(pair) == []


def test_a_record_stays_while_a_zone_that_is_left_out_includes_it(pair: RepoFolder) -> None:
    edit_zone(pair, "www IN A", '_spf IN TXT "v=spf1 -all"\nwww IN A', "b.example")
    edit_zone(pair, "v=spf1 ~all", f"v=spf1 include:{SHARED} -all", "a.example")
    pair.policy("domain: a.example\nspf: {terms: [mx], all: fail}\n", "a")
    pair.policy(f"domain: {SHARED}\nzone: b.example\nspf: absent\n", "shared")
    held = "goes after the TXT at a.example, which includes it and is not changed by this plan"
    assert blocked(pair, SHARED) == [held]
    assert f"Not yet: {SHARED} TXT: {held}" in pasted(pair, SHARED)
    assert blocked(pair) == []


def test_a_record_is_blocked_while_dns_does_not_tell_the_other(pair: RepoFolder) -> None:
    pair.policy("domain: b.example\nnameservers: ['127.0.0.1:1']\nspf: {all: fail}\n", "b")
    pair.policy(f"domain: {SHARED}\nzone: b.example\nnameservers: ['127.0.0.1:1']\n{NETWORK}", "s")
    (pair.root / "zones/policy/shared.yaml").unlink()
    reason = f"waits for the SPF record of {SHARED} in live DNS, which could not be read"
    assert blocked(pair) == [reason]
    assert f"Refused: a.example TXT: {reason}" in pasted(pair, "a.example")


TEST = "tests:\n  - {name: by b, from: a@a.example, ip: 192.0.2.10, expect: {spf: pass}}\n"


@pytest.fixture
def tested(pair: RepoFolder) -> RepoFolder:
    """A test of a.example looks at _spf.b.example, whose change breaks it."""
    edit_zone(pair, "www IN A", '_spf IN TXT "v=spf1 ip4:192.0.2.10 -all"\nwww IN A', "b.example")
    edit_zone(pair, "v=spf1 ~all", f"v=spf1 include:{SHARED} -all", "a.example")
    pair.policy(SENDS + TEST, "a")
    pair.policy(f"domain: {SHARED}\nzone: b.example\nspf: {{all: fail}}\n", "shared")
    return pair


def test_a_test_of_another_policy_refuses_the_zone_at_a_form(tested: RepoFolder) -> None:
    ran = tested.run("export", SHARED, "--format", "paste")
    told = "Refused: the test 'by b' of a.example would fail"
    assert (ran.code, told in ran.out) == (1, True), ran.said
    assert "TEST001; --allow TEST001:a.example" in " ".join(ran.out.split())
    assert "Value" not in ran.out
    allow = ("--allow", "TEST001:a.example")
    ran = tested.run("export", SHARED, "--format", "paste", *allow)
    assert (ran.code, "Value   v=spf1 -all" in ran.out) == (0, True), ran.said


def test_what_needs_a_refused_zone_is_not_entered_either(tested: RepoFolder) -> None:
    """As apply does it: a new record that includes one of the refused zone."""
    tested.write("served/c.example.zone", ZONE)
    tested.policy('domain: c.example\nspf: {terms: ["include:_new.b.example"], all: fail}\n', "c")
    tested.policy(f"domain: _new.b.example\nzone: b.example\n{NETWORK}", "new")
    out = pasted(tested, "c.example", "b.example", SHARED, "_new.b.example")
    assert (
        "Refused: the SPF record of c.example would include _new.b.example, which comes with "
        "b.example, which is refused" in out
    )
    assert "Value" not in out


def test_a_zone_that_the_test_does_not_look_at_is_not_refused_for_it(tested: RepoFolder) -> None:
    """Neither in a plan of some domains; the zone that comes first in it is no better."""
    tested.write("served/aa.example.zone", ZONE)
    tested.policy("domain: aa.example\nspf: {terms: [mx], all: fail}\n", "aa")
    ran = tested.run("export", "aa.example", SHARED, "--format", "paste")
    assert (ran.code, "Value   v=spf1 mx -all" in ran.out) == (1, True), ran.said
    assert "Value   v=spf1 -all" not in ran.out
    tested.run("plan", "aa.example", SHARED, "--out", "plan.json")
    ran = tested.run("apply", "plan.json", "--wait", "0s")
    assert (ran.code, "b.example at local  refused" in ran.out) == (1, True), ran.said
    assert "aa.example at local  applied" in ran.out
