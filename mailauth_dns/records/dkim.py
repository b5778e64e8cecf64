"""DKIM key records: the public key of a selector (RFC 6376 §3.6.1, RFC 8301, RFC 8463)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from mailauth_dns.errors import Fault, RecordSyntaxError
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.tags import Tag, parse_tags

LABEL = "_domainkey"  # RFC 6376 §3.6.2.1
_WORD = re.compile(r"[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_LIST = {"h": "hashes such as sha256", "t": "flags such as y or s"}
_FWS = re.compile(r"[ \t\r\n]+")


class KeyType(StrEnum):
    """The key types of DKIM, as `k=` names them."""

    RSA = "rsa"
    ED25519 = "ed25519"


@dataclass(frozen=True, slots=True)
class Record:
    """A key record, for example `v=DKIM1; k=rsa; p=MIIB...`; None where the tag is absent.

    `p` is base64 without white space, empty where the key is revoked. Lists are in the order given.
    """

    p: str
    v: str | None = "DKIM1"
    h: tuple[str, ...] | None = None
    k: str | None = None
    n: str | None = None
    s: tuple[str, ...] | None = None
    t: tuple[str, ...] | None = None
    other: tuple[tuple[str, str], ...] = ()

    @property
    def effective_k(self) -> str:
        """The key type; rsa where `k` is absent."""
        return self.k if self.k is not None else "rsa"

    @property
    def key_bytes(self) -> bytes:
        """The key: SubjectPublicKeyInfo DER for RSA, 32 octets for Ed25519, empty if revoked."""
        return _octets(self.p)

    @property
    def meaning(self) -> Hashable:
        """Equal for records that no verifier tells apart; notes (n) are for people only."""
        hashes = None if self.h is None else frozenset(self.h)
        services = frozenset(self.s) if self.s is not None else frozenset({"*"})
        return (
            self.p,
            self.effective_k,
            hashes,
            services,
            frozenset(self.t or ()),
            frozenset(self.other),
        )

    def __str__(self) -> str:
        """Return the record as published, tags in the RFC's order and the long key last."""
        tags: list[tuple[str, str | None]] = [("v", self.v)]
        tags += [
            ("h", _joined(self.h)),
            ("k", self.k),
            ("n", self.n),
            ("s", _joined(self.s)),
            ("t", _joined(self.t)),
        ]
        tags += self.other
        tags.append(("p", self.p))
        return "; ".join(f"{name}={value}" for name, value in tags if value is not None)


@lru_cache(maxsize=256)  # rules ask several times for the same key
def _octets(p: str) -> bytes:
    return base64.b64decode(p)


def _joined(words: tuple[str, ...] | None) -> str | None:
    return None if words is None else ":".join(words)


def is_private_key(der: bytes) -> bool:
    """Tell whether octets begin like a private key in DER (RFC 5958 §2, RFC 8017 §A.1.2).

    Such a key has a version number first.
    """
    if der[:1] != b"\x30" or len(der) < 2:
        return False
    content = 2 + (der[1] & 0x7F if der[1] & 0x80 else 0)
    return der[content : content + 2] == b"\x02\x01"


_BASE64 = re.compile(r"[A-Za-z0-9+/]{12,}")
_BEGINNING = 176  # characters, 132 octets: a length takes at most 127, and what tells comes next
_BREAKS = re.compile(r"[\s\"]+")


def holds_private_key(text: str) -> bool:
    """Tell whether a private key stands anywhere in a text, as PEM or as base64 of DER."""
    if "PRIVATE KEY" in text:
        return True
    runs = {
        run[:_BEGINNING]
        for spelling in {text, _BREAKS.sub("", text)}
        for run in _BASE64.findall(spelling)
    }
    return any(is_private_key(base64.b64decode(run[: len(run) // 4 * 4])) for run in runs)


def owner_name(selector: str, domain: DomainName) -> DomainName:
    """Return where a selector's record is published (RFC 6376 §3.6.2.1)."""
    return DomainName(f"{selector}.{LABEL}.{domain}")


# A fleet publishes the same texts many times, and several steps look at each.
@lru_cache(maxsize=1024)
def parse(text: str) -> Record:
    """Return the record in `text`.

    Raises:
        RecordSyntaxError: the tag list is broken, `v` is not first or not DKIM1, or there is no
            usable `p`.
    """
    tags = parse_tags(text)
    found: dict[str, Tag] = {tag.name: tag for tag in tags}
    version = found.get("v")
    if version is not None:
        if version is not tags[0]:
            message = "v must be the first tag"
            raise RecordSyntaxError(text, version.name_start, version.end, message, Fault.VERSION)
        if version.value != "DKIM1":
            raise RecordSyntaxError(
                text, version.start, version.end, "expected v=DKIM1", Fault.VERSION
            )
    if "p" not in found:
        raise RecordSyntaxError(
            text, len(text), len(text), "expected p=, the public key", Fault.NO_KEY
        )
    known = {"v", "h", "k", "n", "s", "t", "p"}
    return Record(
        p=_key(text, found["p"]),
        v=version.value if version is not None else None,
        h=_words(text, found.get("h")),
        k=_word(text, found.get("k")),
        n=found["n"].value if "n" in found else None,
        s=_words(text, found.get("s"), star=True),
        t=_words(text, found.get("t")),
        other=tuple((tag.name, tag.value) for tag in tags if tag.name not in known),
    )


def _key(text: str, tag: Tag) -> str:
    joined = _FWS.sub("", tag.value)
    try:
        base64.b64decode(joined, validate=True)
    except (binascii.Error, ValueError):
        raise RecordSyntaxError(
            text, tag.start, tag.end, "p is not base64 (a quote, a space or a lost piece?)"
        ) from None
    return joined


def _word(text: str, tag: Tag | None) -> str | None:
    if tag is None:
        return None
    if not _WORD.fullmatch(tag.value):
        raise RecordSyntaxError(text, tag.start, tag.end, "expected a key type: rsa or ed25519")
    return tag.value


def _words(text: str, tag: Tag | None, *, star: bool = False) -> tuple[str, ...] | None:
    if tag is None:
        return None
    words = tuple(word.strip(" \t\r\n") for word in tag.value.split(":"))
    for word in words:
        if not (_WORD.fullmatch(word) or (star and word == "*")):
            raise RecordSyntaxError(
                text,
                tag.start,
                tag.end,
                f"expected {_LIST.get(tag.name, 'services such as email or *')}, separated "
                "by colons",
            )
    return words
