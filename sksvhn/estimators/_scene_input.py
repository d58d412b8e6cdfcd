"""Photographs and boxes as people pass them to a locator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .._boxes import check_boxes_in_pictures
from .._images._load import MAX_PIXELS, warn_of_notes
from .._images._one_or_many import check_several, is_one_picture, read_row
from ._canvas import on_canvas, scaled


def read_all(pictures: Any, max_pixels: int) -> Iterator[Image.Image]:
    """Read pictures one by one, as RGB; errors, and one warning at the end, name their rows."""
    if is_one_picture(pictures):
        pictures = [pictures]
    check_several(pictures)
    notes: dict[str, str] = {}
    for row, source in enumerate(pictures):
        picture, note = read_row(row, source, "rgb", max_pixels)
        if note is not None:
            notes[f"picture {row}"] = note
        yield picture
    warn_of_notes(notes)


def training_scenes(
    X: Any, y: Any, name: str, side: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Pictures at the size of the network, and the edges of their numbers, flattened."""
    if is_one_picture(X, first_axis_counts=True):
        raise ValueError("X must hold several pictures; got a single one; pass a list.")
    if getattr(X, "dtype", None) == np.uint8 and X.shape[1:] == (side, side, 3) and len(X):
        canvases, scales, sizes = X, np.ones((len(X), 2)), [(side, side)] * len(X)
    else:
        placed, ratios, sizes = [], [], []
        for picture in read_all(X, MAX_PIXELS):
            pixels, ratio = scaled(picture, (0, 0, *picture.size), side)
            placed.append(on_canvas(pixels, (side, side)))
            ratios.append(ratio)
            sizes.append(picture.size)
        if not placed:
            raise ValueError("X must hold at least one picture; got 0.")
        canvases, scales = np.stack(placed), np.array(ratios)
    boxes = check_boxes_in_pictures(y, sizes, name)
    edges = np.zeros((len(boxes), max(1, *map(len, boxes)), 4), np.float32)
    for row, (entry, scale) in enumerate(zip(boxes, scales, strict=True)):
        first = entry[:, :2] * scale
        last = first + entry[:, 2:] * scale
        edges[row, : len(entry)] = np.concatenate([first, last], axis=1)
    return canvases, edges.reshape(len(boxes), -1)
