"""Changes in the language of mail, and how much each can hurt (RFC 7208, 6376, 9989, 7505).

Who may send is in `senders`, what DMARC asks of receivers in `enforcement`, and what concerns mail that comes in is in `reception`.
"""

from __future__ import annotations

from datetime import datetime

from mailauth_dns.compile import Declared
from mailauth_dns.diff import reception, senders
from mailauth_dns.diff.change import Judgement, Risk
from mailauth_dns.diff.compare import Judge
from mailauth_dns.diff.enforcement import dmarc_changed
from mailauth_dns.diff.semantics import parsed, same
from mailauth_dns.diff.sides import Sides
from mailauth_dns.records import dkim
from mailauth_dns.records.family import Family


def judge_at(now: datetime) -> Judge:
    """Return the judge of changes made at `now`, which has a time zone."""

    def judge(entry: Declared, before: frozenset[str], after: frozenset[str], sides: Sides) -> Judgement:
        if same(entry.family, entry.key[1], before, after):
            return Judgement("the same meaning in our spelling")
        if entry.family is Family.SPF:
            return senders.spf_changed(entry, before, after)
        if entry.family is Family.DMARC:
            return dmarc_changed(entry, before, after, sides)
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
