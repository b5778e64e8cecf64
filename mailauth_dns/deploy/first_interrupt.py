"""The first interrupt (Ctrl-C) as a note, so that what was begun can end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class FirstInterrupt:
    """Whether there was an interrupt; a second one is raised as ever."""

    def __init__(self) -> None:
        self.seen = False

    def _note(self, number: int, _frame: object) -> None:
        self.seen = True
        signal.signal(number, signal.default_int_handler)


@contextmanager
def first_interrupt() -> Iterator[FirstInterrupt]:
    """Note the first interrupt instead of raising it.

    Interrupts that a program handles in a way of its own stay with it.
    """
    noted = FirstInterrupt()
    ours = threading.current_thread() is threading.main_thread() and (
        signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if ours:
        signal.signal(signal.SIGINT, noted._note)
    try:
        yield noted
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
