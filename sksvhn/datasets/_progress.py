"""Progress of long work on pictures, on the standard error stream."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def with_progress(
    chunks: Iterable[list[T]], n_total: int, *, label: str, verbose: int
) -> Iterator[T]:
    """Yield the items of all chunks; with `verbose`, a line about once a second on what is done."""
    started = reported = time.monotonic()
    n_done = 0
    for chunk in chunks:
        yield from chunk
        n_done += len(chunk)
        now = time.monotonic()
        if verbose and (now - reported >= 1 or n_done == n_total):
            seconds = f"{now - started:.1f} s"
            print(f"[{label}] {n_done} of {n_total} pictures, {seconds}", file=sys.stderr)
            reported = now
