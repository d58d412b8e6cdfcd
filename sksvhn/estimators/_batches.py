"""Batches, sliced from arrays in memory or from blocks of stored pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .._lazy_pictures import LazyPictures

EVALUATION_BATCH = 256
# Blocks of stored pictures that are in memory and shuffled together.
BLOCKS_SHUFFLED = 4

Targets = tuple[Tensor, ...]
Batch = tuple[Tensor, tuple[Targets, Tensor]]


@dataclass(frozen=True)
class TrainingData:
    """Samples: which row of the pictures each one is, its encoded targets, and its weight.

    Rows that no sample names don't count.
    """

    pictures: NDArray[Any] | LazyPictures
    rows: NDArray[np.int64]
    targets: tuple[NDArray[np.int64], ...]
    weights: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.rows)

    def subset(self, indices: NDArray[np.int64] | slice) -> TrainingData:
        """Fewer samples of the same pictures, which are not copied."""
        return TrainingData(
            self.pictures,
            self.rows[indices],
            tuple(target[indices] for target in self.targets),
            self.weights[indices],
        )

    def weighted(self, factors: float | NDArray[np.float64]) -> TrainingData:
        """Multiply the weights and leave out samples whose weight becomes 0."""
        weights = self.weights * factors
        counts = np.flatnonzero(weights)
        if len(counts) == 0:
            raise ValueError("All samples weigh nothing; correct class_weight or sample_weight.")
        data = replace(self, weights=weights)
        return data if len(counts) == len(self) else data.subset(counts)

    def row_weights(self) -> NDArray[np.float64]:
        """Weights of all pictures, 0 where a row does not count."""
        weights = np.zeros(len(self.pictures))
        weights[self.rows] = self.weights
        return weights

    def parts(self, rng: np.random.Generator | None) -> Iterator[TrainingData]:
        """All samples once, in an order drawn from `rng` or as they come.

        An array is one part. Of stored pictures a part is some blocks, drawn at random, whose
        samples are then shuffled together.
        """
        if not isinstance(self.pictures, LazyPictures):
            order = np.arange(len(self)) if rng is None else rng.permutation(len(self))
            yield self.subset(order)
            return
        by_row = self.rows.argsort()
        bounds = np.searchsorted(self.rows[by_row], self.pictures.starts[1:])
        samples = np.split(by_row, bounds)  # of each block
        blocks = np.flatnonzero([len(indices) for indices in samples])
        if rng is not None and len(blocks) > BLOCKS_SHUFFLED:
            blocks = rng.permutation(blocks)
        for start in range(0, len(blocks), BLOCKS_SHUFFLED):
            read = blocks[start : start + BLOCKS_SHUFFLED]
            indices = np.concatenate([samples[block] for block in read])
            pictures = np.concatenate(
                [self.pictures.pick(block, self.rows[samples[block]]) for block in read]
            )
            # Back in the order of the samples: few pictures train as they do from memory.
            rows = indices.argsort()
            part = replace(self.subset(indices[rows]), pictures=pictures, rows=rows)
            yield part if rng is None else part.subset(rng.permutation(len(rows)))


class Batches:
    """Batches of nearly equal size, each sliced from whole arrays at once.

    torch's DataLoader fetches and stacks single samples, which costs more than a small network's
    step. Equal sizes keep a last batch of one from breaking batch normalisation.
    """

    def __init__(
        self,
        data: TrainingData,
        *,
        batch_size: int,
        prepare: Callable[[NDArray[Any]], Tensor],
        rng: np.random.Generator | None,
    ) -> None:
        self.data = data
        self.batch_size = batch_size
        self.prepare = prepare
        self.rng = rng

    def __len__(self) -> int:
        return math.ceil(len(self.data) / self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        parts = self.data.parts(self.rng)
        part, taken = next(parts), 0
        for indices in np.array_split(np.arange(len(self.data)), len(self)):
            pieces = []
            missing = len(indices)
            while missing:
                if taken == len(part):
                    part, taken = next(parts), 0
                piece = part.subset(slice(taken, taken + missing))
                pieces.append(piece)
                taken += len(piece)
                missing -= len(piece)
            yield self._batch(pieces)

    def _batch(self, pieces: list[TrainingData]) -> Batch:
        pixels = [np.asarray(piece.pictures)[piece.rows] for piece in pieces]
        inputs = self.prepare(_joined(pixels))
        targets = tuple(
            torch.from_numpy(_joined(column)).to(inputs.device)
            for column in zip(*(piece.targets for piece in pieces), strict=True)
        )
        weights = torch.from_numpy(_joined([piece.weights for piece in pieces]))
        return inputs, (targets, weights.to(inputs.device, inputs.dtype))


def _joined(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
