"""Whether a change takes protection away: its record goes, or asks for less than before."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Literal

from mailauth_dns.diff.dmarc_tightening import tightens
from mailauth_dns.diff.equivalence import parsed
from mailauth_dns.diff.spf_results import rest_of
from mailauth_dns.records import dkim_received, mta_sts, spf
from mailauth_dns.records.family import Family

Effect = Literal["deletes", "weakens"]
_REST = "+?~-"  # SPF qualifiers of `all`, from the weakest


def effect(family: str, before: Collection[str], after: Collection[str]) -> Effect | None:
    """Return what a change of a family's values takes away; None where it takes nothing."""
    if before and not after:
        return "deletes"
    asked = _WEAKER.get(family)
    return "weakens" if asked is not None and asked(frozenset(before), frozenset(after)) else None


def _spf_weaker(before: frozenset[str], after: frozenset[str]) -> bool:
    """Tell whether hosts that no term matches get a better result."""
    rests = []
    for values in (before, after):
        records = [parsed(Family.SPF, "TXT", value) for value in values]
        if len(records) != 1 or not isinstance(records[0], spf.Record):
            return False
        rests.append(rest_of(records[0]))
    return all(rests) and _REST.index(rests[1]) < _REST.index(rests[0])


def _key_lost(before: frozenset[str], after: frozenset[str]) -> bool:
    """Tell whether a key goes that verifiers could use."""
    old, new = (
        frozenset[str]().union(*map(dkim_received.keys, values)) for values in (before, after)
    )
    return any(not any(dkim_received.serves(key, was) for key in new) for was in old - {""})


def _tls_weaker(before: frozenset[str], after: frozenset[str]) -> bool:
    """Tell whether senders no longer insist on verified TLS, as far as our ids tell the mode."""
    modes = []
    for values in (before, after):
        records = [parsed(Family.MTA_STS, "TXT", value) for value in values]
        record = records[0] if len(records) == 1 else None
        modes.append(mta_sts.mode_of(record.id) if isinstance(record, mta_sts.Record) else None)
    return modes[0] is mta_sts.Mode.ENFORCE and modes[1] not in (None, mta_sts.Mode.ENFORCE)


_WEAKER: Mapping[str, Callable[[frozenset[str], frozenset[str]], bool]] = {
    Family.SPF: _spf_weaker,
    Family.DKIM: _key_lost,
    Family.DMARC: lambda before, after: tightens(after, before),
    Family.MTA_STS: _tls_weaker,
}
