"""The parts of an aggregate report, from its fields as the reporter wrote them.

The XML reader and the reader of parsedmarc's JSON collect the same fields, under the names of
RFC 9990's elements.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

from mailauth_dns.records.dmarc import Alignment, Policy, PublicSuffix
from mailauth_dns.reports import field_values
from mailauth_dns.reports.aggregate import (
    AuthResult,
    Disposition,
    DkimResult,
    Override,
    OverrideReason,
    PublishedPolicy,
    Record,
    Report,
    SpfResult,
)
from mailauth_dns.reports.bounds import MAX_RESULTS
from mailauth_dns.reports.field_values import Fields
from mailauth_dns.reports.tolerated import Odd, Tolerated
from mailauth_dns.reports.unreadable import UnreadableReport

_E = TypeVar("_E", bound=StrEnum)
_T = TypeVar("_T")


def _words(kind: type[_E]) -> Mapping[str, _E]:
    return {member.value: member for member in kind}


_POLICIES = _words(Policy)
_MODES = {**_words(Alignment), "relaxed": Alignment.RELAXED, "strict": Alignment.STRICT}
_DISPOSITIONS = _words(Disposition)
_RESULTS = _words(AuthResult)
_REASONS = _words(OverrideReason)
_SUFFIX = _words(PublicSuffix)
_YES = {"y": True, "n": False}
_VERDICTS = {"pass": True, "fail": False}
# RFC 4408's words, and Microsoft's for a `-all` that matched.
_OLD_RESULTS = {
    "hardfail": AuthResult.FAIL,
    "error": AuthResult.TEMPERROR,
    "unknown": AuthResult.PERMERROR,
    "bestguesspass": AuthResult.NONE,
}
# Reporters put the result of SPF or DKIM where alignment belongs. None of these can align.
_NOT_PASSED = {each.value: False for each in AuthResult if each is not AuthResult.PASS} | {
    "hardfail": False
}
_VERSIONS = frozenset({"1.0", ""})

Odds = tuple[tuple[Odd, str], ...]


def report(metadata: Fields, policy: Fields, told: Tolerated) -> Report:
    """Return what stands above the records.

    Raises:
        UnreadableReport: it does not say of which domain or of which time it is.
    """
    begin, end = field_values.window(metadata.get("begin"), metadata.get("end"), told)
    if (version := metadata.get("version", "").strip()) not in _VERSIONS:
        told.tell(Odd.VERSION, version)
    if metadata.get("error", "").strip():
        told.tell(Odd.REPORTED_ERROR)
    return Report(field_values.reporter(metadata, begin, end, told), published_policy(policy, told))


def published_policy(fields: Fields, told: Tolerated) -> PublishedPolicy:
    """Return the policy that the receiver found.

    Raises:
        UnreadableReport: it does not say whose.
    """
    domain = field_values.name(fields.get("domain"), told)
    if domain is None:
        raise UnreadableReport("does not say which domain it is about")
    if not fields.get("p", "").strip():
        told.tell(Odd.NO_POLICY)
    discovery = fields.get("discovery_method", "").strip().lower()
    return PublishedPolicy(
        domain=domain,
        p=field_values.word(fields.get("p"), _POLICIES, told),
        sp=field_values.word(fields.get("sp"), _POLICIES, told),
        np=field_values.word(fields.get("np"), _POLICIES, told),
        adkim=field_values.word(fields.get("adkim"), _MODES, told),
        aspf=field_values.word(fields.get("aspf"), _MODES, told),
        psd=field_values.word(fields.get("psd"), _SUFFIX, told),
        testing=field_values.word(fields.get("testing"), _YES, told),
        discovery=discovery if discovery in ("psl", "treewalk") else None,
        fo=_failure_options(fields.get("fo")),
        pct=_percent(fields.get("pct"), told),
    )


def _failure_options(text: str | None) -> str | None:
    options = (text or "").strip().lower()
    return options if options and set(options) <= set("01ds:") and len(options) < 9 else None


def _percent(text: str | None, told: Tolerated) -> int | None:
    bare = (text or "").strip().rstrip("%")
    if not bare:
        return None
    if bare.isascii() and bare.isdigit() and len(bare) <= 3 and int(bare) <= 100:
        return int(bare)
    told.tell(Odd.UNKNOWN_WORD, bare)
    return None


def record(
    fields: Fields,
    dkim: tuple[DkimResult, ...],
    spf: tuple[SpfResult, ...],
    overrides: tuple[Override, ...],
    told: Tolerated,
) -> Record | None:
    """Return a record; None, told, where nobody can say of how many messages it is."""
    count = field_values.count(fields.get("count"), told)
    if count is None:
        return None
    source = field_values.address(fields.get("source_ip", ""))
    if source is None:
        told.tell(Odd.NO_SOURCE, fields.get("source_ip", "").strip())
    header_from = field_values.name(fields.get("header_from"), told)
    if header_from is None:
        told.tell(Odd.NO_FROM)
    if len(spf) > 1:
        told.tell(Odd.TWO_SPF)
    disposition, dkim_aligned, spf_aligned, odds = _evaluated(
        fields.get("disposition"), fields.get("dkim"), fields.get("spf")
    )
    told.tell_all(odds)
    return Record(
        source=source,
        count=count,
        disposition=disposition,
        dkim_aligned=dkim_aligned,
        spf_aligned=spf_aligned,
        overrides=overrides,
        header_from=header_from,
        envelope_from=field_values.name(fields.get("envelope_from"), told),
        dkim=dkim,
        spf=spf,
    )


# Records repeat themselves: the same few results stand in thousands of them.
@lru_cache(maxsize=1024)
def _evaluated(
    disposition: str | None, dkim: str | None, spf: str | None
) -> tuple[Disposition | None, bool | None, bool | None, Odds]:
    told = Tolerated()
    found = (
        field_values.word(disposition, _DISPOSITIONS, told),
        field_values.word(dkim, _VERDICTS, told, _NOT_PASSED, Odd.RESULT),
        field_values.word(spf, _VERDICTS, told, _NOT_PASSED, Odd.RESULT),
    )
    if None in found[1:]:
        told.tell(Odd.NO_EVALUATION)
    return (*found, _odds(told))


@lru_cache(maxsize=4096)
def dkim_result(
    domain: str | None, selector: str | None, result: str | None
) -> tuple[DkimResult, Odds]:
    """Return a signature's result, and what is to be told of it."""
    told = Tolerated()
    found = DkimResult(
        field_values.name(domain, told),
        field_values.selector(selector, told),
        field_values.word(result, _RESULTS, told, _OLD_RESULTS),
    )
    return found, _odds(told)


