"""Histograms of oriented gradients: features that ignore brightness and contrast.

Dalal & Triggs 2005, "Histograms of oriented gradients for human detection"; Netzer et al. 2011 read
SVHN's digits with them. The sizes below were chosen on held-out training digits of SVHN.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Least side of a cell in pixels; cells are stretched evenly so that they fill the picture.
CELL = 5
#: Bins of the undirected orientation, from 0 up to 180 degrees; the first is centred on 0.
ORIENTATIONS = 12
#: Cells along a side of the blocks within which contrast is normalised.
BLOCK = 2
#: What an entry of a normalised block is cut at, before it is normalised again (L2-Hys);
#: 0.2 in the paper.
CLIP = 0.4
#: Keeps noise in flat blocks faint: a share of the root mean square of the picture's block norms.
FLATNESS = 0.1

# Pixels, over all channels, turned into features at a time: some tens of megabytes.
_CHUNK = 1 << 19


def hog_features(pictures: NDArray[Any]) -> NDArray[Any]:
    """Histograms of oriented gradients of pictures (n, height, width, channels), in [0, 1].

    A pixel's gradient is that of its strongest channel; the range of the pixels does not matter.
    """
    n, height, width, channels = pictures.shape
    dtype = np.dtype(np.float64 if pictures.dtype == np.float64 else np.float32)
    rows_to_cells, columns_to_cells = _cell_weights(height, dtype), _cell_weights(width, dtype)
    grid = (len(rows_to_cells), len(columns_to_cells))
    block = (min(BLOCK, grid[0]), min(BLOCK, grid[1]))
    features = np.empty((n, n_hog_features(height, width)), dtype=dtype)
    step = max(1, _CHUNK // (height * width * channels))
    for start in range(0, n, step):
        magnitude, angle = _gradients(pictures[start : start + step].astype(dtype))
        position = angle * dtype.type(ORIENTATIONS / np.pi)
        histograms = np.empty((len(position), *grid, ORIENTATIONS), dtype=dtype)
        for k in range(ORIENTATIONS):
            distance = np.abs(position - k)
            distance = np.minimum(distance, ORIENTATIONS - distance)
            votes = magnitude * np.maximum(1 - distance, 0)
            histograms[..., k] = rows_to_cells @ votes @ columns_to_cells.T
        windows = np.lib.stride_tricks.sliding_window_view(histograms, block, axis=(1, 2))
        features[start : start + step] = _normalized(windows).reshape(len(position), -1)
    return features


def n_hog_features(height: int, width: int) -> int:
    """Count the features of a picture of this size."""
    grid = (height // CELL, width // CELL)
    in_block = [min(BLOCK, n) for n in grid]
    blocks = [n - size + 1 for n, size in zip(grid, in_block, strict=True)]
    return math.prod(blocks) * math.prod(in_block) * ORIENTATIONS


def _cell_weights(length: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Share of each pixel along a side in each cell: 1 at its centre, 0 from the next centre on."""
    n_cells = length // CELL
    position = (np.arange(length) + 0.5) * n_cells / length - 0.5
    distance = np.abs(position - np.arange(n_cells)[:, None])
    return np.maximum(1 - distance, 0).astype(dtype)


def _gradients(pictures: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Magnitude and undirected angle in [0, pi] of the strongest channel, (n, height, width)."""
    padded = np.pad(pictures, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    across = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
    down = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
    magnitude = np.hypot(across, down)
    strongest = magnitude.argmax(axis=3)[..., None]
    across, down, magnitude = (
        np.take_along_axis(values, strongest, axis=3)[..., 0]
        for values in (across, down, magnitude)
    )
    angle = np.arctan2(down, across)
    return magnitude, np.where(angle < 0, angle + angle.dtype.type(np.pi), angle)


def _normalized(blocks: NDArray[Any]) -> NDArray[Any]:
    """L2-Hys: scale blocks (n, rows, columns, ...) to length 1, cut at `CLIP`, and scale again."""
    blocks = blocks.reshape(*blocks.shape[:3], -1)
    squares = np.square(blocks).sum(axis=3, keepdims=True)
    share = FLATNESS**2 * squares.mean(axis=(1, 2), keepdims=True)
    blocks = blocks / _positive(np.sqrt(squares + share))
    # Back to the length before the cut, not to 1, which would undo what keeps flat blocks faint.
    length = np.sqrt(np.square(blocks).sum(axis=3, keepdims=True))
    blocks = np.minimum(blocks, CLIP)
    return blocks * (length / _positive(np.sqrt(np.square(blocks).sum(axis=3, keepdims=True))))


def _positive(lengths: NDArray[Any]) -> NDArray[Any]:
    """Lengths to divide by: 1 for blocks without any gradient."""
    return np.where(lengths > 0, lengths, 1)
