"""A real message's DKIM signatures, verified (RFC 6376 §6); dkimpy does the cryptography, the keys come from a `Resolver`.

The head of the message and the tags of its signatures are read here. dkimpy would not see fields with white space before the colon, takes
service types and query methods for one word, and lets a signature live ten hours longer than it says.
"""

from __future__ import annotations

import logging
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.utils import getaddresses

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
_HEAD = re.compile(rb"([!-9;-~]+[ \t]*):")  # white space before the colon is obsolete, and must be read (RFC 5322 §4.5)
_REQUIRED = ("v", "a", "b", "bh", "d", "h", "s")  # RFC 6376 §3.5
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_FWS = re.compile(r"[ \t\r\n]+")
_NUMBER = re.compile(r"[0-9]{1,76}")
CLOCK_DRIFT = 300  # seconds that clocks may differ by, as OpenDKIM has it

MAX_SIGNATURES = 10  # that are verified, from the top; receivers look at fewer (RFC 6376 §6.1 lets them choose)
# Looser than RFC 5321: what receivers can read has an author, be there one dot too many.
_ADDRESS = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^\s@"<>()\[\]\\,;:]+)@(?:[^\s@"<>()\[\]\\,;:]+|\[[^\s@<>\[\]]*\])')
_SECOND = re.compile(rb"\n\r?\nFrom [^\r\n]*[0-9]{2}:[0-9]{2}[^\r\n]*\r?\n[!-9;-~]+:")  # another message of a mailbox (RFC 4155)
_PATH = re.compile(r'(?:\([^()]*\)|\s)*<((?:"(?:[^"\\]|\\.)*"|[^<>"])*)>(?:\([^()]*\)|\s)*')
_BYTES = re.compile(r"""\bb('|")(.*?)\1""")

# What dkimpy lets out of its parsers besides its own exceptions, where a signature is malformed.
_MALFORMED = (InvalidTagValueList, ValueError, LookupError, TypeError, ArithmeticError)


class NoMessageError(MailAuthError):
    """A file holds no message that a receiver could judge; the text says why, without the file's name."""


class _FieldName(bytes):
    """A field's name with the white space behind it, which the simple canonical form keeps (RFC 6376 §3.4.1).

    dkimpy finds fields by the name in lower case.
    """

    def lower(self) -> bytes:
        return super().lower().rstrip(b" \t")


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message as it came: its header fields in their order with all octets behind the colon, and its body with CRLF at the line ends."""

    head: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def values(self, name: str) -> tuple[str, ...]:
        """Return the values of every field of that name, unfolded."""
        # RFC 6532 has UTF-8 in header fields; other octets are shown as what they are.
        wanted = name.encode()
        return tuple(_unfolded(value.decode("utf-8", "backslashreplace")) for found, value in self.head if found.lower() == wanted)


def read(octets: bytes) -> ReceivedMessage:
    """Return the message in a file; a line `From ` in front, as mailboxes have it, is left out.

    Raises:
        NoMessageError: the head of the file is no message's.
    """
    lines = re.split(rb"\r?\n", octets)
    end = lines.index(b"") if b"" in lines else len(lines)
    head: list[tuple[bytes, bytes]] = []
    for number, line in enumerate(lines[:end]):
        name = _HEAD.match(line)
        if head and line[:1] in (b" ", b"\t"):
            head[-1] = (head[-1][0], head[-1][1] + line + b"\r\n")
        elif name is not None:
            head.append((_FieldName(name[1]), line[name.end() :] + b"\r\n"))
        elif number or not line.startswith(b"From "):
            raise NoMessageError("is no message: a line in its head is no header field")
    if not head:
        raise NoMessageError("is no message: it has no header fields")
    if octets.startswith(b"From ") and _SECOND.search(octets):
        raise NoMessageError("is a mailbox of several messages; give one message")
    return ReceivedMessage(tuple(head), b"\r\n".join(lines[end + 1 :]))


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
    path = _PATH.fullmatch(found[0]) if found else None
    # A route in front of the address is obsolete, and passed over (RFC 5321 §4.1.1.3, RFC 5322 §4.4).
    return re.sub(r"^@[^:]*:", "", path[1].strip()) if path is not None else found[0] if found else None


def verified(message: ReceivedMessage, resolver: Resolver) -> tuple[DkimResult, ...]:
    """Return the result of each signature, from the top, `MAX_SIGNATURES` at most; what is wrong with one is its result and no error."""
    fields = [field for field in message.head if field[0].lower() == _FIELD.encode()][:MAX_SIGNATURES]
    texts = message.values(_FIELD)
    return tuple(_result(message, field, text, resolver) for field, text in zip(fields, texts, strict=False))


def unseen(message: ReceivedMessage) -> int:
    """Return how many signatures `verified` does not look at."""
    return max(0, len(message.values(_FIELD)) - MAX_SIGNATURES)


def _result(message: ReceivedMessage, field: tuple[bytes, bytes], text: str, resolver: Resolver) -> DkimResult:
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
    if (problem := _refused(tags) or _malformed(tags) or _untimely(tags, int(time.time()))) is not None:
        return DkimResult(domain, selector, Result.FAIL, problem)
    key = claimed(domain, selector, resolver)
    if key.result is not Result.PASS:
        return key
    name = DomainName(key_record.owner_name(selector, domain))
    [value] = resolver.lookup(name, "TXT") or ()  # `claimed` found one, and it is a good one
    record = key_record.parse(value)
    unsigned = _unsigned(message.body, tags)
    beyond = f"l={tags['l']} is more than the body has (RFC 6376 §3.5)" if unsigned < 0 else None
    problem = _unfit(tags, record, domain) or beyond or _broken(message, field, record)
    return DkimResult(domain, selector, Result.FAIL if problem else Result.PASS, problem, 0 if problem else unsigned)


def _unsigned(body: bytes, tags: dict[str, str]) -> int:
    """Return how many octets of the body lie behind those that a signature covers, negative where it is to cover more than there are."""
    if "l" not in tags:
        return 0
    policy = CanonicalizationPolicy.from_c_value(tags.get("c", "simple/simple").encode())
    return len(policy.canonicalize_body(body)) - int(tags["l"])


def _refused(tags: dict[str, str]) -> str | None:
    """Return why a verifier refuses a signature whatever its key is."""
    if tags.get("a") not in ("rsa-sha256", "ed25519-sha256"):
        return f"a={tags.get('a')} is not accepted; verifiers take rsa-sha256 and ed25519-sha256 (RFC 8301 §3.1, RFC 8463)"
    signed = {name.strip().lower() for name in tags.get("h", "").split(":")}
    if "from" not in signed:
        return "the From field is not signed (RFC 6376 §5.4)"
    # Methods that nobody knows are passed over (RFC 6376 §3.5).
    if "dns/txt" not in {method.strip() for method in tags.get("q", "dns/txt").split(":")}:
        return f"q={tags['q']} names no way to the key that verifiers know; they take dns/txt (RFC 6376 §3.5)"
    return None


def _malformed(tags: dict[str, str]) -> str | None:
    """Return which of the signature's tags breaks its grammar (RFC 6376 §3.5)."""
    if missing := [f"{name}=" for name in _REQUIRED if name not in tags]:
        return f"the signature has no {' and no '.join(missing)} (RFC 6376 §3.5)"
    if tags["v"] != "1":
        return f"v={tags['v']} is not 1 (RFC 6376 §3.5)"
    try:
        CanonicalizationPolicy.from_c_value(tags.get("c", "simple/simple").encode())
    except InvalidCanonicalizationPolicyError:
        return f"c={tags['c']} is no canonical form; there are simple and relaxed (RFC 6376 §3.5)"
    for name in ("b", "bh"):
        joined = _FWS.sub("", tags[name])
        if not _BASE64.fullmatch(joined) or len(joined) % 4:
            return f"the signature does not verify: {name}= is not base64"
    for name in ("l", "t", "x"):
        if name in tags and not _NUMBER.fullmatch(tags[name]):
            return f"{name}={tags[name]} is not a number (RFC 6376 §3.5)"
    if "i" in tags:
        _, at, agent = tags["i"].rpartition("@")
        if not at:
            return f"i={tags['i']} has no '@' (RFC 6376 §3.5)"
        if agent.lower() != tags["d"].lower() and not agent.lower().endswith(f".{tags['d'].lower()}"):
            return f"i= names {agent}, which is neither {tags['d']} nor below it (RFC 6376 §3.5)"
    return None


