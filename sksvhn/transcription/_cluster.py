"""Run partitions on the workers of a Dask cluster, a few at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any
from uuid import uuid4

import dask
from distributed import Client, KilledWorker, LocalCluster, WorkerPlugin, as_completed, get_worker

# Partitions for each thread of the workers: one that is read, and one that waits.
AHEAD = 2
# With it, Dask has memory given back at once, and reading takes a quarter longer.
_TRIM = "MALLOC_TRIM_THRESHOLD_"


@contextmanager
def connected(client: Client | str | None, n_workers: int | None) -> Iterator[Client]:
    """Yield a client: the one given, one for an address, or one of a local cluster of processes."""
    if isinstance(client, Client):
        yield client
    elif client is not None:
        with Client(client, set_as_default=False) as connection:
            yield connection
    else:
        with dask.config.set({f"distributed.nanny.pre-spawn-environ.{_TRIM}": None}):
            own = LocalCluster(
                n_workers=n_workers,
                threads_per_worker=1,  # and one of OpenMP, as Dask's nannies set it
                protocol="tcp",
                dashboard_address="127.0.0.1:0",  # any free port, of this machine alone
                silence_logs=logging.ERROR,  # that a worker was slow to end, or restarted
            )
        with own, Client(own, set_as_default=False) as connection:
            yield connection


def map_partitions(
    client: Client, process: Callable[[Any], Any], partitions: Iterable[tuple[int, Any]]
) -> Generator[tuple[int, Any], None, None]:
    """Process numbered partitions on the workers, and yield index and result as they come.

    At most `AHEAD` per thread are sent ahead. RuntimeError if workers died with each try of one.
    """
    waiting = iter(partitions)
    name = f"sksvhn-{uuid4().hex}"
    running: dict[Any, int] = {}
    killed = []
    client.register_plugin(_Holder(process), name=name)
    try:
        done = as_completed([], loop=client.loop)
        while True:
            room = AHEAD * max(1, sum(client.nthreads().values())) - len(running)
            for index, partition in islice(waiting, max(0, room)):
                future = client.submit(_call, name, partition, key=f"{name}-{index}", pure=False)
                running[future] = index
                done.add(future)
            if not running:
                break
            future = next(done)
            index = running.pop(future)
            try:
                result = future.result()
            except KilledWorker:
                killed.append(index)
                continue
            del future  # lets the worker forget the result
            yield index, result
    finally:
        client.cancel(list(running))
        client.unregister_worker_plugin(name)
    if killed:
        raise RuntimeError(
            f"{len(killed)} partitions are missing "
            f"({', '.join(map(str, killed[:10]))}{', ...' if len(killed) > 10 else ''}), because "
            "every worker that read them died, perhaps for lack of memory; call transcribe again, "
            "with more memory per worker."
        )


class _Holder(WorkerPlugin):
    """What a worker keeps for all its partitions."""

    def __init__(self, process: Callable[[Any], Any]) -> None:
        self.process = process


def _call(name: str, partition: Any) -> Any:
    return get_worker().plugins[name].process(partition)
