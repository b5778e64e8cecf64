"""What changes of SPF records mean: who may send now, and who no longer may (RFC 7208).

Records are compared by the results that addresses get. A name counts as the addresses that the lock
holds for it. So flattening an include, or dividing a record into parts, changes nobody's mail.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

from mailauth_dns.compile.publication import Declared
from mailauth_dns.diff.change import Judgement, Risk
from mailauth_dns.diff.equivalence import parsed
from mailauth_dns.diff.our_values import is_part_of_spf
from mailauth_dns.diff.spf_results import Results, rest_of
from mailauth_dns.evaluate.spf import MAX_TERMS
from mailauth_dns.records import spf, spf_term
from mailauth_dns.records.addresses import Addresses
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_parts import networks_of, terms_of

MAX_SHOWN = 8  # terms in one list; the whole values are shown below it

_RESULT = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral", "": "as the redirect says"}


def spf_changed(entry: Declared, before: frozenset[str], after: frozenset[str]) -> Judgement:
    """Judge by who may send. A part is judged alone: only the record including it needs it."""
    if is_part_of_spf(entry):
        return _part_changed(entry.domain, before, after)
    text, old = _only(after), _record(_only(before))
    if text is None and old is None:
        gone = "a broken SPF record is" if len(before) == 1 else f"{len(before)} SPF values are"
        return Judgement(f"{gone} deleted; until now every message got a permanent error")
    if text is None:
        return Judgement(
            "no SPF any more: receivers cannot tell which hosts may send", Risk.CAUTION
        )
    new = _record(text)
    assert new is not None
    over = _over_limit(new)
    if over is not None:
        return over
    if old is None:
        said = f"{_made(before)}: {_senders(new)}; every other host: {_rest(new)}"
        return Judgement(said, Risk.CAUTION if _rest(new) == "fail" else Risk.SAFE)
    names = dict(entry.spf_names)
    return _senders_changed(
        Results.of(old, names),
        Results.of(new, names),
        (old.exp, old.unknown) != (new.exp, new.unknown),
    )


def _made(before: frozenset[str]) -> str:
    """Return how a domain gets a record that receivers can use (RFC 7208 §4.5, §4.6)."""
    if not before:
        return "SPF is new"
    if len(before) == 1:
        return "a broken SPF record is mended; until now every message got a permanent error"
    return f"{len(before)} SPF values, a permanent error for every message, become one"


def _only(values: frozenset[str]) -> str | None:
    return next(iter(values)) if len(values) == 1 else None


def _record(text: str | None) -> spf.Record | None:
    record = parsed(Family.SPF, "TXT", text) if text is not None else None
    return record if isinstance(record, spf.Record) else None


def _senders_changed(was: Results, now: Results, modifiers: bool) -> Judgement:
    """Judge two records by the results that hosts get.

    `modifiers` tells whether the records differ in terms that match nobody.
    """
    lost = [*_networks(was.known("+") - now.having("+")), *was.terms_beyond(now, "+")]
    parts = [
        _told(
            "may send now",
            [*_networks(now.known("+") - was.having("+")), *now.terms_beyond(was, "+")],
        )
    ]
    parts.append(_told("may no longer send", lost))
    worse = bool(lost)
    for old, new in permutations("?~-", 2):
        if (old, new) != (was.rest, now.rest):  # told with "every other host" below
            moved = _networks(was.having(old) & now.having(new))
            parts.append(_told(f"{_RESULT[old]} -> {_RESULT[new]}", moved))
            worse = worse or bool(moved and new == "-")
    for qualifier in "?~-":
        told = now.terms_beyond(was, qualifier), was.terms_beyond(now, qualifier)
        parts += [
            _told(f"{_RESULT[qualifier]} now", told[0]),
            _told(f"no longer {_RESULT[qualifier]}", told[1]),
        ]
        worse = worse or any(told)
    if was.rest != now.rest:
        parts.append(f"every other host {_RESULT[was.rest]} -> {_RESULT[now.rest]}")
        worse = worse or now.rest == "-"
    said = "; ".join(filter(None, parts))
    if said:
        return Judgement(said, Risk.CAUTION if worse else Risk.SAFE)
    if was.order != now.order:
        return Judgement(
            "the order of terms changes: it decides for hosts that match several of them",
            Risk.CAUTION,
        )
    return Judgement(
        "the modifiers change" if modifiers else "the same hosts may send, listed in another way"
    )


def _networks(addresses: Addresses) -> tuple[str, ...]:
    return terms_of(spf_term.Qualifier.PASS, addresses)


def _told(what: str, terms: Sequence[str]) -> str:
    return f"{what}: {_listed(terms)}" if terms else ""


def _listed(terms: Sequence[str]) -> str:
    more = len(terms) - MAX_SHOWN
    return " ".join(terms[:MAX_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _sender_terms(record: spf.Record) -> list[str]:
    return [
        *(str(term) for term in record.terms if not isinstance(term, spf_term.All)),
        *_redirect(record),
    ]


def _redirect(record: spf.Record) -> list[str]:
    return [f"redirect={record.redirect}"] if record.redirect is not None else []


def _senders(record: spf.Record) -> str:
    return f"may send: {' '.join(_sender_terms(record)) or 'nobody'}"


def _rest(record: spf.Record) -> str:
    return _RESULT[rest_of(record)]


def _over_limit(record: spf.Record) -> Judgement | None:
    """Return a judgement where the record's own terms already pass the limit.

    `lint --live` tells how many its includes add.
    """
    own = record.own_lookups
    if own <= MAX_TERMS:
        return None
    return Judgement(
        f"the SPF record needs {own} lookups, receivers stop after {MAX_TERMS}: "
        "every host that no earlier term matches gets permerror",
        Risk.BREAKING,
        ("SPF010",),
    )


# Parts


def _part_changed(domain: DomainName, before: frozenset[str], after: frozenset[str]) -> Judgement:
    new = _record(_only(after))
    if new is None:
        return Judgement(f"a part that the SPF record of {domain} no longer includes is deleted")
    passing = networks_of(new)
    if not before:
        senders = _listed(_networks(passing))
        return Judgement(
            f"a part of the SPF record of {domain}: {senders} may send once it is included"
        )
    old = _record(_only(before))
    lost = _networks(networks_of(old) - passing) if old is not None else ()
    said = f"; may no longer send: {_listed(lost)}" if lost else ""
    return Judgement(
        f"a part of the SPF record of {domain} was changed by hand and is put right{said}",
        Risk.CAUTION,
    )
