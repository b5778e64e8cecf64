"""What a terminal shows while a run waits for something that cannot be counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

DELAY = 0.5  # seconds; what ends sooner needs no word, and no time to load what would show it


@contextmanager
def shown(what: str, *, no_color: bool) -> Iterator[None]:
    """Show what the run waits for, and for how long it has waited; then take the line away."""
    started: list[Progress] = []
    timer = Timer(DELAY, lambda: started.append(_started(what, no_color)))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()  # it may have begun to start
        for progress in started:
            progress.stop()


def _started(what: str, no_color: bool) -> Progress:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
        console=Console(stderr=True, no_color=no_color),
        transient=True,
    )
    progress.add_task(what, total=None)
    progress.start()
    return progress
