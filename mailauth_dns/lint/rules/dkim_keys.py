"""Rules about the keys in DKIM records: their kind, size and form (RFC 6376, 8301, 8463)."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from mailauth_dns.evaluate.dkim_key import MIN_RSA_BITS, unusable
from mailauth_dns.lint.rule import Problem, Severity, rule
from mailauth_dns.lint.subject import Subject
from mailauth_dns.records import dkim
from mailauth_dns.records.rsa_key import is_bare, modulus_bits, subject_public_key_info

_ED25519 = 32  # octets of a key (RFC 8463 §4.2)


# What SubjectPublicKeyInfo puts around a key, and DKIM does not (RFC 8410 §4).
_WRAPPED_ED25519 = bytes.fromhex("302a300506032b6570032100")


_LARGEST = 4096  # bits that verifiers have to take (RFC 8301 §3.2)


_NEW_KEY = (
    "make a new key of 2048 bits under a new selector (dkim keygen), and revoke this one when it "
    "has not signed for a week"
)


_KINDS = ("rsa", "ed25519")


def _modulus_bits(record: dkim.Record) -> int | None:
    return modulus_bits(record.key_bytes) if record.p else None


def _rsa_bits(record: dkim.Record) -> int | None:
    return _modulus_bits(record) if record.effective_k == "rsa" else None


def _kind(record: dkim.Record) -> str | None:
    """Return what `p` holds, whatever `k` says; None where it is neither kind."""
    if _modulus_bits(record) is not None:
        return "rsa"
    return (
        "ed25519" if len(record.key_bytes) == _ED25519 or _unwrapped(record) is not None else None
    )


def _unwrapped(record: dkim.Record) -> bytes | None:
    """Return the Ed25519 key inside a SubjectPublicKeyInfo."""
    bare = record.key_bytes.removeprefix(_WRAPPED_ED25519)
    return bare if len(bare) == _ED25519 != len(record.key_bytes) else None


@rule("DKIM006", "dkim-p-base64", Severity.ERROR, "RFC 6376 §3.6.1")
def dkim_p_base64(subject: Subject) -> Iterator[Problem]:
    """Every signature fails with a `p` that is no key of the kind that `k` says.

    A lost chunk, or the text of a private key, looks like this.

    Bad:
        dkim: {selectors: {s1: {p: "MIIBIjANBg=="}}}
    Good:
        dkim: {selectors: {s1: {key: s1.pem}}}
    """
    for route, record in subject.key_records:
        if record.effective_k == "rsa" and record.p and _kind(record) is None:
            yield Problem(
                (*route, "p"),
                "p is not an RSA public key: signatures fail",
                "copy the whole value again, or give the key as a file",
            )


@rule("DKIM008", "dkim-rsa-under-1024", Severity.ERROR, "RFC 8301 §3.2")
def dkim_rsa_under_1024(subject: Subject) -> Iterator[Problem]:
    """Receivers must not accept RSA keys under 1024 bits: every signature with such a key fails.

    Bad:
        dkim: {selectors: {s1: {key: rsa512.pem}}}
    Good:
        dkim: {selectors: {s1: {key: rsa2048.pem}}}
    """
    for route, record in subject.key_records:
        bits = _rsa_bits(record)
        if bits is not None and bits < 1024:
            yield Problem(
                route, f"an RSA key of {bits} bits: receivers must not accept it", _NEW_KEY
            )


@rule("DKIM009", "dkim-rsa-1024", Severity.WARNING, "RFC 8301 §3.2")
def dkim_rsa_1024(subject: Subject) -> Iterator[Problem]:
    """Receivers accept an RSA key under 2048 bits, but an attacker with enough means can break it.

    Bad:
        dkim: {selectors: {s1: {key: rsa1024.pem}}}
    Good:
        dkim: {selectors: {s1: {key: rsa2048.pem}}}
    """
    for route, record in subject.key_records:
        bits = _rsa_bits(record)
        if bits is not None and 1024 <= bits < 2048:
            yield Problem(route, f"an RSA key of {bits} bits: it can be broken", _NEW_KEY)


@rule("DKIM010", "dkim-rsa-over-2048", Severity.INFO, "RFC 8301 §3.2")
def dkim_rsa_over_2048(subject: Subject) -> Iterator[Problem]:
    """A key of 4096 bits makes DNS answers long, and mail gains nothing over one of 2048.

    Bad:
        dkim: {selectors: {s1: {key: rsa4096.pem}}}
    Good:
        dkim: {selectors: {s1: {key: rsa2048.pem}}}
    """
    for route, record in subject.key_records:
        bits = _rsa_bits(record)
        if bits is not None and 2048 < bits <= _LARGEST:
            yield Problem(
                route,
                f"an RSA key of {bits} bits makes long DNS answers",
                "give the next key 2048 bits, which is enough",
            )


@rule("DKIM013", "dkim-ed25519-length", Severity.ERROR, "RFC 8463 §4.2")
def dkim_ed25519_length(subject: Subject) -> Iterator[Problem]:
    """Receivers read only the bare 32 octets of an Ed25519 key: with any other form mail fails.

    Bad:
        dkim: {selectors: {s1: {k: ed25519, p: "MCowBQYDK2VwAyEA..."}}}
    Good:
        dkim: {selectors: {s1: {key: ed25519.pem}}}
    """
    for route, record in subject.key_records:
        if (
            record.effective_k == "ed25519"
            and record.p
            and len(record.key_bytes) != _ED25519
            and _modulus_bits(record) is None
        ):
            bare, found = _unwrapped(record), len(record.key_bytes)
            fix = (
                f"write p: {base64.b64encode(bare).decode()}"
                if bare
                else "copy the whole value again, or give the key as a file"
            )
            yield Problem(
                (*route, "p"),
                f"an Ed25519 key has 32 octets, this has {found}: signatures fail",
                fix,
            )


@rule("DKIM014", "dkim-ed25519-alone", Severity.WARNING, "RFC 8463 §6")
def dkim_ed25519_alone(subject: Subject) -> Iterator[Problem]:
    """Many receivers cannot verify Ed25519 yet: without an RSA key, mail counts as unsigned there.

    Bad:
        dkim: {selectors: {e1: {key: ed25519.pem}}}
    Good:
        dkim: {selectors: {e1: {key: ed25519.pem}, r1: {key: rsa2048.pem}}}
    """
    if any(entry.cname for entry in subject.signing.values()):
        return
    live = [(route, record) for route, record in subject.key_records if record.p]
    if live and all(record.effective_k == "ed25519" for _, record in live):
        yield Problem(
            live[0][0],
            "only Ed25519 keys: many receivers cannot verify them",
            "add an RSA key under a selector of its own",
        )


@rule("DKIM015", "dkim-k-mismatch", Severity.ERROR, "RFC 8463 §4.2")
def dkim_k_mismatch(subject: Subject) -> Iterator[Problem]:
    """Receivers read no key if `p` is of another kind than `k` says: every signature fails.

    Bad:
        dkim: {selectors: {s1: {k: ed25519, p: "MIIBIjANBg..."}}}
    Good:
        dkim: {selectors: {s1: {k: rsa, p: "MIIBIjANBg..."}}}
    """
    for route, record in subject.key_records:
        kind = _kind(record)
        if kind is not None and record.effective_k in _KINDS and kind != record.effective_k:
            name = "an RSA key" if kind == "rsa" else "an Ed25519 key"
            yield Problem(
                (*route, "p"),
                f"p is {name}, and k says {record.effective_k}: signatures fail",
                f"write k: {kind}",
            )


@rule("DKIM039", "dkim-unknown-key-type", Severity.ERROR, "RFC 6376 §3.6.1")
def dkim_unknown_key_type(subject: Subject) -> Iterator[Problem]:
    """Verifiers know the key types rsa and ed25519: with another word, signatures fail at many.

    The hash is no part of the type: signatures say rsa-sha256, keys say rsa. Some verifiers,
    OpenDKIM among them, also take RSA in capitals; others do not.

    Bad:
        dkim: {selectors: {s1: {k: rsa-sha256, p: "MIIBIjANBg..."}}}
    Good:
        dkim: {selectors: {s1: {k: rsa, p: "MIIBIjANBg..."}}}
    """
    for route, record in subject.key_records:
        if record.p and record.effective_k not in _KINDS:
            kind = _kind(record)
            fix = (
                f"write k: {kind}"
                if kind is not None
                else "make a key of type rsa or ed25519 under a new selector (dkim keygen)"
            )
            in_capitals = record.effective_k.lower() in _KINDS
            whose = "some verifiers do not" if in_capitals else "verifiers do not"
            yield Problem(
                (*route, "k"),
                f"{record.k} is no key type: {whose} know it, and signatures fail there",
                fix,
            )


@rule("DKIM040", "dkim-rsa-bare", Severity.WARNING, "RFC 6376 §3.6.1")
def dkim_rsa_bare(subject: Subject) -> Iterator[Problem]:
    """Some verifiers, OpenDKIM among them, cannot read an RSA key without SubjectPublicKeyInfo.

    The RFC's text names this form (RSAPublicKey, PKCS#1). Its example has the other, which is what
    everybody publishes. It is the same key, so the selector may stay.

    Bad:
        dkim: {selectors: {s1: {p: "MIIBCgKCAQEA..."}}}
    Good:
        dkim: {selectors: {s1: {p: "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA..."}}}
    """
    for route, record in subject.key_records:
        if record.effective_k == "rsa" and record.p and is_bare(record.key_bytes):
            message = (
                "a bare RSA key (PKCS#1), which OpenDKIM and others cannot read: signatures fail "
                "there"
            )
            whole = base64.b64encode(subject_public_key_info(record.key_bytes)).decode()
            yield Problem((*route, "p"), message, f"write p: {whole}")


@rule("DKIM041", "dkim-rsa-over-4096", Severity.WARNING, "RFC 8301 §3.2")
def dkim_rsa_over_4096(subject: Subject) -> Iterator[Problem]:
    """Verifiers need not take RSA keys over 4096 bits or with long exponents: mail may fail.

    Bad:
        dkim: {selectors: {s1: {key: rsa8192.pem}}}
    Good:
        dkim: {selectors: {s1: {key: rsa2048.pem}}}
    """
    for route, record in subject.key_records:
        bits = _rsa_bits(record)
        if bits is not None and bits > _LARGEST:
            yield Problem(route, f"an RSA key of {bits} bits: verifiers need not take it", _NEW_KEY)
        elif (
            bits is not None
            and bits >= MIN_RSA_BITS
            and (reason := unusable(dkim.Record(record.p))) is not None
        ):
            yield Problem(route, f"the key {reason}", _NEW_KEY)
