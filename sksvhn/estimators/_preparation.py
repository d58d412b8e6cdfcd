"""From stored pictures to batches that a network reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from ._augmentation import augment, fixed_view
from ._standardizer import Standardizer


@dataclass(frozen=True)
class Preparation:
    """Standardises pictures, and augments them for training."""

    standardizer: Standardizer
    device: torch.device
    dtype: torch.dtype
    strength: float
    generator: torch.Generator

    def for_training(self, pictures: NDArray[Any] | Tensor) -> Tensor:
        """Standardised pictures, changed at random."""
        if self.strength == 0:
            return self.for_evaluation(pictures)
        batch = augment(
            self._standardized(pictures),
            size=self.standardizer.size,
            strength=self.strength,
            generator=self.generator,
        )
        return batch.contiguous(memory_format=torch.channels_last)

    def for_evaluation(self, pictures: NDArray[Any] | Tensor) -> Tensor:
        """Standardised pictures as they are."""
        return self.views(pictures, 1)[0]

    def views(self, pictures: NDArray[Any] | Tensor, n_views: int) -> list[Tensor]:
        """Return the first few fixed views of standardised pictures."""
        batch = self._standardized(pictures)
        size = self.standardizer.size
        views = []
        for view in range(n_views):
            as_it_is = view == 0 and tuple(batch.shape[2:]) == size
            seen = batch if as_it_is else fixed_view(batch, view, size=size)
            views.append(seen.contiguous(memory_format=torch.channels_last))
        return views

    def _standardized(self, pictures: NDArray[Any] | Tensor) -> Tensor:
        return self.standardizer.to_tensor(pictures, self.device, self.dtype)
