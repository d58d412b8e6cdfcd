"""Training as it goes on, on the standard error stream."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from skorch.callbacks import Callback

from ._console import note, shows_progress


class EpochLines(Callback):
    """A line after every epoch and, on a terminal, a bar over the batches of the present one.

    Parameters
    ----------
    quiet : bool
        Neither.
    """

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self.progress_ = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("batches"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=not shows_progress(quiet),
        )
        self.task_ = self.progress_.add_task("")

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        """Open the bar."""
        n_before = net.n_epochs_ - net.epochs_before_
        if n_before:
            note(f"Going on after epoch {n_before}, from its checkpoint", quiet=self.quiet)
        self.progress_.start()

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        """Start the bar anew."""
        epoch = f"Epoch {len(net.history)}"
        self.progress_.reset(self.task_, total=net.steps_per_epoch_, description=epoch)

    def on_batch_end(self, net: Any, *, training: bool, **kwargs: Any) -> None:
        """Move on by a batch."""
        if training:
            self.progress_.advance(self.task_)

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Say how well the epoch went."""
        last = net.history[-1]
        scores = f"loss {last['train_loss']:.4f}, right {last['train_score']:.1%}"
        if "valid_score" in last:
            scores += f"; held out: loss {last['valid_loss']:.4f}, right {last['valid_score']:.1%}"
        n_epochs = net.epochs_before_ + net.epochs_ahead_
        line = f"Epoch {last['epoch']} of {n_epochs}: {scores} ({last['dur']:.1f} s)"
        if self.progress_.disable:
            note(line, quiet=self.quiet)
        else:
            self.progress_.console.print(line, highlight=False)

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        """Take the bar away."""
        self.progress_.stop()
