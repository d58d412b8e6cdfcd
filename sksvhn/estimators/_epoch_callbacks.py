"""Callbacks of the training loop, its own and those of skorch that it accepts."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import (
    BatchScoring,
    Callback,
    EpochScoring,
    InputShapeSetter,
    LRScheduler,
    PassthroughScoring,
    PrintLog,
)
from torch import Tensor
from tqdm.auto import tqdm


class TrainingStopped(Exception):  # noqa: N818  it is not an error
    """A callback asked for the end of training."""


class KeepBest(Callback):
    """Stops when the validation score no longer rises and restores the best epoch's weights."""

    weights_: list[Tensor] | None = None

    def __init__(self, patience: int) -> None:
        self.patience = patience

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Forget an earlier fit."""
        self.best_score_, self.best_epoch_ = -math.inf, 0
        self.weights_ = None

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Keep the averaged weights of a better epoch, or count an epoch without one."""
        last = net.history[-1]
        score, epoch = last.get("valid_score", -math.inf), last["epoch"]
        if score > self.best_score_:
            self.best_score_, self.best_epoch_ = score, epoch
            self.weights_ = [tensor.clone() for tensor in net.average_.tensors]
        elif epoch - self.best_epoch_ >= self.patience:
            raise TrainingStopped

    @torch.no_grad()
    def on_train_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Restore the best epoch."""
        if self.weights_ is not None:
            for tensor, best in zip(net.average_.own, self.weights_, strict=True):
                tensor.copy_(best)


class EpochProgress(Callback):
    """A bar over the batches of each epoch, which vanishes at its end."""

    bar_: tqdm[Any] | None = None

    def on_epoch_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Open the bar."""
        label = f"epoch {len(net.history)}"
        self.bar_ = tqdm(total=net.steps_per_epoch_, desc=label, unit="batch", leave=False)

    def on_batch_end(self, net: NeuralNet, *, training: bool, **kwargs: Any) -> None:
        """Move on by a training batch."""
        if training and self.bar_ is not None:
            self.bar_.update()

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Close the bar."""
        if self.bar_ is not None:
            self.bar_.close()

    on_train_end = on_epoch_end  # of an epoch that was interrupted


class EpochTable(PrintLog):
    """skorch's table, one line per epoch, in which only terminals get colours."""

    def format_row(self, row: Mapping[str, Any], key: str, color: str) -> str:
        """Write a cell, in `color` if it is the best of its column so far."""
        if os.environ.get("NO_COLOR") or not getattr(sys.stdout, "isatty", bool)():
            row = {key: row[key]}  # a cell that is not marked as the best gets no colour
        return str(super().format_row(row, key, color))

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Print a line, which files and pipes show at once."""
        super().on_epoch_end(net, **kwargs)
        sys.stdout.flush()


def check_callbacks(callbacks: Sequence[Any] | None, schedule: str) -> list[Any] | None:
    """Return callbacks that training under a schedule can call."""
    for entry in callbacks or []:
        callback = entry[1] if isinstance(entry, tuple) and len(entry) == 2 else entry
        name = type(callback).__name__
        if not isinstance(callback, Callback):
            raise ValueError(
                "callbacks must hold instances of skorch callbacks, or pairs of a name and an "
                f"instance; got {entry!r}."
            )
        if isinstance(callback, (BatchScoring, EpochScoring, PassthroughScoring)):
            raise ValueError(
                f"callbacks must not hold {name}, because scores are already in history_ "
                "(validation scores if fit gets X_val and y_val); leave it out."
            )
        if isinstance(callback, InputShapeSetter):
            raise ValueError(
                f"callbacks must not hold {name}, because the network takes its input shape from "
                "X; leave it out."
            )
        if isinstance(callback, LRScheduler) and schedule != "constant":
            raise ValueError(
                f"lr_schedule must be 'constant' for the callback {name}; got {schedule!r}, which "
                "sets the learning rate of every step; pass "
                "training=Training(lr_schedule='constant')."
            )
    return None if callbacks is None else list(callbacks)


def missing_record(callback: Callback, missing: str, history: Sequence[Any]) -> ValueError | None:
    """Say that a callback asks for something that the history lacks, if that is so."""
    recorded = [name for name in history[-1] if name != "batches"] if history else []
    if missing in recorded:
        return None
    remedy = f"choose one of {', '.join(sorted(recorded))}"
    if missing.startswith("valid_") and "valid_loss" not in recorded:
        remedy = "pass X_val and y_val to fit for validation figures"
    return ValueError(
        f"The callback {type(callback).__name__} asks for {missing!r}, which is not recorded when "
        f"it is called; {remedy}."
    )
