"""Sets of pictures: in floats, in parts, and in the form they came in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Pixels turned to floats at a time: a float64 copy of a set of uint8 is eight times its size.
_CHUNK_PIXELS = 2**21


def float_like(pictures: NDArray[Any]) -> NDArray[Any]:
    """Copy pictures to float64 where they are, and to float32 otherwise."""
    return pictures.astype(np.float64 if pictures.dtype == np.float64 else np.float32)


def chunks(pictures: NDArray[Any]) -> Iterator[slice]:
    """Parts of a set of pictures (n, height, width, channels) that are small in float64."""
    length = max(1, _CHUNK_PIXELS // max(1, pictures[0].size))
    for start in range(0, len(pictures), length):
        yield slice(start, start + length)


def n_axes(X: Any) -> int:
    """2 where X holds rows, 3 or 4 where it holds pictures."""
    return X.ndim if hasattr(X, "ndim") else np.asarray(X).ndim


def in_form_of(X: Any, pictures: NDArray[Any]) -> NDArray[Any]:
    """Give rows where X has rows, and pictures without a channel axis where X has none."""
    axes = n_axes(X)
    if axes == 2:
        return pictures.reshape(len(pictures), -1)
    return pictures[..., 0] if axes == 3 else pictures
