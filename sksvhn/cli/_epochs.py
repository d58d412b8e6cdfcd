"""Show the epochs of a training on standard error."""

from __future__ import annotations

import sys
from typing import Any

from skorch.callbacks import Callback
from tqdm import tqdm

from ._app import note, scores_of, shows_progress


class EpochLines(Callback):
    """Print a line after every epoch and, on a terminal, a bar over batches, unless `quiet`."""

    bar_: tqdm[Any] | None = None

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        """Say where an interrupted training goes on."""
        n_before = net.n_epochs_ - net.epochs_before_
        if n_before:
            note(f"Going on after epoch {n_before}, from its checkpoint", quiet=self.quiet)

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        """Open the bar."""
        self.bar_ = tqdm(
            total=net.steps_per_epoch_,
            desc=f"Epoch {len(net.history)}",
            unit=" batches",
            leave=False,
            file=sys.stderr,
            disable=not shows_progress(self.quiet),
        )

    def on_batch_end(self, net: Any, *, training: bool, **kwargs: Any) -> None:
        """Move on by a batch."""
        if training and self.bar_ is not None:
            self.bar_.update()

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Close the bar, and say how well the epoch went."""
        self.on_train_end(net)
        last = net.history[-1]
        n_epochs = net.epochs_before_ + net.epochs_ahead_
        line = f"Epoch {last['epoch']} of {n_epochs}: {scores_of(last)} ({last['dur']:.1f} s)"
        note(line, quiet=self.quiet)

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        """Close the bar of an epoch that was interrupted."""
        if self.bar_ is not None:
            self.bar_.close()
