"""In which order a provider that writes set by set gets the changes of a zone."""

from __future__ import annotations

from typing import Any

import pytest
from octodns.record import Create, Delete, Record, Update
from octodns.zone import Zone

from mailauth_dns.octo.writing_order import in_turn

ZONE = Zone("example.com.", [])


def record(name: str, type: str = "TXT") -> Any:
    value = "x.example.net." if type == "CNAME" else "text"
    return Record.new(ZONE, name, {"type": type, "ttl": 60, "value": value}, lenient=True)


def made(name: str, type: str = "TXT") -> Any:
    return Create(record(name, type))


def changed(name: str) -> Any:
    return Update(record(name), record(name))


def gone(name: str) -> Any:
    return Delete(record(name))


ORDER = {
    "parts, the record, DMARC": [made("_spf-0123456789"), changed(""), changed("_dmarc")],
    "a subdomain's DMARC first": [made("_dmarc.a.b"), changed("_dmarc.b"), changed("_dmarc")],
    "what goes comes last": [changed(""), changed("_dmarc"), gone("_spf")],
    "but what makes room does not wait": [gone("s1._domainkey"), made("s1._domainkey", "CNAME")],
    "an inherited policy is relaxed first": [changed("_dmarc"), gone("_dmarc.news")],
}


@pytest.mark.parametrize("case", ORDER)
def test_the_order_of_writing(case: str) -> None:
    # octoDNS has deletions first, then new sets, then changed ones.
    assert in_turn(sorted(ORDER[case])) == ORDER[case]
