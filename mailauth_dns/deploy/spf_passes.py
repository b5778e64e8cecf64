"""By what mail passes SPF records, so that two of them can be compared (RFC 7208 §4.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mailauth_dns.errors import RecordSyntaxError
from mailauth_dns.records import spf
from mailauth_dns.records.spf_term import All, Qualifier


def spf_passes(texts: Iterable[str]) -> frozenset[str]:
    """Return the terms by which mail may pass, and whole records where their order counts.

    What one record has of them and a later one has not may have let mail pass.
    """
    return frozenset(each for text in texts for each in _passing(text))


def _passing(text: str) -> Iterator[str]:
    try:
        record = spf.parse(text)
    except RecordSyntaxError:
        yield text
        return
    last = next((i for i, term in enumerate(record.terms) if isinstance(term, All)), None)
    terms = record.terms if last is None else record.terms[:last]
    if any(term.qualifier is not Qualifier.PASS for term in terms):
        yield text  # what does not pass comes before what does, or could
        return
    yield from (str(term).lower() for term in terms)
    if last is not None and record.terms[last].qualifier is Qualifier.PASS:
        yield "all"
    if last is None and record.redirect is not None:
        yield f"redirect={record.redirect}".lower()
