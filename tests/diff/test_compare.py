"""Ownership by value, and what a change means for mail: tables over small zones."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.diff.change import Difference, Risk
from mailauth_dns.diff.compare import compare
from mailauth_dns.diff.meaning import judge_at
from mailauth_dns.records import mta_sts
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, Zone

ORIGIN = DomainName("example.com")
NOW = datetime(2026, 6, 1, tzinfo=UTC)
KEY_A, KEY_B = "MFwwDQYJKoZIhvcNAQEBBQADSwAw", "MFwwDQYJKoZIhvcNAQEBBQADSwAx"


def zone(*sets: tuple[str, str, int, set[str]]) -> Zone:
    return Zone(
        ORIGIN,
        frozenset(
            RRset(DomainName(name), type, ttl, frozenset(values))
            for name, type, ttl, values in sets
        ),
    )


def declare(
    family: Family,
    value: str | None,
    *,
    name: str = "example.com",
    type: str = "TXT",
    ttl: int | None = None,
    needed_until: datetime | None = None,
) -> Declared:
    values = frozenset() if value is None else frozenset({value})
    return Declared(ORIGIN, (DomainName(name), type), family, ttl, values, needed_until)


def compared(before: Zone, *declared: Declared, normalize: bool = False) -> Difference:
    return compare(
        before, Publication(ORIGIN, declared, (), ()), judge_at(NOW), normalize=normalize
    )


SAME = [
    (Family.SPF, "v=spf1 mx -all", "V=SPF1  +MX -ALL "),
    (Family.SPF, "v=spf1 ip4:192.0.2.1 -all", "v=spf1 ip4:192.0.2.1/32 -all"),
    (
        Family.SPF,
        "v=spf1 ip6:2001:db8::1 a:Example.NET ?all",
        "v=spf1 ip6:2001:0db8:0::1/128 a:example.net/32//128 ?all",
    ),
    (Family.SPF, "v=spf1 mx -all", "v=spf1 mx -all redirect=example.net"),
    (Family.DMARC, "v=DMARC1; p=none", "v=DMARC1;p=none;"),
    (
        Family.DMARC,
        "v=DMARC1; p=none; adkim=s",
        "v = DMARC1 ; adkim=s; aspf=r ; p=NONE ; sp=none; fo=0",
    ),
    (Family.DMARC, "v=DMARC1; p=reject", "v=DMARC1; p=reject; pct=100; t=n"),
    (Family.DKIM, f"v=DKIM1; k=rsa; p={KEY_A}", f"p={KEY_A[:9]} {KEY_A[9:]};"),
    (Family.DKIM, "v=DKIM1; p=", "p=; k=rsa; s=*; n=revoked"),
    (Family.MTA_STS, "v=STSv1; id=1", "v=STSv1;id=1;"),
    (Family.MTA_STS, "v=STSv1; id=1; x=1; y=2", "v=STSv1; y=2; id=1; x=1; id=2"),
    (
        Family.TLS_RPT,
        "v=TLSRPTv1; rua=mailto:a@example.com,mailto:b@example.com",
        "v=TLSRPTv1;rua=mailto:a@example.com;rua=mailto:b@example.com",
    ),
    (
        Family.BIMI,
        "v=BIMI1; l=https://example.com/l.svg",
        "v = BIMI1;avp=brand;a=;lps=;l=https://example.com/l.svg;",
    ),
]
DIFFERENT = [
    (Family.SPF, "v=spf1 a mx -all", "v=spf1 mx a -all"),
    (Family.SPF, "v=spf1 mx -all", "v=spf1 mx ~all"),
    (Family.SPF, "v=spf1 mx", "v=spf1 mx ?all redirect=example.net"),
    (Family.DMARC, "v=DMARC1; p=none", "v=DMARC1; p=none; sp=reject"),
    (Family.DMARC, "v=DMARC1; p=none", "v=DMARC1"),
    (
        Family.DMARC,
        "v=DMARC1; p=none; rua=mailto:a@example.com",
        "v=DMARC1; p=none; rua=mailto:A@example.com",
    ),
    (Family.DMARC, "v=DMARC1; p=reject", "v=DMARC1; p=reject; pct=50"),
    (Family.DMARC, "v=DMARC1; p=reject", " v=DMARC1; p=reject"),  # to some receivers no record
    (Family.DKIM, f"v=DKIM1; p={KEY_A}", f"v=DKIM1; p={KEY_A}; t=y"),
    (Family.DKIM, f"v=DKIM1; p={KEY_A}", f"v=DKIM1; p={KEY_A.lower()}"),
    (Family.DKIM, f"v=DKIM1; p={KEY_A}", f"v=DKIM1;; p={KEY_A}"),  # to some verifiers no key
    (Family.DKIM, f"v=DKIM1; p={KEY_A}", f"v=DKIM1; p={KEY_A};;"),
    (Family.MTA_STS, "v=STSv1; id=1", "v=STSv1; id=2"),
    (Family.MTA_STS, "v=STSv1; id=a", "v=STSv1; id=A"),
    (Family.MTA_STS, "v=STSv1; id=1", "V=STSv1; id=1"),
    (
        Family.TLS_RPT,
        "v=TLSRPTv1; rua=mailto:a@example.com",
        "v=TLSRPTv1; rua=mailto:A@example.com",
    ),
    (
        Family.TLS_RPT,
        "v=TLSRPTv1; rua=mailto:a@example.com",
        "v=TLSRPTv1; rua=mailto:a@example.com; x=1",
    ),
    (
        Family.BIMI,
        "v=BIMI1; l=https://example.com/l.svg",
        "v=BIMI1; l=https://example.com/l.svg; avp=personal",
    ),
    (Family.BIMI, "v=BIMI1; l=", "v=BIMI1; l=; a=https://example.com/m.pem"),
]
NAMES = {
    Family.SPF: "example.com",
    Family.DMARC: "_dmarc.example.com",
    Family.DKIM: "s._domainkey.example.com",
}
NAMES |= {
    Family.MTA_STS: "_mta-sts.example.com",
    Family.TLS_RPT: "_smtp._tls.example.com",
    Family.BIMI: "default._bimi.example.com",
}


@pytest.mark.parametrize(("family", "declared", "there"), SAME)
def test_the_same_meaning_is_no_change(family: Family, declared: str, there: str) -> None:
    name = NAMES[family]
    before = zone((name, "TXT", 300, {there}))
    assert compared(before, declare(family, declared, name=name)).changes == ()
    [change] = compared(before, declare(family, declared, name=name), normalize=True).changes
    assert change.after == {declared}
    assert change.judgement.risk is Risk.SAFE


@pytest.mark.parametrize(("family", "declared", "there"), DIFFERENT)
def test_another_meaning_is_a_change(family: Family, declared: str, there: str) -> None:
    name = NAMES[family]
    [change] = compared(
        zone((name, "TXT", 300, {there})), declare(family, declared, name=name)
    ).changes
    assert (change.before, change.after) == (frozenset({there}), frozenset({declared}))


def test_two_values_of_equal_meaning_are_still_two() -> None:
    [change] = compared(
        zone(("example.com", "TXT", 300, {"v=spf1 -all", "V=SPF1 -all"})),
        declare(Family.SPF, "v=spf1 -all"),
    ).changes
    assert change.after == {"v=spf1 -all"}
    assert change.values_after == {"v=spf1 -all"}


TTLS = [  # declared, there, foreign value beside ours, normalize -> after
    (None, 300, False, False, 300),
    (60, 300, False, False, 60),
    (60, 300, True, False, 300),
    (60, 300, True, True, 60),
    (None, None, False, False, 3600),
    (60, None, False, False, 60),
]


@pytest.mark.parametrize(("declared", "there", "foreign", "normalize", "after"), TTLS)
def test_ttl(
    declared: int | None, there: int | None, foreign: bool, normalize: bool, after: int
) -> None:
    values = {"v=spf1 ~all"} | ({"MS=ms1"} if foreign else set())
    before = zone() if there is None else zone(("example.com", "TXT", there, values))
    [change] = compared(
        before, declare(Family.SPF, "v=spf1 -all", ttl=declared), normalize=normalize
    ).changes
    assert change.ttl_after == after


def test_another_ttl_alone_is_a_change_that_keeps_the_spelling() -> None:
    [change] = compared(
        zone(("example.com", "TXT", 300, {"V=spf1 -all"})),
        declare(Family.SPF, "v=spf1 -all", ttl=60),
    ).changes
    assert change.after == {"V=spf1 -all"}
    assert change.judgement.meaning == "TTL 300 -> 60 s"


def test_absent_takes_only_our_values_away() -> None:
    [change] = compared(
        zone(("example.com", "TXT", 300, {"v=spf1 ~all", "MS=ms1", "v=spf10 x"})),
        declare(Family.SPF, None),
    ).changes
    assert change.values_after == {"MS=ms1", "v=spf10 x"}
    assert change.ttl_after == 300
    assert (
        compared(zone(("example.com", "TXT", 300, {"MS=ms1"})), declare(Family.SPF, None)).changes
        == ()
    )


def test_what_looks_like_ours_and_is_not_declared_is_kept_and_named() -> None:
    before = zone(
        ("x._domainkey.example.com", "TXT", 60, {f"p={KEY_A}"}),
        ("_dmarc.example.com", "TXT", 60, {"v=DMARC1; p=none"}),
        ("www.example.com", "A", 60, {"192.0.2.1"}),
    )
    kept = compared(before, declare(Family.SPF, "v=spf1 -all")).kept
    assert {(entry.key, entry.looks_like) for entry in kept} == {
        (("x._domainkey.example.com", "TXT"), Family.DKIM),
        (("_dmarc.example.com", "TXT"), Family.DMARC),
        (("www.example.com", "A"), None),
    }


BLOCKED = {
    "a foreign alias": (
        zone(("_dmarc.example.com", "CNAME", 60, {"x.example.net."})),
        "is an alias (CNAME to x.example.net.)",
    ),
    "an alias above": (zone(("mail.example.com", "CNAME", 60, {"x.example.net."})), None),
    "a delegation above": (
        zone(("_dmarc.example.com", "NS", 60, {"ns.example.net."})),
        "is delegated to other servers (NS)",
    ),
    "a DNAME at the apex": (
        zone(("example.com", "DNAME", 60, {"example.net."})),
        "example.com has a DNAME",
    ),
    "the apex NS": (zone(("example.com", "NS", 60, {"ns.example.net."})), None),
}


@pytest.mark.parametrize("case", BLOCKED)
def test_blocked(case: str) -> None:
    before, reason = BLOCKED[case]
    difference = compared(
        before, declare(Family.DMARC, "v=DMARC1; p=none", name="_dmarc.example.com")
    )
    assert bool(difference.changes) is (reason is None)
    assert [reason in entry.reason for entry in difference.blocked if reason] == (
        [True] if reason else []
    )


NULL_MX = [  # what is there, declared -> the values of the change, blocked
    (set(), "0 .", {"0 ."}, False),
    ({"0 ."}, "0 .", None, False),
    ({"10 mx.example.com."}, "0 .", None, True),
    ({"0 .", "10 mx.example.com."}, "0 .", None, True),
    ({"0 .", "10 mx.example.com."}, None, {"10 mx.example.com."}, False),
    ({"10 mx.example.com."}, None, None, False),
]


@pytest.mark.parametrize(("there", "declared", "after", "blocked"), NULL_MX)
def test_a_null_mx_stands_alone(
    there: set[str], declared: str | None, after: set[str] | None, blocked: bool
) -> None:
    before = zone(("example.com", "MX", 60, there)) if there else zone()
    found = compared(before, declare(Family.NULL_MX, declared, type="MX"))
    assert [change.values_after for change in found.changes] == ([] if after is None else [after])
    assert ["(RFC 7505 §3); take the MX away first" in entry.reason for entry in found.blocked] == [
        True
    ] * blocked


def test_an_alias_above_a_name_blocks_it() -> None:
    before = zone(("_domainkey.example.com", "CNAME", 60, {"x.example.net."}))
    [entry] = compared(
        before, declare(Family.DKIM, "v=DKIM1; p=", name="s._domainkey.example.com")
    ).blocked
    assert "_domainkey.example.com is an alias (CNAME)" in entry.reason


def test_a_record_that_is_never_served_is_blocked_even_where_nothing_changes() -> None:
    before = zone(
        ("_dmarc.example.com", "NS", 60, {"ns.example.net."}),
        ("_dmarc.example.com", "TXT", 60, {"v=DMARC1; p=none"}),
    )
    difference = compared(
        before, declare(Family.DMARC, "v=DMARC1; p=none", name="_dmarc.example.com")
    )
    assert difference.changes == ()
    assert len(difference.blocked) == 1


SPF, S1 = Family.SPF, "s1._domainkey.example.com"
STS, RPT, BIMI = Family.MTA_STS, Family.TLS_RPT, Family.BIMI
ENFORCE, TESTING, NONE = (
    f"v=STSv1; id={mode}{'0' * 16}" for mode in ("enforce", "testing", "none")
)
TO_A, TO_B = "v=TLSRPTv1; rua=mailto:a@example.com", "v=TLSRPTv1; rua=mailto:b@example.com"
SHOWN, MARK = "v=BIMI1; l=https://example.com/l.svg", "https://example.com/m.pem"
JUDGED = [
    (
        SPF,
        set(),
        "v=spf1 mx ~all",
        Risk.SAFE,
        "SPF is new: may send: mx; every other host: softfail",
    ),
    (
        SPF,
        set(),
        "v=spf1 -all",
        Risk.CAUTION,
        "SPF is new: may send: nobody; every other host: fail",
    ),
    (SPF, {"v=spf1 mx ~all"}, "v=spf1 mx a ~all", Risk.SAFE, "may send now: a"),
    (SPF, {"v=spf1 mx a ~all"}, "v=spf1 mx ~all", Risk.CAUTION, "may no longer send: a"),
    (SPF, {"v=spf1 mx ~all"}, "v=spf1 mx -all", Risk.CAUTION, "every other host softfail -> fail"),
    (SPF, {"v=spf1 mx ~all"}, None, Risk.CAUTION, "no SPF any more"),
    (
        SPF,
        {"v=spf1 bogus:x ~all"},
        "v=spf1 mx ~all",
        Risk.SAFE,
        "a broken SPF record is mended, a permanent error for every message until now",
    ),
    # nothing failed while it was broken
    (SPF, {"v=spf1 bogus:x -all"}, "v=spf1 mx -all", Risk.CAUTION, "a broken SPF record is mended"),
    (
        SPF,
        {"v=spf1 mx -all", "v=spf1 a -all"},
        "v=spf1 mx -all",
        Risk.CAUTION,
        "2 SPF values, a permanent error for every message, become one",
    ),
    (
        SPF,
        {"v=spf1 bogus:x -all"},
        None,
        Risk.SAFE,
        "a broken SPF record is deleted, a permanent error for every message until now",
    ),
    (SPF, {"v=spf1 mx -all", "v=spf1 a -all"}, None, Risk.SAFE, "2 SPF values are deleted"),
    (
        SPF,
        set(),
        "v=spf1 " + " ".join(f"a:a{number}.example" for number in range(11)),
        Risk.BREAKING,
        "needs 11 lookups",
    ),
    (
        STS,
        set(),
        TESTING,
        Risk.SAFE,
        "MTA-STS is new: mode testing: senders deliver all the same and report where TLS fails",
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
    (STS, {ENFORCE}, NONE, Risk.CAUTION, "mode enforce -> none: senders ask for no TLS"),
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
    # ignored now, and perhaps not when a sender took the policy
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
    name = NAMES[family]
    there = zone((name, "TXT", 60, before)) if before else zone()
    [change] = compared(there, declare(family, after, name=name)).changes
    assert meaning in change.judgement.meaning
    assert change.judgement.risk is risk
    if risk is Risk.BREAKING:
        assert change.judgement.rules


def test_an_id_kept_by_hand_is_told_with_the_mode_of_its_policy() -> None:
    served = mta_sts.Policy(mta_sts.Mode.ENFORCE, (DomainName("mx.example.com"),), 86400)
    key = (DomainName(NAMES[STS]), "TXT")
    entry = Declared(ORIGIN, key, STS, None, frozenset({"v=STSv1; id=1"}), served=served)
    [change] = compared(zone((NAMES[STS], "TXT", 60, {TESTING})), entry).changes
    assert change.judgement.meaning == (
        "senders fetch the MTA-STS policy again, mode testing -> enforce: senders do not deliver without verified TLS; "
        "serve zones/mta-sts/example.com.txt first"
    )


# One RSA key of 1024 bits, with SubjectPublicKeyInfo around it and without
BARE = base64.b64encode(bytes.fromhex("308189028181 00" + "ff" * 128 + "0203010001")).decode()
RSA = base64.b64encode(
    bytes.fromhex("30819f300d06092a864886f70d010101050003818d00") + base64.b64decode(BARE)
).decode()
SETTLED, RECENT = NOW, NOW + timedelta(hours=1)
DKIM_JUDGED: list[tuple[str, set[str], str | None, datetime | None, Risk, str]] = [
    ("TXT", {f"p={KEY_A}"}, None, None, Risk.BREAKING, "DKIM030"),
    ("TXT", {f"p={KEY_A}"}, None, RECENT, Risk.BREAKING, "DKIM030"),
    ("TXT", {f"p={KEY_A}"}, None, SETTLED, Risk.CAUTION, ""),
    ("TXT", {f"p={KEY_A}"}, "v=DKIM1; p=", None, Risk.BREAKING, "DKIM030"),
    ("TXT", {f"p={KEY_A}"}, "v=DKIM1; p=", SETTLED, Risk.CAUTION, ""),
    ("TXT", {f"p={KEY_A}"}, f"v=DKIM1; p={KEY_B}", None, Risk.BREAKING, "DKIM030 DKIM034"),
    ("TXT", {f"p={KEY_A}"}, f"v=DKIM1; p={KEY_B}", SETTLED, Risk.CAUTION, "DKIM034"),
    ("TXT", {"v=DKIM1; p="}, f"v=DKIM1; p={KEY_B}", None, Risk.CAUTION, "DKIM034"),
    (
        "TXT",
        {f"p={KEY_A}", f"p={KEY_B}"},
        f"v=DKIM1; p={KEY_B}",
        None,
        Risk.BREAKING,
        "DKIM030",
    ),  # verifiers may take either
    ("TXT", {"p="}, None, None, Risk.SAFE, ""),
    ("TXT", {"not a key record"}, f"v=DKIM1; p={KEY_A}", None, Risk.SAFE, ""),
    ("TXT", set(), f"v=DKIM1; p={KEY_A}", None, Risk.SAFE, ""),
    ("TXT", {f"p={KEY_A}"}, f"v=DKIM1; p={KEY_A}; t=s", None, Risk.CAUTION, ""),
    ("TXT", {f"p={KEY_A}"}, f"v=DKIM1; p={KEY_A}; t=y", None, Risk.CAUTION, ""),
    # What some verifiers take a key from, although it is broken by the letter
    ("TXT", {f"k=rsa; v=DKIM1; p={KEY_A}"}, None, None, Risk.BREAKING, "DKIM030"),
    ("TXT", {f"v=DKIM1; t=; p={KEY_A}"}, None, None, Risk.BREAKING, "DKIM030"),
    ("TXT", {f"v=DKIM1; p={KEY_A}; p={KEY_A}"}, None, None, Risk.BREAKING, "DKIM030"),
    ("TXT", {f"v=DKIM1; p=; p={KEY_A}"}, None, None, Risk.BREAKING, "DKIM030"),
    ("TXT", {f"v=DKIM1; x-y=1; P={KEY_A}"}, None, None, Risk.BREAKING, "DKIM030"),
    ("TXT", {f'v=DKIM1 k=rsa p="{KEY_A}"'}, "v=DKIM1; p=", None, Risk.BREAKING, "DKIM030"),
    (
        "TXT",
        {f"k=rsa; v=DKIM1; p={KEY_A}"},
        f"v=DKIM1; p={KEY_B}",
        None,
        Risk.BREAKING,
        "DKIM030 DKIM034",
    ),
    ("TXT", {f"k=rsa; v=DKIM1; p={RSA}"}, f"v=DKIM1; p={RSA}", None, Risk.SAFE, ""),
    ("TXT", {f"k=rsa; v=DKIM1; p={KEY_A}"}, None, SETTLED, Risk.CAUTION, ""),
    ("TXT", {f"k=rsa; v=DKIM1; p={KEY_A}", f"p={KEY_B}"}, None, None, Risk.BREAKING, "DKIM030"),
    (
        "TXT",
        {f"k=rsa; v=DKIM1; p={KEY_A}", "v=DKIM1; p="},
        "v=DKIM1; p=",
        None,
        Risk.BREAKING,
        "DKIM030",
    ),
    ("TXT", {"v=DMARC1; p=quarantine"}, None, None, Risk.SAFE, ""),
    ("TXT", {"k=rsa; v=DKIM1; p="}, None, None, Risk.SAFE, ""),
    # The same key, of which new tags or a new form keep verifiers away
    ("TXT", {f"p={RSA}"}, f"v=DKIM1; h=sha1; p={RSA}", None, Risk.BREAKING, "DKIM030"),
    ("TXT", {f"p={RSA}"}, f"v=DKIM1; k=dsa; p={RSA}", None, Risk.BREAKING, "DKIM030"),
    ("TXT", {f"p={RSA}"}, f"v=DKIM1; k=ed25519; p={RSA}", None, Risk.BREAKING, "DKIM030"),
    ("TXT", {f"p={RSA}"}, f"v=DKIM1; s=tlsrpt; p={RSA}", SETTLED, Risk.CAUTION, ""),
    ("TXT", {f"h=sha1; p={RSA}"}, f"v=DKIM1; h=sha1; t=s; p={RSA}", None, Risk.CAUTION, ""),
    ("TXT", {f"p={RSA}"}, f"v=DKIM1; p={BARE}", None, Risk.BREAKING, "DKIM030"),
    ("TXT", {f"p={BARE}"}, f"v=DKIM1; p={RSA}", None, Risk.SAFE, ""),
    ("CNAME", {"a.example.net."}, "b.example.net.", None, Risk.BREAKING, "DKIM030"),
    ("CNAME", {"a.example.net."}, None, SETTLED, Risk.CAUTION, ""),
    ("CNAME", set(), "b.example.net.", None, Risk.SAFE, ""),
]


@pytest.mark.parametrize(("type", "before", "after", "needed_until", "risk", "rules"), DKIM_JUDGED)
def test_a_key_that_may_still_be_needed_is_not_dropped(
    type: str,
    before: set[str],
    after: str | None,
    needed_until: datetime | None,
    risk: Risk,
    rules: str,
) -> None:
    there = zone((S1, type, 60, before)) if before else zone()
    [change] = compared(
        there, declare(Family.DKIM, after, name=S1, type=type, needed_until=needed_until)
    ).changes
    assert change.judgement.risk is risk
    assert " ".join(change.judgement.rules) == rules


TOLD = [
    (
        {f"k=rsa; v=DKIM1; p={KEY_A}"},
        None,
        "the record of selector s1 is deleted; what was there is broken (v must be the first tag)",
    ),
    (
        {f"k=rsa; v=DKIM1; p={RSA}"},
        f"v=DKIM1; p={RSA}",
        "selector s1 keeps its key, and its record is mended (v must be the first tag)",
    ),
    (
        {f"v=DKIM1;; p={KEY_A}"},
        "v=DKIM1; p=",
        "signatures with it fail; what was there is broken (a semicolon has no tag before it)",
    ),
    (
        {f"p={RSA}"},
        f"v=DKIM1; k=dsa; p={RSA}",
        "its tags change; the new one is of a kind that verifiers do not know (k=dsa): signatures",
    ),
    (
        {f"p={RSA}"},
        f"v=DKIM1; p={BARE}",
        "keeps its key, in a form that some verifiers do not read (PKCS#1)",
    ),
    ({f"p={BARE}"}, f"v=DKIM1; p={RSA}", "selector s1 keeps its key, its tags change"),
    (
        {f"p={KEY_A}"},
        f"v=DKIM1; t=y; p={KEY_A}",
        "its tags change; t=y: verifiers may treat signed mail as unsigned",
    ),
]


@pytest.mark.parametrize(("before", "after", "words"), TOLD)
def test_what_happens_to_a_key_is_told(before: set[str], after: str | None, words: str) -> None:
    [change] = compared(zone((S1, "TXT", 60, before)), declare(Family.DKIM, after, name=S1)).changes
    assert words in change.judgement.meaning
