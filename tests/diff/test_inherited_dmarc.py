"""What a subdomain gets from the record above it, and what a record of its own changes.

The record that applies is found as receivers find it (RFC 9989 §4.10).
"""

from __future__ import annotations

import pytest

from mailauth_dns.diff.change import Risk
from tests.diff.dmarc_change import (
    AT,
    AT_SUB,
    NONE,
    REJECT,
    SUB,
    Sets,
    judged,
)

SAFE, CAUTION, BREAKING = Risk.SAFE, Risk.CAUTION, Risk.BREAKING
MX = "10 mx.example.com."
ORG = f"{REJECT}; sp=reject; rua=mailto:o@example.com"
# the zone, declared for the subdomain, what else is declared, risk, rules, part of the meaning
INHERITED: list[tuple[Sets, str | None, dict[str, str | None], Risk, str, str]] = [
    (
        {AT: ORG, AT_SUB: NONE},
        None,
        {},
        BREAKING,
        "DMARC033",
        "the record of example.com applies; p none -> reject: failing mail is rejected",
    ),
    ({AT: f"{REJECT}; sp=quarantine", AT_SUB: NONE}, None, {}, CAUTION, "", "p none -> quarantine"),
    # Nothing else is at the name, so np applies once the record is gone.
    (
        {AT: f"{REJECT}; np=none", AT_SUB: REJECT},
        None,
        {},
        CAUTION,
        "DMARC034",
        "p reject -> none",
    ),
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
    # A record that receivers ignore still hides the record above, where its version is right
    # (RFC 9989 §4.10.1).
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
    (
        {AT: ORG, AT_SUB: [NONE, NONE + ";"]},
        None,
        {},
        SAFE,
        "",
        "2 DMARC records, all ignored, are deleted",
    ),
    # A subdomain gets a record of its own.
    (
        {AT: ORG},
        NONE,
        {},
        CAUTION,
        "DMARC034",
        "replaces the one inherited from example.com: p reject -> none",
    ),
    (
        {AT: ORG},
        f"{REJECT}; rua=mailto:o@example.com",
        {},
        SAFE,
        "",
        "replaces the one inherited from example.com: p reject as before",
    ),
    (
        {AT: NONE},
        REJECT,
        {},
        BREAKING,
        "DMARC033",
        "replaces the one inherited from example.com: p none -> reject",
    ),
    # The record above changes in the same plan.
    ({AT: NONE, AT_SUB: NONE}, None, {AT: REJECT}, BREAKING, "DMARC033", "p none -> reject"),
    # Receivers look at sp and np of the organizational domain alone.
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
