"""What a change of a DMARC record means (RFC 9989 §4.7, §4.8).

It is judged by what receivers apply before and after.
"""

from __future__ import annotations

import pytest

from mailauth_dns.diff.change import Risk
from tests.diff.dmarc_change import AT, COM, NONE, QUARANTINE, REJECT, RUA, judged

SAFE, CAUTION, BREAKING = Risk.SAFE, Risk.CAUTION, Risk.BREAKING

# published, declared, risk, rules, part of the meaning
RECORDS: list[tuple[str | list[str], str | None, Risk, str, str]] = [
    ([], NONE, SAFE, "", "DMARC is new: p none: failing mail is delivered"),
    ([], QUARANTINE, CAUTION, "", "DMARC is new: p quarantine: failing mail goes to spam"),
    ([], REJECT, CAUTION, "", "DMARC is new: p reject: failing mail is rejected"),
    ([], "v=DMARC1; sp=reject", SAFE, "", "DMARC is new: receivers apply no DMARC"),
    ([], f"{QUARANTINE}; np=reject", CAUTION, "", "subdomains that do not exist get reject"),
    (NONE, QUARANTINE, CAUTION, "", "p none -> quarantine: failing mail goes to spam"),
    (QUARANTINE, REJECT, CAUTION, "", "p quarantine -> reject: failing mail is rejected"),
    (NONE, REJECT, BREAKING, "DMARC033", "p none -> reject: failing mail is rejected"),
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
    # t=y asks receivers that know it for one level less.
    (f"{REJECT}; t=y", REJECT, CAUTION, "", "p quarantine -> reject: failing mail is rejected"),
    (
        f"{QUARANTINE}; t=y",
        REJECT,
        BREAKING,
        "DMARC033",
        "p none -> reject: failing mail is rejected",
    ),
    (
        NONE,
        f"{REJECT}; t=y",
        BREAKING,
        "DMARC033",
        "p none -> quarantine: failing mail goes to spam; receivers that do not know t refuse it",
    ),
    (REJECT, f"{REJECT}; t=y", CAUTION, "DMARC034", "p reject -> quarantine"),
    (
        NONE,
        f"{QUARANTINE}; t=y",
        CAUTION,
        "",
        "p none -> quarantine (t=y): failing mail is delivered; "
        "receivers that do not know t put it into spam",
    ),
    (
        QUARANTINE,
        f"{REJECT}; t=y",
        CAUTION,
        "",
        "p quarantine -> reject (t=y): failing mail goes to spam; "
        "receivers that do not know t refuse it",
    ),
    (f"{REJECT}; t=y", QUARANTINE, CAUTION, "", "p reject (t=y) -> quarantine: failing mail"),
    (f"{NONE}; t=y", f"{NONE}; {RUA}", SAFE, "", f"aggregate reports to {RUA[4:]}"),
    # One tag is broken, and the rest is in force.
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
        "the DMARC record, part of which receivers drop, is mended: p reject as before",
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
    # No tag is in force.
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
    ([NONE, REJECT], None, SAFE, "", "2 DMARC records, all ignored, are deleted"),
    # Subdomains.
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
    # Alignment.
    (NONE, f"{NONE}; adkim=s", CAUTION, "", "DKIM alignment relaxed -> strict"),
    (f"{NONE}; aspf=s", NONE, SAFE, "", "SPF alignment strict -> relaxed"),
    (NONE, f"{NONE}; psd=y", CAUTION, "", "psd u -> y"),
    # Some receivers still obey pct.
    (
        f"{REJECT}; pct=10",
        REJECT,
        CAUTION,
        "",
        "receivers that obey pct apply it to 100 of 100 messages, until now to 10",
    ),
    (f"{NONE}; pct=10", NONE, SAFE, "", "other tags change"),
    # Reports.
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
