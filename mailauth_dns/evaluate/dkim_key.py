"""Whether DNS has a usable key for a DKIM signature (RFC 6376 §6.1.2, RFC 8301, RFC 8463).

The signature itself is not looked at: it is claimed to be good, and all that DNS can do to it is
told.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mailauth_dns.errors import ObservationError, RecordSyntaxError
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.records import dkim
from mailauth_dns.records.name import MAX_NAME, DomainName
from mailauth_dns.records.rsa_key import public_numbers
from mailauth_dns.records.tags import has_empty_tag

MIN_RSA_BITS = 1024  # verifiers must not take a signature by a shorter key (RFC 8301 §3.2)
# What OpenSSL verifies with, and so most verifiers. Without a limit one key of a stranger's keeps a
# verifier busy for minutes.
MAX_RSA_BITS = 16384
SMALL_RSA_BITS, MAX_EXPONENT_BITS = (
    3072,
    64,
)  # beside a modulus that is longer, an exponent may be no longer than that
ED25519_OCTETS = 32  # RFC 8463 §4.2


class DkimResult(StrEnum):
    """What a receiver says of one signature, or of all (none: there is none).

    A key that is missing or unusable is told as fail: DMARC knows pass and fail only (RFC 9989
    §5.3.3).
    """

    NONE = "none"
    PASS = "pass"  # noqa: S105 - the result, no password
    FAIL = "fail"
    TEMPERROR = "temperror"


@dataclass(frozen=True, slots=True)
class DkimCheck:
    """One signature's result; `reason` says why it is not pass.

    `unsigned` is how many octets of the body lie behind what it covers (l=).
    """

    d: DomainName
    s: str
    result: DkimResult
    reason: str | None = None
    unsigned: int = 0


def overall(signatures: tuple[DkimCheck, ...]) -> DkimResult:
    """Return the best of the results: one signature that passes is enough (RFC 9989 §4.4.1)."""
    results = {signature.result for signature in signatures}
    return next(
        (
            result
            for result in (DkimResult.PASS, DkimResult.TEMPERROR, DkimResult.FAIL)
            if result in results
        ),
        DkimResult.NONE,
    )


def claimed(d: DomainName, s: str, resolver: Resolver) -> DkimCheck:
    """Return the result of a good signature: pass only where DNS has a key for verifiers."""
    name = DomainName(
        dkim.owner_name(s, d).lower()
    )  # a selector is a name too, whatever its case in the signature
    try:
        values = (resolver.lookup(name, "TXT") or ()) if len(name) <= MAX_NAME else ()
    except ObservationError as error:
        return DkimCheck(d, s, DkimResult.TEMPERROR, str(error))
    problem = _problem(name, values)
    return DkimCheck(d, s, DkimResult.PASS if problem is None else DkimResult.FAIL, problem)


def _problem(name: DomainName, values: tuple[str, ...]) -> str | None:
    if not values:
        return f"no key at {name}"
    if len(values) > 1:
        return (
            f"{name} has {len(values)} TXT records, and which one a verifier takes is undefined "
            "(RFC 6376 §3.6.2.2)"
        )
    try:
        record = dkim.parse(values[0])
    except RecordSyntaxError as error:
        return f"the key record at {name} is broken: {error}"
    if has_empty_tag(values[0]):
        return (
            f"the key record at {name} is broken: a semicolon has no tag before it, and "
            "verifiers refuse that (RFC 6376 §3.2)"
        )
    if not record.p:
        return f"the key at {name} is revoked (empty p)"
    reason = unusable(record)
    return f"the key at {name} {reason}" if reason is not None else None


def unusable(record: dkim.Record) -> str | None:
    """Return why verifiers do not use a key for mail, without the subject; None if they do."""
    if record.s is not None and not {"*", "email"} & set(record.s):
        return f"is not for mail (s={':'.join(record.s)})"
    if record.h is not None and "sha256" not in record.h:
        return f"is for {', '.join(record.h)} only, and verifiers take sha256 (RFC 8301 §3.1)"
    match record.effective_k:
        case "rsa":
            return _unusable_rsa(record)
        case "ed25519":
            size = len(record.key_bytes)
            return (
                f"has {size} octets instead of {ED25519_OCTETS}, so it is no Ed25519 key"
                if size != ED25519_OCTETS
                else None
            )
        case other:
            return f"is of a kind that verifiers do not know (k={other})"


def _unusable_rsa(record: dkim.Record) -> str | None:
    numbers = public_numbers(record.key_bytes)
    if numbers is None:
        return "is no RSA key"
    bits, exponent_bits = (number.bit_length() for number in numbers)
    if bits < MIN_RSA_BITS:
        return f"has {bits} bits, verifiers take none under {MIN_RSA_BITS}"
    if bits > MAX_RSA_BITS:
        return f"has {bits} bits, verifiers take none over {MAX_RSA_BITS}"
    if bits > SMALL_RSA_BITS and exponent_bits > MAX_EXPONENT_BITS:
        return (
            f"has an exponent of {exponent_bits} bits, verifiers take {MAX_EXPONENT_BITS} beside "
            f"a modulus of {bits}"
        )
    return None
