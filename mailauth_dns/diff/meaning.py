"""Changes in the language of mail, and how much each can hurt (RFC 7208, 6376, 9989, 7505).

Who may send is in `senders`, keys are in `keys`, what DMARC asks of receivers in `enforcement`, and what concerns
mail that comes in is in `reception`.
"""

from __future__ import annotations

from datetime import datetime

from mailauth_dns.compile import Declared
from mailauth_dns.diff import dkim_meaning, spf_meaning, transport_meaning
from mailauth_dns.diff.change import Judgement, Risk
from mailauth_dns.diff.compare import Judge
from mailauth_dns.diff.dmarc_meaning import dmarc_changed
from mailauth_dns.diff.equivalence import cut, same
from mailauth_dns.diff.zone_states import Sides
from mailauth_dns.records.family import Family


def judge_at(now: datetime) -> Judge:
    """Return the judge of changes made at `now`, which has a time zone."""

    def judge(
        entry: Declared, before: frozenset[str], after: frozenset[str], sides: Sides
    ) -> Judgement:
        judged = by_family(entry, before, after, sides)
        lengths = cut(before, after)
        if lengths is None:
            return judged
        said = "the value there is this one, cut at {} of {} octets: this provider may not hold it whole".format(
            *lengths
        )
        if entry.family is not Family.DKIM:  # of which half a key says nothing
            said += f"; {judged.meaning}"
        return Judgement(said, max(judged.risk, Risk.CAUTION), judged.rules)

    def by_family(
        entry: Declared, before: frozenset[str], after: frozenset[str], sides: Sides
    ) -> Judgement:
        if same(entry.family, entry.key[1], before, after):
            return Judgement("the same meaning in our spelling")
        if entry.family is Family.SPF:
            return spf_meaning.spf_changed(entry, before, after)
        if entry.family is Family.DMARC:
            return dmarc_changed(entry, before, after, sides)
        if entry.family is Family.DKIM:
            return dkim_meaning.key_changed(entry, before, after, now)
        if entry.family is Family.MTA_STS:
            return transport_meaning.mta_sts_changed(entry, before, after)
        if entry.family is Family.TLS_RPT:
            return transport_meaning.tls_rpt_changed(before, after)
        if entry.family is Family.BIMI:
            return transport_meaning.bimi_changed(entry, before, after)
        if entry.family is Family.DMARC_REPORT:
            return transport_meaning.consent_given(entry)
        if after:
            return Judgement("the domain says that it receives no mail (null MX)", Risk.CAUTION)
        return Judgement("the domain no longer says that it receives no mail", Risk.CAUTION)

    return judge
