"""When two published values are the same to a receiver.

Same meaning is no change: order of tags, spaces, case, defaults that are written out, a trailing semicolon. A value that does not
parse means only itself.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records import bimi, dkim, dmarc, mta_sts, spf, tlsrpt
from mailauth_dns.records.family import Family

Parsed = spf.Record | dkim.Record | dmarc.Record | mta_sts.Record | tlsrpt.Record | bimi.Record

_PARSE: Mapping[Family, Callable[[str], Parsed]] = {
    Family.SPF: spf.parse,
    Family.DKIM: dkim.parse,
    Family.DMARC: dmarc.parse,
    Family.MTA_STS: mta_sts.parse,
    Family.TLS_RPT: tlsrpt.parse,
    Family.BIMI: bimi.parse,
}


def parsed(family: Family, type: str, text: str) -> Parsed | None:
    """Return the record in `text`, or None where it has no valid one."""
    parse = _PARSE.get(family)
    if type != "TXT" or parse is None:
        return None
    try:
        return parse(text)
    except RecordSyntaxError:
        return None


def meaning(family: Family, type: str, text: str) -> Hashable:
    """Return a value that is equal for texts of equal meaning."""
    if type == "CNAME":
        return text.rstrip(".").lower()
    if type == "MX":
        return tuple(text.lower().split())
    record = parsed(family, type, text)
    return text if record is None else record.meaning


def same(family: Family, type: str, before: frozenset[str], after: frozenset[str]) -> bool:
    """Tell whether a receiver sees no difference; two values of equal meaning are still two.

    Consents to reports are the exception: any number of them, whatever else they say, is as good as one.
    """
    if before == after:
        return True
    if family is Family.DMARC_REPORT and after:
        return consents(before)
    if len(before) != len(after):
        return False
    return {meaning(family, type, text) for text in before} == {meaning(family, type, text) for text in after}


def consents(values: Iterable[str]) -> bool:
    """Tell whether one of the values at a report name lets DMARC reports through."""
    return any(map(dmarc.authorises, values))
