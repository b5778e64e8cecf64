"""A zone that is refused is not written, and the others are."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from tests.conftest import RepoFolder
from tests.deploy import evidence_repo
from tests.deploy.served_zone import ZONE, edit_zone, planned, zone_text

OURS = "tests:\n  - {name: ours, from: a@DOMAIN, ip: 192.0.2.10, expect: {spf: pass}}\n"


@pytest.fixture
def fleet(served: RepoFolder) -> RepoFolder:
    """Three zones, of which one goes from none to reject."""
    (served.root / "zones/policy/example.com.yaml").unlink()
    for name, p in (("a.example", "none"), ("b.example", "reject"), ("c.example", "quarantine")):
        zone = ZONE.replace("www IN", '_dmarc IN TXT "v=DMARC1; p=none"\nwww IN')
        served.write(f"served/{name}.zone", zone)
        served.policy(f"domain: {name}\nspf: {{terms: [mx], all: fail}}\ndmarc: {{p: {p}}}\n", name)
    evidence_repo.met(served.root, "a.example", "b.example", "c.example")
    return served


REFUSED = (
    "_dmarc.b.example TXT: p none -> reject: failing mail is rejected "
    "(DMARC033; --allow DMARC033:b.example if that is meant)"
)


def written(repo: RepoFolder) -> list[str]:
    return [
        name
        for name in ("a.example", "b.example", "c.example")
        if "v=spf1 mx -all" in zone_text(repo, name)
    ]


def test_the_refused_zone_comes_first_and_the_others_are_written(fleet: RepoFolder) -> None:
    plan = planned(fleet)
    ran = fleet.run("apply", str(plan))
    assert ran.code == 1
    assert ran.out == (
        "b.example at local  refused\n"
        f"      {REFUSED}\n"
        "a.example at local  applied, 1 change\n"
        "c.example at local  applied, 2 changes\n"
        "Apply: 1 refused, 2 applied\n"
        "every authoritative server agrees with what was applied\n"
    )
    assert ran.told == (
        "refused, nothing was written there: b.example\n"
        "If that is meant, write in zones/policy/b.example.yaml, and have it reviewed:\n"
        "  allow:\n"
        "    - {rule: DMARC033, reason: WHY, until: LAST DAY}\n"
    )
    assert ran.next == f"apply {plan}  (once it is permitted; what is done is recognised)"
    assert written(fleet) == ["a.example", "c.example"]
    [journal] = fleet.root.glob("plan.json.*.journal")
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert [each["detail"] for each in lines if each["what"] == "refused"] == [REFUSED]


def test_once_it_is_permitted_the_same_plan_does_what_is_left(fleet: RepoFolder) -> None:
    plan = planned(fleet)
    assert fleet.run("apply", str(plan)).code == 1
    policy = fleet.root / "zones/policy/b.example.yaml"
    given = "allow: [{rule: DMARC033, reason: never used, until: 2999-01-01}]\n"
    policy.write_text(policy.read_text() + given)
    ran = fleet.run("apply", str(plan))
    assert (ran.code, "Apply: 1 applied, 2 unchanged\n" in ran.out) == (0, True), ran.said
    assert written(fleet) == ["a.example", "b.example", "c.example"]


def test_json_has_the_reasons_of_each_zone_in_the_plans_order(fleet: RepoFolder) -> None:
    ran = fleet.run("apply", str(planned(fleet)), "--format", "json")
    zones = json.loads(ran.out)["zones"]
    assert ran.code == 1
    assert [(each["zone"], each["status"]) for each in zones] == [
        ("a.example", "applied"),
        ("b.example", "refused"),
        ("c.example", "applied"),
    ]
    assert [each["refusals"] for each in zones] == [
        [],
        [
            {
                "rule": "DMARC033",
                "domain": "b.example",
                "reason": "_dmarc.b.example TXT: p none -> reject: failing mail is rejected",
            }
        ],
        [],
    ]


@pytest.mark.parametrize(("answer", "expected"), [("yes\n", ["a.example", "c.example"]), ("", [])])
def test_apply_asks_about_what_is_not_refused(
    fleet: RepoFolder, monkeypatch: pytest.MonkeyPatch, answer: str, expected: list[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    ran = fleet.run("apply")
    assert ran.code == 1
    assert (
        "Apply these changes, all but those of b.example, which is refused? "
        "Only `yes` applies them: " in ran.err
    )
    assert written(fleet) == expected


def test_apply_does_not_ask_where_all_is_refused(
    fleet: RepoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.example", "c.example"):
        (fleet.root / f"zones/policy/{name}.yaml").unlink()
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    ran = fleet.run("apply")
    assert (ran.code, "Apply these" in ran.err) == (1, False)
    assert REFUSED in ran.out
    assert written(fleet) == []


def test_what_moved_still_refuses_the_whole(fleet: RepoFolder) -> None:
    plan = planned(fleet)
    edit_zone(fleet, "v=spf1 ~all", "v=spf1 a ~all", "c.example")
    ran = fleet.run("apply", str(plan))
    assert (ran.code, "no longer what was reviewed" in ran.err) == (1, True)
    assert written(fleet) == []


def test_a_zone_of_other_servers_and_one_that_is_unknown_are_refused_alone(
    fleet: RepoFolder, tmp_path: Path
) -> None:
    dark = fleet.root / "zones/policy/c.example.yaml"
    dark.write_text(dark.read_text() + 'nameservers: ["127.0.0.1:1"]\n')
    other = fleet.provider(
        "other", {"class": "mailauth_dns.octo.LocalProvider", "directory": "elsewhere"}
    )
    assert other.exists()
    fleet.write("elsewhere/a.example.zone", zone_text(fleet, "a.example").replace("ns1", "ns9"))
    moving = fleet.root / "zones/policy/a.example.yaml"
    moving.write_text(moving.read_text() + "providers: [local, other]\n")
    policy = fleet.root / "zones/policy/b.example.yaml"
    policy.write_text(policy.read_text().replace("p: reject", "p: none"))
    ran = fleet.run("apply", str(planned(fleet)), "--format", "json")
    zones = json.loads(ran.out)["zones"]
    assert ran.code == 1
    assert {
        (each["zone"], each["provider"]): (each["status"], *(r["rule"] for r in each["refusals"]))
        for each in zones
    } == {
        ("a.example", "local"): ("applied",),
        ("a.example", "other"): ("refused", "DNS008"),
        ("b.example", "local"): ("applied",),
        ("c.example", "local"): ("refused", "live-unknown"),
    }


def test_who_sends_reports_to_a_zone_does_not_permit_its_other_servers(fleet: RepoFolder) -> None:
    """The consent of c.example is declared by a.example, which another team may hold."""
    permitted = "allow: [{rule: DNS008, reason: moving, until: 2999-01-01}]\n"
    fleet.policy(
        "domain: a.example\ndmarc: {p: none, rua: ['mailto:r@c.example']}\n" + permitted,
        "a.example",
    )
    own = "domain: c.example\ndmarc: {p: none}\nproviders: [moved]\n"
    fleet.policy(own, "c.example")
    fleet.provider("moved", {"class": "mailauth_dns.octo.LocalProvider", "directory": "moved"})
    fleet.write("moved/c.example.zone", zone_text(fleet, "c.example").replace("ns1", "ns9"))
    plan = planned(fleet, "a.example", "c.example")
    ran = fleet.run("apply", str(plan))
    assert ran.code == 1
    assert "c.example at moved  refused\n" in ran.out
    assert "DNS008; --allow DNS008:c.example if that is meant" in ran.out
    assert "write in zones/policy/c.example.yaml, and have it reviewed" in ran.err
    assert "a.example.yaml" not in ran.err
    assert "_report" not in (fleet.root / "moved/c.example.zone").read_text()
    fleet.policy(own + permitted, "c.example")
    applied = fleet.run("apply", str(plan), "--wait", "0s")
    assert "c.example at moved  applied, 1 change\n" in applied.out


# Zones that a test looks at together


def included(fleet: RepoFolder, *, tested: bool) -> None:
    """a.example includes what b.example is about to publish, and b.example is refused."""
    fleet.policy(
        'domain: a.example\nspf: {terms: ["include:_spf.b.example"], all: fail}\ndmarc: {p: none}\n'
        + (OURS.replace("DOMAIN", "a.example") if tested else ""),
        "a.example",
    )
    fleet.policy(
        "domain: _spf.b.example\nzone: b.example\nspf: {terms: ['ip4:192.0.2.10'], all: fail}\n",
        "spf.b.example",
    )


def test_a_test_ties_the_zones_that_it_looks_at(fleet: RepoFolder) -> None:
    """It passes with the changes of both. With those of one, mail would fail."""
    included(fleet, tested=True)
    ran = fleet.run("apply", str(planned(fleet)))
    assert ran.code == 1
    assert (
        "a.example at local  refused\n"
        "      the test 'ours' of a.example was judged with the changes of b.example at local, "
        "which is refused\n" in ran.out
    )
    assert "-all" not in zone_text(fleet, "a.example")
    assert "p=quarantine" in zone_text(fleet, "c.example")


def test_a_new_include_ties_the_zone_to_the_one_that_publishes_it(fleet: RepoFolder) -> None:
    """Without a test too: receivers would find nothing there."""
    included(fleet, tested=False)
    ran = fleet.run("apply", str(planned(fleet)))
    assert ran.code == 1
    assert (
        "      the SPF record of a.example would include _spf.b.example, which comes with "
        "b.example at local, which is refused\n" in ran.out
    )
    assert "-all" not in zone_text(fleet, "a.example")
    assert "p=quarantine" in zone_text(fleet, "c.example")


def test_who_publishes_what_others_include_needs_none_of_them(fleet: RepoFolder) -> None:
    """One customer that is refused keeps the shared record from nobody."""
    included(fleet, tested=False)
    for name, p in (("a.example", "reject"), ("b.example", "none")):
        policy = fleet.root / f"zones/policy/{name}.yaml"
        text = policy.read_text()
        policy.write_text(text.replace("p: none", "p: x").replace("p: reject", "p: x"))
        policy.write_text(policy.read_text().replace("p: x", f"p: {p}"))
    ran = fleet.run("apply", str(planned(fleet)))
    assert (ran.code, "Apply: 1 refused, 2 applied\n" in ran.out) == (1, True), ran.said
    assert "ip4:192.0.2.10" in zone_text(fleet, "b.example")


def test_a_zone_is_refused_at_both_of_its_providers(fleet: RepoFolder) -> None:
    """At one of them the change is done already; receivers ask the servers of both."""
    fleet.provider("other", {"class": "mailauth_dns.octo.LocalProvider", "directory": "elsewhere"})
    done = zone_text(fleet, "b.example").replace("p=none", "p=reject")
    fleet.write("elsewhere/b.example.zone", done)
    policy = fleet.root / "zones/policy/b.example.yaml"
    policy.write_text(policy.read_text() + "providers: [local, other]\n")
    ran = fleet.run("apply", str(planned(fleet)))
    assert ran.code == 1
    assert "b.example at local  refused\n" in ran.out
    assert (
        "b.example at other  refused\n      receivers may also ask the servers of b.example at "
        "local, which is refused\n" in ran.out
    )


def test_a_tied_zone_is_written_with_the_other(fleet: RepoFolder) -> None:
    included(fleet, tested=True)
    assert fleet.run("apply", str(planned(fleet)), "--allow", "DMARC033:b.example").code == 0


def test_a_broken_test_refuses_the_zone_whose_change_breaks_it(fleet: RepoFolder) -> None:
    """The zone of the test itself has nothing to change."""
    included(fleet, tested=True)
    assert fleet.run("apply", str(planned(fleet)), "--allow", "DMARC033").code == 0
    fleet.policy(
        "domain: _spf.b.example\nzone: b.example\nspf: {terms: ['ip4:192.0.2.99'], all: fail}\n",
        "spf.b.example",
    )
    policy = fleet.root / "zones/policy/c.example.yaml"
    policy.write_text(policy.read_text().replace("terms: [mx]", "terms: [mx, a]"))
    ran = fleet.run("apply", str(planned(fleet)))
    assert ran.code == 1
    assert "b.example at local  refused\n      the test 'ours' of a.example would fail" in ran.out
    assert "a.example at local  unchanged\n" in ran.out
    assert "192.0.2.99" not in zone_text(fleet, "b.example")
    assert "mx a -all" in zone_text(fleet, "c.example")
    assert "write in zones/policy/a.example.yaml, and have it reviewed" in ran.err
