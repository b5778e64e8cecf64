"""One zone written at one provider: tried again where that is safe, read back, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from mailauth_dns.compile import Publication
from mailauth_dns.deploy.lanes import Lane
from mailauth_dns.deploy.planfile import ChangeEntry, ZoneEntry, change_entry
from mailauth_dns.diff.compare import ours
from mailauth_dns.errors import ProviderError, SetMoved
from mailauth_dns.octo.targets import Proposal, Target
from mailauth_dns.records.family import Family
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import Zone


class Status(StrEnum):
    """How an apply ended for one zone at one provider."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    FAILED = "failed"
    PARTIAL = "partial"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class ZoneOutcome:
    """What happened to one zone at one provider."""

    zone: str
    provider: str
    status: Status
    changes: tuple[ChangeEntry, ...]
    detail: str = ""


def written(lane: Lane, zone: ZoneEntry, proposal: Proposal, publication: Publication, *, normalize: bool) -> ZoneOutcome:
    """Write a zone and read it back.

    Where the provider does not answer, nobody knows what it did: the zone is read and worked out anew before the next try, which writes
    what is left of the same changes or nothing.
    """
    refused = "; ".join(f"{entry.name} {entry.type}: {entry.reason}" for entry in zone.blocked)
    try:
        if not zone.changes:
            lane.ask(lambda target: target.finish(publication.origin))
            return ZoneOutcome(zone.zone, zone.provider, Status.REFUSED if refused else Status.UNCHANGED, (), refused)
        lane.ask(_Writing(zone, proposal, publication, normalize))
    except ProviderError as error:
        return _after_failure(zone, lane, publication, error)
    left = _left(lane, publication, zone)
    if isinstance(left, str):
        return ZoneOutcome(zone.zone, zone.provider, Status.FAILED, zone.changes, f"written, but it could not be read back: {left}")
    if left:
        names = ", ".join(sorted(f"{name} {type}" for name, type in left))
        status = Status.PARTIAL if len(left) < len(zone.changes) else Status.FAILED
        return ZoneOutcome(zone.zone, zone.provider, status, zone.changes, f"the provider took the change and does not have it: {names}")
    if refused:
        return ZoneOutcome(zone.zone, zone.provider, Status.PARTIAL, zone.changes, f"refused: {refused}")
    return ZoneOutcome(zone.zone, zone.provider, Status.APPLIED, zone.changes)


class _Writing:
    """The work of writing a zone, which can be done again."""

    def __init__(self, zone: ZoneEntry, proposal: Proposal, publication: Publication, normalize: bool) -> None:
        self._approved = {change.identity for change in zone.changes}
        self._proposal: Proposal | None = proposal
        self._publication = publication
        self._normalize = normalize

    def __call__(self, target: Target) -> None:
        proposal = self._proposal or target.propose(self._publication, datetime.now(UTC), normalize=self._normalize)
        first, self._proposal = self._proposal is not None, None
        if not first and not {change_entry(change).identity for change in proposal.difference.changes} <= self._approved:
            raise SetMoved(f"{self._publication.origin}: a set changed while the provider did not answer; plan again")
        if first or proposal.difference.changes:
            target.apply(proposal)


def _after_failure(zone: ZoneEntry, lane: Lane, publication: Publication, error: ProviderError) -> ZoneOutcome:
    """Say how much of the change was done all the same; not knowing is said too."""
    left = _left(lane, publication, zone)
    if isinstance(left, str):
        return ZoneOutcome(zone.zone, zone.provider, Status.FAILED, zone.changes, f"{error}; what was written is unknown: {left}")
    if not left and isinstance(error, SetMoved):
        return ZoneOutcome(zone.zone, zone.provider, Status.UNCHANGED, zone.changes, "somebody else has just made these changes")
    done = len(zone.changes) - len(left)
    status = Status.PARTIAL if done else Status.FAILED
    return ZoneOutcome(zone.zone, zone.provider, status, zone.changes, f"{error}; {done} of {len(zone.changes)} changes are done")


def _left(lane: Lane, publication: Publication, zone: ZoneEntry) -> set[tuple[str, str]] | str:
    """Read back, and return the changes that are not done, or why that is unknown."""
    try:
        held = lane.ask(lambda target: target.read(publication.origin))
    except ProviderError as error:
        return str(error)
    return {(change.name, change.type) for change in zone.changes if not _is_done(change, held)}


def _is_done(change: ChangeEntry, held: Zone) -> bool:
    """Tell whether our values are as after; a TTL counts where it is all that changes, since providers have floors of their own."""
    there = held.get((DomainName(change.name), change.type))
    now = frozenset[str]() if there is None else ours(there, Family(change.family))
    if change.before == change.after:
        return there is not None and there.ttl == change.ttl_after
    return now == frozenset(change.after)
