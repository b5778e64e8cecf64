"""Write one zone at one provider: try again where that is safe, and read the zone back."""

from __future__ import annotations

from collections.abc import Mapping

from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy.provider_pool import GivenUp, Lane, Planned
from mailauth_dns.deploy.zone_results import Status, ZoneResult
from mailauth_dns.deploy.zone_writing import ZoneWriting
from mailauth_dns.diff.equivalence import cut
from mailauth_dns.errors import MaybeLost, NotServed, ProviderError, SetMoved
from mailauth_dns.plan.done import is_done
from mailauth_dns.plan.permissions import Refusal
from mailauth_dns.plan.plan import ChangeEntry, ZoneEntry
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey, Zone


def written(lane: Lane, zone: ZoneEntry, planned: Planned, *, normalize: bool) -> ZoneResult:
    """Plan a zone again, write it if that is the same plan, and read it back.

    If the provider does not answer, nobody knows what it did. The zone is then read and planned
    again before the next try, which writes what is left of the same changes, or nothing.
    """
    publication = planned.publication
    writing = ZoneWriting(zone, planned, normalize)
    failure: ProviderError | None = None
    try:
        lane.ask(
            zone.zone, writing if zone.changes else lambda target: target.finish(publication.origin)
        )
    except GivenUp as error:
        return not_begun(zone, Status.NOT_TRIED, str(error))
    except ProviderError as error:
        failure = error
    left = _left(lane, publication, zone) if zone.changes else dict[RRKey, str]()
    if isinstance(left, str):
        detail = _unread(writing, failure, left)
        return ZoneResult(
            zone.zone, zone.provider, Status.FAILED, zone.changes, detail, undone=None
        )
    status, detail = _ended(zone, writing, failure, left)
    undone = frozenset(left)
    return ZoneResult(zone.zone, zone.provider, status, zone.changes, detail, undone=undone)


def _unread(writing: ZoneWriting, failure: ProviderError | None, why: str) -> str:
    """Return in words how a write ended in a zone that could not be read back."""
    if failure is None:
        return f"written, but it could not be read back: {why}"
    if writing.asked == 0:
        return f"{failure}; nothing was written"
    return f"{failure}; what was written is unknown: {why}"


def not_begun(
    zone: ZoneEntry, status: Status, detail: str, refusals: tuple[Refusal, ...] = ()
) -> ZoneResult:
    """Return the result of a zone in which nothing was written."""
    undone = frozenset((DomainName(change.name), change.type) for change in zone.changes)
    return ZoneResult(zone.zone, zone.provider, status, zone.changes, detail, refusals, undone)


def in_doubt(zone: ZoneEntry, failure: str | None = None) -> ZoneResult:
    """Return the result of a zone that was begun: an interrupt or a failure hid how it ended."""
    detail = (
        f"nobody knows what was written; run the apply again: {failure}"
        if failure is not None
        else "interrupted while it was written; run the apply again"
    )
    return ZoneResult(zone.zone, zone.provider, Status.FAILED, zone.changes, detail, undone=None)


def _ended(
    zone: ZoneEntry, writing: ZoneWriting, failure: ProviderError | None, left: Mapping[RRKey, str]
) -> tuple[Status, str]:
    """Return the status, and a text that explains it; `left` are the changes not done."""
    in_the_way = {(DomainName(entry.name), entry.type): entry for entry in zone.blocked}
    in_the_way |= {key: entry for key, entry in writing.blocked.items() if key in left}
    refused, waiting = (
        "; ".join(
            f"{name} {type}: {entry.reason}"
            for (name, type), entry in sorted(in_the_way.items())
            if entry.waits is waits
        )
        for waits in (False, True)
    )
    done = len(zone.changes) - len(left)
    status, detail = _of_changes(zone, writing, failure, left)
    told = [detail] if detail else []
    if refused:
        told.insert(0, f"refused: {refused}" if done else refused)
        if status in (Status.APPLIED, Status.UNCHANGED) and not done:
            status = Status.REFUSED
    if done and (left or refused):
        status = Status.PARTIAL
    if waiting:
        told.append(f"waits: {waiting}")
    return status, "; ".join(told)


def _of_changes(
    zone: ZoneEntry, writing: ZoneWriting, failure: ProviderError | None, left: Mapping[RRKey, str]
) -> tuple[Status, str]:
    """Return the status of the changes alone, whatever is blocked, and a text where one helps."""
    if failure is not None and not zone.changes:
        return Status.FAILED, str(failure)
    if failure is not None and left:
        done = len(zone.changes) - len(left)
        return Status.FAILED, f"{failure}; {done} of {len(zone.changes)} changes are done"
    if missing := left.keys() - writing.blocked.keys():
        names = ", ".join(f"{name} {type}{left[name, type]}" for name, type in sorted(missing))
        return Status.FAILED, f"the provider took the change and does not have it: {names}"
    if zone.changes and (writing.asked == 0 or _was_faster(failure, writing)):
        return Status.UNCHANGED, "somebody else has just made these changes"
    if isinstance(failure, NotServed | MaybeLost):
        return Status.PARTIAL, str(failure)
    status = Status.APPLIED if zone.changes else Status.UNCHANGED
    detail = f"{failure}; the changes are there all the same" if failure is not None else ""
    return status, detail


def _was_faster(failure: ProviderError | None, writing: ZoneWriting) -> bool:
    return isinstance(failure, SetMoved) and writing.asked == 1


def _left(lane: Lane, publication: Publication, zone: ZoneEntry) -> dict[RRKey, str] | str:
    """Read the zone back; return the changes not done, with a remark, or why they are unknown."""
    try:
        held = lane.ask(zone.zone, lambda target: target.read(publication.origin))
    except ProviderError as error:
        return str(error)
    return {
        (DomainName(change.name), change.type): _cut(change, held)
        for change in zone.changes
        if not is_done(change, held)
    }


def _cut(change: ChangeEntry, held: Zone) -> str:
    """Return a remark if only the beginning of a value is there."""
    there = held.get((DomainName(change.name), change.type))
    lengths = cut(there.values, frozenset(change.after)) if there is not None else None
    if lengths is None:
        return ""
    return " ({0} of {1} octets are there: the provider cuts a TXT value at {0})".format(*lengths)
