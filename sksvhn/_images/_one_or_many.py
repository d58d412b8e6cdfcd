"""Take one picture or several, with their boxes, in any form."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import repeat, zip_longest
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from ._crop import CropSettings, blankness, by_name, crop_picture
from ._load import Color, Decoded, read_picture, warn_of_notes
from ._paths import find_pictures

_END = object()


def is_one_picture(pictures: Any, *, first_axis_counts: bool = False) -> bool:
    """Tell if `load_image` takes this as one picture; raise ValueError where that is ambiguous.

    Three grey pictures can be one with channels first, unless `first_axis_counts`.
    """
    one = (str, os.PathLike, bytes, bytearray, memoryview, Image.Image)
    if isinstance(pictures, one) or callable(getattr(pictures, "read", None)):
        return True
    shape = _shape(pictures)
    if len(shape) == 3 and shape[0] in (3, 4) and shape[2] > 4 and not first_axis_counts:
        raise ValueError(
            f"pictures must be one picture or several; an array of shape {shape} may be {shape[0]} "
            "grey pictures, or one picture with channels first; pass a list of arrays for the "
            "former, [pictures] for the latter."
        )
    return len(shape) == 2 or (len(shape) == 3 and 1 <= shape[2] <= 4)


def _shape(pictures: Any) -> tuple[int, ...]:
    """Shape of an array, a tensor or nested lists of numbers; () for anything else."""
    if isinstance(pictures, (pd.DataFrame, pd.Series)):
        return ()
    if isinstance(pictures, (list, tuple)):
        first = pictures[0] if pictures else None
        if not isinstance(first, (list, tuple)) and len(getattr(first, "shape", ())) != 1:
            return ()
        try:
            pictures = np.asarray(pictures)
        except (TypeError, ValueError, RuntimeError):  # pictures of several sizes
            return ()
    if getattr(getattr(pictures, "dtype", None), "kind", "f") not in "biuf":
        return ()
    return tuple(map(int, getattr(pictures, "shape", ())))


def split_table(X: Any, boxes: Any) -> tuple[Any, Any]:
    """Columns of pictures and boxes of a DataFrame; anything else as it is."""
    if not isinstance(X, pd.DataFrame):
        return X, boxes
    others = [column for column in X.columns if column != "boxes"]
    if len(others) != 1:
        raise ValueError(
            "X must have one column of pictures and, optionally, one named 'boxes'; got "
            f"{list(X.columns)}; select these."
        )
    if "boxes" in X.columns:
        if boxes is not None:
            raise ValueError(
                "boxes must be given once; got a column 'boxes' of X and the argument boxes; drop "
                "one of them."
            )
        boxes = X["boxes"].tolist()
    return X[others[0]].tolist(), boxes


def with_boxes(pictures: Any, boxes: Any) -> Iterable[tuple[Any, Any]]:
    """Pair each of several pictures with its boxes, lazily; raise ValueError if counts differ."""
    pictures, boxes = split_table(pictures, boxes)
    check_several(pictures)
    if boxes is None:
        return zip(pictures, repeat(None))
    _check_iterable(boxes, "boxes", "the boxes of each picture, in the order of the pictures")
    if hasattr(boxes, "columns"):
        boxes = by_name(boxes)
    if hasattr(pictures, "__len__") and hasattr(boxes, "__len__") and len(boxes) != len(pictures):
        raise ValueError(
            f"boxes must have one entry per picture; got {len(boxes)} for {len(pictures)} "
            "pictures; pass None for pictures that are read whole."
        )
    return _in_step(pictures, boxes)


def named_pictures(pictures: Any, *, recursive: bool = False) -> Iterator[tuple[str | int, Any]]:
    """Yield each of one or several pictures with its path, if it has one, or its position.

    Folders and patterns give what is in them, and an error in place of a picture if nothing is.
    """
    if is_one_picture(pictures):
        pictures = [pictures]
    check_several(pictures)
    for position, source in enumerate(pictures):
        if not isinstance(source, (str, os.PathLike)):
            yield position, source
            continue
        path = os.fspath(source)
        try:
            yield from ((found, found) for found in find_pictures(path, recursive=recursive))
        except FileNotFoundError as error:
            yield path, error


def check_several(pictures: Any) -> None:
    """Raise TypeError for what holds no pictures one by one."""
    if isinstance(pictures, pd.DataFrame):
        raise TypeError(
            "pictures must be a picture or several of them; got a DataFrame; pass its column of "
            "pictures."
        )
    _check_iterable(
        pictures,
        "pictures",
        "a picture (a path, bytes, a file object, a PIL image or an array) or several of them",
    )


def _check_iterable(given: Any, name: str, expected: str) -> None:
    is_0d = getattr(given, "ndim", None) == 0  # such as np.array("1.png")
    if is_0d or isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
        raise TypeError(f"{name} must be {expected}; got a {'0-d ' * is_0d}{type(given).__name__}.")


def _in_step(pictures: Iterable[Any], boxes: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    for row, pair in enumerate(zip_longest(pictures, boxes, fillvalue=_END)):
        if pair[0] is _END or pair[1] is _END:
            ended, other = ("pictures", "boxes") if pair[0] is _END else ("boxes", "pictures")
            raise ValueError(
                f"There are {row} {ended}, but more {other}; pass as many boxes as pictures, None "
                "for those that are taken whole."
            )
        yield pair


def each_crop(
    pictures: Iterable[tuple[Any, Any]], settings: CropSettings, *, to_read: bool = False
) -> Iterator[NDArray[np.uint8]]:
    """Crop pictures one by one; errors, and one warning at the end, name their rows.

    Blank crops are warned of where they are `to_read`.
    """
    notes: dict[int, str] = {}
    for row, (picture, boxes) in enumerate(pictures):
        try:
            cropped = crop_picture(picture, boxes, settings)
        except (TypeError, ValueError, IsADirectoryError) as error:
            raise _named(row, error) from None
        note = cropped.note or (blankness(cropped) if to_read else None)
        if note is not None:
            notes[row] = note
        yield cropped.pixels
    warn_of_notes({f"picture {row}": note for row, note in notes.items()})


def read_row(row: int, source: Any, color: Color, max_pixels: int) -> Decoded:
    """Read one of several pictures; an error names its row."""
    try:
        return read_picture(source, color=color, max_pixels=max_pixels)
    except (TypeError, ValueError, IsADirectoryError) as error:
        raise _named(row, error) from None


def _named(row: int, error: Exception) -> Exception:
    kinds = (TypeError, IsADirectoryError)
    kind = next((kind for kind in kinds if isinstance(error, kind)), ValueError)
    return kind(f"Picture {row}: {error}")
