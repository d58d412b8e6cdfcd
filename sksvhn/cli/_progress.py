"""How many are done, on a terminal's standard error stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


@contextmanager
def counting(what: str, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """Show a count, to which the function adds what it is given."""
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.completed:,.0f} " + what),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not shown,
    )
    with progress:
        task = progress.add_task(what, total=None)
        yield lambda n: progress.advance(task, n)
