"""Rules about the tags of DKIM key records and the life of keys (RFC 6376, 8301); the keys themselves are in `dkim_key`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from mailauth_dns.lint.rule import Problem, Severity, rule
from mailauth_dns.lint.rules.dkim_keys import records
from mailauth_dns.lint.subject import Subject

_OLDEST = 180  # days that a key signs
_GRACE = 30  # days that a key stays after its last signature


@rule("DKIM012", "dkim-h-without-sha256", Severity.ERROR, "RFC 8301 §3.1")
def dkim_h_without_sha256(subject: Subject) -> Iterator[Problem]:
    """`h` without sha256 allows only hashes that receivers must not accept: the key is dead.

    Bad:
        dkim: {selectors: {s1: {key: s1.pem, h: sha1}}}
    Good:
        dkim: {selectors: {s1: {key: s1.pem}}}
    """
    for route, record in records(subject):
        if record.h is not None and "sha256" not in record.h:
            yield Problem(
                (*route, "h"), "h leaves out sha256, the only hash receivers accept", "leave h out"
            )


@rule("DKIM016", "dkim-test-flag", Severity.WARNING, "RFC 6376 §3.6.1")
def dkim_test_flag(subject: Subject) -> Iterator[Problem]:
    """`t=y` says that the domain is only testing: receivers may treat signed mail as unsigned.

    Bad:
        dkim: {selectors: {s1: {key: s1.pem, t: y}}}
    Good:
        dkim: {selectors: {s1: {key: s1.pem}}}
    """
    for route, record in records(subject):
        if record.t is not None and "y" in record.t:
            yield Problem(
                (*route, "t"), "says that the domain is only testing DKIM", "take y out of t"
            )


@rule("DKIM031", "dkim-sign-before-publish", Severity.ERROR, "RFC 2308 §5")
def dkim_sign_before_publish(subject: Subject) -> Iterator[Problem]:
    """A key that signs before every server and cache has its record makes receivers find no key: signatures fail.

    `since` says when the key began to sign, `seen` when every authoritative server was first found to serve it; between them
    lies the record's TTL at least. `export` also asks DNS, and counts the negative TTL.

    Bad:
        dkim: {selectors: {s1: {key: s1.pem, state: active, since: 2026-05-31}}}
    Good:
        dkim: {selectors: {s1: {key: s1.pem, state: active, seen: 2026-05-30, since: 2026-05-31}}}
    """
    body = subject.policy.body
    for selector, section in (body.dkim.selectors if body.dkim else {}).items():
        # A key without `since` signed before it came into the policy.
        if section.key is None or section.state != "active" or section.since is None:
            continue
        route = ("dkim", "selectors", selector)
        fix = "let `dkim rotate` make pending keys active; take `since` out of a key that signed before it came into the policy"
        if section.seen is None:
            yield Problem((*route, "since"), "signs, and was never seen on every server", fix)
        elif section.since < section.seen + timedelta(seconds=section.ttl or body.ttl or 0):
            yield Problem((*route, "since"), "signs before caches can have the key", fix)


@rule("DKIM034", "dkim-selector-reuse", Severity.WARNING, "RFC 6376 §3.1")
def dkim_selector_reuse(subject: Subject) -> Iterator[Problem]:
    """A new key under an old selector: caches still hold the old record, and mail that was signed with the old key fails.

    A selector with `signed_until` has had its life.

    Bad:
        dkim: {selectors: {s1: {key: new.pem, state: pending, signed_until: 2026-05-31}}}
    Good:
        dkim: {selectors: {s1: {state: revoked, signed_until: 2026-05-31}, s2: {key: new.pem, state: pending}}}
    """
    section = subject.policy.body.dkim
    for selector, entry in (section.selectors if section else {}).items():
        if entry.signed_until is not None and entry.state in ("pending", "active"):
            route = ("dkim", "selectors", selector, "signed_until")
            yield Problem(
                route, f"{selector} was retired before", "give the new key a new selector"
            )


@rule("DKIM011", "dkim-sha1", Severity.WARNING, "RFC 8301 §3.1")
def dkim_sha1(subject: Subject) -> Iterator[Problem]:
    """Receivers must not accept SHA-1: to allow it says only that somebody may still sign with it.

    Bad:
        dkim: {selectors: {s1: {key: s1.pem, h: "sha1:sha256"}}}
    Good:
        dkim: {selectors: {s1: {key: s1.pem}}}
    """
    for route, record in records(subject):
        if record.h is not None and "sha1" in record.h and "sha256" in record.h:
            yield Problem(
                (*route, "h"), "h allows sha1, which receivers must not accept", "leave h out"
            )


@rule("DKIM018", "dkim-service-type", Severity.ERROR, "RFC 6376 §3.6.1")
def dkim_service_type(subject: Subject) -> Iterator[Problem]:
    """A key that is not for email is not used for it: every signature with the selector fails.

    Bad:
        dkim: {selectors: {s1: {key: s1.pem, s: tlsrpt}}}
    Good:
        dkim: {selectors: {s1: {key: s1.pem}}}
    """
    for route, record in records(subject):
        if record.s is not None and not {"email", "*"} & set(record.s):
            yield Problem(
                (*route, "s"), "s leaves out email: signatures on mail fail", "leave s out"
            )


@rule("DKIM028", "dkim-key-age", Severity.WARNING, "M3AAWG DKIM key rotation")
def dkim_key_age(subject: Subject) -> Iterator[Problem]:
    """The longer a key signs, the more people have had a chance to copy or break it; whoever has it signs as the domain.

    Bad:
        dkim: {selectors: {s1: {key: s1.pem, since: 2020-01-01}}}
    Good:
        dkim: {selectors: {s1: {key: s1.pem, since: 2026-06-01}}}  # read in 2026
    """
    for selector, entry in subject.selectors.items():
        if entry.state == "active" and entry.cname is None and entry.since is not None:
            days = (subject.today - entry.since.date()).days
            if days > _OLDEST:
                fix = (
                    "change it: dkim rotate"
                    if entry.key is not None
                    else "ask its sender for a new one under a new selector"
                )
                yield Problem(
                    ("dkim", "selectors", selector, "since"),
                    f"the key has signed for {days} days",
                    fix,
                )


@rule("DKIM033", "dkim-shared-key", Severity.WARNING, "practice")
def dkim_shared_key(subject: Subject) -> Iterator[Problem]:
    """Whoever gets the key of one of these domains signs as all of them, and to change it is to change it everywhere.

    Bad:
        the same p in the policies of example.com and example.net
    Good:
        a key of its own for each domain
    """
    for route, record in records(subject):
        owner = subject.neighbours.key_owners.get(record.p) if record.p else None
        if owner not in (None, subject.domain):
            message = f"the key is also that of {owner}"
            yield Problem(
                route, message, "make a new key for this domain under a new selector (dkim keygen)"
            )


@rule("DKIM038", "dkim-retiring-too-long", Severity.INFO, "practice")
def dkim_retiring_too_long(subject: Subject) -> Iterator[Problem]:
    """Mail that a retired key signed has long been delivered: the key only serves somebody who copied it.

    Bad:
        dkim: {selectors: {s1: {key: s1.pem, state: retiring, signed_until: 2020-01-01}}}
    Good:
        dkim: {selectors: {s1: {state: revoked, signed_until: 2020-01-01}}}
    """
    for selector, entry in subject.selectors.items():
        if entry.state == "retiring" and entry.signed_until is not None:
            days = (subject.today - entry.signed_until.date()).days
            if days > _GRACE:
                message = f"the key has not signed for {days} days and is still published"
                yield Problem(
                    ("dkim", "selectors", selector, "state"), message, "write state: revoked"
                )
