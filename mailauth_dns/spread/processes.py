"""Parts of a piece of work on all cores: in processes that this one starts, and that end with it.

A worker has this process's environment, so that secrets reach it as they reached us, and never in
an argument or a message. It is in a process group of its own: Ctrl-C comes to us alone, and we end
the workers.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, TypeVar

from mailauth_dns.errors import MailAuthError
from mailauth_dns.spread import messages

Part = TypeVar("Part")
Done = TypeVar("Done")

# Parts for each worker that are under way or whose results wait for an earlier one.
_AHEAD = 3

_Reply = tuple[bool, Any]  # whether it was done, and the result or the error


class WorkerEnded(MailAuthError):
    """A worker process ended before its part was done."""


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


class Processes:
    """Does parts in at most `jobs` processes, which live until it is closed."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._workers: list[_Worker] = []

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the workers, whatever they are doing."""
        self._kill()
        workers, self._workers = self._workers, []
        for worker in workers:
            worker.wait()

    def _kill(self) -> None:
        for worker in self._workers:
            worker.kill()

    def each(self, work: Callable[[Part], Done], parts: Iterable[Part]) -> Iterator[Done]:
        """Yield what `work` makes of each part, in the order of the parts.

        If one fails, or if no more results are wanted, the workers end.

        Raises:
            WorkerEnded: a worker was killed, or could not be started.
        """
        todo: SimpleQueue[tuple[int, bytes] | None] = SimpleQueue()
        done: SimpleQueue[tuple[int, _Reply]] = SimpleQueue()
        threads: list[threading.Thread] = []
        ready: dict[int, _Reply] = {}
        numbered = enumerate(parts)
        begun = told = 0
        new = messages.pickled(work)
        try:
            while True:
                for number, part in islice(numbered, self._jobs * _AHEAD - (begun - told)):
                    if len(threads) < self._jobs:
                        # Known before it starts: an interrupt in the middle must find it.
                        threads.append(self._thread(len(threads), new, todo, done))
                        threads[-1].start()
                    todo.put((number, messages.pickled(part)))
                    begun += 1
                if told == begun:
                    break
                while told not in ready:
                    number, reply = done.get()
                    ready[number] = reply
                fine, result = ready.pop(told)
                if not fine:
                    raise result
                told += 1
                yield result
        except BaseException:
            _stop(todo, threads)
            self._kill()
            for thread in threads:
                if thread.is_alive():  # an interrupt may have kept it from starting
                    thread.join()  # what a thread holds must not be closed under it
            self.close()
            raise
        _stop(todo, threads)

    def _thread(
        self,
        number: int,
        new: bytes,
        todo: SimpleQueue[tuple[int, bytes] | None],
        done: SimpleQueue[tuple[int, _Reply]],
    ) -> threading.Thread:
        """Return a thread, not yet started, that talks with one worker."""
        if number == len(self._workers):
            self._workers.append(_Worker())
        arguments = (self._workers[number], new, todo, done)
        return threading.Thread(target=_talk, args=arguments, name="spread", daemon=True)


def _stop(todo: SimpleQueue[tuple[int, bytes] | None], threads: Sequence[threading.Thread]) -> None:
    """Let threads end after the part that they are at."""
    with suppress(Empty):
        while True:
            todo.get_nowait()
    for _ in threads:
        todo.put(None)


class _Worker:
    """A process that does one part at a time."""

    def __init__(self) -> None:
        # -P: a folder that the command is run in holds other people's files, and no module of ours.
        command = [sys.executable, "-P", "-m", "mailauth_dns.spread.worker"]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - ourselves
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0
            )
        except OSError as error:
            raise WorkerEnded(
                f"no worker process could be started: {error.strerror}; --jobs 1 needs none"
            ) from None

    def ask(self, message: bytes) -> _Reply:
        """Send a part, and return what became of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            messages.write(self._process.stdin.fileno(), message)
            reply = messages.read(self._process.stdout)
        except (OSError, ValueError):  # it has ended, or we are ending it
            reply = None
        if reply is None:
            return False, WorkerEnded(self._why_it_ended())
        answer: _Reply = messages.unpickled(reply)
        return answer

    def _why_it_ended(self) -> str:
        code = self._process.wait()
        if code != -signal.SIGKILL:
            how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
            return f"a worker process ended {how}; run the command again, or with --jobs 1"
        return (
            "a worker process was killed; if memory ran out, use fewer processes: --jobs 1 uses "
            "one, and so does MAILAUTH_JOBS=1"
        )

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()

    def wait(self) -> None:
        """Wait for the end of the process that was killed, and close its pipes."""
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()


def _talk(
    worker: _Worker,
    new: bytes,
    todo: SimpleQueue[tuple[int, bytes] | None],
    done: SimpleQueue[tuple[int, _Reply]],
) -> None:
    """Have a worker do one part after another."""
    opens: bytes | None = new
    while (item := todo.get()) is not None:
        number, part = item
        try:
            reply = worker.ask(messages.pickled((opens, part)))
        except Exception as error:  # noqa: BLE001 - raised where the result is taken
            reply = False, error
        opens = None
        done.put((number, reply))
