"""Tiny pictures of numbers that a network learns in seconds: digits as bars on noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sksvhn import SVHNSequenceClassifier


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


def bar_reader() -> SVHNSequenceClassifier:
    """Return a reader of these numbers that makes no mistake, however processors round."""
    # Bars are told apart by their height: augmentation would make them harder to tell.
    clf = SVHNSequenceClassifier(
        channels=((8,), (16,)),
        augmentation=0.0,
        max_epochs=12,
        batch_size=16,
        random_state=0,
    )
    return clf.fit(*bar_numbers(192))
