"""How a plan judges the change of one DMARC record."""

from __future__ import annotations

from datetime import UTC, datetime

from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.diff.change import Judgement
from mailauth_dns.diff.compare import compare
from mailauth_dns.diff.meaning import judge_at
from mailauth_dns.records import dmarc
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from tests.evaluate.zones import zone

Sets = dict[str, str | list[str]]
Declarations = dict[str, str | None]  # by owner name and type; None declares absent

COM, SUB = DomainName("example.com"), DomainName("a.example.com")
AT, AT_SUB = "_dmarc.example.com TXT", "_dmarc.a.example.com TXT"
RUA = "rua=mailto:d@example.com"
NONE, QUARANTINE, REJECT = (f"v=DMARC1; p={p}" for p in ("none", "quarantine", "reject"))


def judged(
    sets: Sets, domain: DomainName, text: str | None, more: Declarations | None = None
) -> Judgement:
    """Return how a plan judges that `domain` declares `text`, in a zone that holds `sets`.

    `more` is what the same policy declares beside it.
    """
    entries = [_declared(domain, dmarc.owner_name(domain), "TXT", text)]
    for key, value in (more or {}).items():
        name, type = key.split(" ")
        entries.append(_declared(domain, DomainName(name), type, value))
    difference = compare(
        zone(COM, sets),
        Publication(COM, tuple(entries), (), ()),
        judge_at(datetime(2026, 6, 1, tzinfo=UTC)),
    )
    [change] = [change for change in difference.changes if change.key == entries[0].key]
    return change.judgement


def _declared(domain: DomainName, name: DomainName, type: str, value: str | None) -> Declared:
    values = frozenset({value} if value else ())
    return Declared(domain, (name, type), _family(name, type), None, values)


def _family(name: DomainName, type: str) -> Family:
    if type == "MX":
        return Family.NULL_MX
    return Family.DMARC if name.startswith("_dmarc.") else Family.SPF
