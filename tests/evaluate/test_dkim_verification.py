"""DKIM signatures that verify, and those that must fail (RFC 6376 §6, RFC 8301, RFC 8463)."""

from __future__ import annotations

import re

import pytest

from mailauth_dns.evaluate.dkim_signature import CLOCK_DRIFT
from mailauth_dns.evaluate.dkim_verification import MAX_SIGNATURES, unseen, verified
from mailauth_dns.evaluate.message_file import read
from mailauth_dns.evaluate.resolver import ZoneResolver
from tests.evaluate.dkim_world import GOOD, LIMITED, SIGNED, only, results, world
from tests.evaluate.messages import PLAIN, Key, ed25519_key, rsa_key, written


@pytest.mark.parametrize("key", [rsa_key(), ed25519_key()], ids=["rsa", "ed25519"])
def test_a_good_signature_passes(key: Key) -> None:
    assert results(key.sign(PLAIN), world(s1=key.record)) == [("example.com", "s1", "pass", None)]


def test_lines_that_end_in_lf_alone_are_the_same_message() -> None:
    signed = rsa_key().sign(PLAIN).replace(b"\r\n", b"\n")
    assert only(signed, world(s1=rsa_key().record)).result == "pass"


def test_signatures_are_told_from_the_top() -> None:
    signed = ed25519_key().sign(rsa_key().sign(PLAIN), selector="e1")
    assert results(signed, world(s1=rsa_key().record, e1=ed25519_key().record)) == [
        ("example.com", "e1", "pass", None),
        ("example.com", "s1", "pass", None),
    ]


def test_no_signature_is_no_result() -> None:
    assert verified(read(PLAIN), world()) == ()


ONCE = written(PLAIN, "relaxed", [])  # h= names From once

FAILS = [
    (
        "the body was changed",
        SIGNED.replace(b"Hello Bob", b"Hello Eve"),
        GOOD,
        "body hash mismatch",
    ),
    (
        "a signed field was changed",
        SIGNED.replace(b"Subject: hello", b"Subject: bye"),
        GOOD,
        "signed header fields were changed",
    ),
    (
        "another From on top",
        b"From: eve@example.org\r\n" + ONCE,
        GOOD,
        "the message has 2 From fields, and the signature covers only the last 1",
    ),
    (
        "another From on top, which h= forbids",
        b"From: eve@example.org\r\n" + SIGNED,
        GOOD,
        "signed header fields were changed",
    ),
    ("an empty tag", SIGNED.replace(b"; a=", b";; a="), GOOD, "not a list of tags"),
    (
        "a control character in a tag",
        written(PLAIN, "relaxed", [(b"zz", b"x\x07y")]),
        GOOD,
        "not a list of tags",
    ),
    (
        "an i= that is no name",
        SIGNED.replace(b"i=@example.com", b"i=@exa mple"),
        GOOD,
        "has no domain name behind the '@'",
    ),
    (
        "itself among the signed",
        written(PLAIN, "relaxed", [], h=b"From:DKIM-Signature"),
        GOOD,
        "more often than there are other signatures",
    ),
    (
        "b= of nothing",
        re.sub(rb" b=[^;]+\r\n(?=From)", b" b=\r\n", SIGNED),
        GOOD,
        "b= is not base64",
    ),
    ("another key", SIGNED, rsa_key(1024).record, "made with another key"),
    ("no key", SIGNED, None, "no key at s1._domainkey.example.com"),
    ("a revoked key", SIGNED, "v=DKIM1; p=", "is revoked"),
    ("a key for something else", SIGNED, GOOD.replace("p=", "s=other; p="), "not for mail"),
    (
        "a key of another kind",
        SIGNED,
        ed25519_key().record,
        "a=rsa-sha256 does not fit the key's type (k=ed25519)",
    ),
    (
        "From is not signed",
        rsa_key()
        .sign(PLAIN, headers=(b"subject", b"from"))
        .replace(b"h=subject : from", b"h=subject"),
        GOOD,
        "not signed",
    ),
    ("SHA-1", SIGNED.replace(b"a=rsa-sha256", b"a=rsa-sha1"), GOOD, "a=rsa-sha1 is not accepted"),
    ("no tags", b"DKIM-Signature: nonsense\r\n" + PLAIN, GOOD, "not a list of tags"),
    (
        "a domain that is none",
        SIGNED.replace(b"d=example.com", b"d=exa mple"),
        GOOD,
        "are not the names of a key",
    ),
    ("no selector", SIGNED.replace(b" s=", b" no="), GOOD, "has no s= tag"),
    ("expired", SIGNED.replace(b"; t=", b"; x=1000000000; t="), GOOD, "expires before it was made"),
    (
        "a c= that is none",
        SIGNED.replace(b"c=relaxed/relaxed", b"c=relaxed/loose"),
        GOOD,
        "c=relaxed/loose is not a canonical form",
    ),
    ("a t= that is none", SIGNED.replace(b"; t=", b"; t=x"), GOOD, "is not a number"),
    (
        "more than there is",
        re.sub(rb"l=\d+", b"l=99", LIMITED),
        GOOD,
        "l=99 is more octets than the body has",
    ),
    (
        "an i= without a domain",
        SIGNED.replace(b"i=@example.com", b"i=example.com"),
        GOOD,
        "i=example.com has no '@'",
    ),
    (
        "an i= of others",
        SIGNED.replace(b"i=@example.com", b"i=@badexample.com"),
        GOOD,
        "which is neither example.com nor below it",
    ),
    ("no b=", re.sub(rb" b=[^;]+\r\n(?=From)", b" x_b=AAAA\r\n", SIGNED), GOOD, "has no b="),
    ("another version", SIGNED.replace(b"v=1", b"v=2"), GOOD, "v=2 is not 1"),
    (
        "another way to the key",
        SIGNED.replace(b"q=dns/txt", b"q=x-foo"),
        GOOD,
        "q=x-foo names no method that verifiers know",
    ),
    (
        "a broken b=",
        re.sub(rb" b=[^;]+\r\n(?=From)", b" b=AAA=AAA=\r\n", SIGNED),
        GOOD,
        "does not verify",
    ),
]


