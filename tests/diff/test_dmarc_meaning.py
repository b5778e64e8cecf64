"""What a change of a DMARC record means: judged by what receivers apply before and after (RFC 9989 §4.7, §4.8, §4.10.1)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailauth_dns.compile.declarations import PARKED_DMARC
from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.diff.change import Judgement, Risk
from mailauth_dns.diff.compare import compare
from mailauth_dns.diff.meaning import judge_at
from mailauth_dns.records import dmarc
from mailauth_dns.records.family import NULL_MX, Family
from mailauth_dns.records.name import DomainName
from tests.evaluate.zones import zone

Sets = dict[str, str | list[str]]

COM, SUB = DomainName("example.com"), DomainName("a.example.com")
AT, AT_SUB = "_dmarc.example.com TXT", "_dmarc.a.example.com TXT"
SAFE, CAUTION, BREAKING = Risk.SAFE, Risk.CAUTION, Risk.BREAKING
RUA = "rua=mailto:d@example.com"
NONE, QUARANTINE, REJECT = (f"v=DMARC1; p={p}" for p in ("none", "quarantine", "reject"))
KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


def judged(
    sets: Sets, domain: DomainName, text: str | None, more: dict[str, str | None] | None = None
) -> Judgement:
    """Return how the change of a domain's record is judged in a zone of these sets, with `more` sets of it declared."""
    entries = [
        Declared(
            domain,
            (dmarc.owner_name(domain), "TXT"),
            Family.DMARC,
            None,
            frozenset({text} if text else ()),
        )
    ]
    for key, value in (more or {}).items():
        name, type = key.split(" ")
        kind = (
            Family.NULL_MX
            if type == "MX"
            else Family.DMARC
            if name.startswith("_dmarc.")
            else Family.SPF
        )
        entries.append(
            Declared(
                domain, (DomainName(name), type), kind, None, frozenset({value} if value else ())
            )
        )
    difference = compare(
        zone(COM, sets),
        Publication(COM, tuple(entries), (), ()),
        judge_at(datetime(2026, 6, 1, tzinfo=UTC)),
    )
    [change] = [change for change in difference.changes if change.key == entries[0].key]
    return change.judgement


