"""What a change of an MTA-STS, TLS-RPT or BIMI record means for mail."""

from __future__ import annotations

import pytest

from mailauth_dns.compile.publication import Declared
from mailauth_dns.diff.change import Risk
from mailauth_dns.records import mta_sts
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from tests.diff.declared_zone import ORIGIN, OWNER_NAMES, compared, declare, zone

STS, RPT, BIMI = Family.MTA_STS, Family.TLS_RPT, Family.BIMI
ENFORCE, TESTING, NONE = (
    f"v=STSv1; id={mode}{'0' * 16}" for mode in ("enforce", "testing", "none")
)
TO_A, TO_B = "v=TLSRPTv1; rua=mailto:a@example.com", "v=TLSRPTv1; rua=mailto:b@example.com"
SHOWN, MARK = "v=BIMI1; l=https://example.com/l.svg", "https://example.com/m.pem"
# family, published, declared, risk, part of the meaning
JUDGED: list[tuple[Family, set[str], str | None, Risk, str]] = [
    (
        STS,
        set(),
        TESTING,
        Risk.SAFE,
        "MTA-STS is new: mode testing: senders deliver all the same; failures go to the TLS-RPT address",
    ),
    (
        STS,
        set(),
        ENFORCE,
        Risk.CAUTION,
        "MTA-STS is new: mode enforce: senders do not deliver without verified TLS",
    ),
    (
        STS,
        set(),
        "v=STSv1; id=1",
        Risk.CAUTION,
        "MTA-STS is new: mode unknown: senders do as the policy says",
    ),
    (
        STS,
        {TESTING, ENFORCE},
        TESTING,
        Risk.SAFE,
        "2 MTA-STS records, all ignored, become one: mode testing",
    ),
    (
        STS,
        {"v=STSv1 id=1"},
        ENFORCE,
        Risk.CAUTION,
        "a broken MTA-STS record is mended: mode enforce",
    ),
    (
        STS,
        {TESTING},
        ENFORCE,
        Risk.CAUTION,
        "fetch the MTA-STS policy again, mode testing -> enforce: senders do not deliver without",
    ),
    (
        STS,
        {ENFORCE},
        TESTING,
        Risk.CAUTION,
        "mode enforce -> testing: senders deliver all the same",
    ),
    (
        STS,
        {ENFORCE},
        NONE,
        Risk.CAUTION,
        "mode enforce -> none: senders no longer insist on verified TLS",
    ),
    (STS, {TESTING}, NONE, Risk.SAFE, "mode testing -> none"),
    (
        STS,
        {ENFORCE},
        ENFORCE[:-1] + "f",
        Risk.CAUTION,
        "fetch the MTA-STS policy again, still mode enforce",
    ),
    (STS, {TESTING}, TESTING[:-1] + "f", Risk.SAFE, "still mode testing"),
    (STS, {"v=STSv1; id=1"}, TESTING, Risk.CAUTION, "mode unknown -> testing"),
    (STS, {"v=STSv1; id=1"}, "v=STSv1; id=2", Risk.CAUTION, "mode unknown -> unknown"),
    (STS, {TESTING + "; x=1"}, TESTING, Risk.SAFE, "extension fields of the MTA-STS record change"),
    (STS, {ENFORCE}, None, Risk.BREAKING, "no MTA-STS any more, mode enforce until now"),
    (STS, {"v=STSv1; id=1"}, None, Risk.BREAKING, "no MTA-STS any more, mode unknown until now"),
    (STS, {TESTING}, None, Risk.CAUTION, "senders that still hold an older policy obey it"),
    (STS, {NONE}, None, Risk.CAUTION, "senders that still hold an older policy obey it"),
    # Senders ignore it now, but one may have taken the policy before it broke.
    (
        STS,
        {"v=STSv1"},
        None,
        Risk.CAUTION,
        "a broken MTA-STS record is deleted; senders that still hold a policy obey it",
    ),
    (STS, {"v=STSv1; id=2026-06-01"}, None, Risk.CAUTION, "a broken MTA-STS record is deleted"),
    (STS, {ENFORCE, TESTING}, None, Risk.CAUTION, "2 MTA-STS records, all ignored, are deleted"),
    (RPT, set(), TO_A, Risk.SAFE, "TLS-RPT is new: TLS reports go to mailto:a@example.com"),
    (
        RPT,
        {"v=TLSRPTv1"},
        TO_A,
        Risk.SAFE,
        "a broken TLS-RPT record is mended: TLS reports go to mailto:a@example.com",
    ),
    (RPT, {TO_A, TO_B}, TO_A, Risk.SAFE, "2 TLS-RPT records, all ignored, become one"),
    (
        RPT,
        {TO_A},
        TO_B,
        Risk.CAUTION,
        "TLS reports go to mailto:b@example.com, no longer to mailto:a@example.com",
    ),
    (
        RPT,
        {TO_A},
        TO_A + ",mailto:b@example.com",
        Risk.SAFE,
        "TLS reports go to mailto:a@example.com mailto:b@example.com",
    ),
    (RPT, {TO_A + "; x=1"}, TO_A, Risk.SAFE, "extension fields of the TLS-RPT record change"),
    (RPT, {TO_A}, None, Risk.CAUTION, "no TLS reports any more, until now to mailto:a@example.com"),
    (
        RPT,
        {"v=TLSRPTv1; rua=tls@example.com"},
        None,
        Risk.SAFE,
        "a TLS-RPT record that senders ignore is deleted",
    ),
    (
        RPT,
        {"v=TLSRPTv1; rua=tls@example.com"},
        TO_A,
        Risk.SAFE,
        "a broken TLS-RPT record is mended",
    ),
    (
        BIMI,
        set(),
        SHOWN,
        Risk.SAFE,
        "BIMI selector default is new: the logo is https://example.com/l.svg",
    ),
    (
        BIMI,
        set(),
        "v=BIMI1; l=; a=",
        Risk.SAFE,
        "BIMI selector default is new: no logo shall be shown",
    ),
    (
        BIMI,
        set(),
        f"v=BIMI1; l=; a={MARK}",
        Risk.SAFE,
        "BIMI selector default is new: the logo is the one in the evidence",
    ),
    (
        BIMI,
        {"v=BIMI1"},
        SHOWN,
        Risk.SAFE,
        "a broken BIMI selector default record is mended: the logo is",
    ),
    (BIMI, {SHOWN}, "v=BIMI1; l=", Risk.SAFE, "BIMI selector default: no logo shall be shown"),
    (
        BIMI,
        {SHOWN},
        f"{SHOWN}; a={MARK}",
        Risk.SAFE,
        f"BIMI selector default: the evidence is {MARK}",
    ),
    (
        BIMI,
        {f"{SHOWN}; a={MARK}"},
        SHOWN,
        Risk.SAFE,
        "BIMI selector default: there is no evidence any more",
    ),
    (
        BIMI,
        {SHOWN},
        f"{SHOWN}; avp=personal",
        Risk.SAFE,
        "BIMI selector default: other tags change",
    ),
    (BIMI, {SHOWN}, None, Risk.SAFE, "BIMI selector default has no logo any more"),
    (BIMI, {"v=BIMI1"}, None, Risk.SAFE, "a broken record of BIMI selector default is deleted"),
]


