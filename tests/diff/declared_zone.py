"""A small zone beside what a policy declares for example.com, and the difference of the two."""

from __future__ import annotations

from datetime import UTC, datetime

from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.diff.change import Difference
from mailauth_dns.diff.compare import compare
from mailauth_dns.diff.meaning import judge_at
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset, Zone

ORIGIN = DomainName("example.com")
NOW = datetime(2026, 6, 1, tzinfo=UTC)
S1 = "s1._domainkey.example.com"
OWNER_NAMES = {
    Family.SPF: "example.com",
    Family.DMARC: "_dmarc.example.com",
    Family.DKIM: S1,
    Family.MTA_STS: "_mta-sts.example.com",
    Family.TLS_RPT: "_smtp._tls.example.com",
    Family.BIMI: "default._bimi.example.com",
}


def zone(*sets: tuple[str, str, int, set[str]]) -> Zone:
    return Zone(
        ORIGIN,
        frozenset(
            RRset(DomainName(name), type, ttl, frozenset(values))
            for name, type, ttl, values in sets
        ),
    )


def declare(
    family: Family,
    value: str | None,
    *,
    name: str = "example.com",
    type: str = "TXT",
    ttl: int | None = None,
    needed_until: datetime | None = None,
) -> Declared:
    values = frozenset() if value is None else frozenset({value})
    return Declared(ORIGIN, (DomainName(name), type), family, ttl, values, needed_until)


def compared(before: Zone, *declared: Declared, normalize: bool = False) -> Difference:
    return compare(
        before, Publication(ORIGIN, declared, (), ()), judge_at(NOW), normalize=normalize
    )
