"""Connections to a repo's providers, and work on many zones at once, so many per provider.

Each lane has a provider object of its own, made and used in one thread, because octoDNS's provider
classes and their client libraries promise no more. A proposal is carried out in the lane that made
it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from concurrent.futures import Future, as_completed, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from mailauth_dns.compile.publication import Publication
from mailauth_dns.deploy.daemon_executor import DaemonExecutor
from mailauth_dns.diff.change import Hold
from mailauth_dns.errors import PlanRefused, ProviderError, ProviderSilent
from mailauth_dns.octo.provider_objects import Unreachable
from mailauth_dns.octo.target import Proposal, Target
from mailauth_dns.plan.plan import Where
from mailauth_dns.policy.repo import Repo
from mailauth_dns.records.zone import RRKey

PAUSES = (0.5, 2.0)  # seconds before the next try, unless the provider says how long
_GIVEN_UP = 3  # after so many zones in a row without an answer, the provider is not asked again
_MOMENT = 0.5  # seconds for threads to end; we do not wait for one that waits for a provider

K = TypeVar("K", bound=Hashable)
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

    def ask(self, zone: str, work: Callable[[Target], R]) -> R:
        """Return what `work` does with the provider; call this in the lane's thread only.

        If the provider does not answer, `work` is called again, so it must be safe to do twice.

        Raises:
            GivenUp: the provider did not answer for other zones; nothing was done.
            ProviderError: it cannot be done.
        """
        if len(self._silent) >= _GIVEN_UP and zone not in self._silent:
            raise GivenUp(
                f"{self._target.id} was given up on: it did not answer, or was busy, "
                f"for {_GIVEN_UP} zones in a row"
            )
        for pause in (*PAUSES, None):
            try:
                done = work(self._target)
            except ProviderSilent as error:
                if pause is None:
                    if zone not in self._silent:
                        self._silent.append(zone)
                    raise
                time.sleep(max(pause, error.pause))
            except ProviderError:
                self._silent.clear()  # an answer too
                raise
            else:
                break
        self._silent.clear()
        return done


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
        self._repo = repo
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
        make = partial(Target, self._repo.stanzas[provider], self._repo.root)
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

    def lanes(self, zones: Iterable[Where]) -> dict[Where, Lane]:
        """Return a lane for each zone: each lane of a provider gets as many as the others."""
        turns: Counter[str] = Counter()
        found: dict[Where, Lane] = {}
        for where in zones:
            if where in self._stays:
                found[where] = self._stays[where]
                continue
            lanes = self._lanes[where[1]]
            found[where] = lanes[turns[where[1]] % len(lanes)]
            turns[where[1]] += 1
        return found

    def stay(self, where: Where, lane: Lane) -> None:
        """Work on a zone in this lane from now on: it has a proposal that is to be applied."""
        self._stays[where] = lane

    def remember(self, where: Where, planned: Planned) -> None:
        """Keep what apply needs to plan a zone again."""
        self._planned[where] = planned

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


class Crew(Generic[K, R]):
    """Does `work` for every key: keys of one lane in turn, lanes at the same time."""

    def __init__(self, lanes: Mapping[K, Lane], work: Callable[[Lane, K], R]) -> None:
        self._lanes = lanes
        self._work = work
        self._futures: dict[K, Future[R]] = {}

    def results(self) -> Iterator[tuple[K, R]]:
        """Do the work, and yield each key with its result as soon as it is done."""
        try:
            for key, lane in self._lanes.items():
                future = lane.executor.submit(self._work, lane, key)
                self._futures[key] = future
                future.add_done_callback(self._cancel_after_error)
            keys = {future: key for key, future in self._futures.items()}
            for future in as_completed(keys):
                if not future.cancelled():
                    yield keys[future], future.result()
        except Exception:
            self.stop()
            raise

    def stop(self) -> None:
        """Begin nothing new, and wait for the work that was begun."""
        self._cancel()
        wait(self._futures.values())

    def begun(self, key: K) -> bool:
        """Tell whether the work for a key has started."""
        future = self._futures.get(key)
        return future is not None and (future.running() or _has_ended(future))

    def result(self, key: K) -> R | None:
        """Return the result for a key, or None where there is none yet."""
        future = self._futures.get(key)
        return future.result() if future is not None and _has_ended(future) else None

    def _cancel(self) -> None:
        for future in tuple(self._futures.values()):
            future.cancel()

    def _cancel_after_error(self, future: Future[R]) -> None:
        """Keep a lane from beginning its next key after an error; runs in the lane's thread."""
        if not future.cancelled() and future.exception() is not None:
            self._cancel()


def _has_ended(future: Future[R]) -> bool:
    return future.done() and not future.cancelled()
