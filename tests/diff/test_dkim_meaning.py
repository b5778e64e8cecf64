"""What a change of a DKIM key record means: a key that mail may still need is not dropped."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

import pytest

from mailauth_dns.diff.change import Risk
from mailauth_dns.records.family import Family
from tests.diff.declared_zone import NOW, S1, compared, declare, zone

KEY_A, KEY_B = "MFwwDQYJKoZIhvcNAQEBBQADSwAw", "MFwwDQYJKoZIhvcNAQEBBQADSwAx"
# One RSA key of 1024 bits: bare (PKCS#1), and inside SubjectPublicKeyInfo.
BARE = base64.b64encode(bytes.fromhex("308189028181 00" + "ff" * 128 + "0203010001")).decode()
RSA = base64.b64encode(
    bytes.fromhex("30819f300d06092a864886f70d010101050003818d00") + base64.b64decode(BARE)
).decode()
SETTLED, RECENT = NOW, NOW + timedelta(hours=1)
# type, published, declared, needed until, risk, rules
JUDGED: list[tuple[str, set[str], str | None, datetime | None, Risk, str]] = [
    ("TXT", {f"p={KEY_A}"}, None, None, Risk.BREAKING, "DKIM030"),
    ("TXT", {f"p={KEY_A}"}, None, RECENT, Risk.BREAKING, "DKIM030"),
    ("TXT", {f"p={KEY_A}"}, None, SETTLED, Risk.CAUTION, ""),
    ("TXT", {f"p={KEY_A}"}, "v=DKIM1; p=", None, Risk.BREAKING, "DKIM030"),
    ("TXT", {f"p={KEY_A}"}, "v=DKIM1; p=", SETTLED, Risk.CAUTION, ""),
    ("TXT", {f"p={KEY_A}"}, f"v=DKIM1; p={KEY_B}", None, Risk.BREAKING, "DKIM030 DKIM034"),
    ("TXT", {f"p={KEY_A}"}, f"v=DKIM1; p={KEY_B}", SETTLED, Risk.CAUTION, "DKIM034"),
    ("TXT", {"v=DKIM1; p="}, f"v=DKIM1; p={KEY_B}", None, Risk.CAUTION, "DKIM034"),
    # Verifiers may take either of two keys.
    ("TXT", {f"p={KEY_A}", f"p={KEY_B}"}, f"v=DKIM1; p={KEY_B}", None, Risk.BREAKING, "DKIM030"),
    ("TXT", {"p="}, None, None, Risk.SAFE, ""),
    ("TXT", {"not a key record"}, f"v=DKIM1; p={KEY_A}", None, Risk.SAFE, ""),
    ("TXT", set(), f"v=DKIM1; p={KEY_A}", None, Risk.SAFE, ""),
    ("TXT", {f"p={KEY_A}"}, f"v=DKIM1; p={KEY_A}; t=s", None, Risk.CAUTION, ""),
    ("TXT", {f"p={KEY_A}"}, f"v=DKIM1; p={KEY_A}; t=y", None, Risk.CAUTION, ""),
    # Broken by the letter, but some verifiers take a key from it.
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
    # The same key, with new tags or in a new form that verifiers do not accept.
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


@pytest.mark.parametrize(("type", "before", "after", "needed_until", "risk", "rules"), JUDGED)
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


# published, declared, part of the meaning
TOLD = [
    (
        {f"k=rsa; v=DKIM1; p={KEY_A}"},
        None,
        "the record of selector s1 is deleted; the record there is broken (v must be the first "
        "tag)",
    ),
    (
        {f"k=rsa; v=DKIM1; p={RSA}"},
        f"v=DKIM1; p={RSA}",
        "selector s1 keeps its key, and its record is mended (v must be the first tag)",
    ),
    (
        {f"v=DKIM1;; p={KEY_A}"},
        "v=DKIM1; p=",
        "signatures with it fail; the record there is broken (a semicolon has no tag before it)",
    ),
    (
        {f"p={RSA}"},
        f"v=DKIM1; k=dsa; p={RSA}",
        "its tags change; the new one is of a type that verifiers do not know (k=dsa): signatures",
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
