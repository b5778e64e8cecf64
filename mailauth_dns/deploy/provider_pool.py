"""Connections to a repo's providers, and work on many zones at once, so many per provider.

Each lane has a provider object of its own, made and used in one thread, because octoDNS's provider
classes and their client libraries promise no more. A proposal is carried out in the lane that made
it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from random import uniform
from typing import TypeVar

from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy.crew import Queue
from mailauth_dns.deploy.daemon_executor import DaemonExecutor
from mailauth_dns.diff.change import Hold
from mailauth_dns.errors import PlanRefused, ProviderError, ProviderSilent, ServerBusy
from mailauth_dns.octo.provider_objects import Unreachable
from mailauth_dns.octo.target import Proposal, Target
from mailauth_dns.plan.plan import Where
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records.zone import RRKey

# Seconds before the next try, unless the provider says how long.
PAUSES = (0.5, 2.0)
BUSY_PAUSES = (0.1, 0.3, 1.0, 3.0)
_GIVEN_UP = 3  # after so many zones in a row without an answer, the provider is not asked again
_MOMENT = 0.5  # seconds for threads to end; we do not wait for one that waits for a provider

R = TypeVar("R")


class GivenUp(ProviderError):
    """A provider did not answer for several zones, and is not asked about others."""


class Lane:
    """One provider object in a thread of its own."""

    def __init__(self, make: Callable[[], Target]) -> None:
        """Make the provider object in the lane's thread.

        Raises:
            ProviderError: it cannot be made.
        """
        self._silent: list[str] = []  # the last zones in a row without an answer
        self.executor = DaemonExecutor()
        try:
            self._target = self.executor.submit(make).result()
        except BaseException:
            self.executor.shutdown(wait=False, cancel_futures=True)
            raise

    @property
    def at_once(self) -> int:
        """How many lanes the provider may have."""
        return self._target.at_once

    @property
    def is_given_up(self) -> bool:
        """Tell whether the provider is asked about no other zone."""
        return len(self._silent) >= _GIVEN_UP

    def ask(self, zone: str, work: Callable[[Target], R]) -> R:
        """Return what `work` does with the provider; call this in the lane's thread only.

        If the provider does not answer, `work` is called again, so it must be safe to do twice.

        Raises:
            GivenUp: the provider did not answer for other zones; nothing was done.
            ProviderError: it cannot be done.
        """
        if self.is_given_up and zone not in self._silent:
            raise GivenUp(
                f"{self._target.id} was given up on: it did not answer, or was busy, "
                f"for {_GIVEN_UP} zones in a row"
            )
        for tries in count():
            try:
                done = work(self._target)
            except ProviderSilent as error:
                pause = _pause(error, tries)
                if pause is None:
                    if zone not in self._silent:
                        self._silent.append(zone)
                    raise
                time.sleep(pause)
            except ProviderError:
                self._silent.clear()  # an answer too
                raise
            else:
                break
        self._silent.clear()
        return done


def _pause(error: ProviderSilent, tries: int) -> float | None:
    """Return how long to wait before the next of so many tries; None if there is none."""
    if isinstance(error, ServerBusy):
        # Lanes that got into one another's way do not try again at the same moment.
        if tries >= len(BUSY_PAUSES):
            return None
        return BUSY_PAUSES[tries] * uniform(0.5, 1.5)  # noqa: S311 - no secret
    return max(PAUSES[tries], error.pause) if tries < len(PAUSES) else None


@dataclass(frozen=True, slots=True)
class Planned:
    """What was planned for a zone at a provider, and what must not be written there yet.

    `proposal` is there if it is at hand to be applied.
    """

    publication: Publication
    held: Mapping[RRKey, Hold]
    proposal: Proposal | None = None


class ProviderPool:
    """The lanes to each provider, opened as they are needed, and what was planned in them."""

    def __init__(self, repo: Repo) -> None:
        self.repo = repo
        self._lanes: dict[str, list[Lane]] = {}
        self._planned: dict[Where, Planned] = {}
        self._stays: dict[Where, Lane] = {}  # zones of which a lane has a proposal at hand

    def connect(self, wanted: Iterable[Where]) -> dict[str, ProviderError]:
        """Open lanes to the providers of these zones; return the errors of unreachable providers.

        Raises:
            ProviderError: stanzas are wrong; the text lists every problem.
        """
        unreachable: dict[str, ProviderError] = {}
        problems: list[str] = []
        for provider, zones in sorted(Counter(provider for _, provider in wanted).items()):
            if provider in self._lanes:
                continue
            try:
                self._open(provider, zones)
            except Unreachable as error:
                unreachable[provider] = error
            except ProviderError as error:
                problems.append(str(error))
        if problems:
            raise ProviderError("\n".join(problems))
        return unreachable

    def _open(self, provider: str, zones: int) -> None:
        """Open lanes for `zones` zones, or as many as the provider allows."""
        make = partial(Target, self.repo.stanzas[provider], self.repo.root)
        lanes = self._lanes[provider] = []
        try:
            lanes.append(Lane(make))
            while len(lanes) < min(lanes[0].at_once, zones):
                lanes.append(Lane(make))
        except ProviderError:
            if not lanes:
                del self._lanes[provider]
                raise
            # The first lane took the same stanza, so only the number of lanes is wrong.

    def is_connected(self, provider: str) -> bool:
        """Tell whether there is a lane to this provider."""
        return provider in self._lanes

    def queues(self, zones: Iterable[Where]) -> list[Queue[Lane, Where]]:
        """Return the zones, and which lanes may work on them."""
        found: dict[Lane | str, Queue[Lane, Where]] = {}
        for where in zones:
            stays = self._stays.get(where)
            lanes = self._lanes[where[1]] if stays is None else [stays]
            found.setdefault(stays or where[1], Queue(lanes, [])).keys.append(where)
        return list(found.values())

    def stay(self, where: Where, lane: Lane) -> None:
        """Work on a zone in this lane from now on: it has a proposal that is to be applied."""
        self._stays[where] = lane

    def remember(self, where: Where, planned: Planned) -> None:
        """Keep what apply needs to plan a zone again."""
        self._planned[where] = planned

    def forget(self) -> None:
        """Keep nothing of what was planned: it is not applied with these connections."""
        self._planned.clear()

    def planned(self, where: Where) -> Planned:
        """Return what was planned last for a zone.

        Raises:
            PlanRefused: the zone was not planned with these connections.
        """
        try:
            return self._planned[where]
        except KeyError:
            zone, provider = where
            raise PlanRefused(
                f"{zone} was not planned with this connection to {provider}; plan again"
            ) from None

    def close(self) -> None:
        """Let every thread end. One that waits for a provider ends when its answer comes."""
        lanes = [lane for lanes in self._lanes.values() for lane in lanes]
        self._lanes.clear()
        self._planned.clear()
        self._stays.clear()
        for lane in lanes:
            lane.executor.shutdown(wait=False, cancel_futures=True)
        until = time.monotonic() + _MOMENT
        for lane in lanes:
            lane.executor.join(max(0.0, until - time.monotonic()))


@contextmanager
def providers(repo: Repo) -> Iterator[ProviderPool]:
    """Yield connections to a repo's providers, and close them at the end."""
    pool = ProviderPool(repo)
    try:
        yield pool
    finally:
        pool.close()
