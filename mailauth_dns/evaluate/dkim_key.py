"""Whether DNS has a usable key for a DKIM signature (RFC 6376 §6.1.2, RFC 8301, RFC 8463).

The signature itself is not checked. It is taken for good, and the result is what DNS makes of it.
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

MIN_RSA_BITS = 1024  # verifiers must not accept a signature by a shorter key (RFC 8301 §3.2)
# The limit of OpenSSL, and so of most verifiers. Without one, a stranger's key can keep a verifier
# busy for minutes.
MAX_RSA_BITS = 16384
# With a modulus longer than the first, an exponent may be no longer than the second.
SMALL_RSA_BITS, MAX_EXPONENT_BITS = 3072, 64
ED25519_OCTETS = 32  # RFC 8463 §4.2


class DkimResult(StrEnum):
    """What a receiver says of one signature, or of all together (none: there is no signature).

    A key that is missing or unusable makes a fail: DMARC has only pass and fail (RFC 9989 §5.3.3).
    """

    NONE = "none"
    PASS = "pass"  # noqa: S105 - the result, no password
    FAIL = "fail"
    TEMPERROR = "temperror"


@dataclass(frozen=True, slots=True)
class DkimCheck:
    """One signature's result; `reason` says why it is not pass.

    `unsigned` counts the octets of the body that it does not cover (l=).
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
    # A selector is a name too, so its case in the signature does not matter.
    name = DomainName(dkim.owner_name(s, d).lower())
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
            f"{name} has {len(values)} TXT records, and which one a verifier uses is undefined "
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
        return f"is for {', '.join(record.h)} only, but verifiers use sha256 (RFC 8301 §3.1)"
    match record.effective_k:
        case "rsa":
            return _unusable_rsa(record)
        case "ed25519":
            size = len(record.key_bytes)
            return (
                f"has {size} octets instead of {ED25519_OCTETS}, so it is not an Ed25519 key"
                if size != ED25519_OCTETS
                else None
            )
        case other:
            return f"is of a type that verifiers do not know (k={other})"


def _unusable_rsa(record: dkim.Record) -> str | None:
    numbers = public_numbers(record.key_bytes)
    if numbers is None:
        return "is not an RSA key"
    bits, exponent_bits = (number.bit_length() for number in numbers)
    if bits < MIN_RSA_BITS:
        return f"has {bits} bits; verifiers accept none under {MIN_RSA_BITS}"
    if bits > MAX_RSA_BITS:
        return f"has {bits} bits; verifiers accept none over {MAX_RSA_BITS}"
    if bits > SMALL_RSA_BITS and exponent_bits > MAX_EXPONENT_BITS:
        return (
            f"has an exponent of {exponent_bits} bits; verifiers accept {MAX_EXPONENT_BITS} beside "
            f"a modulus of {bits}"
        )
    return None
