"""How an apply ended for each zone."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from mailauth_dns.plan.alike import Alike
from mailauth_dns.plan.permissions import Refusal
from mailauth_dns.plan.plan import ChangeEntry, Where
from mailauth_dns.records.renamed import First
from mailauth_dns.records.zone import RRKey


class Status(StrEnum):
    """How an apply ended for one zone at one provider."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    FAILED = "failed"
    PARTIAL = "partial"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class ZoneResult:
    """What happened to one zone at one provider.

    `undone` are the changes that are not made; None where that is unknown. `refusals` are there if
    it was not begun for want of permission.
    """

    zone: str
    provider: str
    status: Status
    changes: tuple[ChangeEntry, ...]
    detail: str = ""
    refusals: tuple[Refusal, ...] = ()
    undone: frozenset[RRKey] | None = frozenset()

    def made(self, key: tuple[str, str]) -> bool:
        """Tell whether the change of a set is certainly made."""
        return self.undone is not None and key not in self.undone


class ZoneResults:
    """The results of an apply by place; what is the same in many zones is held once."""

    def __init__(self) -> None:
        self._alike = results_alike(())
        self._ended: dict[Where, First[ZoneResult]] = {}

    def add(self, result: ZoneResult) -> None:
        """Note how a zone ended."""
        self._ended[result.zone, result.provider] = self._alike.first_like(result)

    def add_all(self, results: Alike[ZoneResult]) -> None:
        """Note how zones ended."""
        for zone, first in self._alike.known(results):
            self._ended[zone, first.value.provider] = first

    def get(self, where: Where) -> ZoneResult | None:
        """Return how a zone ended; None if it did not yet."""
        found = self._ended.get(where)
        return found.named(where[0]) if found is not None else None

    def __contains__(self, where: object) -> bool:
        return where in self._ended

    def in_order(self, places: Iterable[Where]) -> Alike[ZoneResult]:
        """Return the results of these places."""
        found = results_alike(())
        for where in places:
            found.append_like(where[0], self._ended[where])
        return found


def results_alike(results: Iterable[ZoneResult]) -> Alike[ZoneResult]:
    """Return results as a sequence that holds once what is the same in many."""
    return Alike(_kind, results)


def results_places(results: Alike[ZoneResult]) -> Iterator[Where]:
    """Yield the places of results."""
    return ((zone, first.value.provider) for zone, first in results.rows())


def _kind(result: ZoneResult) -> Hashable:
    return result.provider, result.status, result.detail, len(result.changes)
