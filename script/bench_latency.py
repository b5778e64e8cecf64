"""Plan and apply of many zones at BIND and PowerDNS, with every request delayed: wall seconds.

PYTHONPATH=. .venv/bin/python script/bench_latency.py [ZONES] [MILLISECONDS]

What delays is a process of its own, and the servers keep their files in memory where there is
/dev/shm: neither another thread of Python nor a disk is to be measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from mailauth_dns.cli import main
from tests.lab.bind import Bind
from tests.lab.name_server import NameServer
from tests.lab.powerdns import PowerDns
from tests.lab.zones import HEAD

ZONE = HEAD + '@ 300 IN TXT "v=spf1 ~all"\n@ 300 IN TXT "MS=ms1"\nwww IN A 192.0.2.1\n'
PORTS = {"bind": "port", "powerdns": "api_port"}
MEMORY = Path("/dev/shm")


@contextlib.contextmanager
def delayed(port: int, seconds: float) -> Iterator[int]:
    """Yield a port that leads to another one; what is sent to it waits before it is passed on."""
    spawning = multiprocessing.get_context("spawn")
    here, there = spawning.Pipe()
    process = spawning.Process(target=_delaying, args=(port, seconds, there), daemon=True)
    process.start()
    yield here.recv()
    process.terminate()
    process.join()


def _delaying(port: int, seconds: float, told: Connection) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_passed(reader, back, seconds), _passed(there, writer, 0))

    async def serve() -> None:
        server = await asyncio.start_server(connected, "127.0.0.1", 0, backlog=256)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


async def _passed(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float
) -> None:
    """Pass everything on so much later, in its order."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(ConnectionError):
        while octets := await reader.read(65536):
            loop.call_later(seconds, writer.write, octets)
    loop.call_later(seconds, writer.close)


def seconds(kind: type[Bind] | type[PowerDns], zones: int, delay: float) -> tuple[float, float]:
    """Return how long a plan of so many changed zones takes, and its apply."""
    names = [f"zone{number}.example" for number in range(zones)]
    server: NameServer = kind(dict.fromkeys(names, ZONE))
    server.start()
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            delayed(getattr(server, PORTS[server.id]), delay) as port,
        ):
            os.environ.update(server.environment)
            _write(Path(folder), server.id, {**server.stanza(), "port": port}, names)
            plan = ("plan", "--no-live", "--out", "plan.json")
            apply = ("apply", "plan.json", "--no-live", "--allow", "live-unknown")
            return _timed(folder, *plan), _timed(folder, *apply)
    finally:
        server.close()


def _write(root: Path, id: str, stanza: dict[str, object], names: list[str]) -> None:
    for name in ("zones/policy", "providers"):
        (root / name).mkdir(parents=True)
    lines = (f"{key}: {value}\n" for key, value in stanza.items())
    (root / f"providers/{id}.yaml").write_text("".join(lines))
    (root / "zones/policy/all.yaml").write_text(
        f"domains: [{', '.join(names)}]\nproviders: [{id}]\n"
        "spf: {terms: [mx], all: fail}\ndmarc: {p: none}\n"
    )


def _timed(root: str, *arguments: str) -> float:
    said = io.StringIO()
    begun = time.monotonic()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = main(["-C", root, *arguments])
    took = time.monotonic() - begun
    if code != 0:
        raise SystemExit(said.getvalue())
    return took


if __name__ == "__main__":
    zones, milliseconds = [int(text) for text in sys.argv[1:3]] + [100, 100][len(sys.argv) - 1 :]
    if MEMORY.is_dir():
        tempfile.tempdir = str(MEMORY)
    for kind in (Bind, PowerDns):
        plan, apply = seconds(kind, zones, milliseconds / 1000)
        print(
            f"{kind.id}: {zones} changed zones at {milliseconds} ms a request: "
            f"plan {plan:.1f} s, apply {apply:.1f} s"
        )
