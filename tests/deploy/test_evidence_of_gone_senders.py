"""The records of a sender whose grace is over, beside reports that may still show its mail."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mailauth_dns.evidence.evidence import MailReport
from tests.conftest import RepoFolder
from tests.deploy import evidence_repo
from tests.deploy.evidence_repo import astray, own, reports
from tests.deploy.served_zone import edit_zone, zone_text

COM, OLD = "example.com", "203.0.113.5"
POLICY = """domain: example.com
senders:
  server: {ip: [192.0.2.10]}
  shop: {sender: server, ip: [%s], retired: %s}
spf: {all: fail}
"""


@dataclass(frozen=True)
class Case:
    """The reports, the rules of the change of the SPF record, and what the plan says."""

    reports: list[MailReport]
    rules: list[str]
    said: str


def both(*ago: int) -> list[MailReport]:
    """Reports of these days before today that show mail of both senders."""
    return reports(COM, [own(COM), own(COM, 9, OLD)], ago=ago)


def one(*ago: int) -> list[MailReport]:
    return reports(COM, [own(COM)], ago=ago)


CASES = {
    "it sends": Case(
        both(*range(1, 21)),
        ["SND010"],
        "54 messages of shop (declared, aligned) would fail DMARC once its records are gone",
    ),
    "it sent until four days ago": Case(both(*range(5, 21)) + one(1, 2, 3, 4), [], ""),
    "it sent on one of the last days": Case(both(3) + one(1, 2, 4, 5), ["SND010"], "18 messages"),
    "it sent until reports ended, a week ago": Case(
        both(*range(7, 21)), ["SND010"], "the sender still sends"
    ),
    "it sent until it was retired, and reports ended": Case(
        both(*range(61, 70)),
        [],
        "whether the sender still sends is unknown, because there are no reports",
    ),
    "its mail does not align anyhow": Case(
        reports(COM, [own(COM), astray(COM, 9, OLD)]), [], "no mail of the sender"
    ),
    "no reports": Case(
        [], [], "whether the sender still sends is unknown, because there are no reports"
    ),
    "one report of a time to come hides nothing": Case(
        both(*range(1, 9)) + reports(COM, [own(COM)], ago=[-9], reporters=["false.example"]),
        ["SND010"],
        "the sender still sends",
    ),
    "one report of today, after others ended, hides nothing": Case(
        both(*range(7, 21)) + reports(COM, [own(COM)], ago=[1], reporters=["false.example"]),
        ["SND010"],
        "the sender still sends",
    ),
}


def retired(repo: RepoFolder, found: list[MailReport], more: str = "") -> None:
    edit_zone(repo, "v=spf1 ~all", f"v=spf1 ip4:192.0.2.10 ip4:{OLD} -all")
    day = (datetime.now(UTC) - timedelta(days=60)).date()
    repo.policy(POLICY % (OLD, day) + more, COM)
    if found:
        ordered = sorted(found, key=lambda each: each.window.begin)
        evidence_repo.write(repo.root, COM, ordered)


def change(repo: RepoFolder) -> dict[str, Any]:
    [found] = json.loads((repo.root / "plan.json").read_text())["zones"][0]["changes"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", CASES)
def test_records_stay_while_reports_show_the_sender_s_mail(served: RepoFolder, name: str) -> None:
    case = CASES[name]
    retired(served, case.reports)
    ran = served.run("plan", "--out", "plan.json")
    assert ran.code == 0, ran.said
    assert (change(served)["rules"], case.said in ran.out) == (case.rules, True), ran.out
    code = served.run("apply", "plan.json").code
    assert (code, OLD in zone_text(served)) == ((1, True) if case.rules else (0, False))


def test_the_plan_says_when_it_was_last_seen(served: RepoFolder) -> None:
    retired(served, both(*range(1, 21)))
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    assert f"shop was last seen on {yesterday}" in served.run("plan").out


def test_it_is_permitted_as_all_else(served: RepoFolder) -> None:
    allow = "allow: [{rule: SND010, reason: it is a forger with our key, until: 2999-01-01}]\n"
    retired(served, both(*range(1, 21)), allow)
    assert served.run("plan", "--out", "plan.json").code == 0
    assert served.run("apply", "plan.json").code == 0
    assert OLD not in zone_text(served)


def test_a_sender_that_begins_again_makes_the_plan_stale(served: RepoFolder) -> None:
    retired(served, one(*range(1, 21)))
    assert served.run("plan", "--out", "plan.json").code == 0
    evidence_repo.write(served.root, COM, both(*range(1, 21)))
    ran = served.run("apply", "plan.json")
    assert (ran.code, "the evidence says otherwise than at the review" in ran.said) == (1, True)
    assert OLD in zone_text(served)


def test_what_cannot_be_read_is_not_that_it_has_stopped(served: RepoFolder) -> None:
    retired(served, [])
    served.write("zones/evidence/example.com.json", "[\nno JSON\n]\n")
    served.run("plan", "--out", "plan.json")
    assert change(served)["rules"] == ["SND010"]
