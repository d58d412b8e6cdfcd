"""Draw pictures in processes, each from a random generator of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from ._progress import with_progress

#: What is told of a picture.
Told = TypeVar("Told")
Draw = Callable[[np.random.Generator], tuple[NDArray[np.uint8], Told]]


def draw_pictures(
    draw: Draw[Told],
    n_samples: int,
    shape: tuple[int, ...],
    *,
    chunk: int,
    label: str,
    random_state: int | np.random.RandomState | None,
    n_jobs: int | None,
    verbose: int,
) -> tuple[NDArray[np.uint8], list[Told]]:
    """Return what `draw` makes: pictures of a shape, and what is told of each.

    It depends on the seed alone. Workers draw `chunk` at a time; `label` is that of the progress.
    """
    entropy = check_random_state(random_state).randint(2**32, size=4, dtype=np.uint32).tolist()
    workers = Parallel(n_jobs=n_jobs, return_as="generator")
    chunks: Iterator[list[tuple[NDArray[np.uint8], Told]]] = workers(
        delayed(_draw_chunk)(draw, entropy, range(start, min(start + chunk, n_samples)))
        for start in range(0, n_samples, chunk)
    )
    images = np.empty((n_samples, *shape), np.uint8)
    told: list[Told] = []
    for pixels, more in with_progress(chunks, n_samples, label=label, verbose=verbose):
        images[len(told)] = pixels
        told.append(more)
    return images, told


def _draw_chunk(
    draw: Draw[Told], entropy: list[int], indices: range
) -> list[tuple[NDArray[np.uint8], Told]]:
    """Draw samples by their indices, so that they don't depend on how they are chunked."""
    return [
        draw(np.random.default_rng(np.random.SeedSequence(entropy, spawn_key=(index,))))
        for index in indices
    ]
