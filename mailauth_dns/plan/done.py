"""Whether a planned change is done: asked of a zone before it is written again, and after."""

from __future__ import annotations

from mailauth_dns.diff.equivalence import same
from mailauth_dns.plan.plan import ChangeEntry
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.ownership import ours
from mailauth_dns.records.zone import Zone


def is_done(change: ChangeEntry, zone: Zone) -> bool:
    """Tell whether our values in `zone` are as they are after the change.

    A value of the same meaning is as good, as it is to a plan. The exact text counts where only the
    spelling changes, and the TTL where nothing else does: providers have TTLs of their own.
    """
    family, type = Family(change.family), change.type
    there = zone.get((DomainName(change.name), type))
    before, after = frozenset(change.before), frozenset(change.after)
    if before == after:
        return there is not None and there.ttl == change.ttl_after
    now = ours(there, family, change.sender_values) if there is not None else frozenset[str]()
    if same(family, type, before, after):
        return now == after
    return same(family, type, now, after)
