"""When two published values are the same to a receiver.

The order of tags, spaces, case, written-out defaults and a trailing semicolon make no difference. A
value that does not parse equals only itself.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records import dmarc_consent
from mailauth_dns.records.family import Family, Parsed
from mailauth_dns.records.tags import has_empty_tag
from mailauth_dns.records.zone import MAX_STRING


def parsed(family: Family, type: str, text: str) -> Parsed | None:
    """Return the record in `text`, or None where it has no valid one."""
    parse = family.row.parse
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
    return text if record is None or disputed(family, text) else record.meaning


def disputed(family: Family, text: str) -> bool:
    """Tell whether some receivers read a text and others refuse it.

    These are a DKIM key with an empty tag and a DMARC record with white space before it. The
    grammars allow neither (RFC 6376 §3.2, RFC 9989 §4.8).
    """
    return (family is Family.DKIM and has_empty_tag(text)) or (
        family is Family.DMARC and text[:1] in (" ", "\t")
    )


def same(family: Family, type: str, before: frozenset[str], after: frozenset[str]) -> bool:
    """Tell whether a receiver sees no difference. Two values of equal meaning are still two.

    Consents to reports are the exception: several count as one, whatever else they say.
    """
    if before == after:
        return True
    if family is Family.DMARC_REPORT and after:
        return consents(before)
    if len(before) != len(after):
        return False
    return {meaning(family, type, text) for text in before} == {
        meaning(family, type, text) for text in after
    }


def consents(values: Iterable[str]) -> bool:
    """Tell whether one of the values at a report name lets DMARC reports through."""
    return any(map(dmarc_consent.authorises, values))


_SHORTEST_CUT = 100  # octets; many values begin with a shorter one (a revoked key, `v=spf1`)


def cut(there: frozenset[str], wanted: frozenset[str]) -> tuple[int, int] | None:
    """Return how many octets of a value are there, and of how many; None where none was cut.

    Some providers keep the first character-string of a TXT value, 255 octets, and say nothing.
    """
    for whole in wanted - there:
        for begin in there:
            # A value that ends with a term or tag may be an older record to which the new one adds.
            # There, only the length of 255 tells that it was cut.
            within = len(begin) == MAX_STRING or whole[len(begin) : len(begin) + 1] not in (
                " ",
                ";",
            )
            if _SHORTEST_CUT <= len(begin) < len(whole) and whole.startswith(begin) and within:
                return len(begin), len(whole)
    return None
