"""What a comparison found, as the entries of a plan."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from mailauth_dns.diff.change import Blocked, Change, Kept
from mailauth_dns.diff.foreign_label import label
from mailauth_dns.plan.evidence_entry import EvidenceEntry
from mailauth_dns.plan.plan import BlockedEntry, ChangeEntry, KeptEntry
from mailauth_dns.typed_yaml.yaml_tree import FileLine


def change_entry(
    change: Change, place: FileLine | None = None, evidence: EvidenceEntry | None = None
) -> ChangeEntry:
    """Return a change as the file holds it, with what reports say of it."""
    judged = change.judgement
    refusing = (evidence.rule,) if evidence is not None and evidence.rule is not None else ()
    return ChangeEntry(
        domain=change.domain,
        name=change.key[0],
        type=change.key[1],
        family=change.family.value,
        before=tuple(sorted(change.before)),
        after=tuple(sorted(change.after)),
        ttl_before=change.ttl_before,
        ttl_after=change.ttl_after,
        kept=len(change.kept),
        meaning=judged.meaning,
        # The enum's values are those of the literal.
        risk="breaking" if refusing else str(judged.risk),  # type: ignore[arg-type]
        rules=tuple(dict.fromkeys((*judged.rules, *refusing))),
        place=place,
        sender=change.sender.name if change.sender is not None else None,
        sender_values=change.sender_values,
        evidence=evidence,
    )


def evidence_digest(changes: Iterable[ChangeEntry]) -> str:
    """Return a SHA-256 of what reports say of changes; "" where none asks for evidence."""
    rows = [
        [change.name, change.type, *change.evidence.outcome]
        for change in sorted(changes, key=lambda change: (change.name, change.type))
        if change.evidence is not None
    ]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest() if rows else ""


def blocked_entry(blocked: Blocked, place: FileLine | None = None) -> BlockedEntry:
    """Return a blocked change as the file holds it."""
    return BlockedEntry(
        domain=blocked.domain,
        name=blocked.key[0],
        type=blocked.key[1],
        family=blocked.family.value,
        reason=blocked.reason,
        waits=blocked.waits,
        place=place,
    )


def kept_entry(kept: Kept, zone: str, with_values: bool) -> KeptEntry:
    """Return what is kept as the file holds it.

    Names in the zone count from it, so that zones that are the same have the same kinds.
    """
    values, type = sorted(kept.values), kept.key[1]
    own = f"{zone}."
    told = values if type == "TXT" else [value.replace(own, "@") for value in values]
    return KeptEntry(
        name=kept.key[0],
        type=type,
        shared=kept.shared,
        looks_like=kept.looks_like.value if kept.looks_like is not None else None,
        kinds=tuple(label(type, value) for value in told),
        values=tuple(values) if with_values else None,
    )