@pytest.mark.parametrize(("family", "before", "after", "risk", "meaning"), JUDGED)
def test_changes_are_told_in_the_language_of_mail(
    family: Family, before: set[str], after: str | None, risk: Risk, meaning: str
) -> None:
    name = OWNER_NAMES[family]
    there = zone((name, "TXT", 60, before)) if before else zone()
    [change] = compared(there, declare(family, after, name=name)).changes
    assert meaning in change.judgement.meaning
    assert change.judgement.risk is risk
    if risk is Risk.BREAKING:
        assert change.judgement.rules


def test_an_id_kept_by_hand_is_told_with_the_mode_of_its_policy() -> None:
    served = mta_sts.Policy(mta_sts.Mode.ENFORCE, (DomainName("mx.example.com"),), 86400)
    key = (DomainName(OWNER_NAMES[STS]), "TXT")
    entry = Declared(ORIGIN, key, STS, None, frozenset({"v=STSv1; id=1"}), served=served)
    [change] = compared(zone((OWNER_NAMES[STS], "TXT", 60, {TESTING})), entry).changes
    assert change.judgement.meaning == (
        "senders fetch the MTA-STS policy again, mode testing -> enforce: "
        "senders do not deliver without verified TLS; serve zones/mta-sts/example.com.txt first"
    )
