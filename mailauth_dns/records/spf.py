"""SPF records: which hosts may send mail for a domain (RFC 7208)."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache

from mailauth_dns.errors import Fault, RecordSyntaxError
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_macro import DomainSpec
from mailauth_dns.records.spf_term import (
    A,
    All,
    Exists,
    Include,
    Ip4,
    Ip6,
    Modifier,
    Mx,
    Ptr,
    Term,
    folded,
)
from mailauth_dns.records.spf_term_reader import read

VERSION = "v=spf1"


@dataclass(frozen=True, slots=True)
class Record:
    """A record, for example `v=spf1 ip4:192.0.2.0/24 include:_spf.example.net -all`.

    Mechanisms count in order; where the modifiers stand among them does not (RFC 7208 §6).
    """

    terms: tuple[Term, ...]
    redirect: DomainSpec | None = None
    exp: DomainSpec | None = None
    unknown: tuple[Modifier, ...] = ()

    @property
    def all(self) -> All | None:
        """The first `all`; receivers ignore the terms after it."""
        return next((term for term in self.terms if isinstance(term, All)), None)

    @property
    def own_lookups(self) -> int:
        """How many of the record's own terms ask DNS (RFC 7208 §4.6.4)."""
        asking = sum(isinstance(term, Include | A | Mx | Ptr | Exists) for term in self.terms)
        return asking + (self.redirect is not None and self.all is None)

    @property
    def leads_to(self) -> frozenset[str]:
        """The names, in lower case, whose records decide too: of `include` and `redirect`.

        Names with macros are left out. Terms after `all` are not: no receiver reaches them, but
        they stand in the record.
        """
        specs = [term.domain for term in self.terms if isinstance(term, Include)]
        specs += [self.redirect] if self.redirect is not None else []
        return frozenset(spec.folded for spec in specs if not spec.has_macro)

    @property
    def meaning(self) -> Hashable:
        """Equal for records that no receiver tells apart."""
        reached = []
        for term in self.terms:
            reached.append(folded(term))
            if isinstance(term, All):
                break
        # RFC 7208 §6.1: an `all` decides before redirect is looked at.
        reached_redirect = self.redirect if self.all is None else None
        redirect = reached_redirect.folded if reached_redirect is not None else None
        exp = self.exp.folded if self.exp is not None else None
        return (
            tuple(reached),
            redirect,
            exp,
            tuple((each.name.lower(), str(each.value)) for each in self.unknown),
        )

    def __str__(self) -> str:
        """Return the record as published."""
        parts = [VERSION, *map(str, self.terms)]
        parts += [f"redirect={self.redirect}"] if self.redirect is not None else []
        parts += [f"exp={self.exp}"] if self.exp is not None else []
        return " ".join([*parts, *map(str, self.unknown)])


def owner_name(domain: DomainName) -> DomainName:
    """Return where a domain's record is published: at the domain itself (RFC 7208 §3)."""
    return domain


def has_version(text: str) -> bool:
    """Tell whether a TXT value is an SPF record, valid or not (RFC 7208 §4.5).

    It opens with the version, and then a space or the end.
    """
    return text[: len(VERSION)].lower() == VERSION and text[len(VERSION) : len(VERSION) + 1] in (
        "",
        " ",
    )


# A fleet publishes the same texts many times, and several steps look at each.
@lru_cache(maxsize=1024)
def parse(text: str) -> Record:
    """Return the record in `text`.

    Raises:
        RecordSyntaxError: receivers would return permerror, or see no SPF record.
    """
    if not has_version(text):
        end = next((at for at, character in enumerate(text) if character == " "), len(text))
        message = "expected v=spf1 and a space"  # RFC 7208 §4.5
        raise RecordSyntaxError(text, 0, end, message, Fault.VERSION)
    terms: list[Term] = []
    modifiers: dict[str, DomainSpec] = {}
    unknown: list[Modifier] = []
    at = len(VERSION)
    for word in text[at:].split(" "):
        if word:
            parsed = read(text, at, at + len(word))
            if not isinstance(parsed, Modifier):
                terms.append(parsed)
            elif parsed.name.lower() not in ("redirect", "exp"):
                unknown.append(parsed)
            elif parsed.name.lower() in modifiers:
                message = f"{parsed.name.lower()} is given twice"  # RFC 7208 §6
                raise RecordSyntaxError(text, at, at + len(word), message, Fault.TWICE)
            else:
                modifiers[parsed.name.lower()] = parsed.value
        at += len(word) + 1
    return Record(tuple(terms), modifiers.get("redirect"), modifiers.get("exp"), tuple(unknown))


@lru_cache(maxsize=1024)  # as `parse`
def parse_term(text: str) -> Term | Modifier:
    """Return one mechanism or modifier, as a policy lists them.

    Raises:
        RecordSyntaxError: the text is not exactly one, or the name in it lacks a label;
            receivers read such a name, and it matches nothing.
    """
    if " " in text:
        at = text.index(" ")
        raise RecordSyntaxError(
            text,
            at,
            at + 1,
            "one term at a time; write terms with a space between them as two items",
        )
    parsed = read(text, 0, len(text))
    spec = _name(parsed)
    if spec is not None and spec.lacks_label:
        raise RecordSyntaxError(text, 0, len(text), "a label is missing between two dots")
    return parsed


def _name(parsed: Term | Modifier) -> DomainSpec | None:
    """Return the name that a receiver looks up or compares."""
    if isinstance(parsed, Modifier):
        return parsed.value if parsed.name in ("redirect", "exp") else None
    return None if isinstance(parsed, All | Ip4 | Ip6) else parsed.domain
