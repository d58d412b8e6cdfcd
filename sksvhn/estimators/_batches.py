"""Slice batches from arrays in memory or from blocks of stored pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .._images._lazy import LazyPictures
from ._augmentation import VIEWS, View, augment, fixed_view
from ._standardizer import Standardizer, as_tensor
from ._without_number import draw_foreign, make_foreign, without_number

EVALUATION_BATCH = 256
# Blocks of stored pictures that are in memory and shuffled together.
BLOCKS_SHUFFLED = 4

# Bytes that pictures may take as the network reads them. Unless they change at random, few ones
# are standardised once.
READY_BYTES = 2**28
# Share of a GPU's free memory that stored pictures may take; the rest is for the network.
RESIDENT_SHARE = 0.5

Pixels = NDArray[Any] | Tensor
Targets = tuple[Tensor, ...]
Batch = tuple[Tensor, tuple[Targets, Tensor]]


@dataclass(frozen=True)
class Preparation:
    """Standardise pictures, and augment them for training."""

    standardizer: Standardizer
    device: torch.device
    dtype: torch.dtype
    strength: float = 0.0
    generator: torch.Generator = field(default_factory=torch.Generator)
    #: Of the pictures trained on, those that are made to show no number, and letters for them.
    foreign_share: float = 0.0
    letters: str = ""

    def for_training(
        self, pictures: Pixels, targets: Targets, n_steps: int
    ) -> tuple[Tensor, Targets]:
        """Standardised pictures, changed at random, and their targets.

        `n_steps` of the optimiser were done before.
        """
        if self.strength == 0:
            return self.for_evaluation(pictures), targets
        batch = self._standardized(pictures)
        if self.foreign_share > 0:
            foreign = draw_foreign(len(batch), self.foreign_share, n_steps, self.generator)
            if foreign.any():
                rows = foreign.nonzero()[:, 0].to(batch.device)
                made = make_foreign(batch[rows], self.letters, self.generator)
                batch = batch.index_copy(0, rows, made)
            targets = without_number(targets, foreign)
        batch = augment(
            batch,
            size=self.standardizer.size,
            strength=self.strength,
            generator=self.generator,
        )
        return batch.contiguous(memory_format=torch.channels_last), targets

    def for_evaluation(self, pictures: Pixels) -> Tensor:
        """Standardised pictures as they are."""
        return self.views(pictures, VIEWS[:1])[0]

    def views(self, pictures: Pixels, views: Sequence[View]) -> list[Tensor]:
        """Return fixed views of standardised pictures."""
        batch = self._standardized(pictures)
        size = self.standardizer.size
        tensors = []
        for view in views:
            as_it_is = view == VIEWS[0] and tuple(batch.shape[2:]) == size
            seen = batch if as_it_is else fixed_view(batch, view, size=size)
            tensors.append(seen.contiguous(memory_format=torch.channels_last))
        return tensors

    def _standardized(self, pictures: Pixels) -> Tensor:
        return self.standardizer.to_tensor(pictures, self.device, self.dtype)


@dataclass(frozen=True)
class TrainingData:
    """Samples: which row of the pictures each one is, its encoded targets, and its weight.

    Rows that no sample names don't count.
    """

    pictures: Pixels | LazyPictures
    rows: NDArray[np.int64]
    targets: tuple[NDArray[np.int64], ...]
    weights: NDArray[np.float64]
    #: Whether pictures are as the network reads them but for the order of axes, channels last.
    is_ready: bool = False

    @classmethod
    def of_pictures(cls, pictures: Pixels | LazyPictures) -> TrainingData:
        """Pictures without targets."""
        n = len(pictures)
        return cls(pictures, np.arange(n), (), np.ones(n))

    def __len__(self) -> int:
        return len(self.rows)

    def subset(self, indices: NDArray[np.int64] | slice) -> TrainingData:
        """Fewer samples of the same pictures, which are not copied."""
        return replace(
            self,
            rows=self.rows[indices],
            targets=tuple(target[indices] for target in self.targets),
            weights=self.weights[indices],
        )

    def weighted(self, factors: float | NDArray[np.float64]) -> TrainingData:
        """Multiply the weights and leave out samples whose weight becomes 0."""
        weights = self.weights * factors
        counts = np.flatnonzero(weights)
        if len(counts) == 0:
            raise ValueError(
                "sample_weight times class_weight must be positive for at least one sample; got "
                "only zeros; correct one of them."
            )
        data = replace(self, weights=weights)
        return data if len(counts) == len(self) else data.subset(counts)

    def on(self, device: torch.device) -> TrainingData:
        """Keep the pictures on a GPU, as they are stored, where they fit into its memory."""
        if device.type != "cuda" or isinstance(self.pictures, (LazyPictures, Tensor)):
            return self
        free, _ = torch.cuda.mem_get_info(device)
        if self.pictures.nbytes > RESIDENT_SHARE * free:
            return self
        return replace(self, pictures=as_tensor(self.pictures).to(device))

    def ready(self, preparation: Preparation) -> TrainingData:
        """Prepare pictures in memory once, if they are few, on a CPU, and never change."""
        pictures, size = self.pictures, preparation.standardizer.size
        if (
            preparation.strength > 0
            or preparation.device.type != "cpu"
            or not isinstance(pictures, np.ndarray)
            or len(self) * math.prod(size) * pictures.shape[3] * preparation.dtype.itemsize
            > READY_BYTES
        ):
            return self
        shape = (len(self), *size, pictures.shape[3])
        prepared = torch.empty(shape, dtype=preparation.dtype)
        for start in range(0, len(self), EVALUATION_BATCH):
            chunk = slice(start, start + EVALUATION_BATCH)
            batch = preparation.for_evaluation(pictures[self.rows[chunk]])
            prepared[chunk] = batch.permute(0, 2, 3, 1)
        return replace(self, pictures=prepared, rows=np.arange(len(self)), is_ready=True)

    def row_weights(self) -> NDArray[np.float64]:
        """Weights of all pictures, 0 where a row does not count."""
        weights = np.zeros(len(self.pictures))
        weights[self.rows] = self.weights
        return weights

    def parts(self, rng: np.random.Generator | None) -> Iterator[TrainingData]:
        """Yield all samples once, in parts, in an order drawn from `rng` or as they come.

        An array is one part. A part of stored pictures is some blocks, drawn at random, whose
        samples are shuffled together.
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

    torch's DataLoader stacks single samples, which costs more than a small network's step. Equal
    sizes keep a last batch of one from breaking batch normalisation.
    """

    def __init__(
        self,
        data: TrainingData,
        *,
        batch_size: int,
        preparation: Preparation,
        training: bool,
        rng: np.random.Generator | None,
        n_steps: int,
    ) -> None:
        self.data = data
        self.batch_size = batch_size
        self.preparation = preparation
        self.training = training
        self.rng = rng
        #: Batches that were trained on before.
        self.n_steps = n_steps

    def __len__(self) -> int:
        return math.ceil(len(self.data) / self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        device, dtype = self.preparation.device, self.preparation.dtype
        parts = (Part.of(data, device, dtype) for data in self.data.parts(self.rng))
        part, taken = next(parts), 0
        for step, indices in enumerate(np.array_split(np.arange(len(self.data)), len(self))):
            pieces: list[tuple[Pixels, list[Tensor]]] = []
            missing = len(indices)
            while missing:
                if taken == len(part):
                    part, taken = next(parts), 0
                n = min(missing, len(part) - taken)
                pieces.append(part.slice(taken, taken + n))
                taken += n
                missing -= n
            yield self._batch(pieces, self.n_steps + step)

    def _batch(self, pieces: Sequence[tuple[Pixels, list[Tensor]]], n_steps: int) -> Batch:
        if len(pieces) == 1:
            pixels, columns = pieces[0]
        else:  # of stored pictures, which are read as arrays
            pixels = np.concatenate([np.asarray(pixels) for pixels, _ in pieces])
            columns = [torch.cat(parts) for parts in zip(*(c for _, c in pieces), strict=True)]
        *targets, weights = columns
        if self.data.is_ready:
            assert isinstance(pixels, Tensor)
            return pixels.permute(0, 3, 1, 2), (tuple(targets), weights)
        if not self.training:
            return self.preparation.for_evaluation(pixels), (tuple(targets), weights)
        pictures, truth = self.preparation.for_training(pixels, tuple(targets), n_steps)
        return pictures, (truth, weights)


@dataclass(frozen=True)
class Part:
    """Samples in the order they are trained on, with targets and weights on the device."""

    pictures: Pixels
    rows: NDArray[np.int64] | Tensor
    #: Each target, then the weights.
    columns: list[Tensor]

    @classmethod
    def of(cls, data: TrainingData, device: torch.device, dtype: torch.dtype) -> Part:
        """Move what is small to the device, all at once."""
        pictures, rows = data.pictures, data.rows
        assert not isinstance(pictures, LazyPictures)
        targets = [torch.from_numpy(target).to(device) for target in data.targets]
        weights = torch.from_numpy(data.weights).to(device, dtype)
        if isinstance(pictures, Tensor):
            return cls(pictures, torch.from_numpy(rows).to(device), [*targets, weights])
        return cls(pictures, rows, [*targets, weights])

    def __len__(self) -> int:
        return len(self.rows)

    def slice(self, start: int, end: int) -> tuple[Pixels, list[Tensor]]:
        """Pixels and columns of some samples."""
        rows = self.rows[start:end]
        if isinstance(self.pictures, Tensor):  # index_select takes a tenth of the time of [rows]
            pixels: Pixels = self.pictures.index_select(0, torch.as_tensor(rows))
        else:
            pixels = self.pictures[rows]
        return pixels, [column[start:end] for column in self.columns]
