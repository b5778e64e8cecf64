"""Work on many zones at once, a few of them at one provider.

Each lane has a provider object of its own, made and used in one thread: octoDNS's provider classes, and the client libraries below them, do
not promise more. A zone is read and written in the same lane, since a provider object remembers what it read.
"""

from __future__ import annotations

import threading
import time
import weakref
import zlib
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import partial
from queue import SimpleQueue
from typing import Generic, TypeVar

from mailauth_dns.errors import ProviderError, ProviderSilent
from mailauth_dns.octo.target import Target
from mailauth_dns.policy.repo import Repo

PAUSES = (
    0.5,
    2.0,
)  # seconds before a provider that did not answer is asked again, unless it says how long
_GIVEN_UP = 3  # zones in a row to which a provider did not answer, and it is asked no more

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")
_Job = Callable[[], None]


class GivenUp(ProviderError):
    """A provider did not answer for several zones, and is not asked about others."""


class Lane:
    """One provider object in a thread of its own, which ends when nobody holds the lane any more."""

    def __init__(self, make: Callable[[], Target]) -> None:
        """Make the provider object in the lane's thread.

        Raises:
            ProviderError: it cannot be made.
        """
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._silent: list[str] = []  # the zones in a row to which there was no answer
        # A daemon, so that an impatient user can leave while a provider is waited for. It must not hold the lane.
        threading.Thread(target=_work_off, args=(self._jobs,), daemon=True).start()
        weakref.finalize(self, self._jobs.put, None)
        made: SimpleQueue[Target | BaseException] = SimpleQueue()
        self._jobs.put(partial(_answer, make, made))
        target = made.get()
        if isinstance(target, BaseException):
            raise target
        self._target = target

    @property
    def at_once(self) -> int:
        """How many lanes the provider may have."""
        return self._target.at_once

    def begin(self, job: _Job) -> None:
        """Have a job done in the lane's thread when those before it are; it raises nothing."""
        self._jobs.put(job)

    def ask(self, zone: str, work: Callable[[Target], R]) -> R:
        """Return what `work` does with the provider, in the lane's thread.

        It is done again where that had no answer, so it must be safe to do twice.

        Raises:
            GivenUp: the provider did not answer for other zones; nothing was done.
            ProviderError: it cannot be done.
        """
        if len(self._silent) >= _GIVEN_UP and zone not in self._silent:
            raise GivenUp(
                f"{self._target.id} was given up on: it did not answer, or was busy, for {_GIVEN_UP} zones in a row"
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


def _work_off(jobs: SimpleQueue[_Job | None]) -> None:
    while (job := jobs.get()) is not None:
        job()
        del job  # while the next one is waited for, it would hold the lane


def _answer(make: Callable[[], Target], made: SimpleQueue[Target | BaseException]) -> None:
    try:
        made.put(make())
    except BaseException as error:  # noqa: BLE001 - raised again where the lane is made
        made.put(error)


class Lanes:
    """A provider's lanes; a zone always has the same one."""

    def __init__(self, lanes: Sequence[Lane]) -> None:
        self._lanes = lanes

    def of(self, zone: str) -> Lane:
        """Return the lane in which a zone is read and written."""
        return self._lanes[zlib.crc32(zone.encode()) % len(self._lanes)]


def open_lanes(repo: Repo, provider: str, zones: int) -> Lanes:
    """Return lanes for so many zones of one provider; where it lets us in fewer times, there are fewer.

    Raises:
        ProviderError: its stanza is wrong, or it cannot be reached.
    """
    make = partial(Target, repo.stanzas[provider], repo.root)
    lanes = [Lane(make)]
    try:
        while len(lanes) < min(lanes[0].at_once, zones):
            lanes.append(Lane(make))
    except ProviderError:
        pass  # the first one took the same stanza
    return Lanes(lanes)


class Crew(Generic[K, R]):
    """Does `work` for every key: keys of one lane one after the other, lanes at the same time.

    `begun` are the keys that were come to, `done` is what came of those that are through.
    """

    def __init__(self, lanes: Mapping[K, Lane], work: Callable[[Lane, K], R]) -> None:
        self.begun: set[K] = set()
        self.done: dict[K, R] = {}
        self._work = work
        self._stopped = threading.Event()
        self._said: SimpleQueue[K | BaseException | None] = (
            SimpleQueue()
        )  # a key that is done, what went wrong, or None: a lane is through
        self._ends: list[threading.Event] = []
        self._keys: dict[Lane, list[K]] = {}
        for key, lane in lanes.items():
            self._keys.setdefault(lane, []).append(key)

    def results(self) -> Iterator[tuple[K, R]]:
        """Do it, and yield what comes of each key as it comes."""
        for lane, keys in self._keys.items():
            end = threading.Event()
            self._ends.append(end)
            lane.begin(partial(self._through, lane, keys, end))
        running = len(self._keys)
        while running:
            said = self._said.get()
            if said is None:
                running -= 1
            elif isinstance(said, BaseException):
                self.stop()
                raise said
            else:
                yield said, self.done[said]

    def stop(self) -> None:
        """Begin nothing more, and wait for what was begun."""
        self._stopped.set()
        # Not by the queue: an interrupt can come between taking something out of it and knowing what it was.
        for end in self._ends:
            end.wait()

    def _through(self, lane: Lane, keys: Sequence[K], end: threading.Event) -> None:
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
        end.set()
        self._said.put(None)
