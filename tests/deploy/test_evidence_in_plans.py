"""A plan that tightens or weakens DMARC beside the evidence of reports."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from mailauth_dns.records.dmarc import Policy
from tests.conftest import RepoFolder
from tests.deploy.evidence_repo import astray, below, own, policy_of, refused, signed
from tests.deploy.stricter_domain import (
    COM,
    QUARANTINE,
    REJECT,
    Give,
    dmarc_change,
    give,
    nothing,
    sends,
)


@dataclass(frozen=True)
class Case:
    """What is live and what is declared, the evidence, and how the plan judges that."""

    live: str | None
    declared: str
    give: Give
    risk: str
    rules: tuple[str, ...]
    said: str  # by the plan


STRICT = own(COM), signed(COM, "mx2026")
CASES = {
    "evidence that meets the gate": Case(
        "p=none",
        "p: quarantine",
        give(own(COM)),
        "caution",
        (),
        "1400 messages: the gate is met; 100 percent aligned, 98 needed; 2 reporters, 2 needed",
    ),
    "none at all": Case(
        "p=none",
        "p: quarantine",
        nothing,
        "breaking",
        ("DMARC032",),
        "there is no evidence for a stricter policy: no report",
    ),
    "reports that ended a week ago": Case(
        "p=none",
        "p: quarantine",
        give(own(COM), ago=range(7, 30)),
        "breaking",
        ("DMARC032",),
        "not more than 3 days old needed",
    ),
    "one day of reports": Case(
        "p=none",
        "p: quarantine",
        give(own(COM, 5000), ago=[1]),
        "breaking",
        ("DMARC032",),
        "14 needed",
    ),
    "a gate that asks for less": Case(
        "p=none",
        "p: quarantine, gate: {days: 2, volume: 10, newest: 4d}",
        give(own(COM)),
        "caution",
        (),
        "the policy's gate asks for less than by default: "
        "days 2 (14), volume 10 (100), newest 4d (3d)",
    ),
    "one reporter": Case(
        "p=none",
        "p: quarantine",
        give(own(COM), reporters=["big.example"]),
        "breaking",
        ("DMARC032",),
        "1 reporter, 2 needed",
    ),
    "a sender that does not align": Case(
        "p=none",
        "p: quarantine",
        give(own(COM), astray(COM, 12)),
        "breaking",
        ("DMARC032",),
        "336 messages of server (declared, not aligned) would have been quarantined",
    ),
    "a stricter policy still": Case(
        "p=quarantine",
        "p: reject",
        give(own(COM), astray(COM, 1), published=QUARANTINE),
        "caution",
        (),
        "28 messages of server (declared, not aligned) would have been rejected",
    ),
    "reports about another policy": Case(
        "p=none",
        "p: quarantine",
        give(own(COM), published=QUARANTINE),
        "breaking",
        ("DMARC032",),
        "40 reports of another policy than the one in force",
    ),
    "a first record that stops mail": Case(
        None,
        "p: quarantine",
        give(own(COM)),
        "breaking",
        ("DMARC032",),
        "there is no evidence for a stricter policy",
    ),
    "from none to reject, with evidence": Case(
        "p=none", "p: reject", give(own(COM)), "breaking", ("DMARC033",), "the gate is met"
    ),
    "from none to reject, without": Case(
        "p=none",
        "p: reject",
        nothing,
        "breaking",
        ("DMARC033", "DMARC032"),
        "there is no evidence",
    ),
    "only tried, without evidence": Case(
        "p=none",
        "p: quarantine, t: y",
        nothing,
        "breaking",
        ("DMARC032",),
        "there is no evidence",
    ),
    "only tried, with evidence": Case(
        "p=none", "p: quarantine, t: y", give(own(COM)), "caution", (), "the gate is met"
    ),
    "what was tried comes into force, without evidence": Case(
        "p=quarantine; t=y", "p: quarantine", nothing, "breaking", ("DMARC032",), "no evidence"
    ),
    "stricter for names below, without evidence": Case(
        "p=reject; sp=none",
        "p: reject, sp: reject",
        nothing,
        "breaking",
        ("DMARC032",),
        "no evidence",
    ),
    "stricter for names below, where the domain alone sends": Case(
        "p=reject; sp=none",
        "p: reject, sp: reject",
        give(own(COM), published=policy_of(COM, Policy.REJECT, Policy.NONE)),
        "caution",
        (),
        "subdomains none -> reject",
    ),
    "stricter for names below, of which reports show mail": Case(
        "p=reject; sp=none",
        "p: reject, sp: quarantine",
        give(
            own(COM),
            below(COM, "news.example.com"),
            astray("news.example.com", 12),
            published=policy_of(COM, Policy.REJECT, Policy.NONE),
        ),
        "breaking",
        ("DMARC032",),
        "336 messages of server for news.example.com (declared, not aligned) "
        "would have been quarantined",
    ),
    "stricter for names that do not exist, without evidence": Case(
        "p=reject; sp=none; np=none",
        "p: reject, sp: none, np: reject",
        nothing,
        "breaking",
        ("DMARC032",),
        "no evidence",
    ),
    "stricter for names that do not exist, where the domain alone sends": Case(
        "p=reject; sp=none; np=none",
        "p: reject, sp: none, np: reject",
        give(own(COM), published=policy_of(COM, Policy.REJECT, Policy.NONE)),
        "caution",
        (),
        "subdomains that do not exist none -> reject",
    ),
    "strict alignment that mail meets": Case(
        "p=reject",
        "p: reject, aspf: s",
        give(own(COM), published=REJECT),
        "caution",
        (),
        "the gate is met",
    ),
    "strict alignment that mail does not meet": Case(
        "p=reject",
        "p: reject, aspf: s",
        give(own(COM), below(COM, "news.example.com"), published=REJECT),
        "breaking",
        ("DMARC032",),
        "1400 messages of server for news.example.com (declared, aligned) would have been rejected",
    ),
    "strict alignment without evidence": Case(
        "p=reject", "p: reject, adkim: s", nothing, "breaking", ("DMARC032",), "no evidence"
    ),
    "a weaker policy": Case(
        "p=reject",
        "p: none",
        give(own(COM), refused(COM, 7), published=REJECT),
        "caution",
        ("DMARC034",),
        "196 messages of 198.51.100.66 (unknown) would have been delivered",
    ),
    "a weaker policy that stopped nothing": Case(
        "p=reject",
        "p: none",
        give(own(COM), published=REJECT),
        "caution",
        ("DMARC034",),
        "no mail is reported that the policy stopped",
    ),
    "a weaker policy, without evidence": Case(
        "p=reject",
        "p: none",
        nothing,
        "caution",
        ("DMARC034",),
        "what a weaker policy costs is unknown, because no report counts",
    ),
    "an address of reports": Case(
        "p=none",
        'p: none, rua: ["mailto:d@example.com"]',
        nothing,
        "safe",
        (),
        "aggregate reports to",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_plan_judges_by_evidence(served: RepoFolder, name: str) -> None:
    case = CASES[name]
    sends(served, case.live, case.declared)
    case.give(served)
    ran = served.run("plan", "--out", str(served.root / "plan.json"))
    assert ran.code == 0, ran.said
    change = dmarc_change(served)
    assert (change["risk"], tuple(change["rules"])) == (case.risk, case.rules), ran.out
    assert case.said in ran.out
    applied = served.run("apply", str(served.root / "plan.json"))
    assert applied.code == (1 if case.risk == "breaking" else 0), applied.said


# What a reviewer saw


@dataclass(frozen=True)
class Newer:
    """Evidence at the review and at the apply, and whether the plan is good still."""

    reviewed: Give
    now: Give
    good: bool


ALLOW = 'allow: [{rule: DMARC032, reason: "few strays", until: 2999-01-01}]\n'
NEWER = {
    "permitted, and as much is lost": Newer(
        give(own(COM), astray(COM, 6)), give(own(COM, 60), astray(COM, 7)), good=True
    ),
    "permitted, and far more is lost": Newer(
        give(own(COM), astray(COM, 6)), give(own(COM), astray(COM, 60_000)), good=False
    ),
    "the gate is met, and a host fails that was not seen": Newer(
        give(own(COM, 5000)), give(own(COM, 5000), astray(COM, 20)), good=False
    ),
}


@pytest.mark.parametrize("name", NEWER)
def test_a_plan_is_of_what_its_reviewer_saw(served: RepoFolder, name: str) -> None:
    case = NEWER[name]
    sends(served, "p=none", "p: quarantine", more=ALLOW)
    case.reviewed(served)
    assert served.run("plan", "--out", str(served.root / "plan.json")).code == 0
    case.now(served)
    applied = served.run("apply", str(served.root / "plan.json"))
    assert applied.code == (0 if case.good else 1), applied.said
    assert ("the evidence says otherwise than at the review" in applied.said) is not case.good
    assert (" at the review" in applied.said) is not case.good
