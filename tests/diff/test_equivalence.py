"""Which records mean the same: a plan does not touch them."""

from __future__ import annotations

import pytest

from mailauth_dns.diff.change import Risk
from mailauth_dns.records.family import Family
from tests.diff.declared_zone import OWNER_NAMES, compared, declare, zone

KEY = "MFwwDQYJKoZIhvcNAQEBBQADSwAw"

# family, declared, published
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
    (Family.DKIM, f"v=DKIM1; k=rsa; p={KEY}", f"p={KEY[:9]} {KEY[9:]};"),
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
    (Family.DMARC, "v=DMARC1; p=reject", " v=DMARC1; p=reject"),  # some receivers see no record
    (Family.DKIM, f"v=DKIM1; p={KEY}", f"v=DKIM1; p={KEY}; t=y"),
    (Family.DKIM, f"v=DKIM1; p={KEY}", f"v=DKIM1; p={KEY.lower()}"),
    (Family.DKIM, f"v=DKIM1; p={KEY}", f"v=DKIM1;; p={KEY}"),  # some verifiers see no key
    (Family.DKIM, f"v=DKIM1; p={KEY}", f"v=DKIM1; p={KEY};;"),
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


@pytest.mark.parametrize(("family", "declared", "there"), SAME)
def test_the_same_meaning_is_no_change(family: Family, declared: str, there: str) -> None:
    name = OWNER_NAMES[family]
    before = zone((name, "TXT", 300, {there}))
    assert compared(before, declare(family, declared, name=name)).changes == ()
    [change] = compared(before, declare(family, declared, name=name), normalize=True).changes
    assert change.after == {declared}
    assert change.judgement.risk is Risk.SAFE


@pytest.mark.parametrize(("family", "declared", "there"), DIFFERENT)
def test_another_meaning_is_a_change(family: Family, declared: str, there: str) -> None:
    name = OWNER_NAMES[family]
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
