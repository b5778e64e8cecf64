"""Parts of a piece of work on the workers of a Dask cluster.

What is sent to the workers is the work by its name and the parts as values, and never a secret:
whoever makes the parts leaves out what providers need. A worker needs this package in the version
that is here.
"""

from __future__ import annotations

import logging
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import metadata
from typing import TYPE_CHECKING, Any, TypeVar

from mailauth_dns.errors import MailAuthError, one_line

if TYPE_CHECKING:
    from distributed import Client, Future

Part = TypeVar("Part")
Done = TypeVar("Done")

CONNECT = 10.0  # seconds until a scheduler that does not answer is given up
_ALONE = 30.0  # seconds for which a cluster may be without any worker
_LOOK = 15.0  # seconds between two looks at the workers, while a part is not there
_UNDER_WAY = 3  # parts for each thread of the cluster, so that none waits for us
_PACKAGE = "mailauth-dns"
_ADDRESS = re.compile(r"(?:tcp|tls)://(?:\[[0-9A-Fa-f:.]+\]|[\w.-]+):\d{1,5}")


class ClusterError(MailAuthError):
    """The cluster cannot be reached, is not fit for the work, or lost a part of it."""


class DaskCluster:
    """Does parts on the workers of a cluster; `threads` is how many there are."""

    def __init__(self, client: Client, address: str, threads: int) -> None:
        self._client, self._address = client, address
        self.threads = threads

    def each(self, work: Callable[[Part], Done], parts: Iterable[Part]) -> Iterator[Done]:
        """Yield what `work` makes of each part, in the order of the parts.

        Raises:
            ClusterError: the scheduler went away, or workers died with a part.
        """
        waiting: deque[Future[Done]] = deque()
        ahead = self.threads * _UNDER_WAY
        carried = self._begun(_carried, work)  # once, since it may be long
        try:
            for part in parts:
                waiting.append(self._begun(_worked, _version(), carried, part))
                if len(waiting) >= ahead:
                    yield self._result(waiting.popleft())
            while waiting:
                yield self._result(waiting.popleft())
        finally:
            if waiting:
                self._client.cancel(list(waiting), force=True)

    def _begun(self, function: Callable[..., Done], *given: object) -> Future[Done]:
        with self._lost():
            # Not pure: what DNS says now is not what it said to an earlier run.
            return self._client.submit(function, *given, pure=False)

    def _result(self, future: Future[Done]) -> Done:
        """Return what became of a part, or raise what its work raised."""
        alone = 0.0
        while True:
            try:
                with self._lost(future):
                    return future.result(timeout=_LOOK)
            except TimeoutError:  # it is not done, or was and its worker died since
                if future.status == "error":  # the work's own
                    raise
                with self._lost(future):
                    alone = 0.0 if self._client.nthreads() else alone + _LOOK
            if alone >= _ALONE:
                raise self._error(
                    f"it has had no worker for {alone:.0f} s; "
                    f"`dask worker {self._address}` starts one"
                )

    @contextmanager
    def _lost(self, future: Future[Done] | None = None) -> Iterator[None]:
        """Say in a sentence what befell the cluster; what the work of a part raised stays."""
        from distributed import CancelledError, KilledWorker
        from distributed.comm.core import CommClosedError

        try:
            yield
        except KilledWorker:
            raise self._error(
                "workers died while they worked on one part, several times; see their logs. "
                "Without --scheduler, this machine does the work"
            ) from None
        except TimeoutError:
            raise
        except (CancelledError, CommClosedError, OSError) as error:
            if future is not None and future.status == "error":
                raise
            raise self._error(
                f"the scheduler went away ({type(error).__name__}); run the command again"
            ) from None

    def _error(self, what: str) -> ClusterError:
        return ClusterError(f"--scheduler {self._address}: {what}")


def _version() -> str:
    return metadata.version(_PACKAGE)


def _carried(work: Part) -> Part:
    """Be held by the workers while there are parts."""
    return work


def _worked(asked: str, work: Callable[[Part], Done], part: Part) -> Done:
    """Return what `work` makes of a part, on a worker, which may have come late."""
    if (here := _version()) != asked:
        raise ClusterError(
            f"a worker has {_PACKAGE} {here}, and the command has {asked}; they must be the same"
        )
    return work(part)


@contextmanager
def cluster(address: str) -> Iterator[DaskCluster]:
    """Connect to the scheduler at an address such as `tcp://scheduler.example.net:8786`.

    Raises:
        ClusterError: nobody answers there, no worker is there, a worker has another version of this
            package or none, or the extra is not installed.
    """
    _check_address(address)
    try:
        import dask
        import distributed
    except ImportError:
        raise ClusterError(
            f"--scheduler {address}: Dask is not installed here; "
            "`pip install 'mailauth-dns[dask]'` brings it"
        ) from None
    except Exception as error:  # noqa: BLE001 - it looks at the machine while it is loaded
        raise ClusterError(
            f"--scheduler {address}: Dask does not start here ({_short(error)})"
        ) from None
    # The library tells of lost connections in its log, with traces; we say it in a sentence.
    for name in ("distributed", "tornado"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    # What the parts share may be long, and is sent once.
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "100 GB"})
    try:
        _greet(address)
        client = distributed.Client(address, timeout=CONNECT, set_as_default=False)
    except Exception as error:  # noqa: BLE001 - whatever the library makes of what somebody else says
        raise ClusterError(
            f"--scheduler {address}: no Dask scheduler answers there ({_short(error)}); "
            "`dask scheduler` starts one"
        ) from None
    with client:
        yield DaskCluster(client, address, _threads(client, address))


def _greet(address: str) -> None:
    """Greet the scheduler once, and go away.

    A client of the library would wait for ever for somebody who says nothing, and one that never
    connected prints a trace when it is thrown away.
    """
    from distributed import Security
    from distributed.comm.core import connect
    from tornado.ioloop import IOLoop

    async def greeted() -> None:
        how = Security().get_connection_args("client")
        (await connect(address, timeout=CONNECT, **how)).abort()

    loop = IOLoop(make_current=False)
    try:
        loop.run_sync(greeted, timeout=CONNECT + 1)
    finally:
        loop.close()


def _check_address(address: str) -> None:
    if not _ADDRESS.fullmatch(address):
        raise ClusterError(
            f"--scheduler {one_line(address)}: is no scheduler's address; "
            "write it as tcp://HOST:8786"
        )


def _threads(client: Client, address: str) -> int:
    """Return how many threads the workers have, all of them fit for the work."""
    threads = sum(int(each) for each in client.nthreads().values())
    if not threads:
        raise ClusterError(
            f"--scheduler {address}: it has no worker; `dask worker {address}` starts one"
        )
    try:
        versions: dict[str, Any] = client.run(_version)
    except Exception as error:  # noqa: BLE001 - whatever a worker without this package raises
        raise ClusterError(
            f"--scheduler {address}: its workers do not have this package ({_short(error)}); "
            f"install {_PACKAGE} {_version()} where they run"
        ) from None
    here = _version()
    for worker, its in sorted(versions.items()):
        if its != here:
            raise ClusterError(
                f"--scheduler {address}: the worker {worker} has {_PACKAGE} {its}, and the command "
                f"has {here}; they must be the same"
            )
    return threads


def _short(error: Exception) -> str:
    return one_line((str(error).splitlines() or [""])[0][:200] or type(error).__name__)
