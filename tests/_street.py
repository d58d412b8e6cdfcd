"""Photographs of numbers that a locator of the tests finds where they are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Where `street` puts numbers, and how sure the locator is of them.
PLACES = {10: 0.75, 40: 0.875, 70: 0.625}


class Finder:
    """Finds the pictures of bars that `street` has put on grey ground."""

    def __init__(self) -> None:
        self.sizes: list[list[tuple[int, int]]] = []

    def predict(self, pictures: Any, *, max_pixels: int) -> list[NDArray[np.float64]]:
        assert all(picture.mode == "RGB" for picture in pictures)
        self.sizes.append([picture.size for picture in pictures])
        return [
            np.array(
                [
                    [left, 20, 16, 16, sure]
                    for left, sure in PLACES.items()
                    if picture.width > left + 16
                    and (np.asarray(picture)[20:36, left : left + 16] != 128).any()
                ]
            ).reshape(-1, 5)
            for picture in pictures
        ]


class Always:
    """Finds the same boxes in every picture."""

    def __init__(self, *boxes: Any) -> None:
        self.boxes = np.array(boxes, dtype=float)

    def predict(self, pictures: Any, *, max_pixels: int) -> list[NDArray[np.float64]]:
        return [self.boxes for _ in pictures]


def street(images: Any, places: Any = (10, 40, 70)) -> NDArray[np.uint8]:
    """Grey ground with pictures of numbers."""
    canvas = np.full((60, 100), 128, np.uint8)
    for image, left in zip(images, places, strict=False):
        canvas[20:36, left : left + 16] = image
    return canvas
