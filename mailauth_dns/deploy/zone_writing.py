"""One write of a zone, which is planned again just before: only what was approved is done.

Between that plan and the write, the provider's own conditions protect what others write.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from mailauth_dns.deploy.provider_pool import Planned
from mailauth_dns.diff.change import Hold
from mailauth_dns.errors import SetMoved
from mailauth_dns.octo.target import Proposal, Target
from mailauth_dns.plan.done import is_done
from mailauth_dns.plan.entries import blocked_entry, change_entry
from mailauth_dns.plan.plan import BlockedEntry, ZoneEntry
from mailauth_dns.records.name import DomainName
from mailauth_dns.records.zone import RRKey


class ZoneWriting:
    """The work of writing a zone, which can be done again.

    `asked` is how often the provider was asked to write. `blocked` are the changes that became
    blocked since the plan.
    """

    def __init__(self, zone: ZoneEntry, planned: Planned, normalize: bool) -> None:
        """Take a zone of the plan that is carried out."""
        self.asked = 0
        self.blocked: dict[RRKey, BlockedEntry] = {}
        self._approved = {(DomainName(each.name), each.type): each for each in zone.changes}
        self._publication = planned.publication
        # What is not approved is not written, whatever has become of its reason.
        self._held: Mapping[RRKey, Hold] = {
            **{
                (DomainName(each.name), each.type): Hold(each.reason, each.waits)
                for each in zone.blocked
            },
            **planned.held,
        }
        self._normalize = normalize
        self._at_hand = planned.proposal
        self._kept: dict[RRKey, frozenset[str]] = {}  # foreign values seen before the first write

    def __call__(self, target: Target) -> None:
        """Plan the zone again, and write what is left of the approved changes.

        Raises:
            SetMoved: what would change is not what was approved; nothing was written now.
            ProviderError: the provider cannot be reached or refuses; it may have done a part.
        """
        proposal, self._at_hand = self._at_hand, None
        if proposal is None:
            proposal = target.propose(
                self._publication, datetime.now(UTC), self._held, normalize=self._normalize
            )
        try:
            self._check(proposal)
            self.blocked = {
                entry.key: blocked_entry(entry) for entry in proposal.difference.blocked
            }
            if proposal.difference.changes:
                self.asked += 1
                target.apply(proposal)
        finally:
            target.release(proposal)

    def _check(self, proposal: Proposal) -> None:
        moved = sorted(self._moved(proposal))
        if self.asked and (moved or self._has_lost(proposal)):
            raise SetMoved(
                f"{self._publication.origin}: a set changed while the provider did not answer; "
                "plan again"
            )
        if moved:
            names = ", ".join(f"{name} {type}" for name, type in moved)
            raise SetMoved(f"{names}: changed at the provider since it was read; plan again")
        if not self.asked:
            self._kept = {change.key: change.kept for change in proposal.difference.changes}

    def _moved(self, proposal: Proposal) -> Iterator[RRKey]:
        """Yield the sets whose change is neither as it was approved nor done."""
        fresh = {change.key: change_entry(change) for change in proposal.difference.changes}
        for key, change in fresh.items():
            approved = self._approved.get(key)
            if approved is None or approved.identity != change.identity:
                yield key
        out = fresh.keys() | {entry.key for entry in proposal.difference.blocked}
        for key, approved in self._approved.items():
            if key not in out and not is_done(approved, proposal.reading.zone):
                yield key

    def _has_lost(self, proposal: Proposal) -> bool:
        """Tell whether a foreign value seen beside ours is missing after a write of ours."""
        return any(
            self._kept.get(change.key, change.kept) - change.kept
            for change in proposal.difference.changes
        )
