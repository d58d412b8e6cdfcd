"""Tiny pictures of numbers that a network learns in seconds: digits as bars on noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def bar_numbers(
    n_samples: int, *, random_state: int = 0, size: int = 16, alphabet: str = "0123"
) -> tuple[NDArray[np.uint8], NDArray[np.object_]]:
    """Grey pictures and numbers of one or two characters, each a bar whose height is its code."""
    rng = np.random.default_rng(random_state)
    images = rng.integers(0, 30, (n_samples, size, size), dtype=np.uint8)
    numbers = np.empty(n_samples, dtype=object)
    for image, i in zip(images, range(n_samples), strict=True):
        codes = rng.integers(0, len(alphabet), rng.integers(1, 3))
        for position, code in enumerate(codes):
            left = 1 + position * size // 2
            image[size - 2 - (code + 1) * size // 6 :, left : left + size // 2 - 2] += 200
        numbers[i] = "".join(alphabet[code] for code in codes)
    return images, numbers
