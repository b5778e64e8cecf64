"""Changes in the language of mail, and how much each can hurt (RFC 7208, 6376, 9989, 7505).

Who may send is in `senders`, and what concerns mail that comes in is in `reception`.
"""

from __future__ import annotations

from datetime import datetime

from mailauth_dns.compile import Declared
from mailauth_dns.diff import reception, senders
from mailauth_dns.diff.change import Judgement, Risk
from mailauth_dns.diff.compare import Judge
from mailauth_dns.diff.semantics import cut, parsed, same
from mailauth_dns.records import dkim, dmarc
from mailauth_dns.records.family import Family

_DISPOSITION = {"none": "failing mail is delivered", "quarantine": "failing mail goes to spam", "reject": "failing mail is refused"}
_LEVEL = {"none": 0, "quarantine": 1, "reject": 2}


def judge_at(now: datetime) -> Judge:
    """Return the judge of changes made at `now`, which has a time zone."""

    def judge(entry: Declared, before: frozenset[str], after: frozenset[str]) -> Judgement:
        judged = by_family(entry, before, after)
        lengths = cut(before, after)
        if lengths is None:
            return judged
        said = "the value there is this one, cut at {} of {} octets: this provider may not hold it whole".format(*lengths)
        if entry.family is not Family.DKIM:  # of which half a key says nothing
            said += f"; {judged.meaning}"
        return Judgement(said, max(judged.risk, Risk.CAUTION), judged.rules)

    def by_family(entry: Declared, before: frozenset[str], after: frozenset[str]) -> Judgement:
        if same(entry.family, entry.key[1], before, after):
            return Judgement("the same meaning in our spelling")
        if entry.family is Family.SPF:
            return senders.spf_changed(entry, before, after)
        if entry.family is Family.DMARC:
            return _dmarc(before, after)
        if entry.family is Family.DKIM:
            return _dkim(entry, before, after, now)
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


# DKIM


def _dkim(entry: Declared, before: frozenset[str], after: frozenset[str], now: datetime) -> Judgement:
    selector = entry.key[0].split("._domainkey.")[0]
    said = _dkim_said(selector, entry.key[1], before, after)
    old, new = _keys(before), _keys(after)
    # Several keys at one selector are undefined for receivers (RFC 6376 §3.6.2.2): one of them left is none lost.
    lost = bool(before) if entry.key[1] == "CNAME" else bool(old - {""}) and not old & new - {""}
    settled = entry.needed_until is not None and entry.needed_until <= now
    risk = Risk.CAUTION if lost else Risk.SAFE
    rules: tuple[str, ...] = ()
    if lost and not settled:
        said += "; mail on its way that was signed with the old key fails"
        risk, rules = Risk.BREAKING, ("DKIM030",)
    if old and new - old - {""}:
        # A key that was revoked counts too: caches hold the empty record for its TTL.
        said += "; a new key belongs under a new selector: caches still hold the old record"
        risk, rules = max(risk, Risk.CAUTION), (*rules, "DKIM034")
    return Judgement(said, risk, rules)


def _keys(texts: frozenset[str]) -> frozenset[str]:
    """Return the `p` of each record, empty where it is revoked."""
    return frozenset(record.p for text in texts if isinstance(record := parsed(Family.DKIM, "TXT", text), dkim.Record))


def _dkim_said(selector: str, type: str, before: frozenset[str], after: frozenset[str]) -> str:
    name = "every selector without a record of its own" if selector == "*" else f"selector {selector}"
    text = _only(after)
    if text is None:
        return f"{name} is no longer delegated" if type == "CNAME" else f"the record of {name} is deleted"
    if type == "CNAME":
        return f"{name} is delegated to {text.rstrip('.')}" + (f", no longer to {next(iter(before)).rstrip('.')}" if before else "")
    record = parsed(Family.DKIM, "TXT", text)
    assert isinstance(record, dkim.Record)
    if not record.p:
        return f"{name} is revoked: signatures with it fail"
    kind = "an Ed25519 key" if record.effective_k == "ed25519" else "an RSA key"
    if not before:
        return f"{name} publishes {kind}"
    if any(isinstance(old := parsed(Family.DKIM, "TXT", value), dkim.Record) and old.p == record.p for value in before):
        return f"{name} keeps its key, its tags change" if len(before) == 1 else f"{name} has one record instead of {len(before)}"
    return f"{name} gets another key ({kind})"
