"""From stored pixels to what a network reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

# Pictures turned to float64 at a time.
_CHUNK = 1024
# Keeps pictures without any contrast finite; a share of the training set's deviation.
LOWEST_DEVIATION = 0.1


@dataclass(frozen=True)
class Standardizer:
    """Brings pixels to mean 0 and standard deviation 1 per channel, at the network's size.

    What the pixels' range is, 0 to 255 or 0 to 1, is learned here and matters nowhere else.
    """

    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    #: Height and width the network reads.
    size: tuple[int, int]
    #: Whether each picture is then standardised by itself, over all its pixels and channels.
    per_image: bool

    @classmethod
    def from_pictures(
        cls,
        pictures: NDArray[Any],
        weights: NDArray[np.float64],
        *,
        input_size: int | None,
        per_image: bool,
    ) -> Standardizer:
        """Learn weighted mean and deviation; sides longer than `input_size` become that long."""
        total = np.zeros(pictures.shape[3])
        squares = np.zeros(pictures.shape[3])
        # Centring first keeps the sum of squares accurate for pixels far from zero.
        center = pictures[np.argmax(weights > 0)].mean(axis=(0, 1), dtype=np.float64)
        for start in range(0, len(pictures), _CHUNK):
            chunk = pictures[start : start + _CHUNK].astype(np.float64) - center
            weight = weights[start : start + _CHUNK]
            total += weight @ chunk.sum(axis=(1, 2))
            squares += weight @ np.square(chunk).sum(axis=(1, 2))
        count = weights.sum() * pictures.shape[1] * pictures.shape[2]
        offset = total / count
        std = np.sqrt(np.maximum(squares / count - offset**2, 0.0))
        limit = input_size or max(pictures.shape[1:3])
        size = (min(pictures.shape[1], limit), min(pictures.shape[2], limit))
        return cls(center + offset, np.where(std > 0, std, 1.0), size, per_image)

    def to_tensor(self, pictures: NDArray[Any], device: torch.device, dtype: torch.dtype) -> Tensor:
        """Standardised (n, channels, height, width), channels last in memory, full size."""
        # A copy of one batch: torch warns about read-only (memory-mapped) arrays.
        batch = torch.from_numpy(np.array(pictures)).to(device).to(dtype)
        mean = torch.tensor(self.mean, dtype=dtype, device=device)
        std = torch.tensor(self.std, dtype=dtype, device=device)
        batch = ((batch - mean) / std).permute(0, 3, 1, 2)
        if self.per_image:
            deviation, center = torch.std_mean(batch, dim=(1, 2, 3), keepdim=True)
            batch = (batch - center) / (deviation + LOWEST_DEVIATION)
        factor = min(batch.shape[2] // self.size[0], batch.shape[3] // self.size[1])
        # Averaging whole blocks first keeps much larger pictures from aliasing.
        return F.avg_pool2d(batch, factor) if factor > 1 else batch
