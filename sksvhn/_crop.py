"""Geometry of number crops: from a picture's digit boxes to one region, and its pixels at one size.

Boxes of digits are rows ``(left, top, width, height)``, as SVHN stores them; regions are
``(left, top, right, bottom)``. Both are in pixels from the picture's upper left corner and may be
fractional.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from ._parameters import as_python

CropStyle = Literal["stretch", "square"]


class Region(NamedTuple):
    """A rectangle by its edges, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Distance between the left and the right edge."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Distance between the top and the bottom edge."""
        return self.bottom - self.top


def union_region(boxes: ArrayLike) -> Region:
    """Smallest region that holds every box.

    Parameters
    ----------
    boxes : array-like of shape (n_boxes, 4)
        Left, top, width and height of each box.

    Returns
    -------
    Region
        The union's edges; it may leave the picture.

    Raises
    ------
    ValueError
        If there is no box, or one is not finite or has no area.

    Examples
    --------
    >>> union_region([[10, 5, 8, 20], [17, 6, 9, 20]])
    Region(left=10.0, top=5.0, right=26.0, bottom=26.0)
    """
    array = np.asarray(boxes, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 4 or len(array) == 0:
        raise ValueError(
            f"digit boxes must be at least one row of (left, top, width, height); got an array "
            f"of shape {array.shape}."
        )
    if not np.isfinite(array).all():
        raise ValueError(f"digit boxes must be finite; got {array.tolist()}.")
    if (array[:, 2:] <= 0).any():
        raise ValueError(
            f"digit boxes must have a positive width and height; got {array.tolist()}."
        )
    left, top = array[:, :2].min(axis=0).tolist()
    right, bottom = (array[:, :2] + array[:, 2:]).max(axis=0).tolist()
    return Region(left, top, right, bottom)


def grow_region(region: Region, margin: float) -> Region:
    """Widen and heighten a region about its centre by the share `margin`, half on each side.

    Examples
    --------
    >>> grow_region(Region(10, 10, 30, 20), 0.5)
    Region(left=5.0, top=7.5, right=35.0, bottom=22.5)
    """
    dx, dy = region.width * margin / 2, region.height * margin / 2
    return Region(region.left - dx, region.top - dy, region.right + dx, region.bottom + dy)


def clip_region(region: Region, width: int, height: int) -> Region:
    """Part of a region that lies in a picture of `width` x `height` pixels.

    Raises
    ------
    ValueError
        If no part of it does.

    Examples
    --------
    >>> clip_region(Region(-4, 2, 30, 12), width=20, height=10)
    Region(left=0, top=2, right=20, bottom=10)
    """
    clipped = Region(
        max(region.left, 0),
        max(region.top, 0),
        min(region.right, width),
        min(region.bottom, height),
    )
    if clipped.width <= 0 or clipped.height <= 0:
        raise ValueError(
            f"the digit boxes ({_edges(region)}) lie outside the picture of {width} x {height} "
            "pixels."
        )
    return clipped


def square_region(region: Region, width: int, height: int) -> Region:
    """Square about a region, its side the region's longer one, moved into the picture.

    Where the picture is smaller than the side, the square stands out on both sides of it by
    distances that keep the region's centre in the square's centre as nearly as possible.

    Examples
    --------
    >>> square_region(Region(2, 0, 22, 10), width=40, height=30)
    Region(left=2.0, top=0, right=22.0, bottom=20)
    >>> square_region(Region(2, 0, 22, 10), width=40, height=12)
    Region(left=2.0, top=-5.0, right=22.0, bottom=15.0)
    """
    side = max(region.width, region.height)
    left = _slide((region.left + region.right - side) / 2, side, width)
    top = _slide((region.top + region.bottom - side) / 2, side, height)
    return Region(left, top, left + side, top + side)


def number_region(
    boxes: ArrayLike, width: int, height: int, *, crop: CropStyle = "stretch", margin: float = 0.3
) -> Region:
    """Region of a picture that holds its whole number, and `margin` of surroundings.

    Parameters
    ----------
    boxes : array-like of shape (n_boxes, 4)
        Left, top, width and height of each digit, in pixels.
    width, height : int
        Size of the picture in pixels.
    crop : {"stretch", "square"}, default="stretch"
        Whether the region keeps the number's own proportions or is a square.
    margin : float, default=0.3
        Share by which the union of the boxes grows in x and in y, half on each side.

    Returns
    -------
    Region
        Inside the picture, except where a square is larger than the picture.

    Raises
    ------
    ValueError
        If there is no box, one is not finite or has no area, or all lie outside the picture.

    Examples
    --------
    >>> number_region([[10, 5, 10, 20], [20, 5, 10, 20]], 40, 40, margin=0.2)
    Region(left=8.0, top=3.0, right=32.0, bottom=27.0)
    """
    number = clip_region(union_region(boxes), width, height)
    region = clip_region(grow_region(number, margin), width, height)
    return square_region(region, width, height) if crop == "square" else region


def resize_region(
    picture: Image.Image, region: Region, image_size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Pixels of a region at the size asked for.

    What stands out of the picture repeats the picture's nearest border pixels: a black bar would
    be an edge that the street does not have.

    Parameters
    ----------
    picture : PIL.Image.Image
        Mode "L" or "RGB".
    region : Region
        Overlaps the picture.
    image_size : tuple of (int, int)
        Height and width of the answer in pixels.

    Returns
    -------
    ndarray of shape (height, width) or (height, width, 3), dtype uint8
        Resampled with an antialiased triangle (bilinear) filter.
    """
    height, width = image_size
    inside = clip_region(region, *picture.size)
    x0, x1 = _share(inside.left, inside.right, region.left, region.width, width)
    y0, y1 = _share(inside.top, inside.bottom, region.top, region.height, height)
    pixels = np.asarray(picture.resize((x1 - x0, y1 - y0), Image.Resampling.BILINEAR, box=inside))
    if (x1 - x0, y1 - y0) == (width, height):
        return pixels
    padding = [(y0, height - y1), (x0, width - x1), (0, 0)]
    return np.pad(pixels, padding[: pixels.ndim], mode="edge")


def check_image_size(image_size: Any) -> tuple[int, int]:
    """Return a size asked for as two ints, or say what is wrong with it."""
    size = as_python(image_size)
    if len(size) != 2 or not all(type(n) is int and n > 0 for n in size):
        raise ValueError(
            f"image_size must be two positive integers, (height, width); got {image_size!r}."
        )
    return size


def _slide(start: float, length: float, limit: int) -> float:
    """Move ``[start, start + length]`` into ``[0, limit]``, or as far as it covers all of it."""
    low, high = sorted((0, limit - length))
    return min(max(start, low), high)


def _share(
    start: float, end: float, origin: float, length: float, n_pixels: int
) -> tuple[int, int]:
    """First and last (exclusive) of `n_pixels` that ``[start, end]`` takes of a region's length."""
    first = min(round((start - origin) / length * n_pixels), n_pixels - 1)
    last = round((end - origin) / length * n_pixels)
    return first, max(last, first + 1)


def _edges(region: Region) -> str:
    return f"x {region.left:g} to {region.right:g}, y {region.top:g} to {region.bottom:g}"
