"""A real Dask scheduler on loopback, with workers."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from distributed import Client

from tests.conftest import free_port

ROOT = Path(__file__).parents[2]
_QUIET = ("--host", "127.0.0.1", "--no-dashboard")
_STARTED = 60.0  # seconds; two cores may have much else to do


@dataclass
class DaskLab:
    """A scheduler, and the workers that were started for it."""

    folder: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.port = free_port()
        self.scheduler = self._start("scheduler", "--no-jupyter", "--port", str(self.port))
        self.wait(0)

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def work(self, number: int) -> None:
        """Start so many workers, of one thread each, and wait until all of them are there."""
        for _ in range(number):
            self.workers.append(
                self._start("worker", self.address, "--no-nanny", "--nthreads", "1")
            )
        self.wait(sum(each.poll() is None for each in self.workers))

    def wait(self, number: int) -> None:
        with Client(self.address, timeout=_STARTED, set_as_default=False) as client:
            until = time.monotonic() + _STARTED
            while len(client.nthreads()) != number:
                assert time.monotonic() < until, f"no {number} workers: see {self.folder}"
                time.sleep(0.05)

    def stop(self) -> None:
        for each in (*self.workers, self.scheduler):
            each.send_signal(signal.SIGKILL)
            each.wait()

    def _start(self, what: str, *options: str) -> subprocess.Popen[bytes]:
        log = self.folder / f"{what}-{len(self.workers)}.log"
        with log.open("wb") as stream:
            return subprocess.Popen(
                (sys.executable, "-m", f"distributed.cli.dask_{what}", *options, *_QUIET),
                cwd=ROOT,
                stdout=stream,
                stderr=stream,
            )
