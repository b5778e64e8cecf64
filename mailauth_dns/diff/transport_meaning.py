"""What changes of MTA-STS, TLS-RPT, BIMI and consents mean for mail (RFC 8461, 8460, 9990)."""

from __future__ import annotations

from mailauth_dns.compile.publication import Declared
from mailauth_dns.diff.change import Judgement, Risk
from mailauth_dns.diff.equivalence import parsed
from mailauth_dns.records import bimi, dmarc_consent, mta_sts, tls_rpt
from mailauth_dns.records.family import Family, Parsed

_EFFECT = {
    mta_sts.Mode.ENFORCE: "senders do not deliver without verified TLS",
    mta_sts.Mode.TESTING: (
        "senders deliver anyway; failures go to the TLS-RPT address, if there is one"
    ),
    mta_sts.Mode.NONE: "senders no longer insist on verified TLS",
    None: "senders do as the policy says",
}
_HARMLESS = frozenset({mta_sts.Mode.TESTING, mta_sts.Mode.NONE})


def _in_force(family: Family, values: frozenset[str]) -> Parsed | None:
    """Return the record that its readers use; None where there are several or it is broken."""
    return parsed(family, "TXT", next(iter(values))) if len(values) == 1 else None


def _made(what: str, before: frozenset[str]) -> str:
    """Return how a domain gets a record that is in force."""
    if not before:
        return f"{what} is new"
    return (
        f"{len(before)} {what} records, all ignored, become one"
        if len(before) > 1
        else f"a broken {what} record is mended"
    )


# MTA-STS


def mta_sts_changed(entry: Declared, before: frozenset[str], after: frozenset[str]) -> Judgement:
    """Judge by the modes. An id that we derived tells the mode of its policy; other ids do not."""
    old, new = _in_force(Family.MTA_STS, before), _in_force(Family.MTA_STS, after)
    was = _mode(before)
    if not isinstance(new, mta_sts.Record):
        return _mta_sts_gone(was) if isinstance(old, mta_sts.Record) else _mta_sts_ignored(before)
    now = entry.served.mode if entry.served is not None else mta_sts.mode_of(new.id)
    if not isinstance(old, mta_sts.Record):
        said = f"{_made('MTA-STS', before)}: mode {now or 'unknown'}: {_EFFECT[now]}"
        risk = Risk.SAFE if now in _HARMLESS else Risk.CAUTION
    elif old.id == new.id:
        return Judgement("the extension fields of the MTA-STS record change, which senders ignore")
    else:
        modes = (
            f"still mode {now}"
            if was is now and now is not None
            else f"mode {was or 'unknown'} -> {now or 'unknown'}"
        )
        said = f"senders fetch the MTA-STS policy again, {modes}: {_EFFECT[now]}"
        risk = Risk.SAFE if {was, now} <= _HARMLESS else Risk.CAUTION
    # RFC 8461 §8.1: a sender that sees the new id and fetches the old policy keeps that.
    return Judgement(
        f"{said}; serve zones/mta-sts/{entry.domain}.txt first"
        if entry.served is not None
        else said,
        risk,
    )


def _mode(values: frozenset[str]) -> mta_sts.Mode | None:
    """Return the mode of the policy that is published; None where no id of ours tells it."""
    record = _in_force(Family.MTA_STS, values)
    return mta_sts.mode_of(record.id) if isinstance(record, mta_sts.Record) else None


def may_begin_to_enforce(before: frozenset[str], after: frozenset[str]) -> bool:
    """Tell whether senders that fetch a policy of mode enforce may have held none of that mode.

    Who holds one that a record of the same id announces does not fetch it again.
    """
    if _mode(before) is mta_sts.Mode.ENFORCE:
        return False
    old, new = (_in_force(Family.MTA_STS, values) for values in (before, after))
    same = isinstance(old, mta_sts.Record) and isinstance(new, mta_sts.Record) and old.id == new.id
    return not same


def _mta_sts_gone(was: mta_sts.Mode | None) -> Judgement:
    """Judge the end of MTA-STS.

    A sender that holds a policy obeys it until its max_age is over, and can no longer learn that
    there is a new one (RFC 8461 §8.3).
    """
    if was in _HARMLESS:
        return Judgement(
            "no MTA-STS any more; "
            "senders that still hold an older policy obey it until its max_age is over",
            Risk.CAUTION,
        )
    return Judgement(
        f"no MTA-STS any more, mode {was or 'unknown'} until now: "
        "senders that hold the policy obey it until its max_age is over; "
        "publish mode none for that long first",
        Risk.BREAKING,
        ("STS017",),
    )


def _mta_sts_ignored(before: frozenset[str]) -> Judgement:
    """Judge the end of values that are not one valid record (RFC 8461 §3.1).

    One of them may have been valid when a sender fetched the policy, or some senders may accept it.
    """
    what = (
        "a broken MTA-STS record is"
        if len(before) == 1
        else f"{len(before)} MTA-STS records, all ignored, are"
    )
    return Judgement(
        f"{what} deleted; senders that still hold a policy obey it until its max_age is over",
        Risk.CAUTION,
    )


# TLS-RPT


def tls_rpt_changed(before: frozenset[str], after: frozenset[str]) -> Judgement:
    """Judge by the addresses that get reports."""
    old, new = _in_force(Family.TLS_RPT, before), _in_force(Family.TLS_RPT, after)
    if not isinstance(new, tls_rpt.Record):
        if not isinstance(old, tls_rpt.Record):
            return Judgement("a TLS-RPT record that senders ignore is deleted")
        return Judgement(f"no TLS reports any more, until now to {' '.join(old.rua)}", Risk.CAUTION)
    to = f"TLS reports go to {' '.join(new.rua)}"
    if not isinstance(old, tls_rpt.Record):
        return Judgement(f"{_made('TLS-RPT', before)}: {to}")
    if old.rua == new.rua:
        return Judgement("the extension fields of the TLS-RPT record change, which senders ignore")
    dropped = [uri for uri in old.rua if uri not in new.rua]
    return (
        Judgement(f"{to}, no longer to {' '.join(dropped)}", Risk.CAUTION)
        if dropped
        else Judgement(to)
    )


# BIMI


def bimi_changed(entry: Declared, before: frozenset[str], after: frozenset[str]) -> Judgement:
    """Judge by the logo that may be shown."""
    selector = f"BIMI selector {entry.key[0].split('._bimi.')[0]}"
    old, new = _in_force(Family.BIMI, before), _in_force(Family.BIMI, after)
    if not isinstance(new, bimi.Record):
        return Judgement(
            f"{selector} has no logo any more"
            if isinstance(old, bimi.Record)
            else f"a broken record of {selector} is deleted"
        )
    logo = (
        "no logo is to be shown"
        if new.declines
        else f"the logo is {new.l or 'the one in the evidence'}"
    )
    if not isinstance(old, bimi.Record):
        return Judgement(f"{_made(selector, before)}: {logo}")
    parts = [logo] if (old.l, old.declines) != (new.l, new.declines) else []
    if (old.a or "") != (new.a or ""):
        parts.append(f"the evidence is {new.a}" if new.a else "there is no evidence any more")
    return Judgement(f"{selector}: {'; '.join(parts) or 'other tags change'}")


# Consent to DMARC reports


def consent_given(entry: Declared) -> Judgement:
    """Say which host agrees to what. Consents are only added: one that is there is no change."""
    domain, host = dmarc_consent.report_parties(entry.key[0])
    return Judgement(
        f"{host} agrees to take DMARC reports about {domain}; "
        "without this, receivers do not send them there"
    )
