"""Contenders in child processes of their own, which take turns."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import groupby
from multiprocessing import get_context
from typing import Any

from joblib.externals.loky import get_reusable_executor
from tqdm import tqdm

Record = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """One measurement: what a contender does, in which part and group."""

    part: str
    group: str
    contender: str
    #: A function of a module, which the child process imports.
    measure: Callable[..., Record]
    arguments: tuple[Any, ...] = ()
    #: Too long for repetitions.
    once: bool = False


def in_turns(jobs: Sequence[Job], n_repetitions: int) -> list[Record]:
    """Do all jobs, one at a time, over and over.

    Within a group contenders follow each other: ABC, and in the next repetition ABC again. In every
    repetition each contender of a part gets a fresh child process.
    """
    rounds = [[job for job in jobs if i == 0 or not job.once] for i in range(n_repetitions)]
    records = []
    with tqdm(total=sum(map(len, rounds)), unit="measurement", leave=False) as bar:
        for repetition, jobs_now in enumerate(rounds):
            for _, of_part in groupby(jobs_now, lambda job: job.part):
                with ExitStack() as stack:
                    children: dict[str, ProcessPoolExecutor] = {}
                    for job in of_part:
                        bar.set_description(f"{job.part}, {job.group}, {job.contender}")
                        if job.contender not in children:
                            children[job.contender] = stack.enter_context(_child())
                        child = children[job.contender]
                        measured = child.submit(job.measure, *job.arguments).result()
                        records.append(_named(job, repetition) | measured)
                        bar.update()
    return records


def seconds_of(run: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


@contextmanager
def _child() -> Iterator[ProcessPoolExecutor]:
    # A fork would share threads and memory with its parent.
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as child:
        yield child
        child.submit(_end_workers).result()


def _end_workers() -> None:
    """End joblib's workers, for which a child would else wait five minutes at its end."""
    get_reusable_executor().shutdown(wait=True)


def _named(job: Job, repetition: int) -> Record:
    return {
        "part": job.part,
        "group": job.group,
        "contender": job.contender,
        "repetition": repetition,
    }
