"""Where work is done that a command can give to a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mailauth_dns.spread.spread import Spread


@contextmanager
def spread_of(scheduler: str | None) -> Iterator[Spread | None]:
    """Connect to the scheduler that `--scheduler` names; None without the option.

    Raises:
        ClusterError: it cannot be used.
    """
    if scheduler is None:
        yield None
        return
    from mailauth_dns.spread.dask_cluster import cluster  # it takes time to load

    with cluster(scheduler) as found:
        yield found
