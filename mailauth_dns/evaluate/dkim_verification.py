"""Verify the DKIM signatures of a real message (RFC 6376 §6) with keys from a `Resolver`.

No library reads messages as receivers do, so the reading is done here: dkimpy misses fields with
white space before the colon, takes an unknown tag that holds `b=` for the signature, and needs
quadratic time for some heads and bodies.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from mailauth_dns.evaluate import dkim_canonical_form, dkim_signature
from mailauth_dns.evaluate.dkim_canonical_form import Form
from mailauth_dns.evaluate.dkim_key import DkimCheck, DkimResult, claimed
from mailauth_dns.evaluate.dkim_signature import NoSignature, Signature
from mailauth_dns.evaluate.message_file import Field, ReceivedMessage
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.records import dkim as key_record
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.rsa_key import public_numbers

# Signatures that are verified, from the top. RFC 6376 §6.1 lets receivers choose; they take fewer.
MAX_SIGNATURES = 10
_FIELD = b"dkim-signature"


def verified(message: ReceivedMessage, resolver: Resolver) -> tuple[DkimCheck, ...]:
    """Return the result of each signature, from the top, `MAX_SIGNATURES` at most.

    A fault in a signature is part of its result, never an exception.
    """
    content = _Content(message.body, dkim_canonical_form.by_name(message))
    now = int(time.time())
    return tuple(
        _result(content, each, resolver, now)
        for each in content.fields.get(_FIELD, ())[:MAX_SIGNATURES]
    )


def unseen(message: ReceivedMessage) -> int:
    """Return how many signatures `verified` does not check."""
    return max(0, sum(each.key == _FIELD for each in message.head) - MAX_SIGNATURES)


@dataclass(frozen=True, slots=True)
class _Content:
    """A message's body and fields; a canonical body is made once for all signatures."""

    octets: bytes
    fields: Mapping[bytes, list[Field]]
    _bodies: dict[Form, bytes] = field(default_factory=dict)

    def body(self, form: Form) -> bytes:
        if form not in self._bodies:
            self._bodies[form] = dkim_canonical_form.body(self.octets, form)
        return self._bodies[form]


def _result(content: _Content, found: Field, resolver: Resolver, now: int) -> DkimCheck:
    try:
        signed = dkim_signature.parse(found.value)
    except NoSignature as error:
        return DkimCheck(DomainName("?"), "?", DkimResult.FAIL, str(error))
    domain, selector = signed.domain, signed.selector
    if (problem := dkim_signature.problem(signed, now)) is not None:
        return DkimCheck(domain, selector, DkimResult.FAIL, problem)
    key = claimed(domain, selector, resolver)
    if key.result is not DkimResult.PASS:
        return key
    name = DomainName(key_record.owner_name(selector, domain))
    [value] = resolver.lookup(name, "TXT") or ()  # `claimed` found one, and it is a good one
    record = key_record.parse(value)
    problem = (
        _unfit(signed, record) or _changed_body(content, signed) or _another_author(content, signed)
    )
    problem = problem or _broken(content, found, signed, record)
    if problem is not None:
        return DkimCheck(domain, selector, DkimResult.FAIL, problem)
    unsigned = 0 if signed.limit is None else len(content.body(signed.forms.body)) - signed.limit
    return DkimCheck(domain, selector, DkimResult.PASS, None, unsigned)


def _unfit(signed: Signature, key: key_record.Record) -> str | None:
    """Return why the key cannot have made the signature."""
    if signed.tags["a"].partition("-")[0] != key.effective_k:
        return f"a={signed.tags['a']} does not fit the key's type (k={key.effective_k})"
    if "s" in (key.t or ()) and signed.agent != signed.domain:
        return f"i= names {signed.agent}, and the key allows only {signed.domain} (t=s)"
    return None


def _changed_body(content: _Content, signed: Signature) -> str | None:
    body = content.body(signed.forms.body)
    if signed.limit is not None and signed.limit > len(body):
        return f"l={signed.tags['l']} is more octets than the body has (RFC 6376 §3.5)"
    found = hashlib.sha256(body[: signed.limit]).digest()
    if found != signed.octets("bh"):
        shown = base64.b64encode(found).decode()
        return (
            f"the signature does not verify: body hash mismatch (the body's is {shown}); the "
            "body was changed after it was signed"
        )
    return None


def _another_author(content: _Content, signed: Signature) -> str | None:
    """Return what is wrong where the top From field is unsigned: it can show another author."""
    fields, names = len(content.fields.get(b"from", ())), signed.names.count(b"from")
    if fields > names:
        return (
            f"the message has {fields} From fields, and the signature covers only the last "
            f"{names}: anybody can have added the others"
        )
    return None


def _broken(
    content: _Content, found: Field, signed: Signature, key: key_record.Record
) -> str | None:
    """Return what is wrong with the signature itself."""
    head = dkim_canonical_form.signed_head(
        content.fields, signed.names, found, signed.bare, signed.forms.head
    )
    try:
        if key.effective_k == "ed25519":
            # RFC 8463 §3: the hash is signed, not the text.
            public = ed25519.Ed25519PublicKey.from_public_bytes(key.key_bytes)
            public.verify(signed.octets("b"), hashlib.sha256(head).digest())
        else:
            numbers = public_numbers(key.key_bytes)
            modulus, exponent = numbers if numbers is not None else (0, 0)
            rsa.RSAPublicNumbers(exponent, modulus).public_key().verify(
                signed.octets("b"), head, padding.PKCS1v15(), SHA256()
            )
    except InvalidSignature:
        return f"the signature does not verify: {_cause(content, signed)}"
    except (ValueError, UnsupportedAlgorithm):
        return "the signature does not verify: its key cannot be used"
    return None


def _cause(content: _Content, signed: Signature) -> str:
    if signed.names.count(_FIELD) >= len(content.fields[_FIELD]):
        # RFC 6376 §3.5: h= never means the signature itself. OpenDKIM and Mail::DKIM count it all
        # the same.
        return (
            "h= names dkim-signature more often than there are other signatures, so verifiers "
            "take this signature for one of them"
        )
    return "it was made with another key, or signed header fields were changed"
