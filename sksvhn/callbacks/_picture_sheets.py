"""Draw sheets of pictures: the input of a network, and its readings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..plotting import ReadingsDisplay

if TYPE_CHECKING:
    from matplotlib.figure import Figure

N_COLUMNS, N_ROWS = 6, 4
GAP = 2
# Percentiles that become black and white; the rare pixels beyond them would flatten the rest.
DARKEST, BRIGHTEST = 1, 99


def as_pixels(inputs: Tensor) -> NDArray[np.uint8]:
    """Standardised pictures (n, channels, height, width) as uint8 (n, height, width, channels).

    All have one scale, which keeps differences of contrast and brightness.
    """
    values = inputs.detach().double().cpu().numpy().transpose(0, 2, 3, 1)
    low, high = np.percentile(values, [DARKEST, BRIGHTEST])
    scaled = (values - low) / (high - low if high > low else 1.0)
    return np.round(255 * scaled.clip(0, 1)).astype(np.uint8)


def grid_of(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay pictures (n, height, width, channels) side by side, with white gaps between them."""
    n, height, width, channels = pixels.shape
    n_columns = min(n, N_COLUMNS)
    n_rows = -(-n // n_columns)
    cells = np.full((n_rows * n_columns, height + GAP, width + GAP, channels), 255, np.uint8)
    cells[:n, :height, :width] = pixels
    rows = cells.reshape(n_rows, n_columns, *cells.shape[1:]).swapaxes(1, 2)
    return rows.reshape(n_rows * (height + GAP), -1, channels)[:-GAP, :-GAP]


def draw_readings(
    pixels: NDArray[np.uint8], true: Sequence[str], read: Sequence[str]
) -> Figure | None:
    """Draw pictures with their readings, or return None if matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return None
    n_columns = min(len(pixels), N_COLUMNS)
    n_rows = -(-len(pixels) // n_columns)
    # Not of pyplot, whose figures stay open and belong to the main thread.
    figure = Figure(figsize=(1.4 * n_columns, 1.65 * n_rows), layout="constrained")
    ReadingsDisplay.from_predictions(pixels, true, read, n_columns=n_columns, figure=figure)
    return figure


def as_text(targets: Sequence[Tensor], symbols: Sequence[str]) -> list[str]:
    """Labels of codes (n,), or numbers of codes (n, max_length) and lengths (n,)."""
    if len(targets) == 1:
        codes = targets[0][:, None]
        ends = torch.ones_like(targets[0])
    else:
        codes, ends = targets
    return [
        "".join(symbols[code] for code in row[:end])
        for row, end in zip(codes.tolist(), ends.tolist(), strict=True)
    ]
