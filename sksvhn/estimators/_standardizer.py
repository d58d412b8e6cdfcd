"""Standardise stored pixels for a network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from .._images._lazy import LazyPictures, in_chunks
from .._images._pixel_range import WhiteVotes, is_white
from ._architecture import is_positive_int

# Values turned to float64 at a time.
_CHUNK = 2**20
# Keeps pictures without any contrast finite; a share of the training set's deviation.
LOWEST_DEVIATION = 0.1


@dataclass(frozen=True)
class Standardizer:
    """Bring pixels to mean 0 and standard deviation 1 per channel, at the network's size.

    The range of the pixels, 0 to 255 or 0 to 1, is learned here and matters nowhere else.
    """

    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    #: Height and width the network reads.
    size: tuple[int, int]
    #: Whether each picture is then standardised by itself, over all its pixels and channels.
    per_image: bool
    #: 1, 255 or 65535, where it was plain.
    white: int | None

    @classmethod
    def from_pictures(
        cls,
        pictures: NDArray[Any] | LazyPictures,
        weights: NDArray[np.float64],
        *,
        input_size: int | Sequence[int] | None,
        per_image: bool,
    ) -> Standardizer:
        """Learn weighted mean and deviation; sides longer than `input_size` become that long."""
        size = _input_sides(input_size, pictures.shape[1:3])
        total = np.zeros(pictures.shape[3])
        squares = np.zeros(pictures.shape[3])
        # Centring first keeps the sum of squares accurate for pixels far from zero.
        center: NDArray[np.float64] | None = None
        votes = WhiteVotes()
        # Only their ratios count. A power of two changes none, and sums don't overflow.
        weights = np.ldexp(weights, 1 - np.frexp(weights.max())[1])
        start = 0
        for pixels in in_chunks(pictures, max(1, _CHUNK // math.prod(pictures.shape[1:]))):
            votes.add(pixels)
            weight = weights[start : start + len(pixels)]
            start += len(pixels)
            if center is None:
                if not weight.any():
                    continue
                first = pixels[np.argmax(weight > 0)]
                center = first.mean(axis=(0, 1), dtype=np.float64)
            chunk = np.subtract(pixels, center, dtype=np.float64)
            total += weight @ chunk.sum(axis=(1, 2))
            squares += weight @ np.square(chunk, out=chunk).sum(axis=(1, 2))
        count = weights.sum() * pictures.shape[1] * pictures.shape[2]
        offset = total / count
        std = np.sqrt(np.maximum(squares / count - offset**2, 0.0))
        mean, deviation = center + offset, np.where(std > 0, std, 1.0)
        return cls(mean, deviation, size, per_image, votes.settle())

    def to_dict(self) -> dict[str, Any]:
        """Return everything as numbers and arrays."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Standardizer:
        """Reverse `to_dict`; raise ValueError if no pictures can lead to these values."""
        standardizer = cls(**values)
        mean, std, size = standardizer.mean, standardizer.std, standardizer.size
        if (
            not mean.dtype == std.dtype == np.float64
            or not mean.shape == std.shape == (len(mean),)
            or not (np.isfinite(mean).all() and np.isfinite(std).all() and (std > 0).all())
            or not isinstance(size, tuple)
            or len(size) != 2
            or not all(type(side) is int and side > 0 for side in size)
            or type(standardizer.per_image) is not bool
            or not is_white(standardizer.white)
        ):
            raise ValueError("the stored description of pixels is not one that pictures can give")
        return standardizer

    def widened(self, multiple: int) -> Standardizer:
        """Make the width that the network reads a multiple of some number."""
        height, width = self.size
        return replace(self, size=(height, math.ceil(width / multiple) * multiple))

    def to_tensor(
        self, pictures: NDArray[Any] | Tensor, device: torch.device, dtype: torch.dtype
    ) -> Tensor:
        """Standardised (n, channels, height, width), channels last in memory, full size."""
        stored = (pictures if isinstance(pictures, Tensor) else as_tensor(pictures)).to(device)
        # Whole rows are faster than the few values of a pixel.
        n_columns = stored.shape[2] if len(self.mean) > 1 else 1
        learned = tuple(self.mean.tolist()), tuple(self.std.tolist())
        mean, scale = _constants(*learned, n_columns, dtype, device)
        # A copy, so that everything else is in place: new memory costs more than arithmetic.
        flat = stored.to(dtype, copy=True).flatten(2).sub_(mean).mul_(scale).flatten(1)
        if self.per_image:
            flat.sub_(flat.mean(dim=1, keepdim=True))
            # A norm takes a tenth of the time of torch.std.
            norm = torch.linalg.vector_norm(flat, dim=1, keepdim=True)
            flat.div_(norm / math.sqrt(max(1, flat.shape[1] - 1)) + LOWEST_DEVIATION)
        batch = flat.view(stored.shape).permute(0, 3, 1, 2)
        side = self.block_side(*batch.shape[2:])
        return F.avg_pool2d(batch, side) if side > 1 else batch

    def block_side(self, height: int, width: int) -> int:
        """Side of the blocks of pixels that are averaged, 1 for none.

        Averaging whole blocks first keeps much larger pictures from aliasing.
        """
        return max(1, min(height // self.size[0], width // self.size[1]))


@lru_cache(maxsize=32)
def _constants(
    mean: tuple[float, ...],
    std: tuple[float, ...],
    n_columns: int,
    dtype: torch.dtype,
    device: torch.device,
) -> tuple[Tensor, Tensor]:
    """Return what a row of pixels is lowered by and then multiplied by, made once."""
    with torch.inference_mode(False):
        offset, scale = torch.tensor([mean, [1 / s for s in std]], dtype=torch.float64)
        return offset.to(device, dtype).repeat(n_columns), scale.to(device, dtype).repeat(n_columns)


def _input_sides(input_size: int | Sequence[int] | None, sides: tuple[int, int]) -> tuple[int, int]:
    """Height and width that a network reads of pictures with these sides."""
    if input_size is None:
        return sides
    limits = [input_size] * 2 if isinstance(input_size, int) else list(input_size)
    if len(limits) != 2 or not all(map(is_positive_int, limits)):
        raise ValueError(
            "input_size must be None, a positive integer, or two of them, the height and the width "
            f"in pixels, as in (48, 64); got {input_size!r}."
        )
    return min(sides[0], limits[0]), min(sides[1], limits[1])


def as_tensor(pictures: NDArray[Any]) -> Tensor:
    """Wrap pictures in a tensor, without a copy if torch can use their memory."""
    # torch warns about read-only (memory-mapped) arrays, and takes no negative strides. For one
    # picture, np.require takes a hundredth of a prediction.
    if not (pictures.flags.c_contiguous and pictures.flags.writeable):
        pictures = pictures.copy(order="C")
    return torch.from_numpy(pictures)
