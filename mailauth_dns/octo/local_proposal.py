"""What would change in a local file. It is ours to edit, so no object of octoDNS is made for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from mailauth_dns.compile.publication import Publication
from mailauth_dns.diff.change import Difference, Hold
from mailauth_dns.diff.compare import compare
from mailauth_dns.diff.joint_changes import together
from mailauth_dns.diff.meaning import judge_at
from mailauth_dns.octo.local_edit import Edits
from mailauth_dns.octo.provider_zone import Reading
from mailauth_dns.records.zone import RRKey, RRset, Zone


def difference_of(
    reading: Reading,
    publication: Publication,
    now: datetime,
    held: Mapping[RRKey, Hold],
    *,
    normalize: bool,
) -> Difference:
    """Return what would change in a file that was read."""
    found = compare(
        reading.zone,
        publication,
        judge_at(now),
        reading.unwritable,
        held=held,
        normalize=normalize,
    )
    changes, blocked = together(found.changes, found.blocked)
    return replace(found, changes=tuple(changes), blocked=tuple(blocked))


def edits(zone: Zone, difference: Difference) -> Edits:
    """Return changes of a zone as its sets before and after."""
    return {
        change.key: (
            zone.get(change.key),
            RRset(*change.key, change.ttl_after, change.values_after)
            if change.values_after
            else None,
        )
        for change in difference.changes
    }
