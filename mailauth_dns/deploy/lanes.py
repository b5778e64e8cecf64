"""Work on many zones at once, a few of them at one provider.

Each lane has a provider object of its own, which only one thread ever uses: octoDNS's provider classes, and the client libraries below
them, do not promise more. A zone is read and written in the same lane, since a provider object remembers what it read.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from queue import SimpleQueue
from typing import Generic, TypeVar

from mailauth_dns.errors import ProviderError, ProviderSilent
from mailauth_dns.octo.targets import Target
from mailauth_dns.policy.load import Repo

PAUSES = (0.5, 2.0)  # seconds before a provider that did not answer is asked again
_GIVEN_UP = 3  # zones in a row to which a provider did not answer, and it is asked no more

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")


class Lane:
    """One provider object and the patience that is left with it."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._silent = 0

    def ask(self, work: Callable[[Target], R]) -> R:
        """Return what `work` does with the provider; it is done again where that had no answer, so it must be safe to do twice.

        Raises:
            ProviderError: it cannot be done.
        """
        if self._silent >= _GIVEN_UP:
            raise ProviderError(f"{self._target.id} was given up on: it did not answer for {_GIVEN_UP} zones in a row")
        for pause in PAUSES:
            try:
                done = work(self._target)
            except ProviderSilent:
                time.sleep(pause)
            else:
                self._silent = 0
                return done
        try:
            return work(self._target)
        except ProviderSilent:
            self._silent += 1
            raise


class Lanes:
    """A provider's lanes; a zone always has the same one."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self._lanes = [Lane(target) for target in targets]

    def of(self, zone: str) -> Lane:
        """Return the lane in which a zone is read and written."""
        return self._lanes[zlib.crc32(zone.encode()) % len(self._lanes)]


def open_lanes(repo: Repo, provider: str, zones: int) -> Lanes:
    """Return lanes for so many zones of one provider.

    Raises:
        ProviderError: its stanza is wrong, or it cannot be reached.
    """
    first = Target(repo.stanzas[provider], repo.root)
    more = min(first.at_once, zones) - 1
    return Lanes([first, *(Target(repo.stanzas[provider], repo.root) for _ in range(more))])


class Crew(Generic[K, R]):
    """Does `work` for every key: keys of one lane one after the other, lanes at the same time.

    `begun` are the keys that were come to, `done` is what came of those that are through.
    """

    def __init__(self, lanes: Mapping[K, Lane], work: Callable[[Lane, K], R]) -> None:
        self.begun: set[K] = set()
        self._work = work
        self.done: dict[K, R] = {}
        self._stopped = threading.Event()
        self._said: SimpleQueue[K | BaseException | None] = SimpleQueue()  # a key that is done, what went wrong, or None: a lane has ended
        keys: dict[Lane, list[K]] = {}
        for key, lane in lanes.items():
            keys.setdefault(lane, []).append(key)
        # Daemons, so that an impatient user can leave while a provider is waited for.
        self._threads = [threading.Thread(target=self._run, args=each, daemon=True) for each in keys.items()]

    def results(self) -> Iterator[tuple[K, R]]:
        """Do it, and yield what comes of each key as it comes."""
        for thread in self._threads:
            thread.start()
        running = len(self._threads)
        while running:
            said = self._said.get()
            if said is None:
                running -= 1
            elif isinstance(said, BaseException):
                self._stopped.set()
                raise said
            else:
                yield said, self.done[said]

    def stop(self) -> None:
        """Begin nothing more, and wait for what was begun."""
        self._stopped.set()
        # Not from the queue: an interrupt can come between taking something out of it and knowing what it was.
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _run(self, lane: Lane, keys: Sequence[K]) -> None:
        for key in keys:
            if self._stopped.is_set():
                break
            self.begun.add(key)
            try:
                self.done[key] = self._work(lane, key)
            except BaseException as error:  # noqa: BLE001 - raised again where the results are taken
                self._said.put(error)
                break
            self._said.put(key)
        self._said.put(None)
