"""What changes of SPF records mean: who may send now, and who no longer (RFC 7208).

Where the lock tells what a name stands for, records are compared by addresses: to flatten an include, or to divide a record into parts,
changes nobody's mail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mailauth_dns.compile import Declared
from mailauth_dns.diff.change import Judgement, Risk
from mailauth_dns.diff.semantics import parsed
from mailauth_dns.evaluate.spf import MAX_TERMS
from mailauth_dns.records import spf
from mailauth_dns.records.addresses import NOBODY, Addresses
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_parts import networks_of, terms_of

MAX_SHOWN = 8  # terms in one list; the values stand below it

_REST = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}


def spf_changed(entry: Declared, before: frozenset[str], after: frozenset[str]) -> Judgement:
    """Judge by who may send; a part is judged by itself, since nothing depends on it but the record that includes it."""
    if entry.key[0] != entry.domain:
        return _part_changed(entry.domain, before, after)
    text, old = _only(after), _record(_only(before))
    if text is None and old is None:
        gone = "a broken SPF record is" if len(before) == 1 else f"{len(before)} SPF values are"
        return Judgement(f"{gone} deleted, a permanent error for every message until now")
    if text is None:
        return Judgement("no SPF any more: receivers cannot tell which hosts may send", Risk.CAUTION)
    new = _record(text)
    assert new is not None
    over = _over_limit(new)
    if over is not None:
        return over
    if old is None:
        said = f"{_made(before)}: {_senders(new)}; every other host: {_rest(new)}"
        return Judgement(said, Risk.CAUTION if _rest(new) == "fail" else Risk.SAFE)
    names = dict(entry.spf_names)
    return _senders_changed(_Senders.of(old, names), _Senders.of(new, names), old, new)


def _made(before: frozenset[str]) -> str:
    """Return how a record came to be where receivers could use none (RFC 7208 §4.5, §4.6)."""
    if not before:
        return "SPF is new"
    if len(before) == 1:
        return "a broken SPF record is mended, a permanent error for every message until now"
    return f"{len(before)} SPF values, a permanent error for every message, become one"


def _only(values: frozenset[str]) -> str | None:
    return next(iter(values)) if len(values) == 1 else None


def _record(text: str | None) -> spf.Record | None:
    record = parsed(Family.SPF, "TXT", text) if text is not None else None
    return record if isinstance(record, spf.Record) else None


@dataclass(frozen=True, slots=True)
class _Senders:
    """Who passes: addresses that are known, and terms as published for the rest."""

    addresses: Addresses
    terms: tuple[str, ...]

    @staticmethod
    def of(record: spf.Record, names: Mapping[DomainName, Addresses]) -> _Senders:
        if not names:
            return _Senders(NOBODY, tuple(_sender_terms(record)))
        found = networks_of(record)
        rest = []
        for term in record.terms:
            passes = term.qualifier is spf.Qualifier.PASS
            if passes and isinstance(term, spf.Include) and (known := names.get(DomainName(term.domain.folded))) is not None:
                found |= known
            elif not (isinstance(term, spf.All) or (passes and isinstance(term, spf.Ip4 | spf.Ip6))):
                rest.append(str(term))
        return _Senders(found, (*rest, *_redirect(record)))

    def beyond(self, other: _Senders) -> list[str]:
        """Return the terms for what passes here and not there."""
        networks = terms_of(spf.Qualifier.PASS, self.addresses - other.addresses)
        return [*networks, *(term for term in self.terms if term not in other.terms)]


def _senders_changed(was: _Senders, now: _Senders, old: spf.Record, new: spf.Record) -> Judgement:
    parts = []
    if added := now.beyond(was):
        parts.append(f"may send now: {_listed(added)}")
    dropped = was.beyond(now)
    if dropped:
        parts.append(f"may no longer send: {_listed(dropped)}")
    if _rest(old) != _rest(new):
        parts.append(f"every other host {_rest(old)} -> {_rest(new)}")
    harder = _rest(new) == "fail" and _rest(old) != "fail"
    otherwise = "the same hosts may send, listed in another way" if was.addresses else "the order or modifiers change"
    return Judgement("; ".join(parts) or otherwise, Risk.CAUTION if dropped or harder else Risk.SAFE)


def _listed(terms: Sequence[str]) -> str:
    more = len(terms) - MAX_SHOWN
    return " ".join(terms[:MAX_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _sender_terms(record: spf.Record) -> list[str]:
    return [*(str(term) for term in record.terms if not isinstance(term, spf.All)), *_redirect(record)]


def _redirect(record: spf.Record) -> list[str]:
    return [f"redirect={record.redirect}"] if record.redirect is not None else []


def _senders(record: spf.Record) -> str:
    return f"may send: {' '.join(_sender_terms(record)) or 'nobody'}"


def _rest(record: spf.Record) -> str:
    last = record.all
    if last is not None:
        return _REST[str(last.qualifier.value)]
    return "as the redirect says" if record.redirect is not None else "neutral"


def _over_limit(record: spf.Record) -> Judgement | None:
    """Return a judgement where the record's own terms already pass the limit; what includes add is for `lint --live` to say."""
    own = record.own_lookups
    if own <= MAX_TERMS:
        return None
    return Judgement(
        f"the SPF record needs {own} lookups, receivers stop after {MAX_TERMS}: SPF fails for all mail", Risk.BREAKING, ("SPF010",)
    )


# Parts


def _part_changed(domain: DomainName, before: frozenset[str], after: frozenset[str]) -> Judgement:
    new = _record(_only(after))
    if new is None:
        return Judgement(f"a part that the SPF record of {domain} no longer includes is deleted")
    passing = networks_of(new)
    if not before:
        return Judgement(
            f"a part of the SPF record of {domain}: {_listed(terms_of(spf.Qualifier.PASS, passing))} may send once it is included"
        )
    old = _record(_only(before))
    lost = terms_of(spf.Qualifier.PASS, networks_of(old) - passing) if old is not None else ()
    said = f"; may no longer send: {_listed(lost)}" if lost else ""
    return Judgement(f"a part of the SPF record of {domain} was changed by hand and is put right{said}", Risk.CAUTION)
