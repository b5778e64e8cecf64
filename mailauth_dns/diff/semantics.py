"""When two published values are the same to a receiver.

Same meaning is no change: order of tags, spaces, case, defaults that are written out, a trailing semicolon. A value that does not
parse means only itself.
"""

from __future__ import annotations

from collections.abc import Hashable

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records import dkim, dmarc, spf
from mailauth_dns.records.family import Family

Parsed = spf.Record | dkim.Record | dmarc.Record


def parsed(family: Family, type: str, text: str) -> Parsed | None:
    """Return the record in `text`, or None where it has no valid one."""
    if type != "TXT":
        return None
    try:
        if family is Family.SPF:
            return spf.parse(text)
        return dmarc.parse(text) if family is Family.DMARC else dkim.parse(text)
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
    """Tell whether a receiver sees no difference; two values of equal meaning are still two."""
    if before == after:
        return True
    if len(before) != len(after):
        return False
    return {meaning(family, type, text) for text in before} == {meaning(family, type, text) for text in after}
