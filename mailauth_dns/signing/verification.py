"""A real message's DKIM signatures, verified (RFC 6376 §6); dkimpy does the cryptography, the keys come from a `Resolver`.

What dkimpy leaves to its callers is checked here: what a verifier must refuse by RFC 8301, that From is signed, and that key and signature
belong together.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from email.errors import MessageError
from email.utils import getaddresses
from typing import Any

import dkim
from dkim.canonicalization import CanonicalizationPolicy, InvalidCanonicalizationPolicyError
from dkim.util import InvalidTagValueList, parse_tag_value

from mailauth_dns.errors import MailAuthError, RecordSyntaxError
from mailauth_dns.evaluate.dkim import DkimResult, Result, claimed
from mailauth_dns.evaluate.resolver import Resolver
from mailauth_dns.records import dkim as key_record
from mailauth_dns.records.name import DomainName, domain_name

_log = logging.getLogger(__name__)

_FIELD = "dkim-signature"

MAX_SIGNATURES = 10  # that are verified, from the top; receivers look at fewer (RFC 6376 §6.1 lets them choose)
# Looser than RFC 5321: what receivers can read has an author, be there one dot too many.
_ADDRESS = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^\s@"<>()\[\]\\,;:]+)@(?:[^\s@"<>()\[\]\\,;:]+|\[[^\s@<>\[\]]*\])')
_SECOND = re.compile(rb"\n\r?\nFrom [^\r\n]*[0-9]{2}:[0-9]{2}[^\r\n]*\r?\n[!-9;-~]+:")  # another message of a mailbox (RFC 4155)
_BYTES = re.compile(r"""\bb('|")(.*?)\1""")

# What dkimpy lets out of its parsers besides its own exceptions, where a signature is malformed.
_MALFORMED = (dkim.DKIMException, InvalidTagValueList, ValueError, LookupError, TypeError, ArithmeticError)


class NoMessageError(MailAuthError):
    """A file holds no message that a receiver could judge; the text says why, without the file's name."""


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message as it came: its octets, and the header fields in their order, names in lower case, values unfolded."""

    octets: bytes
    fields: tuple[tuple[str, str], ...]

    def values(self, name: str) -> tuple[str, ...]:
        """Return the values of every field of that name."""
        return tuple(value for found, value in self.fields if found == name)


def read(octets: bytes) -> ReceivedMessage:
    """Return the message in a file; a line `From ` in front, as mailboxes have it, is left out.

    Raises:
        NoMessageError: the head of the file is no message's.
    """
    try:
        headers, _ = dkim.rfc822_parse(octets)
    except (dkim.MessageFormatError, LookupError):
        raise NoMessageError("is no message: a line in its head is no header field") from None
    if not headers:
        raise NoMessageError("is no message: it has no header fields")
    if octets.startswith(b"From ") and _SECOND.search(octets):
        raise NoMessageError("is a mailbox of several messages; give one message")
    # RFC 6532 has UTF-8 in header fields; other octets are kept as they are, for DKIM's sake.
    fields = ((name.decode("ascii").lower(), _unfolded(value.decode("utf-8", "backslashreplace"))) for name, value in headers)
    return ReceivedMessage(octets, tuple(fields))


def _unfolded(value: str) -> str:
    return value.replace("\r\n", "").strip()


def author_addresses(message: ReceivedMessage) -> tuple[str, ...]:
    """Return the addresses in the From fields; none where one of the fields cannot be read."""
    try:
        addresses = tuple(address for _, address in getaddresses(list(message.values("from"))))
    except (MessageError, ValueError, LookupError):
        return ()
    return addresses if all(map(_ADDRESS.fullmatch, addresses)) else ()


def return_path(message: ReceivedMessage) -> str | None:
    """Return the envelope's sender that the last server wrote on top when it delivered the message (RFC 5321 §4.4); None where none did."""
    found = message.values("return-path")
    return found[0].removeprefix("<").removesuffix(">") if found else None


def verified(message: ReceivedMessage, resolver: Resolver) -> tuple[DkimResult, ...]:
    """Return the result of each signature, from the top, `MAX_SIGNATURES` at most; what is wrong with one is its result and no error."""
    signatures = message.values(_FIELD)[:MAX_SIGNATURES]
    verifier = dkim.DKIM(message.octets, logger=_log) if signatures else None
    return tuple(_result(verifier, index, text, resolver) for index, text in enumerate(signatures))


def unseen(message: ReceivedMessage) -> int:
    """Return how many signatures `verified` does not look at."""
    return max(0, len(message.values(_FIELD)) - MAX_SIGNATURES)


def _result(verifier: Any, index: int, text: str, resolver: Resolver) -> DkimResult:  # noqa: ANN401 - dkimpy has no types
    try:
        tags = {name.decode(): value.decode() for name, value in parse_tag_value(text.encode()).items()}
    except (InvalidTagValueList, ValueError):
        return DkimResult(DomainName("?"), "?", Result.FAIL, "the signature is not a list of tags")
    d, s = tags.get("d", "?"), tags.get("s", "?")
    try:
        domain = domain_name(d)
        selector = domain_name(s)
    except RecordSyntaxError:
        return DkimResult(DomainName("?"), "?", Result.FAIL, f"d={d!a} and s={s!a} name no key")
    if (problem := _refused(tags)) is not None:
        return DkimResult(domain, s, Result.FAIL, problem)
    key = claimed(domain, selector, resolver)
    if key.result is not Result.PASS:
        return key
    name = DomainName(key_record.owner_name(selector, domain))
    [value] = resolver.lookup(name, "TXT") or ()  # `claimed` found one, and it is a good one
    unsigned = _unsigned(verifier.body, tags)
    beyond = f"l={tags['l']} is more than the body has (RFC 6376 §3.5)" if unsigned < 0 else None
    problem = _unfit(tags, key_record.parse(value), domain) or beyond or _broken(verifier, index, value)
    return DkimResult(domain, selector, Result.FAIL if problem else Result.PASS, problem, 0 if problem else unsigned)


def _unsigned(body: bytes, tags: dict[str, str]) -> int:
    """Return how many octets of the body lie behind those that a signature covers, negative where it is to cover more than there are."""
    if "l" not in tags:
        return 0
    try:
        policy = CanonicalizationPolicy.from_c_value(tags.get("c", "simple/simple").encode())
        return len(policy.canonicalize_body(body)) - int(tags["l"])
    except (InvalidCanonicalizationPolicyError, ValueError):
        return 0  # the signature is broken, and does not verify


def _refused(tags: dict[str, str]) -> str | None:
    """Return why a verifier refuses a signature whatever its key is."""
    if tags.get("a") not in ("rsa-sha256", "ed25519-sha256"):
        return f"a={tags.get('a')} is not accepted; verifiers take rsa-sha256 and ed25519-sha256 (RFC 8301 §3.1, RFC 8463)"
    signed = {name.strip().lower() for name in tags.get("h", "").split(":")}
    if "from" not in signed:
        return "the From field is not signed (RFC 6376 §5.4)"
    return None


def _unfit(tags: dict[str, str], key: key_record.Record, domain: DomainName) -> str | None:
    """Return why the key cannot have made the signature."""
    if tags["a"].partition("-")[0] != key.effective_k:
        return f"a={tags['a']} is not of the key's kind (k={key.effective_k})"
    agent = tags.get("i", f"@{domain}").rpartition("@")[2].lower()
    if "s" in (key.t or ()) and agent != domain:
        return f"i= names {agent}, and the key allows {domain} alone (t=s)"
    return None


def _broken(verifier: Any, index: int, key: str) -> str | None:  # noqa: ANN401 - dkimpy has no types
    """Return what is wrong with the signature itself."""
    try:
        good = verifier.verify(index, dnsfunc=lambda _name, **_: key.encode("latin-1"))
    except _MALFORMED as error:
        return f"the signature does not verify: {_BYTES.sub(lambda found: found[2], str(error)) or type(error).__name__}"
    return None if good else "the signature does not verify: it was made with another key, or signed header fields were changed"
