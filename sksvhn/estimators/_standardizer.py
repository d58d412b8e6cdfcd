"""From stored pixels to what a network reads."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
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
    #: Least and greatest pixel.
    pixel_range: tuple[float, float]

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
        low, high = math.inf, -math.inf
        for start in range(0, len(pictures), _CHUNK):
            pixels = pictures[start : start + _CHUNK]
            low, high = min(low, float(pixels.min())), max(high, float(pixels.max()))
            chunk = pixels.astype(np.float64) - center
            weight = weights[start : start + _CHUNK]
            total += weight @ chunk.sum(axis=(1, 2))
            squares += weight @ np.square(chunk).sum(axis=(1, 2))
        count = weights.sum() * pictures.shape[1] * pictures.shape[2]
        offset = total / count
        std = np.sqrt(np.maximum(squares / count - offset**2, 0.0))
        limit = input_size or max(pictures.shape[1:3])
        size = (min(pictures.shape[1], limit), min(pictures.shape[2], limit))
        return cls(center + offset, np.where(std > 0, std, 1.0), size, per_image, (low, high))

    def widened(self, multiple: int) -> Standardizer:
        """Make the width that the network reads a multiple of some number."""
        height, width = self.size
        return replace(self, size=(height, math.ceil(width / multiple) * multiple))

    def check_range(self, pictures: NDArray[Any]) -> None:
        """Refuse pixels from 0 to 1 where those learned go to 255, and the reverse."""
        low, high = float(pictures.min()), float(pictures.max())
        found = 255 if pictures.dtype == np.uint8 else _full_scale(low, high)
        learned = _full_scale(*self.pixel_range)
        if {learned, found} == {1, 255}:
            change = "multiply X by" if learned == 255 else "divide X by"
            raise ValueError(
                f"X holds pixels from {low:g} to {high:g}, but the training pictures' "
                f"went from {self.pixel_range[0]:g} to {self.pixel_range[1]:g}; {change} 255."
            )

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


def _full_scale(low: float, high: float) -> int | None:
    """Return what white is among pixels with this range, where it is plain."""
    if low < 0:
        return None
    if 0 < high <= 1:
        return 1
    return 255 if 15 < high <= 255 else None
