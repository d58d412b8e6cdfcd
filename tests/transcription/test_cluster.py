"""How many partitions are under way, and what happens to those that no worker survives."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from distributed import Client

from sksvhn.transcription._cluster import AHEAD, map_partitions

from .conftest import PATIENCE


def square(number: int) -> int:
    return number**2


def square_or_die(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number**2


def fail(number: int) -> int:
    raise OSError("the disk has gone")


def test_no_more_is_asked_for_than_workers_need(client: Client) -> None:
    n_asked = n_done = 0
    ahead = []

    def partitions() -> Iterator[tuple[int, int]]:
        nonlocal n_asked
        for n_asked in range(1, 101):
            ahead.append(n_asked - n_done)
            yield n_asked, n_asked

    found = {}
    for index, result in map_partitions(client, square, partitions()):
        n_done += 1
        found[index] = result
    assert found == {i: i**2 for i in range(1, 101)}
    # A result may be on its way while the next partition is asked for.
    assert max(ahead) <= AHEAD * 2 + 1


def test_an_error_ends_it_and_leaves_nothing(client: Client) -> None:
    with pytest.raises(OSError, match="the disk has gone"):
        list(map_partitions(client, fail, enumerate(range(100))))
    held = client.run(lambda dask_worker: [n for n in dask_worker.plugins if "sksvhn" in n])
    assert list(held.values()) == [[], []]


def test_partitions_that_kill_their_workers_are_named(client: Client) -> None:
    def allow(n: int, dask_scheduler: object = None) -> None:
        dask_scheduler.allowed_failures = n  # type: ignore[attr-defined]

    client.run_on_scheduler(allow, 0)
    done: dict[int, int] = {}
    try:
        with pytest.raises(
            RuntimeError, match=r"partitions are missing \(.*3.* every worker that read them died"
        ):
            done.update(map_partitions(client, square_or_die, enumerate(range(20))))
    finally:
        client.run_on_scheduler(allow, 3)
    # One that waited for the same worker may be given up, too.
    assert len(done) >= 20 - AHEAD
    assert done.items() <= {i: i**2 for i in range(20)}.items()
    client.wait_for_workers(2, PATIENCE)
