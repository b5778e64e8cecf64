"""Zones that other processes write, each with connections of its own to the providers.

Only zones in files of our own are written so, and only where no command is run after a write: that
command may not be meant to be run twice at a time. What is sent is as in plan_in_parts.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice
from pathlib import Path

from mailauth_dns.deploy.crew import Crew
from mailauth_dns.deploy.first_interrupt import first_interrupt
from mailauth_dns.deploy.journal import Journal
from mailauth_dns.deploy.provider_pool import Lane, Planned, ProviderPool
from mailauth_dns.deploy.zone_results import ZoneResult, results_alike, results_places
from mailauth_dns.deploy.zone_write import written
from mailauth_dns.errors import MailAuthError
from mailauth_dns.plan.alike import Alike
from mailauth_dns.plan.plan import Where, ZoneEntry
from mailauth_dns.plan.same_zones import ZonesByPlace
from mailauth_dns.policy.provider_stanza import LOCAL, Stanza
from mailauth_dns.policy.repo import Repo
from mailauth_dns.policy.spf_lock import Lock
from mailauth_dns.spread.spread import Spread, pays

PART = 50  # zones: after an interrupt, each process writes what is left of its parts


@dataclass(frozen=True, slots=True)
class WritePart:
    """Zones to write, and what was planned for each."""

    zones: Sequence[ZoneEntry]
    planned: tuple[Planned, ...]


@dataclass
class WriteParts:
    """Writes one part after another, with connections that stay open."""

    root: Path
    stanzas: Mapping[str, Stanza]
    normalize: bool
    log: Journal

    def __call__(self, part: WritePart) -> Alike[ZoneResult]:
        """Return how each zone ended.

        Raises:
            ProviderError: a provider cannot be reached; nothing was written.
        """
        zones = ZonesByPlace(part.zones)
        for error in self._pool.connect(zones).values():
            raise error
        planned = dict(zip(zones, part.planned, strict=True))
        work = partial(written_with_log, self.log, zones, planned, normalize=self.normalize)
        return results_alike(result for _, result in Crew(self._pool.queues(zones), work).results())

    @cached_property
    def _pool(self) -> ProviderPool:
        return ProviderPool(Repo(self.root, (), self.stanzas, Lock()))


def written_with_log(
    log: Journal,
    zones: Mapping[Where, ZoneEntry],
    planned: Mapping[Where, Planned],
    lane: Lane,
    where: Where,
    *,
    normalize: bool,
) -> ZoneResult:
    """Write a zone in a lane; the journal has when it began and how it ended."""
    zone = zones[where]
    log.write(zone, "begun")
    result = written(lane, zone, planned[where], normalize=normalize)
    log.write(zone, result.status.value, result.detail)
    return result


class PartsOfWriting:
    """Which zones can be written in parts, and what comes of it.

    After `write`, `interrupted` tells whether an interrupt kept zones from being written, `failure`
    is why the other processes could not go on, and of the zones `under_way` nobody knows more. So
    it is too where somebody takes no more of what `write` yields.
    """

    def __init__(self, repo: Repo, spread: Spread, log: Journal, *, normalize: bool) -> None:
        self.interrupted = False
        self.failure: str | None = None
        self.under_way: set[Where] = set()
        self._spread = spread
        self._work = WriteParts(repo.root, dict(repo.stanzas), normalize, log)
        self._fit = {
            id
            for id, each in repo.stanzas.items()
            if each.class_name == LOCAL and not each.arguments.get("reload")
        }

    def fit(self, zones: ZonesByPlace, wanted: Iterable[Where]) -> list[Where]:
        """Return the zones that can be written elsewhere, if that is worth it."""
        found = [where for where in wanted if where[1] in self._fit and zones.like(where).changes]
        return found if pays(len(found)) else []

    def write(
        self, zones: ZonesByPlace, wanted: Sequence[Where], planned: Callable[[Where], Planned]
    ) -> Iterator[Alike[ZoneResult]]:
        """Yield how zones ended, some at a time."""
        self.under_way = set()

        def parts() -> Iterator[WritePart]:
            left = iter(wanted)
            while not interrupt.seen and (some := tuple(islice(left, PART))):
                self.under_way.update(some)
                yield WritePart(zones.some(some), tuple(map(planned, some)))

        with first_interrupt() as interrupt:
            try:
                for done in self._spread.each(self._work, parts()):
                    yield done
                    self.under_way.difference_update(results_places(done))
            except MailAuthError as error:
                self.failure = str(error)
            except KeyboardInterrupt:  # the second one
                self.interrupted = True
        self.interrupted = self.interrupted or interrupt.seen
