"""How a reader's time grows with its input.

Strangers' text is read in linear time, or a small message keeps a machine busy for minutes.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

_T = TypeVar("_T", str, bytes)

MOST = 8.0  # times as long as a fourth of it: four is in proportion, sixteen is quadratic

_FAST = 0.08  # seconds of this process: a shorter run tells nothing on a busy machine
_RUNS = 3  # other work on the machine can only add time, so the shortest run is the best measure
_STEP = 40  # each run's input is this much shorter, since some readers remember what they read


def growth(
    read: Callable[[_T], object], make: Callable[[int], _T], size: int, *errors: type[Exception]
) -> float:
    """Return how many times longer `make(size)` takes to read than a fourth of it.

    The result is 0 where the whole is fast.
    """
    if _seconds(read, make(size), errors) < _FAST:
        return 0.0
    gc.collect()
    gc.disable()  # its passes take longer, the more objects there are
    try:
        whole, fourth = (
            min(_seconds(read, make(each - run * _STEP), errors) for run in range(1, _RUNS + 1))
            for each in (size, size // 4)
        )
    finally:
        gc.enable()
    return whole / fourth


def _seconds(read: Callable[[_T], object], text: _T, errors: tuple[type[Exception], ...]) -> float:
    begun = time.process_time()
    with suppress(*errors):
        read(text)
    return time.process_time() - begun
