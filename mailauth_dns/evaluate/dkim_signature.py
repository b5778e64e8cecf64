"""The tags of a DKIM-Signature, and why one is refused before its key is fetched (RFC 6376)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.evaluate.dkim_canonical_form import Forms, forms
from mailauth_dns.records.name import DomainName, domain_name, is_at_or_below
from mailauth_dns.records.tags import has_empty_tag, parse_tags

CLOCK_DRIFT = 300  # seconds by which clocks may differ, as in OpenDKIM

_REQUIRED = ("v", "a", "b", "bh", "d", "h", "s")  # RFC 6376 §3.5
_FWS = re.compile(r"[ \t\r\n]+")
_NUMBER = re.compile(r"[0-9]{1,76}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# Tags whose values OpenDKIM and Mail::DKIM take in any case, as ABNF does (RFC 5234 §2.3).
_WORDS = ("a", "c")


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature by its tags; `bare` is its value with b= emptied, as signed (RFC 6376 §3.7)."""

    domain: DomainName
    selector: DomainName
    tags: Mapping[str, str]
    bare: bytes

    @property
    def forms(self) -> Forms:
        """The canonical forms; only for a signature without `problem`."""
        return forms(self.tags.get("c", "simple/simple"))

    @property
    def names(self) -> tuple[bytes, ...]:
        """The names of the fields that are signed, in lower case."""
        return tuple(
            name.strip(" \t\r\n").lower().encode("latin-1", "replace")
            for name in self.tags.get("h", "").split(":")
        )

    @property
    def limit(self) -> int | None:
        """How many octets of the body are signed; None for all."""
        return int(self.tags["l"]) if "l" in self.tags else None

    @property
    def agent(self) -> DomainName:
        """The domain of the user or agent for whom it was made (i=), as A-labels."""
        return _agent(self.tags["i"]) if "i" in self.tags else self.domain

    def octets(self, tag: str) -> bytes:
        """Return what b= or bh= hold; only for a signature without `problem`."""
        return base64.b64decode(_FWS.sub("", self.tags[tag]))


class NoSignature(Exception):
    """A field names no key, so there is nothing to look up; the text says why."""


def parse(value: bytes) -> Signature:
    """Return the signature in a field's value.

    Raises:
        NoSignature: it is no list of tags, or its d= and s= are missing or no names.
    """
    # One character an octet, so that places in the text are places in the field.
    text = value.decode("latin-1")
    try:
        found = parse_tags(text)
    except RecordSyntaxError:
        raise NoSignature("the signature is not a list of tags") from None
    if has_empty_tag(text) or _CONTROL.search(text):  # RFC 6376 §3.2: values are printable
        raise NoSignature("the signature is not a list of tags")
    # RFC 8616 allows UTF-8 in d= and i=.
    tags = {
        tag.name: tag.value.encode("latin-1").decode("utf-8", "backslashreplace") for tag in found
    }
    tags |= {name: tags[name].lower() for name in _WORDS if name in tags}
    for name in ("d", "s"):
        if name not in tags:
            raise NoSignature(f"the signature has no {name}= tag")
    d, s = tags["d"], tags["s"]
    try:
        domain, selector = domain_name(d), domain_name(s)
    except RecordSyntaxError:
        raise NoSignature(f"d={d!a} and s={s!a} are not the names of a key") from None
    b = next((tag for tag in found if tag.name == "b"), None)
    if b is None:
        return Signature(domain, selector, tags, value)
    start = text.index("=", b.name_start) + 1
    end = text.find(";", b.end)
    return Signature(domain, selector, tags, value[:start] + (value[end:] if end >= 0 else b""))


def problem(signature: Signature, now: int) -> str | None:
    """Return why a verifier refuses a signature, whatever its key is; None where it accepts it.

    `now` is in seconds since 1970.
    """
    return _refused(signature) or _malformed(signature) or _untimely(signature.tags, now)


def _refused(signature: Signature) -> str | None:
    tags = signature.tags
    if tags.get("a") not in ("rsa-sha256", "ed25519-sha256"):
        return (
            f"a={tags.get('a')} is not accepted; verifiers accept rsa-sha256 and ed25519-sha256 "
            "(RFC 8301 §3.1, RFC 8463)"
        )
    if b"from" not in signature.names:
        return "the From field is not signed (RFC 6376 §5.4)"
    # Verifiers ignore methods that they do not know (RFC 6376 §3.5).
    if "dns/txt" not in {method.strip() for method in tags.get("q", "dns/txt").split(":")}:
        return (
            f"q={tags['q']} names no method that verifiers know for fetching the key; they use "
            "dns/txt (RFC 6376 §3.5)"
        )
    return None


def _malformed(signature: Signature) -> str | None:
    """Return what is wrong with a tag that breaks its grammar (RFC 6376 §3.5)."""
    tags = signature.tags
    if missing := [f"{name}=" for name in _REQUIRED if name not in tags]:
        return f"the signature has no {' and no '.join(missing)} (RFC 6376 §3.5)"
    if tags["v"] != "1":
        return f"v={tags['v']} is not 1 (RFC 6376 §3.5)"
    try:
        forms(tags.get("c", "simple/simple"))
    except ValueError:
        return f"c={tags['c']} is not a canonical form; use simple or relaxed (RFC 6376 §3.5)"
    for name in ("b", "bh"):
        try:
            whole = bool(base64.b64decode(_FWS.sub("", tags[name]), validate=True))
        except (binascii.Error, ValueError):
            whole = False
        if not whole:
            return f"the signature does not verify: {name}= is not base64"
    for name in ("l", "t", "x"):
        if name in tags and not _NUMBER.fullmatch(tags[name]):
            return f"{name}={tags[name]} is not a number (RFC 6376 §3.5)"
    return _foreign_agent(signature)


def _foreign_agent(signature: Signature) -> str | None:
    i = signature.tags.get("i")
    if i is None:
        return None
    if "@" not in i:
        return f"i={i} has no '@' (RFC 6376 §3.5)"
    try:
        agent = _agent(i)
    except RecordSyntaxError:
        return f"i={i} has no domain name behind the '@' (RFC 6376 §3.5)"
    if not is_at_or_below(agent, signature.domain):
        return f"i= names {agent}, which is neither {signature.domain} nor below it (RFC 6376 §3.5)"
    return None


def _agent(i: str) -> DomainName:
    return domain_name(i.rpartition("@")[2])


def _untimely(tags: Mapping[str, str], now: int) -> str | None:
    """Return why a signature is not valid at the time `now`.

    RFC 6376 §3.5 lets verifiers choose. Here it is refused, as OpenDKIM does.
    """
    made, expires = (int(tags[name]) if name in tags else None for name in ("t", "x"))
    if made is not None and expires is not None and expires < made:
        return f"the signature expires before it was made: x={expires} and t={made} (RFC 6376 §3.5)"
    if expires is not None and expires < now - CLOCK_DRIFT:
        return f"the signature has expired: x={expires} is {_moment(expires)} (RFC 6376 §3.5)"
    if made is not None and made > now + CLOCK_DRIFT:
        return f"the signature is dated in the future: t={made} is {_moment(made)} (RFC 6376 §3.5)"
    return None


def _moment(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return "too far away for a date"
