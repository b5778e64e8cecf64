"""DMARC policy records: what to do with mail that fails (RFC 9989 §4.7, §4.8)."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records.dmarc_tags import unique_tags
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.tags import Tag, comma_separated

LABEL = "_dmarc"  # RFC 9989 §4.5


class Policy(StrEnum):
    """What a domain asks receivers to do with mail that fails."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"


class Alignment(StrEnum):
    """Which names are aligned: relaxed, of one organizational domain; strict, the same name."""

    RELAXED = "r"
    STRICT = "s"


class PublicSuffix(StrEnum):
    """Whether the domain is a public suffix; u leaves it to the tree walk."""

    YES = "y"
    NO = "n"
    UNKNOWN = "u"


class Testing(StrEnum):
    """Whether the policy is only being tested."""

    __test__ = False  # the name is the RFC's; keeps pytest from collecting it

    YES = "y"
    NO = "n"


_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s,;!]+")
_SIZE = re.compile(r"[0-9]+[kmgt]?", re.IGNORECASE)
_FO = frozenset("01ds")


@dataclass(frozen=True, slots=True)
class Uri:
    """A report address. `size` is the historic limit (`!10m`), which receivers ignore."""

    text: str
    size: str | None = None

    def __str__(self) -> str:
        """Return the address as published."""
        return self.text if self.size is None else f"{self.text}!{self.size}"


@dataclass(frozen=True, slots=True)
class Record:
    """A policy record, such as `v=DMARC1; p=quarantine`; None where a tag is absent."""

    p: Policy | None = None
    sp: Policy | None = None
    np: Policy | None = None
    adkim: Alignment | None = None
    aspf: Alignment | None = None
    fo: tuple[str, ...] | None = None
    rua: tuple[Uri, ...] | None = None
    ruf: tuple[Uri, ...] | None = None
    psd: PublicSuffix | None = None
    t: Testing | None = None
    pct: str | None = None  # historic since RFC 9989, like the next two: receivers ignore them
    rf: str | None = None
    ri: str | None = None
    other: tuple[tuple[str, str], ...] = ()

    @property
    def effective_p(self) -> Policy:
        """`p`, none where it is absent (RFC 9989 §4.7)."""
        return self.p if self.p is not None else Policy.NONE

    @property
    def effective_sp(self) -> Policy:
        """`sp`, else `p`."""
        return self.sp if self.sp is not None else self.effective_p

    @property
    def effective_np(self) -> Policy:
        """`np`, else `sp`, else `p`."""
        return self.np if self.np is not None else self.effective_sp

    @property
    def effective_adkim(self) -> Alignment:
        """`adkim`, else relaxed."""
        return self.adkim if self.adkim is not None else Alignment.RELAXED

    @property
    def effective_aspf(self) -> Alignment:
        """`aspf`, else relaxed."""
        return self.aspf if self.aspf is not None else Alignment.RELAXED

    @property
    def effective_psd(self) -> PublicSuffix:
        """`psd`, else u."""
        return self.psd if self.psd is not None else PublicSuffix.UNKNOWN

    @property
    def effective_t(self) -> Testing:
        """`t`, else n."""
        return self.t if self.t is not None else Testing.NO

    @property
    def meaning(self) -> Hashable:
        """Equal for records that no receiver tells apart.

        A missing `p` is not p=none: receivers disagree on it.
        """
        return (
            *(
                self.p,
                self.effective_sp,
                self.effective_np,
                self.effective_adkim,
                self.effective_aspf,
                self.effective_psd,
                self.effective_t,
            ),
            frozenset(self.fo if self.fo is not None else ("0",)),
            *(tuple(uri.text for uri in uris or ()) for uris in (self.rua, self.ruf)),
            # RFC 9989 ignores these, but older receivers still obey them.
            *(
                self.pct if self.pct != "100" else None,
                self.rf if self.rf != "afrf" else None,
                self.ri if self.ri != "86400" else None,
            ),
            frozenset(self.other),
        )

    def __str__(self) -> str:
        """Return the record as published."""
        tags: list[tuple[str, object]] = [
            ("v", "DMARC1"),
            ("p", self.p),
            ("sp", self.sp),
            ("np", self.np),
        ]
        tags += [
            ("adkim", self.adkim),
            ("aspf", self.aspf),
            ("fo", None if self.fo is None else ":".join(self.fo)),
        ]
        tags += [
            ("rua", _listed(self.rua)),
            ("ruf", _listed(self.ruf)),
            ("psd", self.psd),
            ("t", self.t),
        ]
        tags += [("pct", self.pct), ("rf", self.rf), ("ri", self.ri), *self.other]
        return "; ".join(f"{name}={value}" for name, value in tags if value is not None)


