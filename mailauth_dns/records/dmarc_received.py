"""DMARC records as receivers read them (RFC 9989 §4.8).

A tag that breaks the grammar is dropped; the whole record only if its version is wrong.

`dmarc.parse` is for records to publish: it refuses whatever receivers would have to guess. This
module says what they make of such a text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records.dmarc import Policy, Record, parse

_WSP = " \t"
_LISTS = ("rua", "ruf")


@dataclass(frozen=True, slots=True)
class Received:
    """The tags that a receiver can use, and the names of those it dropped, whole or in part."""

    record: Record
    dropped: frozenset[str] = frozenset()

    @property
    def applied(self) -> Record | None:
        """The record to act on; None where receivers apply no DMARC at all (RFC 9989 §4.10.1).

        A record without a usable `p`, or with an unusable `sp` or `np`, counts as p=none if it has
        a `rua`, and otherwise as no record.
        """
        if self.record.p is not None and not self.dropped & {"sp", "np"}:
            return self.record
        # Disputed, and receivers differ: by RFC 9989 §4.7 a missing p always means none. §4.10.1 is
        # the algorithm, so it decides.
        return replace(self.record, p=Policy.NONE, sp=None, np=None) if self.record.rua else None


@lru_cache(maxsize=1024)  # as `dmarc.parse`
def receive(text: str) -> Received | None:
    """Return what receivers make of one TXT value; None where it is no DMARC record.

    >>> receive("v=DMARC1; p=rejct; adkim=s; rua=mailto:d@example.com").applied.effective_p
    <Policy.NONE: 'none'>
    """
    version, *rest = text.split(";")
    name, equals, value = (part.strip(_WSP) for part in version.partition("="))
    if text[:1] in _WSP or not equals or name.lower() != "v" or value != "DMARC1":
        return None  # RFC 9989 §4.8 allows white space around the version's parts, not before them
    record, dropped = Record(), set[str]()
    seen = {"v"}
    for part in rest:
        name, equals, value = (piece.strip(_WSP) for piece in part.partition("="))
        name = name.lower()
        # RFC 9989 is silent on repeated tags and receivers disagree; the first one counts here,
        # even where its value is dropped.
        if not equals or not (name.isascii() and name.isalpha()) or name in seen:
            continue
        seen.add(name)
        # Of a list, only the broken values are dropped: the other addresses stay usable.
        for piece in map(_address, value.split(",")) if name in _LISTS else [value]:
            tag = _tag(name, piece)
            if tag is None:
                dropped.add(name)
            elif name in _LISTS:
                record = replace(
                    record, **{name: (getattr(record, name) or ()) + getattr(tag, name)}
                )
            elif tag.other:
                record = replace(record, other=record.other + tag.other)
            else:
                record = replace(record, **{name: getattr(tag, name)})
    return Received(record, frozenset(dropped))


def _address(text: str) -> str:
    """Return a report address with its size limit written without white space.

    Limits no longer mean anything, so a broken one does not make an address unusable.
    """
    uri, mark, size = text.partition("!")
    return uri.strip(_WSP) + mark + "".join(size.split())


def _tag(name: str, value: str) -> Record | None:
    """Return a record of this one tag; None where its value breaks the grammar."""
    try:
        return parse(f"v=DMARC1; {name}={value}")
    except RecordSyntaxError:
        return None
