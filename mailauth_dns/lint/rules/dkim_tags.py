"""Rules about the tags of DKIM key records (RFC 6376 §3.6.1, RFC 8301)."""

from __future__ import annotations

from collections.abc import Iterator

from mailauth_dns.lint.rule import Problem, Severity, rule
from mailauth_dns.lint.subject import Subject


@rule("DKIM011", "dkim-sha1", Severity.WARNING, "RFC 8301 §3.1")
def dkim_sha1(subject: Subject) -> Iterator[Problem]:
    """Receivers must not accept SHA-1: to allow it says only that somebody may still sign with it.

    Bad:
        dkim: {selectors: {s1: {key: s1.pem, h: "sha1:sha256"}}}
    Good:
        dkim: {selectors: {s1: {key: s1.pem}}}
    """
    for route, record in subject.key_records:
        if record.h is not None and "sha1" in record.h and "sha256" in record.h:
            yield Problem(
                (*route, "h"), "h allows sha1, which receivers must not accept", "leave h out"
            )


@rule("DKIM012", "dkim-h-without-sha256", Severity.ERROR, "RFC 8301 §3.1")
def dkim_h_without_sha256(subject: Subject) -> Iterator[Problem]:
    """`h` without sha256 allows only hashes that receivers must not accept: signatures fail.

    Bad:
        dkim: {selectors: {s1: {key: s1.pem, h: sha1}}}
    Good:
        dkim: {selectors: {s1: {key: s1.pem}}}
    """
    for route, record in subject.key_records:
        if record.h is not None and "sha256" not in record.h:
            yield Problem(
                (*route, "h"),
                "h leaves out sha256, the only hash that receivers accept: signatures fail",
                "leave h out",
            )


@rule("DKIM016", "dkim-test-flag", Severity.WARNING, "RFC 6376 §3.6.1")
def dkim_test_flag(subject: Subject) -> Iterator[Problem]:
    """With `t=y` the domain is only testing: receivers may treat signed mail as unsigned.

    Bad:
        dkim: {selectors: {s1: {key: s1.pem, t: y}}}
    Good:
        dkim: {selectors: {s1: {key: s1.pem}}}
    """
    for route, record in subject.key_records:
        if record.t is not None and "y" in record.t:
            yield Problem(
                (*route, "t"),
                "says that the domain is only testing: receivers may treat its mail as unsigned",
                "take y out of t",
            )


@rule("DKIM018", "dkim-service-type", Severity.ERROR, "RFC 6376 §3.6.1")
def dkim_service_type(subject: Subject) -> Iterator[Problem]:
    """Receivers do not use a key for mail if its `s` leaves out email: every signature fails.

    Bad:
        dkim: {selectors: {s1: {key: s1.pem, s: tlsrpt}}}
    Good:
        dkim: {selectors: {s1: {key: s1.pem}}}
    """
    for route, record in subject.key_records:
        if record.s is not None and not {"email", "*"} & set(record.s):
            yield Problem(
                (*route, "s"), "s leaves out email: signatures on mail fail", "leave s out"
            )
