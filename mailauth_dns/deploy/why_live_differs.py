"""Why a set in DNS differs from the policy: what a provider's web form did to the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.diff import web_form_damage
from mailauth_dns.evaluate.observation import Observation
from mailauth_dns.plan.plan import LiveEntry
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset


def explained(
    seen: Mapping[DomainName, tuple[LiveEntry, ...]], publications: Iterable[Publication]
) -> dict[DomainName, tuple[LiveEntry, ...]]:
    """Return the rows with a reason where a web form kept quotes or doubled a name."""
    # dnspython takes time to load, and only live DNS needs it.
    from mailauth_dns.live.observe import Wanted, observe

    off = {
        (row.name, row.type)
        for rows in seen.values()
        for row in rows
        if row.state == "differs" and row.type == "TXT" and row.policy
    }
    wanted, entries = [], dict[tuple[str, str], tuple[Publication, Declared]]()
    for publication in publications:
        differing = [entry for entry in publication.declared if entry.key in off]
        entries |= {entry.key: (publication, entry) for entry in differing}
        names = {
            name
            for entry in differing
            for name, _ in web_form_damage.misnamed(entry.key[0], publication.origin)
        }
        keys = frozenset({*((name, "TXT") for name in names), *(entry.key for entry in differing)})
        if keys:
            wanted.append(Wanted(publication.origin, keys, publication.nameservers))
    found = observe(wanted) if wanted else {}
    return {
        zone: tuple(_told(row, entries.get((row.name, row.type)), found.get(zone)) for row in rows)
        for zone, rows in seen.items()
    }


def _told(
    row: LiveEntry, declared: tuple[Publication, Declared] | None, observation: Observation | None
) -> LiveEntry:
    if declared is None or observation is None or row.reason is not None:
        return row
    publication, entry = declared
    at = observation.agreed(entry.key)
    reason = (
        web_form_damage.spoiled(entry.family, entry.values, at.values)
        if isinstance(at, RRset)
        else None
    )
    for name, what in (
        web_form_damage.misnamed(entry.key[0], publication.origin) if reason is None else ()
    ):
        there = observation.agreed((name, "TXT"))
        if isinstance(there, RRset) and any(
            web_form_damage.looks_like(entry.family, entry.key[0], text) for text in there.values
        ):
            reason = f"it stands at {name}: {what}"
            break
    return replace(row, reason=reason)