def _untimely(tags: dict[str, str], now: int) -> str | None:
    """Return why a signature does not hold at a time. RFC 6376 §3.5 lets verifiers choose; they refuse it, as OpenDKIM does."""
    made, expires = (int(tags[name]) if name in tags else None for name in ("t", "x"))
    if made is not None and expires is not None and expires < made:
        return f"the signature expires before it was made: x={expires} and t={made} (RFC 6376 §3.5)"
    if expires is not None and expires < now - CLOCK_DRIFT:
        return f"the signature has expired: x={expires} is {_moment(expires)} (RFC 6376 §3.5)"
    if made is not None and made > now + CLOCK_DRIFT:
        return f"the signature is of the future: t={made} is {_moment(made)} (RFC 6376 §3.5)"
    return None


def _moment(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return "out of reach"


def _unfit(tags: dict[str, str], key: key_record.Record, domain: DomainName) -> str | None:
    """Return why the key cannot have made the signature."""
    if tags["a"].partition("-")[0] != key.effective_k:
        return f"a={tags['a']} is not of the key's kind (k={key.effective_k})"
    agent = tags.get("i", f"@{domain}").rpartition("@")[2].lower()
    if "s" in (key.t or ()) and agent != domain:
        return f"i= names {agent}, and the key allows {domain} alone (t=s)"
    return None


def _broken(message: ReceivedMessage, field: tuple[bytes, bytes], key: key_record.Record) -> str | None:
    """Return what is wrong with the signature itself."""
    verifier = dkim.DKIM(logger=_log)
    verifier.headers, verifier.body = list(message.head), message.body
    bare = f"k={key.effective_k}; p={key.p}".encode()  # all else that the record says is judged already
    try:
        tags = parse_tag_value(field[1])
        signed = [name.strip().lower() for name in tags[b"h"].split(b":")]
        good = verifier.verify_sig(tags, signed, field, lambda _name, **_: bare)
    except dkim.DKIMException as error:
        return f"the signature does not verify: {_BYTES.sub(lambda found: found[2], str(error))}"
    except _MALFORMED:
        return "the signature does not verify: it is malformed"
    return None if good else "the signature does not verify: it was made with another key, or signed header fields were changed"
