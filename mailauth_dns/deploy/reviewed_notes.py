"""What has moved since a review, noted while a plan is made again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mailauth_dns.deploy.moved import differences, evidence_differences
from mailauth_dns.octo.target import Proposal
from mailauth_dns.plan.plan import Where, ZoneEntry
from mailauth_dns.plan.same_zones import ZonesByPlace


@dataclass(slots=True)
class ReviewedNotes:
    """Lines about each place where a zone is no longer as it was `reviewed`."""

    reviewed: ZonesByPlace
    moved: dict[Where, list[str]] = field(default_factory=dict)

    def note(self, now: ZoneEntry, proposal: Proposal) -> None:
        """Note an entry with what it was made of; a later one for the same place counts."""
        zone = self.reviewed.get(now.where)
        if zone is not None:
            self.moved.pop(now.where, None)
            if told := differences(zone, now, proposal) or evidence_differences(zone, now):
                self.moved[now.where] = told

    def note_elsewhere(self, planned: Iterable[Where], moved: Mapping[Where, list[str]]) -> None:
        """Note what has moved at the places that another process planned, as it says."""
        for where in planned:
            self.moved.pop(where, None)
        self.moved.update(moved)
