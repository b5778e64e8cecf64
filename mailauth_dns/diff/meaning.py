"""Changes in the language of mail, and how much each can hurt.

Each family has its own judge: spf_meaning (who may send), dkim_meaning (which signatures verify),
dmarc_meaning (what receivers do with mail that fails), return_path_meaning (what senders have of
their own) and transport_meaning (mail that comes in).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from mailauth_dns.compile.publication import Declared
from mailauth_dns.diff.change import Judgement, Risk
from mailauth_dns.diff.compare import Judge
from mailauth_dns.diff.dkim_meaning import key_changed
from mailauth_dns.diff.dmarc_meaning import dmarc_changed
from mailauth_dns.diff.equivalence import cut, same
from mailauth_dns.diff.return_path_meaning import (
    at_return_path,
    of_retired,
    return_path_changed,
)
from mailauth_dns.diff.spf_meaning import spf_changed
from mailauth_dns.diff.transport_meaning import (
    bimi_changed,
    consent_given,
    mta_sts_changed,
    tls_rpt_changed,
)
from mailauth_dns.diff.zone_states import Sides
from mailauth_dns.records.family import Family


@dataclass(frozen=True, slots=True)
class JudgedChange:
    """A change to be judged: our values before and after, the zone around them, and the time."""

    entry: Declared
    before: frozenset[str]
    after: frozenset[str]
    sides: Sides
    now: datetime


_JUDGES: Mapping[Family, Callable[[JudgedChange], Judgement]] = {
    Family.SPF: lambda asked: _spf_changed(asked),
    Family.DKIM: lambda asked: _key_changed(asked),
    Family.DMARC: lambda asked: dmarc_changed(asked.entry, asked.before, asked.after, asked.sides),
    Family.DMARC_REPORT: lambda asked: consent_given(asked.entry),
    Family.MTA_STS: lambda asked: mta_sts_changed(asked.entry, asked.before, asked.after),
    Family.TLS_RPT: lambda asked: tls_rpt_changed(asked.before, asked.after),
    Family.BIMI: lambda asked: bimi_changed(asked.entry, asked.before, asked.after),
    Family.RETURN_PATH: lambda asked: return_path_changed(
        asked.entry, asked.before, asked.after, asked.sides, asked.now
    ),
    Family.NULL_MX: lambda asked: _null_mx_changed(asked.after),
}


def judge_at(now: datetime) -> Judge:
    """Return the judge of changes made at `now`, which has a time zone."""

    def judge(
        entry: Declared, before: frozenset[str], after: frozenset[str], sides: Sides
    ) -> Judgement:
        judged = _judged(JudgedChange(entry, before, after, sides, now))
        lengths = cut(before, after)
        if lengths is None:
            return judged
        there, whole = lengths
        said = (
            f"the value there is this one, cut at {there} of {whole} octets: "
            "this provider may not hold it whole"
        )
        if entry.family is not Family.DKIM:  # of which half a key says nothing
            said += f"; {judged.meaning}"
        return replace(judged, meaning=said, risk=max(judged.risk, Risk.CAUTION))

    return judge


def _judged(asked: JudgedChange) -> Judgement:
    entry = asked.entry
    if same(entry.family, entry.key[1], asked.before, asked.after):
        return Judgement("the same meaning in our spelling")
    return _JUDGES.get(entry.family, _changed)(asked)


def _spf_changed(asked: JudgedChange) -> Judgement:
    judged = spf_changed(asked.entry, asked.before, asked.after)
    if not asked.entry.is_return_path:
        return judged
    return at_return_path(asked.entry, judged, asked.after, asked.now)


def _key_changed(asked: JudgedChange) -> Judgement:
    judged = key_changed(asked.entry, asked.before, asked.after, asked.now)
    sender = asked.entry.sender
    return of_retired(sender, judged) if sender is not None else judged


def _changed(asked: JudgedChange) -> Judgement:
    """Judge a family without a judge of its own: its record comes, goes or changes."""
    done = "is new" if not asked.before else "changes" if asked.after else "is deleted"
    return Judgement(f"the {asked.entry.family} record {done}", Risk.CAUTION)


def _null_mx_changed(after: frozenset[str]) -> Judgement:
    if after:
        return Judgement("the domain says that it receives no mail (null MX)", Risk.CAUTION)
    return Judgement("the domain no longer says that it receives no mail", Risk.CAUTION)