# published, declared, risk, rules, part of the meaning
RECORDS: list[tuple[str | list[str], str | None, Risk, str, str]] = [
    ([], NONE, SAFE, "", "DMARC is new: p none: failing mail is delivered"),
    ([], QUARANTINE, CAUTION, "", "DMARC is new: p quarantine: failing mail goes to spam"),
    ([], REJECT, CAUTION, "", "DMARC is new: p reject: failing mail is refused"),
    ([], "v=DMARC1; sp=reject", SAFE, "", "DMARC is new: receivers apply no DMARC"),
    ([], f"{QUARANTINE}; np=reject", CAUTION, "", "subdomains that do not exist get reject"),
    (NONE, QUARANTINE, CAUTION, "", "p none -> quarantine: failing mail goes to spam"),
    (QUARANTINE, REJECT, CAUTION, "", "p quarantine -> reject: failing mail is refused"),
    (NONE, REJECT, BREAKING, "DMARC033", "p none -> reject: failing mail is refused"),
    (REJECT, NONE, CAUTION, "DMARC034", "p reject -> none: failing mail is delivered"),
    (
        REJECT,
        "v=DMARC1; sp=reject",
        CAUTION,
        "DMARC034",
        "p reject -> nothing: receivers apply no DMARC",
    ),
    (
        REJECT,
        None,
        CAUTION,
        "DMARC034",
        "no DMARC record any more: a parent domain's policy applies, or none",
    ),
    (
        NONE,
        None,
        CAUTION,
        "DMARC034",
        "no DMARC record any more: a parent domain's policy applies, or none",
    ),
    # t=y asks for one level less, of those who know it
    (f"{REJECT}; t=y", REJECT, CAUTION, "", "p quarantine -> reject: failing mail is refused"),
    (
        f"{QUARANTINE}; t=y",
        REJECT,
        BREAKING,
        "DMARC033",
        "p none -> reject: failing mail is refused",
    ),
    (
        NONE,
        f"{REJECT}; t=y",
        BREAKING,
        "DMARC033",
        "p none -> quarantine: failing mail goes to spam; receivers that know no t refuse it",
    ),
    (REJECT, f"{REJECT}; t=y", CAUTION, "DMARC034", "p reject -> quarantine"),
    (f"{NONE}; t=y", f"{NONE}; {RUA}", SAFE, "", f"aggregate reports to {RUA[4:]}"),
    # a part is broken, and the rest is in force
    (
        f"v=DMARC1;p=none;fo:0;sp=none;{RUA}",
        f"{REJECT}; {RUA}",
        BREAKING,
        "DMARC033",
        "p none -> reject",
    ),
    (f"v=DMARC1;p=reject;fo:0;{RUA}", f"{NONE}; {RUA}", CAUTION, "DMARC034", "p reject -> none"),
    (f"v=DMARC1;p=reject;fo:0;{RUA}", None, CAUTION, "DMARC034", "no DMARC record any more"),
    (
        "v=DMARC1;p=reject;fo:0",
        REJECT,
        SAFE,
        "",
        "the DMARC record, of which receivers drop a part, is mended: p reject as before",
    ),
    ("v=DMARC1; p=none; pct=150", REJECT, BREAKING, "DMARC033", "p none -> reject"),
    (f"v=DMARC1;p=nonee;{RUA}", f"{REJECT}; {RUA}", BREAKING, "DMARC033", "p none -> reject"),
    (
        f"v=DMARC1; p=reject; sp=rejct; {RUA}",
        f"{REJECT}; {RUA}",
        BREAKING,
        "DMARC033",
        "p none -> reject",
    ),
    ("v=DMARC1; p=none; p=reject", REJECT, BREAKING, "DMARC033", "p none -> reject"),
    ("v=DMARC1; p=reject; t=yes", f"{REJECT}; t=y", CAUTION, "DMARC034", "p reject -> quarantine"),
    (
        "v=DMARC1; p=reject; adkim=strict",
        f"{REJECT}; adkim=s",
        CAUTION,
        "",
        "DKIM alignment relaxed -> strict",
    ),
    # nothing of it is in force
    (
        "v=DMARC1;p=nonee",
        REJECT,
        CAUTION,
        "",
        "a broken DMARC record, which receivers ignore, is mended: p reject",
    ),
    (
        "v=DMARC1; p=reject; sp=rejct",
        NONE,
        SAFE,
        "",
        "a broken DMARC record, which receivers ignore, is mended: p none",
    ),
    (
        " v=DMARC1; p=reject",
        NONE,
        SAFE,
        "",
        "a broken DMARC record, which receivers ignore, is mended: p none",
    ),
    ("v=dmarc1; p=reject", None, SAFE, "", "a DMARC record that receivers ignore is deleted"),
    ([NONE, REJECT], REJECT, CAUTION, "", "2 DMARC records, all ignored, become one: p reject"),
    ([NONE, REJECT], None, SAFE, "", "2 DMARC records, all ignored, go"),
    # subdomains
    (f"{REJECT}; sp=none", REJECT, CAUTION, "", "subdomains none -> reject"),
    (REJECT, f"{REJECT}; sp=none", CAUTION, "DMARC034", "subdomains reject -> none"),
    (
        f"{NONE}; np=reject",
        NONE,
        CAUTION,
        "DMARC034",
        "subdomains that do not exist reject -> none",
    ),
    (NONE, f"{NONE}; np=reject", CAUTION, "", "subdomains that do not exist none -> reject"),
    # alignment
    (NONE, f"{NONE}; adkim=s", CAUTION, "", "DKIM alignment relaxed -> strict"),
    (f"{NONE}; aspf=s", NONE, SAFE, "", "SPF alignment strict -> relaxed"),
    (NONE, f"{NONE}; psd=y", CAUTION, "", "psd u -> y"),
    # who obeys pct, obeys it still
    (
        f"{REJECT}; pct=10",
        REJECT,
        CAUTION,
        "",
        "receivers that obey pct apply it to 100 of 100 messages, 10 until now",
    ),
    (f"{NONE}; pct=10", NONE, SAFE, "", "other tags change"),
    # reports
    (NONE, f"{NONE}; {RUA}", SAFE, "", f"aggregate reports to {RUA[4:]}"),
    (f"{NONE}; {RUA}", NONE, CAUTION, "", f"aggregate reports to nobody, no longer to {RUA[4:]}"),
    (
        f"{NONE}; {RUA},mailto:x@example.net",
        f"{NONE}; {RUA}",
        CAUTION,
        "",
        f"aggregate reports to {RUA[4:]}, no longer to mailto:x@example.net",
    ),
    (
        f"{NONE}; {RUA}",
        f"{NONE}; rua=mailto:n@example.com",
        CAUTION,
        "",
        f"reports to mailto:n@example.com, no longer to {RUA[4:]}",
    ),
    (
        f"{NONE}; {RUA}",
        None,
        CAUTION,
        "DMARC034",
        f"aggregate reports to nobody, no longer to {RUA[4:]}",
    ),
    (f"{NONE}; {RUA}!10m", f"{NONE}; {RUA}; fo=1", SAFE, "", "other tags change"),
    (
        f"{NONE}; ruf=mailto:f@example.com",
        NONE,
        SAFE,
        "",
        "failure reports to nobody, no longer to mailto:f@example.com",
    ),
    (f"{NONE}; rua=d@example.com", f"{NONE}; {RUA}", SAFE, "", f"aggregate reports to {RUA[4:]}"),
]


