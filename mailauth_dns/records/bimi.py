"""BIMI assertion records: the logo that mail programs may show beside a domain's mail.

The source is the AuthIndicators working group's Internet-Draft,
draft-brand-indicators-for-message-identification; there is no RFC.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.tags import Tag, parse_tags
from mailauth_dns.records.uri import is_uri

LABEL = "_bimi"
_KNOWN = frozenset({"v", "l", "a", "avp", "lps"})


class Avatar(StrEnum):
    """Which picture to prefer where the sender has one too: the sender's or the brand's."""

    BRAND = "brand"
    PERSONAL = "personal"


@dataclass(frozen=True, slots=True)
class Record:
    """A record, such as `v=BIMI1; l=https://example.com/logo.svg`; None where a tag is absent.

    `l` is the logo's address and `a` that of the evidence for it; both empty declines to have a
    logo shown.
    """

    l: str  # noqa: E741 - the draft's name for it
    a: str | None = None
    avp: Avatar | None = None
    lps: str | None = None
    other: tuple[tuple[str, str], ...] = ()

    @property
    def declines(self) -> bool:
        """Whether the domain wants no logo shown."""
        return not self.l and not self.a

    @property
    def meaning(self) -> Hashable:
        """Equal for records that no receiver tells apart."""
        return (
            self.l,
            self.a or "",
            self.avp or Avatar.BRAND,
            self.lps or "",
            frozenset(self.other),
        )

    def __str__(self) -> str:
        """Return the record as published."""
        tags = [
            ("v", "BIMI1"),
            ("l", self.l),
            ("a", self.a),
            ("avp", self.avp),
            ("lps", self.lps),
            *self.other,
        ]
        return "; ".join(f"{name}={value}" for name, value in tags if value is not None)


def owner_name(selector: str, domain: DomainName) -> DomainName:
    """Return where a selector's record is published."""
    return DomainName(f"{selector}.{LABEL}.{domain}")


# A fleet publishes the same texts many times, and several steps look at each.
@lru_cache(maxsize=1024)
def parse(text: str) -> Record:
    """Return the record in `text`.

    Raises:
        RecordSyntaxError: the tag list is broken, `v` is not first or not BIMI1, or there is no
            `l`.
    """
    tags = parse_tags(text)
    first = tags[0]
    if first.name != "v" or first.value != "BIMI1" or ";" in text[: first.name_start]:
        raise RecordSyntaxError(text, 0, first.end, "expected v=BIMI1 first")
    for tag in tags:
        if not all(" " <= character <= "~" for character in tag.value):
            raise RecordSyntaxError(text, tag.start, tag.end, "a value holds printable ASCII only")
    found = {tag.name: tag for tag in tags}
    logo = _uri(text, found.get("l"))
    if logo is None:
        raise RecordSyntaxError(
            text,
            len(text),
            len(text),
            "expected l=, the logo's address, or nothing behind it to decline",
        )
    return Record(
        l=logo,
        a=_uri(text, found.get("a")),
        avp=_avatar(text, found.get("avp")),
        lps=found["lps"].value if "lps" in found else None,
        other=tuple((tag.name, tag.value) for tag in tags if tag.name not in _KNOWN),
    )


def _uri(text: str, tag: Tag | None) -> str | None:
    if tag is None:
        return None
    if tag.value and not is_uri(tag.value):
        raise RecordSyntaxError(
            text,
            tag.start,
            tag.end,
            "expected an address such as https://example.com/logo.svg, or nothing",
        )
    return tag.value


def _avatar(text: str, tag: Tag | None) -> Avatar | None:
    if tag is None:
        return None
    try:
        return Avatar(tag.value)
    except ValueError:
        raise RecordSyntaxError(text, tag.start, tag.end, "expected brand or personal") from None
