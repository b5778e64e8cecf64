"""Our changes laid into an octoDNS zone, in which everything else stays as it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from octodns.record import Record

from mailauth_dns.diff.change import Blocked, Change, Difference
from mailauth_dns.diff.dmarc_tightening import follows_spf
from mailauth_dns.octo.compiled_zone import relative
from mailauth_dns.octo.txt_round_trip import Encoder, carried, internal_text
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_parts import referred
from mailauth_dns.records.zone import RRset


def octodns_record(zone: Any, name: str, rrset: RRset) -> Any:
    """Return the octoDNS record of one of our sets, as its own YAML source would make it."""
    values: list[Any] = sorted(rrset.values)
    if rrset.type == "TXT":
        values = [internal_text(value) for value in values]
    elif rrset.type == "MX":
        values = [
            {"preference": int(value.split()[0]), "exchange": value.split()[1]} for value in values
        ]
    one = {"value": values[0]} if len(values) == 1 else {"values": values}
    return Record.new(
        zone, name, {"type": rrset.type, "ttl": rrset.ttl or 3600, **one}, lenient=True
    )


def lay(
    base: Any, existing: Any, difference: Difference, encoders: tuple[Encoder, ...]
) -> Difference:
    """Put the changes into `base`, an octoDNS zone.

    Return the difference, with each change blocked that the provider cannot carry. `existing` is
    what the provider holds. Every TXT value of a set that would be written goes through `encoders`.
    """
    origin = DomainName(base.name.rstrip("."))
    made: list[tuple[Change, Any]] = []
    blocked = list(difference.blocked)
    for change in difference.changes:
        name, type = relative(change.key[0], origin), change.key[1]
        rrset = RRset(*change.key, change.ttl_after, change.values_after)
        record: Any = None
        reason: str | None = None
        if rrset.values and type == "TXT":
            record, reason = carried(base, name, rrset, existing.get_type(name, type), encoders)
        elif rrset.values:
            record = octodns_record(base, name, rrset)
        if reason is None:
            made.append((change, record))
        else:
            blocked.append(Blocked(change.domain, change.key, change.family, reason))
    made, blocked = _together(made, blocked)
    for change, record in made:
        there = base.get_type(relative(change.key[0], origin), change.key[1])
        if there is not None:
            base.remove_record(there)
        if record is not None:
            base.add_record(record, lenient=True)
    return replace(difference, changes=tuple(change for change, _ in made), blocked=tuple(blocked))


def _together(
    made: Iterable[tuple[Change, Any]], blocked: list[Blocked]
) -> tuple[list[tuple[Change, Any]], list[Blocked]]:
    """Block what must not be made without a change that is blocked.

    Half of a selector's move from key to alias would lose the key. An SPF record must not include
    a part that is not there. A DMARC policy must not be tightened before the SPF record that lets
    the domain's own mail pass.
    """
    moves = {entry.key[0]: entry for entry in blocked if entry.family is Family.DKIM}
    # What is blocked for good is named before what only waits.
    behind = {
        entry.domain: entry
        for waits in (True, False)
        for entry in blocked
        if entry.family is Family.SPF and entry.waits is waits
    }
    left = []
    for change, record in made:
        other, why = moves.get(change.key[0]), "goes with"
        if follows_spf(change):
            other, why = behind.get(change.domain), "waits for"
        if change.family is Family.SPF:
            other, why = (
                next((entry for entry in blocked if _includes(change, entry)), None),
                "waits for",
            )
        if other is None:
            left.append((change, record))
        else:
            state = "waits itself" if other.waits else "is blocked"
            reason = f"{why} the {other.key[1]} at {other.key[0]}, which {state}"
            blocked.append(Blocked(change.domain, change.key, change.family, reason, other.waits))
    return left, blocked


def _includes(change: Change, part: Blocked) -> bool:
    """Tell whether a record is to refer to a part of it that is blocked."""
    is_its_part = (part.domain, part.family) == (change.domain, Family.SPF)
    return is_its_part and part.key[0] in referred(change.after)