@pytest.mark.parametrize(("published", "declared", "risk", "rules", "meaning"), RECORDS)
def test_a_record_is_judged_by_what_receivers_apply(
    published: str | list[str], declared: str | None, risk: Risk, rules: str, meaning: str
) -> None:
    found = judged({AT: published} if published else {}, COM, declared)
    assert meaning in found.meaning
    assert (found.risk, " ".join(found.rules)) == (risk, rules)


MX, SENDS, NOBODY = "10 mx.example.com.", "v=spf1 ip4:192.0.2.1 ~all", "v=spf1 -all"
SPF = "example.com TXT"
# the rest of the zone, declared, what else is declared, risk, part of the meaning
FROM_NOTHING: list[tuple[Sets, str, dict[str, str | None], Risk, str]] = [
    (
        {"example.com MX": MX},
        REJECT,
        {},
        BREAKING,
        "p reject: failing mail is refused; example.com has an MX",
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
    ({"example.com MX": MX}, f"{REJECT}; t=y", {}, BREAKING, "receivers that know no t refuse it"),
    ({"example.com MX": MX}, QUARANTINE, {}, CAUTION, "failing mail goes to spam"),
    ({"example.com MX": MX}, NONE, {}, SAFE, "failing mail is delivered"),
    # parking, and what has no mail
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
    # a domain that begins with all of it at once has had no mail that could fail
    ({}, REJECT, {SPF: SENDS}, CAUTION, "DMARC is new: p reject"),
    # names below it
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
def test_from_no_policy_to_reject_is_one_step_too_many_where_there_is_mail(
    sets: Sets, declared: str, more: dict[str, str | None], risk: Risk, meaning: str
) -> None:
    found = judged({"example.com NS": "ns1.example.net.", **sets}, COM, declared, more)
    assert meaning in found.meaning
    assert found.risk is risk
    assert found.rules == (("DMARC033",) if risk is BREAKING else ())


ORG = f"{REJECT}; sp=reject; rua=mailto:o@example.com"
# record of the organizational domain, of the subdomain, declared for it, what else is declared, risk, rules, part of the meaning
INHERITED: list[tuple[Sets, str | None, dict[str, str | None], Risk, str, str]] = [
    (
        {AT: ORG, AT_SUB: NONE},
        None,
        {},
        BREAKING,
        "DMARC033",
        "the record of example.com applies; p none -> reject: failing mail is refused",
    ),
    ({AT: f"{REJECT}; sp=quarantine", AT_SUB: NONE}, None, {}, CAUTION, "", "p none -> quarantine"),
    (
        {AT: f"{REJECT}; np=none", AT_SUB: REJECT},
        None,
        {},
        CAUTION,
        "DMARC034",
        "p reject -> none",
    ),  # nothing else is at the name
    (
        {AT: f"{REJECT}; np=none", AT_SUB: REJECT, "a.example.com A": "192.0.2.1"},
        None,
        {},
        SAFE,
        "",
        "the record of example.com applies",
    ),
    (
        {AT: NONE, AT_SUB: REJECT},
        None,
        {},
        CAUTION,
        "DMARC034",
        "the record of example.com applies; p reject -> none",
    ),
    (
        {AT: f"{NONE}; psd=y", AT_SUB: REJECT},
        None,
        {},
        CAUTION,
        "DMARC034",
        "p reject -> none: failing mail is delivered",
    ),
    (
        {AT: ORG, AT_SUB: REJECT},
        None,
        {},
        SAFE,
        "",
        "the record of example.com applies; aggregate reports to mailto:o@example.com",
    ),
    (
        {AT: "v=DMARC1;p=nonee", AT_SUB: REJECT},
        None,
        {},
        CAUTION,
        "DMARC034",
        "a parent domain's policy applies, or none",
    ),
    (
        {"_dmarc.example.com CNAME": "x.example.net.", AT_SUB: REJECT},
        None,
        {},
        CAUTION,
        "DMARC034",
        "what applies then is unknown",
    ),
    # what receivers ignore hides the record above all the same, where it is one by its version (RFC 9989 §4.10.1)
    (
        {AT: ORG, AT_SUB: "v=DMARC1;p=nonee", "a.example.com MX": MX},
        None,
        {},
        BREAKING,
        "DMARC033",
        "a DMARC record that receivers ignore",
    ),
    (
        {AT: ORG, AT_SUB: "v=dmarc1;p=none"},
        None,
        {},
        SAFE,
        "",
        "a DMARC record that receivers ignore is deleted",
    ),
    ({AT: ORG, AT_SUB: [NONE, NONE + ";"]}, None, {}, SAFE, "", "2 DMARC records, all ignored, go"),
    # a record of its own
    ({AT: ORG}, NONE, {}, CAUTION, "DMARC034", "no longer that of example.com: p reject -> none"),
    (
        {AT: ORG},
        f"{REJECT}; rua=mailto:o@example.com",
        {},
        SAFE,
        "",
        "no longer that of example.com: p reject as before",
    ),
    (
        {AT: NONE},
        REJECT,
        {},
        BREAKING,
        "DMARC033",
        "no longer that of example.com: p none -> reject",
    ),
    # the record above changes in the same plan
    ({AT: NONE, AT_SUB: NONE}, None, {AT: REJECT}, BREAKING, "DMARC033", "p none -> reject"),
    # sp and np below an organizational domain are not looked at
    (
        {AT: ORG, AT_SUB: f"{REJECT}; sp=none"},
        f"{REJECT}; sp=reject",
        {},
        SAFE,
        "",
        "other tags change",
    ),
    (
        {AT: ORG, AT_SUB: REJECT},
        f"{REJECT}; psd=n",
        {},
        CAUTION,
        "",
        "the organizational domain example.com -> a.example.com",
    ),
]


@pytest.mark.parametrize(("sets", "declared", "more", "risk", "rules", "meaning"), INHERITED)
def test_a_subdomain_is_judged_by_what_it_inherits(
    sets: Sets,
    declared: str | None,
    more: dict[str, str | None],
    risk: Risk,
    rules: str,
    meaning: str,
) -> None:
    found = judged(sets, SUB, declared, more)
    assert meaning in found.meaning
    assert (found.risk, " ".join(found.rules)) == (risk, rules)


def test_a_wildcard_alias_that_leads_away_may_have_an_mx() -> None:
    """What is unknown is not absent."""
    found = judged({"*.example.com CNAME": "host.example.net."}, SUB, REJECT)
    assert found.risk is BREAKING
    assert (
        "whether a.example.com has mail is unknown (host.example.net CNAME: is not in the zone example.com)"
        in found.meaning
    )
