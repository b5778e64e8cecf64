"""What a terminal shows while a run waits for something that cannot be counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Timer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, Task

DELAY = 0.5  # seconds; what ends sooner needs no word, and no time to load what would show it


@contextmanager
def shown(what: str, seconds: float | None, *, no_color: bool) -> Iterator[None]:
    """Show what the run waits for, and for how long it has waited; then take the line away.

    Where it is known to take some `seconds`, those that are left are shown.
    """
    started: list[Progress] = []
    timer = Timer(DELAY, lambda: started.append(_started(what, seconds, no_color)))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()  # it may have begun to start
        for progress in started:
            progress.stop()


def _started(what: str, seconds: float | None, no_color: bool) -> Progress:
    from rich.console import Console
    from rich.progress import Progress, ProgressColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.text import Text

    class Left(ProgressColumn):
        def render(self, task: Task) -> Text:
            left = max(0, int((seconds or 0) - DELAY - (task.elapsed or 0)))
            return Text(f"{timedelta(seconds=left)} left")

    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn() if seconds is None else Left(),
        console=Console(stderr=True, no_color=no_color),
        transient=True,
    )
    progress.add_task(what, total=None)
    progress.start()
    return progress
