"""The order in which the parts of a flattened SPF record and the record itself are written.

If a record includes a part that a server does not have, every message gets a permanent error
(RFC 7208 §5.2). So parts are written first. A part that the published record already includes
delays nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from mailauth_dns.compile.publication import Declared, Publication
from mailauth_dns.diff.change import Blocked, Change, Hold
from mailauth_dns.diff.our_values import is_part_of_spf
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.spf_parts import referred
from mailauth_dns.records.zone import RRKey, Zone

Parts = Mapping[DomainName, Declared]

# What the user does once the parts are published.
SEE_PARTS = (
    "once it is applied run `mailauth-dns spf lock`, which sees whether every server has it "
    "and says from when on the record may include it"
)


def parts_by_name(publication: Publication) -> Parts:
    """Return the parts that a publication declares, by owner name."""
    return {
        entry.key[0]: entry
        for entry in publication.declared
        if entry.values and is_part_of_spf(entry)
    }


def hold(change: Change, before: Zone, parts: Parts, held: Mapping[RRKey, Hold]) -> Hold | None:
    """Return why a change must not be made yet; None where it may be made."""
    if change.key[0] not in parts and change.key in held:
        return held[change.key]  # a part's own entry is about the records that would include it
    if change.family is not Family.SPF:
        return None
    for name in sorted((referred(change.after) - referred(change.before)) & parts.keys()):
        part = parts[DomainName(name)]
        there = before.get(part.key)
        if there is None or not part.values <= there.values:
            return Hold(f"its part {name} goes first; {SEE_PARTS}", waits=True)
        if part.key in held:
            return held[part.key]
    return None


def without_hope(blocked: Sequence[Blocked], parts: Parts) -> Iterator[Blocked]:
    """Yield the blocked changes; a record that waits for a blocked part no longer waits."""
    dead = {entry.domain: entry for entry in blocked if entry.key[0] in parts and not entry.waits}
    for entry in blocked:
        part = dead.get(entry.domain) if entry.waits and entry.family is Family.SPF else None
        if part is None:
            yield entry
        else:
            reason = f"waits for the TXT at {part.key[0]}, which is blocked"
            yield replace(entry, reason=reason, waits=False)
