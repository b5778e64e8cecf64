"""From no policy to reject in one step: breaking where the domain, or a name below it, has mail."""

from __future__ import annotations

import pytest

from mailauth_dns.compile.declarations import PARKED_DMARC
from mailauth_dns.diff.change import Risk
from mailauth_dns.records.family import NULL_MX
from tests.diff.dmarc_change import (
    AT,
    COM,
    NONE,
    QUARANTINE,
    REJECT,
    SUB,
    Sets,
    judged,
)

SAFE, CAUTION, BREAKING = Risk.SAFE, Risk.CAUTION, Risk.BREAKING
KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
MX, SENDS, NOBODY = "10 mx.example.com.", "v=spf1 ip4:192.0.2.1 ~all", "v=spf1 -all"
SPF = "example.com TXT"
# the rest of the zone, declared, what else is declared, risk, part of the meaning
FROM_NOTHING: list[tuple[Sets, str, dict[str, str | None], Risk, str]] = [
    (
        {"example.com MX": MX},
        REJECT,
        {},
        BREAKING,
        "p reject: failing mail is rejected; example.com has an MX",
    ),
    ({SPF: SENDS}, REJECT, {}, BREAKING, "example.com has an SPF record that lets hosts send"),
    ({SPF: "v=spf1 redirect=_spf.example.net"}, REJECT, {}, BREAKING, "lets hosts send"),
    ({SPF: "v=spf1 bogus:x -all"}, REJECT, {}, BREAKING, "lets hosts send"),
    ({SPF: [SENDS, NOBODY]}, REJECT, {}, BREAKING, "lets hosts send"),
    ({SPF: SENDS}, REJECT, {SPF: "v=spf1 ip4:192.0.2.0/24 -all"}, BREAKING, "lets hosts send"),
    ({"s1._domainkey.example.com TXT": KEY}, REJECT, {}, BREAKING, "example.com has a DKIM key"),
    (
        {"s1._domainkey.example.com CNAME": "s1.sender.example."},
        REJECT,
        {},
        BREAKING,
        "example.com has a DKIM key",
    ),
    ({"example.com MX": MX, AT: "v=DMARC1;p=nonee"}, REJECT, {}, BREAKING, "example.com has an MX"),
    ({"example.com MX": MX, AT: [NONE, QUARANTINE]}, REJECT, {}, BREAKING, "example.com has an MX"),
    (
        {"example.com MX": MX, AT: " v=DMARC1; p=none"},
        REJECT,
        {},
        BREAKING,
        "example.com has an MX",
    ),
    (
        {"example.com MX": MX},
        f"{REJECT}; t=y",
        {},
        BREAKING,
        "receivers that do not know t refuse it",
    ),
    ({"example.com MX": MX}, QUARANTINE, {}, CAUTION, "failing mail goes to spam"),
    ({"example.com MX": MX}, NONE, {}, SAFE, "failing mail is delivered"),
    # Parked domains, and domains without mail.
    ({}, PARKED_DMARC, {SPF: NOBODY, "example.com MX": NULL_MX}, CAUTION, "DMARC is new: p reject"),
    (
        {SPF: SENDS},
        PARKED_DMARC,
        {SPF: NOBODY, "example.com MX": NULL_MX},
        CAUTION,
        "DMARC is new: p reject",
    ),
    ({SPF: NOBODY}, REJECT, {}, CAUTION, "DMARC is new: p reject"),
    (
        {SPF: "v=spf1 ?include:x.example -all ip4:192.0.2.1"},
        REJECT,
        {},
        CAUTION,
        "DMARC is new: p reject",
    ),
    ({"example.com MX": NULL_MX}, REJECT, {}, CAUTION, "DMARC is new: p reject"),
    (
        {"s1._domainkey.example.com TXT": "v=DKIM1; p="},
        REJECT,
        {},
        CAUTION,
        "DMARC is new: p reject",
    ),
    ({"www.example.com A": "192.0.2.80"}, REJECT, {}, CAUTION, "DMARC is new: p reject"),
    # A domain that starts with SPF and DMARC in one plan has had no mail that could fail.
    ({}, REJECT, {SPF: SENDS}, CAUTION, "DMARC is new: p reject"),
    # Names below the domain.
    (
        {"news.example.com MX": MX},
        PARKED_DMARC,
        {SPF: NOBODY},
        BREAKING,
        "subdomains get reject: news.example.com has an MX",
    ),
    (
        {"news.example.com MX": MX},
        f"{NONE}; sp=reject",
        {},
        BREAKING,
        "subdomains get reject: news.example.com has an MX",
    ),
    (
        {"news.example.com TXT": SENDS},
        REJECT,
        {},
        BREAKING,
        "news.example.com has an SPF record that lets hosts send",
    ),
    (
        {"s1._domainkey.news.example.com TXT": KEY},
        REJECT,
        {},
        BREAKING,
        "news.example.com has a DKIM key",
    ),
    (
        {"dev.example.com NS": "ns1.example.net."},
        REJECT,
        {},
        BREAKING,
        "dev.example.com is delegated, and may have mail",
    ),
    ({"news.example.com MX": MX}, f"{REJECT}; sp=none", {}, CAUTION, "subdomains get none"),
    (
        {"news.example.com MX": MX, "_dmarc.news.example.com TXT": NONE},
        REJECT,
        {},
        CAUTION,
        "DMARC is new: p reject",
    ),
    (
        {"news.example.com MX": NULL_MX, "_spf.example.com TXT": SENDS},
        REJECT,
        {},
        CAUTION,
        "DMARC is new: p reject",
    ),
    (
        {"news.example.com MX": MX, AT: f"{REJECT}; sp=none"},
        REJECT,
        {},
        BREAKING,
        "subdomains none -> reject: news.example.com has an MX",
    ),
    (
        {"news.example.com MX": MX, AT: f"{REJECT}; sp=quarantine"},
        REJECT,
        {},
        CAUTION,
        "subdomains quarantine -> reject",
    ),
]


@pytest.mark.parametrize(("sets", "declared", "more", "risk", "meaning"), FROM_NOTHING)
def test_from_no_policy_to_reject_in_one_step_is_breaking_where_there_is_mail(
    sets: Sets, declared: str, more: dict[str, str | None], risk: Risk, meaning: str
) -> None:
    found = judged({"example.com NS": "ns1.example.net.", **sets}, COM, declared, more)
    assert meaning in found.meaning
    assert found.risk is risk
    assert found.rules == (("DMARC033",) if risk is BREAKING else ())


def test_the_target_of_a_wildcard_alias_in_another_zone_may_have_an_mx() -> None:
    """Unknown is not absent."""
    found = judged({"*.example.com CNAME": "host.example.net."}, SUB, REJECT)
    assert found.risk is BREAKING
    assert (
        "whether a.example.com has mail is unknown "
        "(host.example.net CNAME: is not in the zone example.com)" in found.meaning
    )
