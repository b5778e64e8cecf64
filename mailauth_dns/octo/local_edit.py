"""A master file with the changes that were planned, by us or by octoDNS, or why it is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from octodns.record import Record
from octodns.record.rr import Rrset

from mailauth_dns.errors import SetMoved
from mailauth_dns.masterfile.edit import edited
from mailauth_dns.masterfile.master_file import MasterFile, normal, parse
from mailauth_dns.octo.provider_zone import owner
from mailauth_dns.octo.txt_round_trip import internal_text, octets, txt_record
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, RRset

# What sets were when they were planned, and what they shall be; None where there is none.
Edits = Mapping[RRKey, tuple[RRset | None, RRset | None]]


def edited_file(master: MasterFile, wanted: Iterable[Any]) -> MasterFile:
    """Return a zone file with the changes that octoDNS planned.

    Raises:
        SetMoved: a set is not as it was when octoDNS planned.
        MasterFileError: the file cannot hold a change.
    """
    changes: dict[RRKey, RRset | None] = {}
    there = master.zone()
    for change in wanted:
        key = (owner(change.record.fqdn), change.record._type)
        if not _is_unmoved(there.get(key), change.existing):
            raise _moved(key)
        new = change.new
        changes[key] = _rrset(new, master.origin) if new is not None else None
    return _edited(master, changes)


def edited_sets(master: MasterFile, edits: Edits) -> MasterFile:
    """Return a zone file with sets replaced, each by what it shall be.

    Raises:
        SetMoved: a set is not as it was when it was planned.
        MasterFileError: the file cannot hold a set.
    """
    there = master.zone()
    for key, (before, _) in edits.items():
        if there.get(key) != before:
            raise _moved(key)
    wanted = {
        key: _normal(after, master.origin) if after is not None else None
        for key, (_, after) in edits.items()
    }
    return _edited(master, wanted)


def _normal(rrset: RRset, origin: DomainName) -> RRset:
    values = frozenset(normal(rrset.type, value, origin) for value in rrset.values)
    return RRset(rrset.name, rrset.type, rrset.ttl, values)


def _edited(master: MasterFile, changes: Mapping[RRKey, RRset | None]) -> MasterFile:
    after = parse(master.origin, edited(master, changes))
    _check_aliases(after, changes)
    return after


def _is_unmoved(there: RRset | None, existing: Any) -> bool:
    if there is None or existing is None:
        return there is None and existing is None
    same: bool = octodns_record(existing.zone, there).data == existing.data
    return same


def _moved(key: RRKey) -> SetMoved:
    return SetMoved(f"{key[0]} {key[1]}: the set changed since it was read; plan again")


def _check_aliases(master: MasterFile, changes: Mapping[RRKey, RRset | None]) -> None:
    """Refuse a file in which a new alias stands beside what we write.

    A name server would not load such a zone.
    """
    touched = {name for name, _ in changes}
    types: dict[DomainName, set[str]] = {}
    for rrset in master.zone().rrsets:
        if rrset.name in touched:
            types.setdefault(rrset.name, set()).add(rrset.type)
    for name, there in types.items():
        if "CNAME" in there and len(there) > 1:
            raise SetMoved(
                f"{name}: changed since it was read, "
                f"and holds {' and '.join(sorted(there))} now; plan again"
            )


def octodns_record(zone: Any, rrset: RRset) -> Any:
    """Return a set of a master file as an octoDNS record."""
    name = zone.hostname_from_fqdn(f"{rrset.name}.")
    if rrset.type == "TXT":
        return txt_record(zone, name, rrset.ttl or 0, map(internal_text, rrset.values))
    [record] = Record.from_rrsets(
        zone, [Rrset(f"{rrset.name}.", rrset.type, rrset.ttl, sorted(rrset.values))], lenient=True
    )
    return record


def _rrset(record: Any, origin: DomainName) -> RRset:
    """Return an octoDNS record as a set in the form that reading a file gives."""
    if record._type == "TXT":
        values = frozenset(octets(str(value)) for value in record.values)
    else:
        values = frozenset(
            normal(record._type, rdata, origin) for rdata in record.to_rrset().rdatas
        )
    return RRset(owner(record.fqdn), record._type, record.ttl, values)
