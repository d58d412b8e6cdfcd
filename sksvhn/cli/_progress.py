"""How many are done, on a terminal's standard error stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from ._console import counted


@contextmanager
def counting(what: str, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """Show a count of things, to which the function adds what it is given."""
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not shown,
    )
    with progress:
        task = progress.add_task(counted(0, what), total=None)
        n_done = 0

        def add(n: int) -> None:
            nonlocal n_done
            n_done += n
            progress.update(task, description=counted(n_done, what))

        yield add
