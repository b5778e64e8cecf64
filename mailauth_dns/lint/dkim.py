"""Rules about DKIM key records (RFC 6376, 8301, 8463)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache

from mailauth_dns.lint.rule import Problem, Severity, rule
from mailauth_dns.lint.subject import Subject
from mailauth_dns.policy.load import Route
from mailauth_dns.records import dkim
from mailauth_dns.records.rsa import modulus_bits

_ED25519 = 32  # octets of a key (RFC 8463 §4.2)
_OLDEST = 180  # days that a key signs
_GRACE = 30  # days that a key stays after its last signature


def _records(subject: Subject) -> Iterator[tuple[Route, dkim.Record]]:
    for selector, record in subject.keys.items():
        yield ("dkim", "selectors", selector), record


@lru_cache(maxsize=1024)  # several rules ask for each key
def _modulus_bits(record: dkim.Record) -> int | None:
    return modulus_bits(record.key_bytes) if record.p else None


def _rsa_bits(record: dkim.Record) -> int | None:
    return _modulus_bits(record) if record.effective_k == "rsa" else None


@rule("DKIM006", "dkim-p-base64", Severity.ERROR, "RFC 6376 §3.6.1")
def dkim_key_material(subject: Subject) -> Iterator[Problem]:
    """The text in `p` is no key of the kind that `k` says: every signature with the selector fails.

    A chunk that was lost on the way, or a private key's text, looks like this.

    Bad:
        dkim: {selectors: {s1: {p: "MIIBIjANBg"}}}
    Good:
        dkim: {selectors: {s1: {key: s1.pem}}}
    """
    for route, record in _records(subject):
        if record.effective_k == "rsa" and record.p and _rsa_bits(record) is None and len(record.key_bytes) != _ED25519:
            yield Problem((*route, "p"), "p is not an RSA public key", "copy the whole value again, or give the key as a file")


@rule("DKIM008", "dkim-rsa-under-1024", Severity.ERROR, "RFC 8301 §3.2")
def dkim_rsa_under_1024(subject: Subject) -> Iterator[Problem]:
    """Receivers must not accept RSA keys under 1024 bits: every signature with such a key fails.

    Bad:
        dkim: {selectors: {s1: {key: rsa512.pem}}}
    Good:
        dkim: {selectors: {s1: {key: rsa2048.pem}}}
    """
    for route, record in _records(subject):
        bits = _rsa_bits(record)
        if bits is not None and bits < 1024:
            yield Problem(route, f"an RSA key of {bits} bits: receivers must not accept it", "make a key of 2048 bits")


@rule("DKIM009", "dkim-rsa-1024", Severity.WARNING, "RFC 8301 §3.2")
def dkim_rsa_1024(subject: Subject) -> Iterator[Problem]:
    """RSA keys under 2048 bits are accepted and can be broken by somebody who takes the trouble.

    Bad:
        dkim: {selectors: {s1: {key: rsa1024.pem}}}
    Good:
        dkim: {selectors: {s1: {key: rsa2048.pem}}}
    """
    for route, record in _records(subject):
        bits = _rsa_bits(record)
        if bits is not None and 1024 <= bits < 2048:
            yield Problem(route, f"an RSA key of {bits} bits", "make a key of 2048 bits")


@rule("DKIM012", "dkim-h-without-sha256", Severity.ERROR, "RFC 8301 §3.1")
def dkim_h_without_sha256(subject: Subject) -> Iterator[Problem]:
    """`h` without sha256 allows only hashes that receivers must not accept: the key is dead.

    Bad:
        dkim: {selectors: {s1: {key: s1.pem, h: sha1}}}
    Good:
        dkim: {selectors: {s1: {key: s1.pem}}}
    """
    for route, record in _records(subject):
        if record.h is not None and "sha256" not in record.h:
            yield Problem((*route, "h"), "h leaves out sha256, the only hash receivers accept", "leave h out")


@rule("DKIM013", "dkim-ed25519-length", Severity.ERROR, "RFC 8463 §4.2")
def dkim_ed25519_length(subject: Subject) -> Iterator[Problem]:
    """An Ed25519 key is published as its bare 32 octets; anything else is not a key to a receiver.

    Bad:
        dkim: {selectors: {s1: {k: ed25519, p: "MCowBQYDK2VwAyEA..."}}}
    Good:
        dkim: {selectors: {s1: {key: ed25519.pem}}}
    """
    for route, record in _records(subject):
        if record.effective_k == "ed25519" and record.p and len(record.key_bytes) != _ED25519 and _modulus_bits(record) is None:
            found = len(record.key_bytes)
            yield Problem((*route, "p"), f"an Ed25519 key has 32 octets, this has {found}", "give the key as a file: key: name.pem")


@rule("DKIM014", "dkim-ed25519-alone", Severity.WARNING, "RFC 8463 §6")
def dkim_ed25519_alone(subject: Subject) -> Iterator[Problem]:
    """Many receivers cannot verify Ed25519 yet: with no RSA key beside it their verdict is that nobody signed.

    Bad:
        dkim: {selectors: {e1: {key: ed25519.pem}}}
    Good:
        dkim: {selectors: {e1: {key: ed25519.pem}, r1: {key: rsa2048.pem}}}
    """
    if any(entry.cname for entry in subject.signing.values()):
        return
    live = [(route, record) for route, record in _records(subject) if record.p]
    if live and all(record.effective_k == "ed25519" for _, record in live):
        yield Problem(live[0][0], "only Ed25519 keys: many receivers cannot verify them", "add an RSA key under a selector of its own")


@rule("DKIM016", "dkim-test-flag", Severity.WARNING, "RFC 6376 §3.6.1")
def dkim_test_flag(subject: Subject) -> Iterator[Problem]:
    """`t=y` says that the domain is only testing: receivers may treat signed mail as unsigned.

    Bad:
        dkim: {selectors: {s1: {key: s1.pem, t: y}}}
    Good:
        dkim: {selectors: {s1: {key: s1.pem}}}
    """
    for route, record in _records(subject):
        if record.t is not None and "y" in record.t:
            yield Problem((*route, "t"), "says that the domain is only testing DKIM", "take y out of t")


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
            yield Problem(route, f"{selector} was retired before", "give the new key a new selector")


@rule("DKIM010", "dkim-rsa-over-2048", Severity.INFO, "RFC 8301 §3.2")
def dkim_rsa_over_2048(subject: Subject) -> Iterator[Problem]:
    """A key of 4096 bits makes answers long, and receivers need not take more than 4096: mail gains nothing over 2048.

    Bad:
        dkim: {selectors: {s1: {key: rsa4096.pem}}}
    Good:
        dkim: {selectors: {s1: {key: rsa2048.pem}}}
    """
    for route, record in _records(subject):
        bits = _rsa_bits(record)
        if bits is not None and bits > 2048:
            yield Problem(route, f"an RSA key of {bits} bits makes long answers", "a key of 2048 bits is enough")


@rule("DKIM011", "dkim-sha1", Severity.WARNING, "RFC 8301 §3.1")
def dkim_sha1(subject: Subject) -> Iterator[Problem]:
    """Receivers must not accept SHA-1: to allow it says only that somebody may still sign with it.

    Bad:
        dkim: {selectors: {s1: {key: s1.pem, h: "sha1:sha256"}}}
    Good:
        dkim: {selectors: {s1: {key: s1.pem}}}
    """
    for route, record in _records(subject):
        if record.h is not None and "sha1" in record.h and "sha256" in record.h:
            yield Problem((*route, "h"), "h allows sha1, which receivers must not accept", "leave h out")


@rule("DKIM015", "dkim-k-mismatch", Severity.ERROR, "RFC 8463 §4.2")
def dkim_k_mismatch(subject: Subject) -> Iterator[Problem]:
    """A key of another kind than `k` says is no key to receivers: every signature with the selector fails.

    Bad:
        dkim: {selectors: {s1: {k: ed25519, p: "MIIBIjANBg..."}}}
    Good:
        dkim: {selectors: {s1: {k: rsa, p: "MIIBIjANBg..."}}}
    """
    for route, record in _records(subject):
        kind = "RSA" if _modulus_bits(record) is not None else "Ed25519" if len(record.key_bytes) == _ED25519 else None
        if kind is not None and record.effective_k in ("rsa", "ed25519") and kind.lower() != record.effective_k:
            yield Problem((*route, "p"), f"p is an {kind} key, and k says {record.effective_k}", f"write k: {kind.lower()}")


@rule("DKIM018", "dkim-service-type", Severity.ERROR, "RFC 6376 §3.6.1")
def dkim_service_type(subject: Subject) -> Iterator[Problem]:
    """A key that is not for email is not used for it: every signature with the selector fails.

    Bad:
        dkim: {selectors: {s1: {key: s1.pem, s: tlsrpt}}}
    Good:
        dkim: {selectors: {s1: {key: s1.pem}}}
    """
    for route, record in _records(subject):
        if record.s is not None and not {"email", "*"} & set(record.s):
            yield Problem((*route, "s"), "s leaves out email: signatures on mail fail", "leave s out")


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
                yield Problem(("dkim", "selectors", selector, "since"), f"the key has signed for {days} days", "change it: dkim rotate")


@rule("DKIM033", "dkim-shared-key", Severity.WARNING, "practice")
def dkim_shared_key(subject: Subject) -> Iterator[Problem]:
    """Whoever gets the key of one of these domains signs as all of them, and to change it is to change it everywhere.

    Bad:
        the same p in the policies of example.com and example.net
    Good:
        a key of its own for each domain
    """
    for route, record in _records(subject):
        owner = subject.neighbours.key_owners.get(record.p) if record.p else None
        if owner not in (None, subject.domain):
            message = f"the key is also that of {owner}"
            yield Problem(route, message, "make a key for each domain, or delegate by cname")


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
                yield Problem(("dkim", "selectors", selector, "state"), message, "write state: revoked")
