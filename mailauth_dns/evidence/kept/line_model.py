"""The format of one line of a file of evidence, as pydantic reads it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import PlainValidator

from mailauth_dns.evidence.kept import result_words
from mailauth_dns.evidence.kept.fewer import MAX_NUMBER
from mailauth_dns.records.dmarc import Alignment, Policy, PublicSuffix
from mailauth_dns.records.name import DomainName
from mailauth_dns.reports import field_values
from mailauth_dns.reports.aggregate import Disposition, DkimResult, Override, SpfResult
from mailauth_dns.reports.bounds import MAX_WORD
from mailauth_dns.reports.tls import Mode, PolicyType
from mailauth_dns.typed_yaml.scalars import Flag, Section, fail, integer, one_of, said

_DISCOVERY = ("psl", "treewalk")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)
_T = TypeVar("_T")


def _text(value: object) -> str:
    if not isinstance(value, str):
        fail(f"{said(value)} is no text")
    return value


def _spelled(pattern: str, what: str) -> PlainValidator:
    """Return a validator of texts of one pattern; `what` belongs there."""

    def check(value: object) -> str:
        text = _text(value)
        if not re.fullmatch(pattern, text, re.ASCII):
            fail(f"{text!r} is not {what}")
        return text

    return PlainValidator(check)


def _moment(value: object) -> int:
    text = _text(value)
    try:
        # Reports count from 1970, and not every system writes the year 181 with four digits.
        if _TIME.fullmatch(text) and text > "1970":
            return int(datetime.fromisoformat(text).timestamp())
    except ValueError:
        pass
    return fail(f"{text!r} is not a time; write 2026-05-31T12:00:00Z")


def _reporter(value: object) -> str:
    text = _text(value)
    if not 0 < len(text) <= MAX_WORD or not text.isprintable() or text != text.strip():
        fail(f"{text!r} names no reporter; write one line of at most {MAX_WORD} characters")
    return text


def _name(value: object) -> DomainName:
    text = _text(value)
    try:
        found = result_words.name(text)
    except ValueError:
        found = None
    return found or fail(f"{text!r} is not a domain name in small letters")


def _address(value: object) -> str:
    text = _text(value)
    if field_values.address(text) != text:
        fail(f"{text!r} is not an address; write 192.0.2.10 or 2001:db8::1")
    return text


def _in_words(read: Callable[[str], _T]) -> PlainValidator:
    """Return a validator of what `result_words` writes."""

    def check(value: object) -> _T:
        text = _text(value)
        try:
            return read(text)
        except ValueError as error:
            fail(f"{text!r} is not {error}")

    return PlainValidator(check)


Moment = Annotated[int, PlainValidator(_moment)]
Count = Annotated[int, integer(0, MAX_NUMBER, "messages or sessions")]
Name = Annotated[DomainName, PlainValidator(_name)]
Address = Annotated[str, PlainValidator(_address)]
Word = Annotated[str, _spelled("[A-Za-z][A-Za-z0-9_-]{0,99}", "a word of letters and digits")]
Exchanger = Annotated[str, _spelled(r"(?:\*\.)?[a-z0-9._-]{1,253}", "the name of an exchanger")]
_Policy = Annotated[Policy, one_of(*Policy)]
_Alignment = Annotated[Alignment, one_of(*Alignment)]


class PublishedKeys(Section):
    """The policy that the receiver found."""

    p: _Policy | None = None
    sp: _Policy | None = None
    np: _Policy | None = None
    adkim: _Alignment | None = None
    aspf: _Alignment | None = None
    psd: Annotated[PublicSuffix, one_of(*PublicSuffix)] | None = None
    testing: Flag | None = None
    discovery: Annotated[str, one_of(*_DISCOVERY)] | None = None
    fo: Annotated[str, _spelled("[01ds:]{1,8}", "options such as 1:d:s")] | None = None
    pct: Annotated[int, integer(0, 100, "percent")] | None = None


class RowKeys(Section):
    """A row."""

    count: Count
    source: Address | None = None
    author: Name | None = None
    dkim_aligned: Flag | None = None
    spf_aligned: Flag | None = None
    disposition: Annotated[Disposition, one_of(*Disposition)] | None = None
    overrides: tuple[Annotated[Override, _in_words(result_words.override)], ...] = ()
    dkim: tuple[Annotated[DkimResult, _in_words(result_words.dkim)], ...] = ()
    spf: tuple[Annotated[SpfResult, _in_words(result_words.spf)], ...] = ()
    sources: Annotated[int, integer(1, MAX_NUMBER, "sources")] = 1


class FailureKeys(Section):
    """Sessions that failed alike."""

    result: Word
    count: Count
    exchanger: Name | None = None
    sending: Address | None = None
    receiving: Address | None = None
    code: Word | None = None


class PolicyKeys(Section):
    """Sessions under one policy."""

    type: Annotated[PolicyType, one_of(*PolicyType)] | None = None
    mode: Annotated[Mode, one_of(*Mode)] | None = None
    exchangers: tuple[Exchanger, ...] = ()
    successful: Count
    failed: Count
    failures: tuple[FailureKeys, ...] = ()


class WindowKeys(Section):
    """What every line has."""

    begin: Moment
    end: Moment
    reporter: Annotated[str, PlainValidator(_reporter)]
    id: Annotated[str, _spelled("[0-9a-f]{12}", "an id of twelve hexadecimal digits")]


class MailKeys(WindowKeys):
    """An aggregate report."""

    published: PublishedKeys
    rows: tuple[RowKeys, ...]


class SessionKeys(WindowKeys):
    """A TLS report."""

    policies: tuple[PolicyKeys, ...]


def read(found: dict[str, Any]) -> MailKeys | SessionKeys:
    """Return what a line says.

    Raises:
        pydantic.ValidationError: it is not what `evidence_lines` writes.
    """
    model = SessionKeys if "policies" in found else MailKeys
    return model.model_validate(found)
