"""Draw pictures in processes, each from a random generator of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
from joblib import Parallel, delayed
from sklearn.utils import check_random_state

Drawn = TypeVar("Drawn")


def draw_in_chunks(
    draw: Callable[[np.random.Generator], Drawn],
    n_samples: int,
    *,
    chunk: int,
    random_state: int | np.random.RandomState | None,
    n_jobs: int | None,
) -> Iterator[list[Drawn]]:
    """Yield what `draw` makes, in order, `chunk` at a time; it depends on the seed alone."""
    entropy = check_random_state(random_state).randint(2**32, size=4, dtype=np.uint32).tolist()
    workers = Parallel(n_jobs=n_jobs, return_as="generator")
    chunks: Iterator[list[Drawn]] = workers(
        delayed(_draw_chunk)(draw, entropy, range(start, min(start + chunk, n_samples)))
        for start in range(0, n_samples, chunk)
    )
    return chunks


def _draw_chunk(
    draw: Callable[[np.random.Generator], Drawn], entropy: list[int], indices: range
) -> list[Drawn]:
    """Draw samples by their indices, so that they don't depend on how they are chunked."""
    return [
        draw(np.random.default_rng(np.random.SeedSequence(entropy, spawn_key=(index,))))
        for index in indices
    ]
