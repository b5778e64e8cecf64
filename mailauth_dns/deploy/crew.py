"""Work on many keys at once in lanes, each of which is a thread: a free lane takes the next key.

So a key that takes long, or is tried again, holds up no other one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import Generic, Protocol, TypeVar

from mailauth_dns.deploy.daemon_executor import fulfil

# Seconds after which what is done is handed on. To wake up for every zone of a local provider would
# cost as much as its work: the two threads would take turns.
_TURN = 0.02


class WorkLane(Protocol):
    """A thread to work in."""

    @property
    def executor(self) -> Executor:
        """Does what it is given in the thread."""

    @property
    def is_given_up(self) -> bool:
        """Tell whether nothing more comes of working in it."""


L = TypeVar("L", bound=WorkLane)
K = TypeVar("K", bound=Hashable)
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Queue(Generic[L, K]):
    """Keys in turn, and the lanes that take them."""

    lanes: Sequence[L]
    keys: list[K]


class Crew(Generic[L, K, R]):
    """Does `work` for every key of some queues, in all lanes at the same time."""

    def __init__(self, queues: Iterable[Queue[L, K]], work: Callable[[L, K], R]) -> None:
        self._queues = queues
        self._work = work
        self._futures: dict[K, Future[R]] = {}
        self._ended: list[tuple[K, Future[R]]] = []  # in the order in which they did
        self._wake = Event()  # all have ended, or one with an error

    def results(self) -> Iterator[tuple[K, R]]:
        """Do the work, and yield each key with its result soon after it is done."""
        try:
            self._begin()
            told = 0
            while told < len(self._futures):
                self._wake.wait(_TURN)
                self._wake.clear()
                while told < len(self._ended):
                    key, future = self._ended[told]
                    told += 1
                    if not future.cancelled():
                        yield key, future.result()
        except Exception:
            self.stop()
            raise
        finally:
            self._cancel()  # after an interrupt, lanes would go on with what is left

    def _begin(self) -> None:
        for queue in self._queues:
            for key in queue.keys:
                future = self._futures[key] = Future[R]()
                future.add_done_callback(partial(self._note, key))
            left = deque(queue.keys)
            lanes = sorted(queue.lanes, key=_given_up)[: len(left)]
            for lane in lanes:
                lane.executor.submit(self._work_off, lane, lanes, left)

    def _work_off(self, lane: L, lanes: Sequence[L], left: deque[K]) -> None:
        """Do what is left; runs in the lane's thread."""
        # A lane that is given up on would soon be through with what the others can do. The last
        # one says of the rest that it was given up.
        while not lane.is_given_up or all(other.is_given_up for other in lanes):
            try:
                key = left.popleft()
            except IndexError:
                return
            fulfil(self._futures[key], partial(self._work, lane, key))

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

    def _note(self, key: K, future: Future[R]) -> None:
        """Note that the work for a key has ended; runs in the lane's thread.

        After an error, no lane begins its next key.
        """
        self._ended.append((key, future))
        failed = not future.cancelled() and future.exception() is not None
        if failed:
            self._cancel()
        if failed or len(self._ended) == len(self._futures):
            self._wake.set()


def _given_up(lane: WorkLane) -> bool:
    return lane.is_given_up


def _has_ended(future: Future[R]) -> bool:
    return future.done() and not future.cancelled()
