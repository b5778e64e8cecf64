"""An executor with one daemon thread.

`ThreadPoolExecutor` cannot be used: Python joins its threads when the program ends, and has no
public switch for that. A provider that hangs would then keep the program from ending.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class DaemonExecutor(Executor):
    """Does jobs in one thread of its own, one after the other, in the order of `submit`.

    The thread ends with `shutdown`, or when nobody has the executor any more.
    """

    def __init__(self) -> None:
        self._jobs: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._thread = threading.Thread(
            target=_work_off, args=(self._jobs,), name="provider", daemon=True
        )
        self._thread.start()
        weakref.finalize(self, self._jobs.put, None).atexit = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have the thread call `fn` after all jobs that were submitted before."""
        future: Future[T] = Future()
        self._jobs.put((future, partial(fn, *args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the thread after its jobs; with `cancel_futures`, without those not yet begun."""
        while cancel_futures and not self._jobs.empty():
            job = self._jobs.get()
            if job is not None and job[0].cancel():
                job[0].set_running_or_notify_cancel()  # wakes everyone who waits for it
        self._jobs.put(None)
        if wait:
            self._thread.join()

    def join(self, seconds: float) -> None:
        """Wait for the thread to end, but no longer than this: it may wait for a provider."""
        self._thread.join(seconds)


def _work_off(jobs: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None]) -> None:
    while (job := jobs.get()) is not None:
        fulfil(*job)
        del job  # until the next one comes, it would keep its owner and all that it was about


def fulfil(future: Future[T], work: Callable[[], T]) -> None:
    """Do the work of a future unless it was cancelled."""
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001 - raised again where the result is taken
        future.set_exception(error)
    else:
        future.set_result(result)
