"""Changes in the language of mail, and how much each can hurt (RFC 7208, 6376, 9989, 7505).

Who may send is in `senders`, keys are in `keys`, and what concerns mail that comes in is in `reception`.
"""

from __future__ import annotations

from datetime import datetime

from mailauth_dns.compile import Declared
from mailauth_dns.diff import keys, reception, senders
from mailauth_dns.diff.change import Judgement, Risk
from mailauth_dns.diff.compare import Judge
from mailauth_dns.diff.semantics import parsed, same
from mailauth_dns.records import dmarc
from mailauth_dns.records.family import Family

_DISPOSITION = {"none": "failing mail is delivered", "quarantine": "failing mail goes to spam", "reject": "failing mail is refused"}
_LEVEL = {"none": 0, "quarantine": 1, "reject": 2}


def judge_at(now: datetime) -> Judge:
    """Return the judge of changes made at `now`, which has a time zone."""

    def judge(entry: Declared, before: frozenset[str], after: frozenset[str]) -> Judgement:
        if same(entry.family, entry.key[1], before, after):
            return Judgement("the same meaning in our spelling")
        if entry.family is Family.SPF:
            return senders.spf_changed(entry, before, after)
        if entry.family is Family.DMARC:
            return _dmarc(before, after)
        if entry.family is Family.DKIM:
            return keys.key_changed(entry, before, after, now)
        if entry.family is Family.MTA_STS:
            return reception.mta_sts_changed(entry, before, after)
        if entry.family is Family.TLS_RPT:
            return reception.tls_rpt_changed(before, after)
        if entry.family is Family.BIMI:
            return reception.bimi_changed(entry, before, after)
        if entry.family is Family.DMARC_REPORT:
            return reception.consent_given(entry)
        if after:
            return Judgement("the domain says that it receives no mail (null MX)", Risk.CAUTION)
        return Judgement("the domain no longer says that it receives no mail", Risk.CAUTION)

    return judge


def _only(values: frozenset[str]) -> str | None:
    return next(iter(values)) if len(values) == 1 else None


# DMARC


def _dmarc(before: frozenset[str], after: frozenset[str]) -> Judgement:
    text = _only(after)
    old = parsed(Family.DMARC, "TXT", next(iter(before))) if len(before) == 1 else None
    if text is None:
        return Judgement("no DMARC record any more: a parent domain's policy applies, or none", Risk.CAUTION, ("DMARC034",))
    new = parsed(Family.DMARC, "TXT", text)
    assert isinstance(new, dmarc.Record)
    p = _requested(new)
    if len(before) > 1:
        return Judgement(f"{len(before)} DMARC records, all ignored, become one: p {p}: {_DISPOSITION[p]}", Risk.CAUTION)
    if not isinstance(old, dmarc.Record):
        state = "a broken DMARC record is mended" if before else "DMARC is new"
        return Judgement(f"{state}: p {p}: {_DISPOSITION[p]}", Risk.SAFE if p == "none" else Risk.CAUTION)
    return _dmarc_changed(old, new)


def _requested(record: dmarc.Record) -> str:
    """Return what is asked for failing mail; `t=y` asks for one level less (RFC 9989 §4.7)."""
    p = str((record.p or dmarc.Policy.NONE).value)
    if str(record.effective_t) == "y":
        return {"reject": "quarantine", "quarantine": "none"}.get(p, p)
    return p


def _dmarc_changed(old: dmarc.Record, new: dmarc.Record) -> Judgement:
    was, now = _requested(old), _requested(new)
    parts = []
    risk = Risk.SAFE
    rules: tuple[str, ...] = ()
    if was != now:
        parts.append(f"p {was} -> {now}: {_DISPOSITION[now]}")
        risk = Risk.CAUTION
        if _LEVEL[now] - _LEVEL[was] == 2:
            risk, rules = Risk.BREAKING, ("DMARC033",)
        elif _LEVEL[now] < _LEVEL[was]:
            rules = ("DMARC034",)
    moved = (old.effective_p, new.effective_p)
    for tag, name in (("sp", "subdomains"), ("np", "subdomains that do not exist")):
        step = (getattr(old, f"effective_{tag}"), getattr(new, f"effective_{tag}"))
        if step[0] is not step[1] and step != moved:  # one that goes with p needs no words of its own
            parts.append(f"{name} {step[0]} -> {step[1]}")
            risk = max(risk, Risk.CAUTION)
    for tag, name in (("adkim", "DKIM alignment"), ("aspf", "SPF alignment")):
        before, after = (str(getattr(record, f"effective_{tag}").value) for record in (old, new))
        if before != after:
            words = {"r": "relaxed", "s": "strict"}
            parts.append(f"{name} {words[before]} -> {words[after]}")
            risk = max(risk, Risk.CAUTION if after == "s" else Risk.SAFE)
    for tag, name in (("rua", "aggregate reports"), ("ruf", "failure reports")):
        before, after = (" ".join(map(str, getattr(record, tag) or ())) for record in (old, new))
        if before != after:
            parts.append(f"{name} to {after or 'nobody'}")
    return Judgement("; ".join(parts) or "other tags change", risk, rules)
