"""What a change of an SPF record means: who may send now, and who no longer."""

from __future__ import annotations

import pytest

from mailauth_dns.diff.change import Risk
from mailauth_dns.records.family import Family
from tests.diff.declared_zone import compared, declare, zone
from tests.diff.flattened_spf import COM, EIGHT, OLD, PART, SAME, SENDER, TEXT, changed, part, root

# published, declared, risk, part of the meaning
JUDGED: list[tuple[set[str], str | None, Risk, str]] = [
    (
        set(),
        "v=spf1 mx ~all",
        Risk.SAFE,
        "SPF is new: may send: mx; every other host: softfail",
    ),
    (
        set(),
        "v=spf1 -all",
        Risk.CAUTION,
        "SPF is new: may send: nobody; every other host: fail",
    ),
    ({"v=spf1 mx ~all"}, "v=spf1 mx a ~all", Risk.SAFE, "may send now: a"),
    ({"v=spf1 mx a ~all"}, "v=spf1 mx ~all", Risk.CAUTION, "may no longer send: a"),
    ({"v=spf1 mx ~all"}, "v=spf1 mx -all", Risk.CAUTION, "every other host softfail -> fail"),
    ({"v=spf1 mx ~all"}, None, Risk.CAUTION, "no SPF any more"),
    (
        {"v=spf1 bogus:x ~all"},
        "v=spf1 mx ~all",
        Risk.SAFE,
        "a broken SPF record is mended, which gave permerror to every message",
    ),
    # Nothing failed while the record was broken.
    ({"v=spf1 bogus:x -all"}, "v=spf1 mx -all", Risk.CAUTION, "a broken SPF record is mended"),
    (
        {"v=spf1 mx -all", "v=spf1 a -all"},
        "v=spf1 mx -all",
        Risk.CAUTION,
        "2 SPF values, which give permerror to every message, become one",
    ),
    (
        {"v=spf1 bogus:x -all"},
        None,
        Risk.SAFE,
        "a broken SPF record is deleted; until now every message got permerror",
    ),
    ({"v=spf1 mx -all", "v=spf1 a -all"}, None, Risk.SAFE, "2 SPF values are deleted"),
    (
        set(),
        "v=spf1 " + " ".join(f"a:a{number}.example" for number in range(11)),
        Risk.BREAKING,
        "needs 11 lookups",
    ),
]


@pytest.mark.parametrize(("before", "after", "risk", "meaning"), JUDGED)
def test_a_change_is_told_in_the_language_of_mail(
    before: set[str], after: str | None, risk: Risk, meaning: str
) -> None:
    there = zone(("example.com", "TXT", 60, before)) if before else zone()
    [change] = compared(there, declare(Family.SPF, after)).changes
    assert meaning in change.judgement.meaning
    assert change.judgement.risk is risk
    if risk is Risk.BREAKING:
        assert change.judgement.rules