def _listed(uris: tuple[Uri, ...] | None) -> str | None:
    return None if uris is None else ",".join(map(str, uris))


def owner_name(domain: DomainName) -> DomainName:
    """Return where a domain's policy is published (RFC 9989 §4.5)."""
    return DomainName(f"{LABEL}.{domain}")


# A fleet publishes the same texts many times, and several steps look at each.
@lru_cache(maxsize=1024)
def parse(text: str) -> Record:
    """Return the record in `text`; apart from `DMARC1` the case of letters does not matter.

    Raises:
        RecordSyntaxError: receivers would ignore the record or one of its tags.
    """
    return _record(text, unique_tags(text))


def _record(text: str, found: dict[str, Tag]) -> Record:
    def one_of(kind: type[_E], name: str) -> _E | None:
        return _choice(text, found.get(name), kind)

    known = {"p", "sp", "np", "adkim", "aspf", "fo", "rua", "ruf", "psd", "t", "pct", "rf", "ri"}
    return Record(
        p=one_of(Policy, "p"),
        sp=one_of(Policy, "sp"),
        np=one_of(Policy, "np"),
        adkim=one_of(Alignment, "adkim"),
        aspf=one_of(Alignment, "aspf"),
        fo=_failure_options(text, found.get("fo")),
        rua=_uris(text, found.get("rua")),
        ruf=_uris(text, found.get("ruf")),
        psd=one_of(PublicSuffix, "psd"),
        t=one_of(Testing, "t"),
        pct=_number(text, found.get("pct"), 100),
        rf=found["rf"].value if "rf" in found else None,
        ri=_number(text, found.get("ri"), 2**32 - 1),
        other=tuple((name, tag.value) for name, tag in found.items() if name not in known),
    )


_E = TypeVar("_E", bound=StrEnum)


def _choice(text: str, tag: Tag | None, kind: type[_E]) -> _E | None:
    if tag is None:
        return None
    try:
        return kind(tag.value.lower())
    except ValueError:
        *most, last = [member.value for member in kind]
        raise RecordSyntaxError(
            text, tag.start, tag.end, f"expected {', '.join(most)} or {last}"
        ) from None


def _failure_options(text: str, tag: Tag | None) -> tuple[str, ...] | None:
    if tag is None:
        return None
    options = tuple(option.strip().lower() for option in tag.value.split(":"))
    if (
        not _FO.issuperset(options)
        or len(set(options)) < len(options)
        or {"0", "1"} <= set(options)
    ):
        raise RecordSyntaxError(
            text, tag.start, tag.end, "expected 0 or 1, and d or s beside it, separated by colons"
        )
    return options


def _uris(text: str, tag: Tag | None) -> tuple[Uri, ...] | None:
    if tag is None:
        return None
    uris = []
    for start, stripped in comma_separated(tag):
        address, mark, size = stripped.partition("!")
        if not _URI.fullmatch(address):
            raise RecordSyntaxError(
                text,
                start,
                start + len(stripped),
                "expected an address such as mailto:dmarc@example.com",
            )
        if mark and not _SIZE.fullmatch(size):
            raise RecordSyntaxError(
                text,
                start + len(address),
                start + len(stripped),
                "a ! inside an address must be written %21",
            )
        uris.append(Uri(address, size if mark else None))
    return tuple(uris)


def _number(text: str, tag: Tag | None, highest: int) -> str | None:
    if tag is None:
        return None
    if not re.fullmatch(r"[0-9]{1,10}", tag.value) or int(tag.value) > highest:
        raise RecordSyntaxError(text, tag.start, tag.end, f"expected a number up to {highest}")
    return tag.value
