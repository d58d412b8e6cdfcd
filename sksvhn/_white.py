"""What white is among pixels, 1 or 255: mixing them up costs accuracy without a word."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Smaller ones are tables, whose features may have any range.
MIN_SIDE = 8
# Below, pixels that go to 255 could be meant to go to 15, as in scikit-learn's digits.
DARKEST = 16


def white_of(pictures: NDArray[Any]) -> int | None:
    """1 or 255, or None where it is not plain.

    Parameters
    ----------
    pictures : ndarray of shape (n, height, width, channels)
        Pixels of any range.
    """
    return _white_between(pictures, float(pictures.min()), float(pictures.max()))


def _white_between(pictures: NDArray[Any], low: float, high: float) -> int | None:
    if min(pictures.shape[1:3]) < MIN_SIDE or low < 0:
        return None
    if DARKEST < high <= 255:
        return 255
    if 0 < high <= 1 and not np.array_equal(pictures, np.trunc(pictures)):
        return 1
    return None


def common_white(whites: Iterable[int | None]) -> int | None:
    """White of all the parts that were seen."""
    return max((white for white in whites if white is not None), default=None)


def is_white(value: object) -> bool:
    """Whether `common_white` could return it."""
    return value is None or (type(value) is int and value in (1, 255))


def check_white(pictures: NDArray[Any], learned: int | None) -> None:
    """Refuse pixels from 0 to 1 where those learned go to 255, the reverse, and pixels around 0."""
    low, high = float(pictures.min()), float(pictures.max())
    # Resizing may leave pixels a little below 0.
    if learned is not None and low < -max(high, 0) / 4:
        raise ValueError(
            f"X holds pixels from {low:g} to {high:g}, but the training pictures held none below "
            f"0; pass pixels from 0 to {learned}."
        )
    found = _white_between(pictures, low, high)
    if {learned, found} == {1, 255}:
        change = "multiply X by" if learned == 255 else "divide X by"
        raise ValueError(
            f"X holds pixels from {low:g} to {high:g}, but in the training pictures white was "
            f"{learned}; {change} 255."
        )
