"""Show the progress of long work on pictures on standard error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")


def with_progress(
    chunks: Iterable[list[T]], n_total: int, *, label: str, verbose: int
) -> Iterator[T]:
    """Yield the items of all chunks; with `verbose`, show how many are done once per second."""
    with tqdm(
        total=n_total, desc=label, unit=" pictures", mininterval=1, disable=not verbose
    ) as bar:
        for chunk in chunks:
            yield from chunk
            bar.update(len(chunk))
