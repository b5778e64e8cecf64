"""Evidence between plan and apply, who permits that it is missing, and who needs none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from mailauth_dns.evidence.evidence import Row
from mailauth_dns.records.dmarc import Policy
from tests.conftest import RepoFolder
from tests.deploy import evidence_repo
from tests.deploy.evidence_repo import astray, commit_ago, own, policy_of, reports, spoofed
from tests.deploy.plan_edits import edited
from tests.deploy.served_zone import edit_zone, planned, zone_text
from tests.deploy.stricter_domain import COM, POLICY, dmarc_change, give, nothing, sends

ALLOW = 'allow: [{rule: DMARC032, reason: "read in another tool", until: %s}]\n'


def applied(repo: RepoFolder, *arguments: str) -> tuple[int, str]:
    ran = repo.run("apply", str(repo.root / "plan.json"), *arguments)
    return ran.code, ran.said


# Between plan and apply


def test_newer_evidence_that_says_otherwise_makes_the_plan_stale(served: RepoFolder) -> None:
    sends(served, "p=none", "p: quarantine")
    give(own(COM))(served)
    planned(served)
    give(own(COM), astray(COM, 12))(served)
    code, said = applied(served)
    assert code == 1
    assert (
        "_dmarc.example.com TXT at local: the evidence says otherwise than at the review: reports "
        "of "
    ) in said
    assert "the gate is not met: 80.6 percent aligned, 98 needed: server has 80.6; " in said
    assert "  reviewed: reports of " in said
    assert "plan again" in said
    assert "p=none" in zone_text(served)
    assert applied(served, "--allow", "DMARC032")[0] == 1


def test_newer_evidence_that_says_the_same_does_not(served: RepoFolder) -> None:
    sends(served, "p=none", "p: quarantine")
    give(own(COM))(served)
    planned(served)
    give(own(COM, 70))(served)
    assert applied(served)[0] == 0
    assert "p=quarantine" in zone_text(served)


def test_evidence_that_is_gone_makes_the_plan_stale(served: RepoFolder) -> None:
    sends(served, "p=none", "p: quarantine")
    give(own(COM))(served)
    planned(served)
    (served.root / "zones/evidence/example.com.json").unlink()
    code, said = applied(served)
    assert (code, "there is no evidence for a stricter policy: no report" in said) == (1, True)


def test_reports_that_stop_make_the_plan_stale(served: RepoFolder) -> None:
    """What was new enough at the review is not for ever."""
    sends(served, "p=none", "p: quarantine")
    give(own(COM))(served)
    planned(served)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=5)):
        code, said = applied(served)
    assert (code, "not more than 3 days old needed" in said) == (1, True)


def test_a_plan_from_before_there_was_evidence_is_stale(served: RepoFolder) -> None:
    sends(served, "p=none", "p: quarantine", more=ALLOW % "2999-01-01")
    nothing(served)
    plan = planned(served)

    def without(data: dict[str, Any]) -> None:
        data["zones"][0]["digests"].pop("evidence")
        for change in data["zones"][0]["changes"]:
            change.pop("evidence")

    edited(plan, without, True)
    code, said = applied(served)
    assert (code, "reviewed: no evidence was looked at" in said) == (1, True), said


def test_a_file_cannot_say_what_the_evidence_says(served: RepoFolder) -> None:
    sends(served, "p=none", "p: quarantine")
    nothing(served)
    plan = planned(served)

    def met(data: dict[str, Any]) -> None:
        [change] = data["zones"][0]["changes"]
        change["risk"], change["rules"] = "caution", []
        change["evidence"]["gate"] = "met"

    edited(plan, met, True)
    code, said = applied(served)
    assert (code, "DMARC032; --allow DMARC032:example.com" in said) == (1, True)
    assert "p=none" in zone_text(served)


def test_what_is_done_needs_no_evidence_any_more(served: RepoFolder) -> None:
    sends(served, "p=none", "p: quarantine")
    give(own(COM))(served)
    planned(served)
    assert applied(served)[0] == 0
    give(own(COM), astray(COM, 12))(served)
    code, said = applied(served)
    assert (code, "unchanged" in said) == (0, True)


# Permission


def test_the_policy_permits_it_up_to_its_day(served: RepoFolder) -> None:
    sends(served, "p=none", "p: quarantine", more=ALLOW % "2999-01-01")
    nothing(served)
    plan = planned(served)
    shown = served.run("plan", "--show", str(plan)).out
    assert "DMARC032 permitted by zones/policy/example.com.yaml:5 until 2999-01-01" in shown
    assert "Plan: 1 change (1 breaking but permitted)" in shown
    served.policy(POLICY % "p: quarantine" + ALLOW % "2020-01-01", COM)
    code, said = applied(served)
    assert (code, "DMARC032; --allow DMARC032:example.com" in said) == (1, True)
    served.policy(POLICY % "p: quarantine" + ALLOW % "2999-01-01", COM)
    assert applied(served)[0] == 0


def test_who_applies_permits_it_for_a_domain(served: RepoFolder) -> None:
    sends(served, "p=none", "p: quarantine")
    nothing(served)
    planned(served)
    assert applied(served, "--allow", "DMARC032:example.org")[0] == 1
    assert applied(served, "--allow", "DMARC033")[0] == 1
    code, said = applied(served, "--allow", "DMARC032:example.com")
    assert (code, "p=quarantine" in zone_text(served)) == (0, True), said


# What is known of who sends


@dataclass(frozen=True)
class Sender:
    """A policy, what the zone holds beside it, the reports, and the rules of the DMARC change."""

    policy: str
    zone: str
    rules: tuple[str, ...]
    rows: tuple[Row, ...] = ()
    other: str = ""  # another policy
    said: str = ""
    ago: Sequence[int] = range(1, 21)


LIVE = '_dmarc IN TXT "v=DMARC1; p=quarantine"\n'
PARKED = "domain: example.com\nparked: true\n"
NEWS = "domain: news.example.com\nzone: example.com\n"
SENDERS = {
    "parked": Sender(PARKED, LIVE, ()),
    "parked, and only spoofs are reported": Sender(PARKED, LIVE, (), (spoofed(COM, 30),)),
    "parked, and mail of it passes": Sender(
        PARKED,
        LIVE,
        ("DMARC032",),
        (own(COM),),
        said="parked, but 1500 messages of 192.0.2.10 passed since",
    ),
    "parked, and mail of it passed until reports ended": Sender(
        PARKED, LIVE, ("DMARC032",), (own(COM),), said="parked, but ", ago=range(40, 60)
    ),
    "parked, and a name below it sends by its policy": Sender(
        PARKED, LIVE, ("DMARC032",), other=NEWS + "spf: {terms: [mx], all: fail}\n"
    ),
    "parked, and a name below it has a record of its own": Sender(
        PARKED, LIVE, (), other=NEWS + "spf: {terms: [mx], all: fail}\ndmarc: {p: none}\n"
    ),
    "parked, and the zone has mail at a name below it": Sender(
        PARKED, LIVE + "news IN MX 10 mx\n", ("DMARC032",)
    ),
    "a policy that lets nobody send": Sender(
        "domain: example.com\nspf: {all: fail}\ndmarc: {p: reject}\n", LIVE, ()
    ),
    "one that lets nobody send, and has a key": Sender(
        "domain: example.com\nspf: {all: fail}\ndkim: {selectors: {s1: {cname: s1.a.example}}}\n"
        "dmarc: {p: reject}\n",
        LIVE,
        ("DMARC032",),
    ),
    "one that lets nobody send, of a zone with mail": Sender(
        "domain: example.com\nspf: {all: fail}\ndmarc: {p: reject}\n",
        LIVE + "@ IN MX 10 mx\n",
        ("DMARC032",),
    ),
    "one that lets nobody send, of a zone with an alias to keys": Sender(
        "domain: example.com\nspf: {all: fail}\ndmarc: {p: reject}\n",
        LIVE + '@ IN TXT "v=spf1 -all"\nk1._domainkey IN CNAME k1.a.example.\n',
        ("DMARC032",),
    ),
    "one that lets nobody send any more": Sender(
        "domain: example.com\nspf: {all: fail}\ndmarc: {p: reject}\n",
        LIVE + '@ IN TXT "v=spf1 ip4:192.0.2.10 -all"\n',
        ("DMARC032",),
    ),
    "parked, of a zone with an alias to keys": Sender(
        PARKED, LIVE + "k1._domainkey IN CNAME k1.a.example.\n", ()
    ),
    "one that does not say, of a zone without mail": Sender(
        "domain: example.com\ndmarc: {p: reject}\n", LIVE, ()
    ),
    "one that does not say, of a zone with mail": Sender(
        "domain: example.com\ndmarc: {p: reject}\n", LIVE + "@ IN MX 10 mx\n", ("DMARC032",)
    ),
}


@pytest.mark.parametrize("name", SENDERS)
def test_who_sends_nothing_needs_no_evidence(served: RepoFolder, name: str) -> None:
    case = SENDERS[name]
    edit_zone(served, '@ IN TXT "v=spf1 ~all"\n', case.zone)
    served.policy(case.policy, COM)
    if case.other:
        served.policy(case.other, "news")
    if case.rows:
        quarantine = policy_of(COM, Policy.QUARANTINE)
        evidence_repo.write(
            served.root, COM, reports(COM, case.rows, ago=case.ago, published=quarantine)
        )
    commit_ago(served.root, 60)
    ran = served.run("plan", "--out", "plan.json")
    assert ran.code == 0, ran.said
    assert tuple(dmarc_change(served, COM)["rules"]) == case.rules, ran.out
    assert case.said in ran.out
