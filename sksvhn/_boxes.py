"""Compare boxes: overlaps, the surest of those that overlap, and which ones are right.

Boxes are rows of left, top, width and height, in pixels; what follows in a row, such as a
confidence, is carried along.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._images._crop import by_name, number_region, union_region
from ._parameters import check_not_masked

Boxes = NDArray[np.float64]

#: Boxes that overlap by more than this show the same number.
SAME = 0.4
#: Boxes that overlap by more than this are averaged: they bound the same number alike.
ALIKE = 0.6
#: Least overlap of a box that is right, unless asked otherwise.
RIGHT = 0.5


def union_box(boxes: ArrayLike) -> Boxes:
    """Return the smallest box (left, top, width, height) that holds every box."""
    region = union_region(boxes)
    return np.array([region.left, region.top, region.width, region.height])


def overlaps(boxes: Boxes, others: Boxes) -> Boxes:
    """Intersection over union of every box with every other, shape (n_boxes, n_others)."""
    shared = _shared(boxes, others)
    area, other_area = (rows[:, 2] * rows[:, 3] for rows in (boxes, others))
    both = area[:, None] + other_area - shared
    found: Boxes = shared / np.maximum(both, np.finfo(float).tiny)
    return found


def coverage(boxes: Boxes, others: Boxes) -> Boxes:
    """Share of every box that lies in every other, shape (n_boxes, n_others)."""
    area = np.maximum(boxes[:, 2] * boxes[:, 3], np.finfo(float).tiny)
    found: Boxes = _shared(boxes, others) / area[:, None]
    return found


def _shared(boxes: Boxes, others: Boxes) -> Boxes:
    """Area that every box has in common with every other."""
    # Sides one by one: arrays with a last axis of two take five times as long.
    left, top, width, height = boxes[:, :4].T[:, :, None]
    other_left, other_top, other_width, other_height = others[:, :4].T[:, None]
    right = np.minimum(left + width, other_left + other_width)
    bottom = np.minimum(top + height, other_top + other_height)
    shared: Boxes = (right - np.maximum(left, other_left)).clip(min=0)
    shared *= (bottom - np.maximum(top, other_top)).clip(min=0)
    return shared


def inside(boxes: Boxes, size: tuple[int, int]) -> Boxes:
    """Cut boxes at the edges of a picture (width, height), and leave out those beyond."""
    first = np.clip(boxes[:, :2], 0, size)
    last = np.clip(boxes[:, :2] + boxes[:, 2:4], 0, size)
    cut = np.concatenate([first, last - first, boxes[:, 4:]], axis=1)
    return cut[(cut[:, 2:4] > 0).all(axis=1)]


def surest_boxes(boxes: Boxes, n_most: int) -> Boxes:
    """Keep the surest of boxes that overlap, as the mean of those that bound it alike.

    The fifth value of a row is its confidence. Rows come back surest first, `n_most` at most.
    """
    # Greedy suppression, and the average of Gidaris & Komodakis 2015 (arXiv 1505.01749), 4.3.
    boxes = boxes[np.argsort(-boxes[:, 4], kind="stable")]
    left = np.ones(len(boxes), dtype=bool)
    kept: list[list[float]] = []
    while left.any() and len(kept) < n_most:
        first = int(left.argmax())
        shared = overlaps(boxes[[first]], boxes)[0]
        alike = shared > ALIKE
        mean = np.average(boxes[alike, :4], axis=0, weights=boxes[alike, 4])
        kept.append([*mean, boxes[first, 4]])
        left &= shared <= SAME
        left[first] = False
    return np.array(kept, dtype=np.float64).reshape(-1, 5)


def match_boxes(found: Boxes, true: Boxes, least_overlap: float) -> NDArray[np.bool_]:
    """Tell which of the boxes found, surest first, are right: each true box is found once."""
    right = np.zeros(len(found), dtype=bool)
    shared = overlaps(found, true)
    for row in range(len(found)):
        best = int(shared[row].argmax()) if len(true) else -1
        if best >= 0 and shared[row, best] >= least_overlap:
            right[row] = True
            shared[:, best] = -1.0
    return right


def check_boxes(boxes: Any, n_pictures: int, name: str) -> list[Boxes]:
    """Return the boxes of every picture as an array (n_boxes, 4); raise if there are others.

    None and an empty list stand for a picture without a number.
    """
    if isinstance(boxes, (str, bytes, dict)) or not hasattr(boxes, "__len__"):
        raise ValueError(
            f"{name} must hold one array-like of boxes (left, top, width, height) per picture; got "
            f"a {type(boxes).__name__}."
        )
    if len(boxes) != n_pictures:
        raise ValueError(
            f"{name} must have one entry per picture; got {len(boxes)} for {n_pictures} pictures; "
            "pass an empty list for a picture without a number."
        )
    if hasattr(boxes, "columns"):  # one box per picture
        boxes = by_name(boxes, name)
    return [_checked(entry, f"{name}[{row}]") for row, entry in enumerate(boxes)]


def check_boxes_in_pictures(boxes: Any, sizes: Sequence[tuple[int, int]], name: str) -> list[Boxes]:
    """Check boxes, also that they are in pixels and in their pictures (width, height)."""
    checked = check_boxes(boxes, len(sizes), name)
    for row, (of_picture, size) in enumerate(zip(checked, sizes, strict=True)):
        for box in of_picture:
            try:
                number_region(box[np.newaxis], *size)
            except ValueError as error:
                raise ValueError(f"{name}[{row}]: {error}") from None
    return checked


def _checked(entry: ArrayLike | None, name: str) -> Boxes:
    check_not_masked(entry, name)
    entry = by_name(entry, name)
    try:
        array = np.asarray([] if entry is None else entry, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} must be rows of (left, top, width, height); got {entry!r}."
        ) from None
    if array.size == 0:
        return np.empty((0, 4))
    if array.shape == (4,):
        array = array[np.newaxis]
    if array.ndim != 2 or array.shape[1] != 4:
        raise ValueError(
            f"{name} must be rows of (left, top, width, height); got an array of shape "
            f"{array.shape}."
        )
    if not np.isfinite(array).all() or (array[:, 2:] <= 0).any():
        raise ValueError(
            f"{name} must hold finite boxes with a positive width and height; got {array.tolist()}."
        )
    return array