@pytest.mark.parametrize(
    ("octets", "record", "reason"), [row[1:] for row in FAILS], ids=[row[0] for row in FAILS]
)
def test_a_signature_that_must_not_count_fails(
    octets: bytes, record: str | None, reason: str
) -> None:
    result = only(octets, world(**({"s1": record} if record else {})))
    assert result.result == "fail"
    assert reason in (result.reason or "")
    assert "b'" not in (result.reason or "")


NOW = 1_800_000_000
# t=, x=, why the signature does not hold at NOW. Clocks may differ by five minutes, as in OpenDKIM.
TIMES = [
    (None, NOW - CLOCK_DRIFT, None),
    (
        None,
        NOW - CLOCK_DRIFT - 1,
        "the signature has expired: x=1799999699 is 2027-01-15 07:54:59 UTC",
    ),
    (NOW - 90_000, NOW - 36_000, "has expired"),
    (NOW + CLOCK_DRIFT, None, None),
    (
        NOW + CLOCK_DRIFT + 1,
        None,
        "is dated in the future: t=1800000301 is 2027-01-15 08:05:01 UTC",
    ),
    (NOW - 10, NOW - 20, "expires before it was made"),
    (None, 10**75, None),
    (10**75, None, "is too far away for a date"),
]


@pytest.mark.parametrize(("made", "expires", "reason"), TIMES)
def test_a_signature_holds_for_the_time_that_it_says(
    monkeypatch: pytest.MonkeyPatch, made: int | None, expires: int | None, reason: str | None
) -> None:
    monkeypatch.setattr("time.time", lambda: float(NOW))
    tags = [(b"t", made), (b"x", expires)]
    result = only(
        written(
            PLAIN,
            "relaxed",
            [(name, str(value).encode()) for name, value in tags if value is not None],
        ),
        world(s1=GOOD),
    )
    assert result.result == ("fail" if reason else "pass"), result.reason
    assert (reason or "") in (result.reason or "")


WAYS = [
    b"dns/txt",
    b"dns/txt:x-foo",
    b"x-foo:dns/txt",
    b"x-foo : dns/txt",
]  # RFC 6376 §3.5: what nobody knows is passed over


@pytest.mark.parametrize("way", WAYS)
def test_of_the_ways_to_the_key_one_must_be_known(way: bytes) -> None:
    assert only(written(PLAIN, "relaxed", [(b"q", way)]), world(s1=GOOD)).result == "pass"


KEYS = [  # what stands before p=, the result that OpenDKIM has too
    ("s=email:tlsrpt; ", "pass"),
    ("s=*:email; ", "pass"),
    ("s=other:*; ", "pass"),
    ("s=email; h=sha256:foo; t=y; n=x; ", "pass"),
    ("s=tlsrpt; ", "fail"),
    ("; ", "fail"),
]


@pytest.mark.parametrize(("before", "result"), KEYS)
def test_a_key_s_lists_are_read_as_lists(before: str, result: str) -> None:
    assert only(SIGNED, world(s1=GOOD.replace("p=", f"{before}p="))).result == result


def test_a_body_behind_the_limit_is_counted() -> None:
    for tail, unsigned in (
        (b"", 0),
        (b"\r\n\r\n", 0),
        (b"more \t text\r\n", 11),
    ):  # in the canonical form, which the limit is about
        result = only(LIMITED + tail, world(s1=GOOD))
        assert (result.result, result.unsigned) == ("pass", unsigned)


def test_of_many_signatures_the_rest_is_counted() -> None:
    many = read(b"DKIM-Signature: x\r\n" * 12 + SIGNED)
    assert (len(verified(many, world(s1=GOOD))), unseen(many)) == (MAX_SIGNATURES, 3)
    assert unseen(read(SIGNED)) == 0


def test_a_key_that_dns_does_not_tell_is_unknown() -> None:
    result = only(SIGNED, ZoneResolver([]))
    assert result.result == "temperror"
