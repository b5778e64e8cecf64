"""Our changes laid into an octoDNS zone, in which everything else stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from octodns.record import Record

from mailauth_dns.diff.change import Blocked, Change, Difference
from mailauth_dns.diff.joint_changes import together
from mailauth_dns.octo.compiled_zone import relative
from mailauth_dns.octo.txt_round_trip import Encoder, carried, internal_text
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRset

TtlsTaken = Callable[[], range | None]  # the TTLs that a provider takes, in seconds, if known


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
    base: Any, existing: Any, difference: Difference, encoders: tuple[Encoder, ...], ttls: TtlsTaken
) -> Difference:
    """Put the changes into `base`, an octoDNS zone.

    Return the difference, with each change blocked that the provider cannot carry. `existing` is
    what the provider holds. Every TXT value of a set that would be written goes through `encoders`.
    `ttls` is asked only where a set would get another TTL.
    """
    origin = DomainName(base.name.rstrip("."))
    made: list[tuple[Change, Any]] = []
    blocked = list(difference.blocked)
    for change in difference.changes:
        name, type = relative(change.key[0], origin), change.key[1]
        rrset = RRset(*change.key, change.ttl_after, change.values_after)
        record: Any = None
        reason = _ttl_refused(change, ttls)
        if reason is None and rrset.values and type == "TXT":
            record, reason = carried(base, name, rrset, existing.get_type(name, type), encoders)
        elif rrset.values:
            record = octodns_record(base, name, rrset)
        if reason is None:
            made.append((change, record))
        else:
            blocked.append(Blocked(change.domain, change.key, change.family, reason))
    changes, blocked = together([change for change, _ in made], blocked)
    for change, record in made:
        if change not in changes:
            continue
        there = base.get_type(relative(change.key[0], origin), change.key[1])
        if there is not None:
            base.remove_record(there)
        if record is not None:
            base.add_record(record, lenient=True)
    return replace(difference, changes=tuple(changes), blocked=tuple(blocked))


def _ttl_refused(change: Change, ttls: TtlsTaken) -> str | None:
    """Return why the provider does not take the TTL of a change; None where it does."""
    if change.ttl_after is None or change.ttl_after == change.ttl_before:
        return None
    taken = ttls()
    if taken is None or change.ttl_after in taken:
        return None
    return (
        f"the provider takes TTLs from {taken[0]} to {taken[-1]} seconds, and this is "
        f"{change.ttl_after}: write a `ttl` within that into the policy"
    )