# terms before, terms after, meaning, risk
MEANINGS = [
    (f"include:{SENDER} mx -all", "ip4:192.0.2.0/25 ip4:198.51.100.0/24 mx -all", SAME, Risk.SAFE),
    (f"include:{SENDER} mx -all", f"include:{PART} mx -all", SAME, Risk.SAFE),
    (f"include:{PART} mx -all", f"mx include:{SENDER} -all", SAME, Risk.SAFE),
    (
        f"include:{PART} -all",
        f"include:{OLD} include:{PART} -all",
        "may send now: ip4:192.0.2.128/25",
        Risk.SAFE,
    ),
    (
        f"include:{OLD} mx ~all",
        f"include:{PART} a ~all",
        "may send now: ip4:192.0.2.0/25 ip4:198.51.100.0/24 a; "
        "may no longer send: ip4:192.0.2.128/25 mx",
        Risk.CAUTION,
    ),
    (
        f"include:{SENDER} -all",
        f"?include:{SENDER} -all",
        "may no longer send: ip4:192.0.2.0/25 ip4:198.51.100.0/24",
        Risk.CAUTION,
    ),
    *(
        (
            f"{sign}include:{SENDER} mx {end}",
            f"{sign}ip4:192.0.2.0/25 {sign}ip4:198.51.100.0/24 mx {end}",
            SAME,
            Risk.SAFE,
        )
        for sign in "~?-"
        for end in ("-all", "~all", "?all")
    ),
    # A host that no term matches gets the same result.
    (f"mx ~include:{SENDER} ~all", "mx ~all", SAME, Risk.SAFE),
    ("mx ~a ~all", "mx ~all", SAME, Risk.SAFE),
    ("mx ~a -all", "mx -all", "no longer softfail: a", Risk.CAUTION),
    ("mx -all", "mx ?a -all", "neutral now: a", Risk.CAUTION),
    (
        f"?include:{SENDER} -all",
        f"~include:{SENDER} -all",
        "neutral -> softfail: ip4:192.0.2.0/25 ip4:198.51.100.0/24",
        Risk.SAFE,
    ),
    (
        f"?include:{OLD} mx ~all",
        f"-include:{OLD} mx ~all",
        "neutral -> fail: ip4:192.0.2.128/25",
        Risk.CAUTION,
    ),
    (
        f"?include:{OLD} mx -all",
        f"?include:{OLD} mx ~all",
        "every other host fail -> softfail",
        Risk.SAFE,
    ),
    (
        f"ip4:192.0.2.0/24 ?include:{SENDER} -all",
        "ip4:192.0.2.0/24 ?ip4:198.51.100.0/24 -all",
        SAME,
        Risk.SAFE,
    ),
    (
        "-ip4:192.0.2.1 ip4:192.0.2.0/24 -all",
        "ip4:192.0.2.0/24 -ip4:192.0.2.1 -all",
        "may send now: ip4:192.0.2.1",
        Risk.SAFE,
    ),
    (
        "-a mx ~all",
        "mx -a ~all",
        "the order of terms changes, which decides for hosts that fit several of them",
        Risk.CAUTION,
    ),
    ("mx a -all", "a mx -all", SAME, Risk.SAFE),
    ("mx -all", "mx exp=why.example.com -all", "the modifiers change", Risk.SAFE),
    (
        "a redirect=b.example",
        "a redirect=c.example",
        "may send now: redirect=c.example; may no longer send: redirect=b.example",
        Risk.CAUTION,
    ),
    ("ip4:192.0.2.0/24 -all", "ip4:192.0.2.0/25 ip4:192.0.2.128/25 -all", SAME, Risk.SAFE),
    (
        f"include:{PART} ~all",
        f"include:{SENDER} -all",
        "every other host softfail -> fail",
        Risk.CAUTION,
    ),
    (
        "-all",
        f"{' '.join(EIGHT)} a mx -all",
        f"may send now: {' '.join(EIGHT)} and 2 more",
        Risk.SAFE,
    ),
]


@pytest.mark.parametrize(("before", "after", "meaning", "risk"), MEANINGS)
def test_the_record_is_judged_by_addresses(
    before: str, after: str, meaning: str, risk: Risk
) -> None:
    [change], _ = changed({COM: f"v=spf1 {before}"}, root(f"v=spf1 {after}"))
    assert (change.judgement.meaning, change.judgement.risk) == (meaning, risk)


# text before, text after, meaning, risk
PARTS = [
    (
        None,
        TEXT,
        "a part of the SPF record of example.com: "
        "ip4:192.0.2.0/25 ip4:198.51.100.0/24 may send once it is included",
        Risk.SAFE,
    ),
    (
        TEXT,
        None,
        "a part that the SPF record of example.com no longer includes is deleted",
        Risk.SAFE,
    ),
    (
        "v=spf1 ip4:203.0.113.1 ip4:192.0.2.0/25",
        TEXT,
        "a part of the SPF record of example.com was changed by hand and is put right; "
        "may no longer send: ip4:203.0.113.1",
        Risk.CAUTION,
    ),
    (
        "v=spf1 oops",
        TEXT,
        "a part of the SPF record of example.com was changed by hand and is put right",
        Risk.CAUTION,
    ),
]


@pytest.mark.parametrize(("before", "after", "meaning", "risk"), PARTS)
def test_a_part_is_judged_alone(
    before: str | None, after: str | None, meaning: str, risk: Risk
) -> None:
    [change], _ = changed({} if before is None else {PART: before}, part(PART, after))
    assert (change.judgement.meaning, change.judgement.risk) == (meaning, risk)