@lru_cache(maxsize=4096)
def spf_result(domain: str | None, scope: str | None, result: str | None) -> tuple[SpfResult, Odds]:
    """Return a result of SPF, and what is to be told of it."""
    told = Tolerated()
    found = SpfResult(
        field_values.name(domain, told),
        field_values.word(result, _RESULTS, told, _OLD_RESULTS),
        helo=(scope or "").strip().lower() == "helo",
    )
    return found, _odds(told)


@lru_cache(maxsize=1024)
def override(reason: str | None, comment: str | None) -> tuple[Override | None, Odds]:
    """Return why a policy was overridden, and what is to be told of it."""
    told = Tolerated()
    arc = "arc=pass" in (comment or "").lower()
    if not (reason or "").strip():
        if not (comment or "").strip():  # an empty element says nothing
            return None, ()
        told.tell(Odd.EMPTY_REASON)
        return Override(OverrideReason.OTHER, arc), _odds(told)
    found = field_values.word(reason, _REASONS, told)
    return Override(found or OverrideReason.OTHER, arc), _odds(told)


def _odds(told: Tolerated) -> Odds:
    return tuple((each.odd, each.shown) for each in told)


def first(found: Iterable[_T], told: Tolerated) -> tuple[_T, ...]:
    """Return the first hundred results of a record."""
    kept = tuple(found)
    if len(kept) <= MAX_RESULTS:
        return kept
    told.tell(Odd.MANY_RESULTS)
    return kept[:MAX_RESULTS]
