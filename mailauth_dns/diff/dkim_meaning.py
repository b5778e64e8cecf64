"""What changes of DKIM keys mean: which signatures can no longer be verified (RFC 6376, RFC 8301).

The old record is read as the most lenient verifier reads it, the new one strictly: a key counts as
lost where any verifier loses it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from mailauth_dns.compile.publication import Declared
from mailauth_dns.diff.change import Judgement, Risk
from mailauth_dns.diff.equivalence import parsed
from mailauth_dns.evaluate.dkim_key import unusable
from mailauth_dns.records import dkim, dkim_received
from mailauth_dns.records.family import Family


def key_changed(
    entry: Declared, before: frozenset[str], after: frozenset[str], now: datetime
) -> Judgement:
    """Judge by the signatures that can no longer be verified.

    `now` decides whether mail that was signed with the old key may still be on its way.
    """
    selector = entry.key[0].split("._domainkey.")[0]
    name = (
        "every selector without a record of its own" if selector == "*" else f"selector {selector}"
    )
    alias = entry.key[1] == "CNAME"
    said = _delegation(name, before, after) if alias else _said(name, before, after)
    old, new = (
        frozenset[str]().union(*map(dkim_received.keys, texts)) for texts in (before, after)
    )
    gone = (
        bool(before)
        if alias
        else any(not any(dkim_received.serves(key, was) for key in new) for was in old - {""})
    )
    shut = None if alias else _shut(before, after)
    lost = gone or shut is not None
    risk, rules = (Risk.CAUTION if lost else Risk.SAFE), tuple[str, ...]()
    said += f"; the new one {shut}: signatures with it fail" if shut is not None else ""
    if lost and not (entry.needed_until is not None and entry.needed_until <= now):
        said += "; mail signed with the old key that is still on its way fails"
        risk, rules = Risk.BREAKING, ("DKIM030",)
    elif lost and entry.signed_until is not None:
        said += f"; signed until {entry.signed_until.date()}, says the policy"
    if not lost and (flags := _flagged(before, after)):
        said += f"; {flags}"
        risk = Risk.CAUTION
    if not alias and old and not new - {""} <= _known(new, old):
        # The same holds after a revocation: caches keep the empty record for its TTL.
        said += "; a new key belongs under a new selector: caches still hold the old record"
        risk, rules = max(risk, Risk.CAUTION), (*rules, "DKIM034")
    return Judgement(said, risk, rules)


def _known(keys: Iterable[str], old: Iterable[str]) -> frozenset[str]:
    """Return those of the keys that were there before, in any form."""
    return frozenset(key for key in keys if any(dkim_received.same_key(key, was) for was in old))


def _records(texts: Iterable[str]) -> list[dkim.Record]:
    return [
        record
        for text in texts
        if isinstance(record := parsed(Family.DKIM, "TXT", text), dkim.Record)
    ]


def _shut(before: frozenset[str], after: frozenset[str]) -> str | None:
    """Return why verifiers cannot use the new record, where they could use the old one.

    Return None where they can use both.
    """
    reasons = [
        reason
        for record in _records(after)
        if record.p and (reason := unusable(record)) is not None
    ]
    return reasons[0] if reasons and any(map(_was_used, before)) else None


def _was_used(text: str) -> bool:
    if not any(dkim_received.keys(text)):
        return False
    return all(unusable(record) is None for record in _records([text]))


def _flagged(before: frozenset[str], after: frozenset[str]) -> str:
    """Return what flags that are new make verifiers do."""
    was, now = (
        {flag for record in _records(texts) if record.p for flag in record.t or ()}
        for texts in (before, after)
    )
    told = {
        "y": "t=y: verifiers may treat signed mail as unsigned",
        "s": "t=s: signatures whose i= is in a subdomain fail",
    }
    return "; ".join(words for flag, words in told.items() if before and flag in now - was)


def _delegation(name: str, before: frozenset[str], after: frozenset[str]) -> str:
    if not after:
        return f"{name} is no longer delegated"
    [target] = after
    return f"{name} is delegated to {target.rstrip('.')}" + (
        f", no longer to {next(iter(before)).rstrip('.')}" if before else ""
    )


def _said(name: str, before: frozenset[str], after: frozenset[str]) -> str:
    """Return what happens to a selector's record, and whether the old one was broken."""
    faults = [
        fault
        for text in sorted(before)
        if (fault := dkim_received.fault(text)) is not None and any(dkim_received.keys(text))
    ]
    broken = (
        f"; the record there is broken ({faults[0]}), but some verifiers use its key anyway"
        if faults
        else ""
    )
    if not after:
        return f"the record of {name} is deleted{broken}"
    [record] = _records(after)
    if not record.p:
        return f"{name} is revoked: signatures with it fail{broken}"
    kind = "an Ed25519 key" if record.effective_k == "ed25519" else "an RSA key"
    if not before:
        return f"{name} publishes {kind}"
    old = frozenset(key for text in before for key in dkim_received.keys(text))
    if not _known({record.p}, old):
        return f"{name} gets another key ({kind}){broken}"
    if not any(dkim_received.serves(record.p, was) for was in old):
        return f"{name} keeps its key, in a form that some verifiers do not read (PKCS#1){broken}"
    if len(before) > 1:
        return f"{name} has one record instead of {len(before)}{broken}"
    return f"{name} keeps its key, " + (
        f"and its record is mended ({faults[0]})" if faults else "its tags change"
    )
