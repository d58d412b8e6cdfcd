"""Bring photographs of any size to what a locator's network reads, and boxes back again."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .._boxes import Boxes
from ._locator_network import MULTIPLE

# A longer picture is cut into pieces this many times as long as high (or wide), of which
# neighbours share a quarter: made small as a whole, its numbers would vanish.
_LONGEST = 2.5
_PIECE, _STEP = 2.0, 1.5
# Pieces of very narrow pictures are at least this long, in pixels: they are many.
_LEAST_PIECE = 256
# What is seen of a box's surroundings, in its longer sides, and at how many pixels, as a share of
# the longer side of pictures. Smaller boxes are not magnified more than so many times.
_SURROUNDINGS = 2.5
_NEAR = 1 / 3
_MOST_MAGNIFIED = 4.0


class Piece(NamedTuple):
    """A part of a picture as the network reads it: uint8, its sides multiples of `MULTIPLE`."""

    pixels: NDArray[np.uint8]
    #: Where it begins in the picture, in pixels.
    left: float
    top: float
    #: Pixels of the piece per pixel of the picture, in x and y.
    scale: tuple[float, float]
    #: Its longer side in the picture, in pixels.
    longer_side: float

    def boxes_in_picture(self, edges: NDArray[np.float64]) -> Boxes:
        """Left, top, width and height in the picture of edges in the piece."""
        corners = edges.reshape(-1, 2, 2) / self.scale + (self.left, self.top)
        return np.concatenate([corners[:, 0], corners[:, 1] - corners[:, 0]], axis=1)


def pieces_of(picture: Image.Image, longest_side: int) -> Iterator[Piece]:
    """Yield a picture (mode "RGB") at the size of the network, in pieces if it is very long."""
    width, height = picture.size
    short, long = sorted((width, height))
    if long <= max(_LONGEST * short, _LEAST_PIECE):
        yield _piece(picture, (0, 0, width, height), longest_side)
        return
    length = max(round(_PIECE * short), _LEAST_PIECE)
    step = round(length * _STEP / _PIECE)
    n_steps = math.ceil((long - length) / step)
    for start in np.linspace(0, long - length, n_steps + 1).round().astype(int).tolist():
        part = (
            (start, 0, start + length, height)
            if width > height
            else (0, start, width, start + length)
        )
        yield _piece(picture, part, longest_side)


def near_views(picture: Image.Image, boxes: Boxes, longest_side: int) -> list[Piece]:
    """Squares about boxes of a picture, smaller than the picture at the size of the network."""
    near = whole_multiple(round(_NEAR * longest_side))
    views = []
    # In whole pixels: roundings of float32 are not to decide what a view shows.
    for left, top, width, height in boxes[:, :4].round().tolist():
        side = max(_SURROUNDINGS * max(width, height), near / _MOST_MAGNIFIED)
        wide, high = min(side, picture.width), min(side, picture.height)
        start = (
            min(max(left + (width - side) / 2, 0.0), picture.width - wide),
            min(max(top + (height - side) / 2, 0.0), picture.height - high),
        )
        part = (*start, start[0] + wide, start[1] + high)
        pixels, scale = scaled(picture, part, near)
        views.append(Piece(on_canvas(pixels, (near, near)), *start, scale, max(wide, high)))
    return views


def _piece(picture: Image.Image, part: tuple[int, int, int, int], longest_side: int) -> Piece:
    pixels, scale = scaled(picture, part, longest_side)
    height, width = pixels.shape[:2]
    shape = (whole_multiple(height), whole_multiple(width))
    left, top, right, bottom = part
    return Piece(on_canvas(pixels, shape), left, top, scale, max(right - left, bottom - top))


def whole_multiple(side: int) -> int:
    """Return the least side that the network takes and that is no shorter."""
    return -(-side // MULTIPLE) * MULTIPLE


def scaled(
    picture: Image.Image, part: tuple[float, float, float, float], longest_side: int
) -> tuple[NDArray[np.uint8], tuple[float, float]]:
    """Resample a part of a picture so that its longer side is as long as told."""
    left, top, right, bottom = part
    ratio = longest_side / max(right - left, bottom - top)
    width, height = (max(1, round(side * ratio)) for side in (right - left, bottom - top))
    # Means of whole blocks come first, as far as they go: they take a sixth of the time.
    resized = picture.resize((width, height), Image.Resampling.BILINEAR, box=part, reducing_gap=1.0)
    return np.asarray(resized), (width / (right - left), height / (bottom - top))


def on_canvas(pixels: NDArray[np.uint8], shape: Sequence[int]) -> NDArray[np.uint8]:
    """Put pixels into the upper left corner of a canvas of their mean colour."""
    height, width = pixels.shape[:2]
    if (height, width) == tuple(shape):
        return pixels
    canvas = np.empty((*shape, 3), np.uint8)
    canvas[:] = pixels.mean(axis=(0, 1)).round()
    canvas[:height, :width] = pixels
    return canvas
