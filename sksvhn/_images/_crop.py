"""Crop one picture of any kind by its digit boxes: the region, and its pixels.

Boxes of digits are rows ``(left, top, width, height)``, as SVHN stores them; regions are
``(left, top, right, bottom)``. Both are in pixels from the picture's upper left corner and may be
fractional.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from sklearn.utils._param_validation import Interval, StrOptions

from .._files._csv_lines import BOX_COLUMNS
from .._parameters import as_python, check_not_masked
from ._load import MAX_PIXELS_CONSTRAINT, Color, ImageSource, read_picture

CropStyle = Literal["stretch", "square"]

#: What the parameters may be that say how pictures are cropped.
CROP_CONSTRAINTS: dict[str, list[Any]] = {
    "image_size": ["array-like"],
    "color": [StrOptions({"auto", "grey", "rgb"})],
    "crop": [StrOptions({"stretch", "square"})],
    "margin": [Interval(Real, 0, None, closed="left")],
    "max_pixels": MAX_PIXELS_CONSTRAINT,
}

# Smaller regions hold no number: their boxes are shares of the picture, or mistakes. The smallest
# number of SVHN's training pictures is 3 x 9 pixels large.
_LEAST_SIDE = 2


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


class CropSettings(NamedTuple):
    """How pictures are cropped."""

    image_size: tuple[int, int]
    color: Color
    crop: CropStyle
    margin: float
    max_pixels: int


class Cropped(NamedTuple):
    """A crop, the height and width of its whole picture, and what users should be told of it."""

    pixels: NDArray[np.uint8]
    picture_size: tuple[int, int]
    note: str | None


def crop_picture(source: ImageSource, boxes: Any, settings: CropSettings) -> Cropped:
    """Read a picture, crop it to its digit boxes and resize it.

    `boxes` are rows of left, top, width and height, or None or NaN for the whole picture.
    """
    picture, note = read_picture(source, color=settings.color, max_pixels=settings.max_pixels)
    width, height = picture.size
    digits = _digit_boxes(boxes)
    if digits is None:
        digits = np.array([[0.0, 0.0, width, height]])
    region = number_region(digits, width, height, crop=settings.crop, margin=settings.margin)
    pixels = resize_region(picture, region, settings.image_size)
    return Cropped(pixels, (height, width), note)


def blankness(cropped: Cropped) -> str | None:
    """Say what users should be told of a crop in which there is nothing to read."""
    first = cropped.pixels[0, 0]
    return None if (cropped.pixels != first).any() else f"is blank: all pixels are {first.tolist()}"


def _digit_boxes(boxes: Any) -> NDArray[np.float64] | None:
    """Rows of a picture's boxes, or None where there are none."""
    check_not_masked(boxes, "digit boxes")
    boxes = by_name(boxes)
    if hasattr(boxes, "detach"):  # torch's, whose rows are tensors
        boxes = boxes.tolist()
    elif _is_iterable(boxes):
        boxes = list(boxes)
    if isinstance(boxes, (list, tuple)):
        boxes = [list(row) if _is_iterable(row) else row for row in boxes]
    try:
        digits = np.asarray(boxes, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(
            f"digit boxes must be rows of (left, top, width, height); got {boxes!r}."
        ) from None
    if digits.ndim == 0 and np.isnan(digits):  # None, or what pandas makes of it
        return None
    return digits[np.newaxis] if digits.ndim == 1 else digits


def _is_iterable(values: Any) -> bool:
    """Whether NumPy might not take it for a sequence, such as a generator or a view of a dict."""
    return isinstance(values, Iterable) and not isinstance(values, (Sequence, Mapping, np.ndarray))


def by_name(boxes: Any, name: str = "boxes", columns: Sequence[str] = BOX_COLUMNS) -> Any:
    """Boxes of a DataFrame or of its row, with `columns` in order if they have names.

    Anything else is returned as it is.
    """
    table = boxes.to_frame().T if isinstance(boxes, pd.Series) else boxes
    if not hasattr(table, "columns"):
        return boxes
    named = [column for column in columns if column in table.columns]
    if any(isinstance(column, str) for column in table.columns) and (
        len(named) < len(columns) or len(table.columns) > len(columns)
    ):
        raise ValueError(
            f"{name} must have the columns {', '.join(columns)}; got "
            f"{', '.join(map(str, table.columns))}."
        )
    return (table[named] if named else table).to_numpy()


def union_region(boxes: ArrayLike) -> Region:
    """Return the smallest region that holds every box; raise ValueError for boxes without area."""
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
    """Grow a region about its centre by the share `margin` of each side."""
    dx, dy = region.width * margin / 2, region.height * margin / 2
    return Region(region.left - dx, region.top - dy, region.right + dx, region.bottom + dy)


def clip_region(region: Region, width: int, height: int) -> Region:
    """Return the part of a region that lies in the picture; raise ValueError if there is none."""
    clipped = Region(
        max(region.left, 0),
        max(region.top, 0),
        min(region.right, width),
        min(region.bottom, height),
    )
    if clipped.width <= 0 or clipped.height <= 0:
        raise ValueError(
            f"digit boxes must be (left, top, width, height) in pixels; got {_edges(region)}, "
            f"which lie outside the picture of {width} x {height} pixels."
        )
    return clipped


def square_region(region: Region, width: int, height: int) -> Region:
    """Return a square as wide as a region's longer side about it, moved into the picture.

    A square larger than the picture stands out on both sides, about the region's centre.
    """
    side = max(region.width, region.height)
    left = _slide((region.left + region.right - side) / 2, side, width)
    top = _slide((region.top + region.bottom - side) / 2, side, height)
    return Region(left, top, left + side, top + side)


def number_region(
    boxes: ArrayLike, width: int, height: int, *, crop: CropStyle = "stretch", margin: float = 0.3
) -> Region:
    """Return the region that holds the boxes of a number, and `margin` of surroundings.

    It lies in the picture, unless it is a larger square. Raises ValueError for impossible boxes.
    """
    union = union_region(boxes)
    number = clip_region(union, width, height)
    _check_in_pixels(boxes, union, number, width, height)
    region = clip_region(grow_region(number, margin), width, height)
    return square_region(region, width, height) if crop == "square" else region


def resize_region(
    picture: Image.Image, region: Region, image_size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Resample a region of a picture (mode "L" or "RGB") to `image_size`, as uint8.

    Border pixels are repeated outside the picture: a black bar would be an edge.
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


def _check_in_pixels(
    boxes: ArrayLike, union: Region, number: Region, width: int, height: int
) -> None:
    """Raise if boxes are shares of the picture, or corners, by the part that lies in it."""
    if number.width < min(_LEAST_SIDE, width) or number.height < min(_LEAST_SIDE, height):
        raise ValueError(
            "digit boxes must be (left, top, width, height) in pixels; got "
            f"{np.asarray(boxes).tolist()}, only {number.width:g} x {number.height:g} of the "
            f"picture's {width} x {height} pixels; multiply shares by its width and height."
        )
    if 2 * number.width * number.height >= union.width * union.height:
        return
    left, top, right, bottom = np.asarray(boxes, dtype=np.float64).T
    if ((left < right) & (right <= width) & (top < bottom) & (bottom <= height)).all():
        raise ValueError(
            "digit boxes must be (left, top, width, height) in pixels; got "
            f"{np.asarray(boxes).tolist()}, more than half outside the picture of {width} x "
            f"{height} pixels; pass right - left as the width and bottom - top as the height, or "
            "clip the boxes to the picture."
        )


def _edges(region: Region) -> str:
    return f"x {region.left:g} to {region.right:g}, y {region.top:g} to {region.bottom:g}"
