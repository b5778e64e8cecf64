"""Rules about the life of a DKIM key, from its publication to its end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from mailauth_dns.lint import remedies
from mailauth_dns.lint.live_rules import Served, served
from mailauth_dns.lint.rule import Problem, Severity, page, rule
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.repo import Route
from mailauth_dns.policy.sections.dkim import KeyState
from mailauth_dns.records import dkim, dkim_received
from mailauth_dns.records.zone import RRKey

_OLDEST = 180  # days that a key signs


_GRACE = 30  # days that a key stays after its last signature


@rule("DKIM028", "dkim-key-age", Severity.WARNING, "M3AAWG DKIM key rotation")
def dkim_key_age(subject: Subject) -> Iterator[Problem]:
    """The longer a key signs, the more people may have copied or broken it and sign as you.

    Bad:
        dkim: {selectors: {s1: {key: s1.pem, since: 2020-01-01}}}
    Good:
        dkim: {selectors: {s1: {key: s1.pem, since: 2026-06-01}}}  # read in 2026
    """
    for selector, entry in subject.selectors.items():
        if entry.state is KeyState.ACTIVE and entry.cname is None and entry.since is not None:
            days = (subject.today - entry.since.date()).days
            if days > _OLDEST:
                fix = (
                    "replace it: dkim rotate"
                    if entry.key is not None
                    else "ask its sender for a new one under a new selector"
                )
                yield Problem(
                    ("dkim", "selectors", selector, "since"),
                    f"the key has signed for {days} days: somebody may have copied it",
                    fix,
                )


def _retired(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    for selector, entry in subject.selectors.items():
        if entry.state in (KeyState.REVOKED, KeyState.ABSENT):
            yield (
                ("dkim", "selectors", selector),
                (dkim.owner_name(selector, subject.domain), "TXT"),
            )


@served("DKIM029", "dkim-retired-still-published", Severity.INFO, "RFC 6376 §3.6.1", keys=_retired)
def dkim_retired_still_published(found: Served) -> Iterator[Problem]:
    """Receivers accept a key that the policy has as revoked or absent while DNS publishes it.

    Bad:
        s1._domainkey.example.com. TXT "v=DKIM1; p=MIIB..."  # and the policy has s1 revoked
    Good:
        s1._domainkey.example.com. TXT "v=DKIM1; p="
    """
    if any(dkim_received.keys(text) - {""} for text in found.values):
        yield Problem(
            found.route,
            f"{found.key[0]} still has a key: receivers accept its signatures",
            remedies.PUBLISH,
        )


@page("DKIM030", "dkim-removed-too-soon", Severity.ERROR, "RFC 6376 §3.6.1")
def dkim_removed_too_soon() -> None:
    """Mail still on its way fails DKIM once its key is gone: queues hold mail for days.

    The same holds for the return path of a sender that sends no more: SPF fails without it, and
    bounces are lost.

    Bad:
        s1: {state: revoked}  # and it signed yesterday
    Good:
        s1: {state: revoked, signed_until: 2026-05-01}  # more than 7 days back
    """


@rule("DKIM031", "dkim-sign-before-publish", Severity.ERROR, "RFC 2308 §5")
def dkim_sign_before_publish(subject: Subject) -> Iterator[Problem]:
    """Receivers find no key while caches still hold the answer that there is none.

    `since` says when the key began to sign, `seen` when every authoritative server was first found
    to serve it. Lint knows only the record's TTL. What counts for a new selector is the negative
    TTL of the zone, which `export` asks for.

    Bad:
        dkim: {selectors: {s1: {key: s1.pem, state: active, since: 2026-05-31}}}
    Good:
        dkim: {selectors: {s1: {key: s1.pem, state: active, seen: 2026-05-30, since: 2026-05-31}}}
    """
    body = subject.policy.body
    for selector, section in (body.dkim.selectors if body.dkim else {}).items():
        # A key without `since` signed before it came into the policy.
        if section.key is None or section.state is not KeyState.ACTIVE or section.since is None:
            continue
        route = ("dkim", "selectors", selector)
        fix = (
            "let `dkim rotate` make pending keys active; take `since` out if the key signed "
            "before it came into the policy"
        )
        if section.seen is None:
            yield Problem(
                (*route, "since"),
                "signs, but was never seen on every server: receivers may find no key",
                fix,
            )
        elif section.since < section.seen + timedelta(seconds=section.ttl or body.ttl or 0):
            yield Problem(
                (*route, "since"),
                "signs while caches may still hold the answer that there is no key: "
                "some receivers find none",
                fix,
            )


@rule("DKIM033", "dkim-shared-key", Severity.WARNING, "practice")
def dkim_shared_key(subject: Subject) -> Iterator[Problem]:
    """Whoever gets this key signs as every domain that shares it, and all must change together.

    Bad:
        the same p in the policies of example.com and example.net
    Good:
        a key of its own for each domain
    """
    for route, record in subject.key_records:
        owner = subject.neighbours.key_owners.get(record.p) if record.p else None
        if owner not in (None, subject.domain):
            message = f"the key is also that of {owner}: whoever has it signs as both"
            yield Problem(
                route, message, "make a new key for this domain under a new selector (dkim keygen)"
            )


@rule("DKIM034", "dkim-selector-reuse", Severity.WARNING, "RFC 6376 §3.1")
def dkim_selector_reuse(subject: Subject) -> Iterator[Problem]:
    """Mail fails under a reused selector: caches hold the old key, and mail on its way needs it.

    A selector with `signed_until` has been retiring before.

    Bad:
        dkim: {selectors: {s1: {key: new.pem, state: pending, signed_until: 2026-05-31}}}
    Good:
        dkim:
          selectors:
            s1: {state: revoked, signed_until: 2026-05-31}
            s2: {key: new.pem, state: pending}
    """
    section = subject.policy.body.dkim
    for selector, entry in (section.selectors if section else {}).items():
        if entry.signed_until is not None and entry.state in (KeyState.PENDING, KeyState.ACTIVE):
            route = ("dkim", "selectors", selector, "signed_until")
            yield Problem(
                route,
                f"{selector} signed before with another key: caches may hold that one",
                "give the new key a new selector",
            )


def _parked(subject: Subject) -> Iterator[tuple[Route, RRKey]]:
    if subject.parked:
        yield ("parked",), (dkim.owner_name("*", subject.domain), "TXT")


@served("DKIM036", "dkim-parked-revoke", Severity.INFO, "RFC 6376 §3.6.1", keys=_parked)
def dkim_parked_revoke(found: Served) -> Iterator[Problem]:
    """Receivers may still accept old keys of a parked domain, unless it revokes every selector.

    Bad:
        parked: true  # and the zone has no *._domainkey
    Good:
        *._domainkey.example.com. TXT "v=DKIM1; p="
    """
    if not found.values or any(dkim_received.keys(text) - {""} for text in found.values):
        yield Problem(
            found.route,
            f"{found.key[0]} {'holds a key' if found.values else 'is not there'}",
            remedies.park(found.subject),
        )


@rule("DKIM038", "dkim-retiring-too-long", Severity.INFO, "practice")
def dkim_retiring_too_long(subject: Subject) -> Iterator[Problem]:
    """Mail that a retiring key signed has long arrived: the key serves only who has copied it.

    Bad:
        dkim: {selectors: {s1: {key: s1.pem, state: retiring, signed_until: 2020-01-01}}}
    Good:
        dkim: {selectors: {s1: {state: revoked, signed_until: 2020-01-01}}}
    """
    for selector, entry in subject.selectors.items():
        if entry.state is KeyState.RETIRING and entry.signed_until is not None:
            days = (subject.today - entry.signed_until.date()).days
            if days > _GRACE:
                message = f"the key has not signed for {days} days and is still published"
                yield Problem(
                    ("dkim", "selectors", selector, "state"), message, "write state: revoked"
                )
