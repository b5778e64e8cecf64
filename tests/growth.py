"""Whether a reader's time grows in proportion to what it reads.

What strangers write is read in linear time, or a small message keeps a machine busy for minutes.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

_T = TypeVar("_T", str, bytes)

FACTOR = 8
FLOOR = 0.02  # seconds; what is faster is noise
TRIES = 3  # a busy machine must be slow each time


def grows_in_proportion(read: Callable[[_T], object], make: Callable[[int], _T], size: int, *errors: type[Exception]) -> bool:
    """Tell whether reading an input of eight times `size` takes less than 32 times as long; quadratic time would be 64 times."""
    small, large = make(size), make(size * FACTOR)
    return any(seconds(read, large, *errors) < 4 * FACTOR * max(seconds(read, small, *errors), FLOOR / FACTOR) for _ in range(TRIES))


def seconds(read: Callable[[_T], object], text: _T, *errors: type[Exception]) -> float:
    """Return the processor time that reading takes; `errors` are those that a reader may end in."""
    gc.collect()
    gc.disable()  # its passes over what was made before take the more time the more there is
    try:
        begun = time.process_time()
        with suppress(*errors):
            read(text)
        return time.process_time() - begun
    finally:
        gc.enable()
