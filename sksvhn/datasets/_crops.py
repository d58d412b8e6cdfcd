"""Crops of many pictures of any size, made by several processes, in one array."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from numbers import Integral, Real
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from PIL import Image
from sklearn.utils._param_validation import Interval, StrOptions

from .._crop import CropStyle, number_region, resize_region
from ._picture_files import Color
from ._progress import with_progress

#: How messages name the way to go on without a picture.
SKIP = "on_error='skip'"

OnError = Literal["raise", "skip"]

#: What the parameters may be that loaders of cropped pictures share.
CROPPED_CONSTRAINTS = {
    "image_size": ["array-like"],
    "color": [StrOptions({"auto", "grey", "rgb"})],
    "crop": [StrOptions({"stretch", "square"})],
    "margin": [Interval(Real, 0, None, closed="left")],
    "on_error": [StrOptions({"raise", "skip"})],
    "return_X_y": ["boolean"],
    "as_frame": ["boolean"],
    "n_jobs": [Integral, None],
    "verbose": ["verbose"],
}

# Pictures handed to a worker at a time: enough to hide joblib's cost, few enough to hold.
_CHUNK = 128

_T = TypeVar("_T", bound=np.generic)


class CropSettings(NamedTuple):
    """What becomes of all pictures."""

    image_size: tuple[int, int]
    color: Color
    crop: CropStyle
    margin: float


class Cropped(NamedTuple):
    """A crop."""

    pixels: NDArray[np.uint8]
    #: Height and width of the whole picture.
    picture_size: tuple[int, int]


#: A picture's row, what it is made of, and its boxes.
Task = tuple[int, Any, Any]
#: Opens a picture in a colour, or says why that cannot be done.
Opener = Callable[[Any, Color], Image.Image | str]


def read_crops(
    tasks: Iterable[Task],
    open_picture: Opener,
    settings: CropSettings,
    n: int,
    *,
    objection: Callable[[int, str], str] | None,
    n_jobs: int | None,
    label: str,
    verbose: int,
) -> tuple[NDArray[np.uint8], NDArray[np.int64], dict[int, str]]:
    """Crop pictures, which come in any order.

    Parameters
    ----------
    tasks : iterable of (int, object, array-like of shape (n_boxes, 4) or None)
        Row of each picture, what `open_picture` takes, and its boxes; None where it is taken whole.
    open_picture : callable
        A function of a module, for it goes to other processes.
    settings : CropSettings
        What becomes of the pictures.
    n : int
        How many there are.
    objection : callable or None
        Message for a picture's row and what is wrong with it; None to go on without the picture.
    n_jobs : int or None
        Number of processes.
    label : str
        How progress calls the work.
    verbose : int
        Whether progress is reported.

    Returns
    -------
    images : ndarray of shape (n, height, width) or (n, height, width, 3), dtype uint8
        In colour if one of them is.
    sizes : ndarray of shape (n, 2), dtype int64
        Height and width of the whole pictures.
    problems : dict
        What is wrong, by the rows that have no crop.

    Raises
    ------
    ValueError
        As `objection` says.
    """
    workers = Parallel(n_jobs=n_jobs, return_as="generator")
    chunks = workers(
        delayed(_crop_chunk)(chunk, open_picture, settings) for chunk in _chunks(tasks)
    )
    images = np.empty((n, *settings.image_size), np.uint8)
    sizes = np.zeros((n, 2), np.int64)
    problems: dict[int, str] = {}
    for row, outcome in with_progress(chunks, n, label=label, verbose=verbose):
        if isinstance(outcome, Cropped):
            if outcome.pixels.ndim == images.ndim:  # the first colour picture
                images = np.repeat(images[..., np.newaxis], 3, axis=-1)
            grey_in_color = outcome.pixels.ndim < images.ndim - 1
            images[row] = outcome.pixels[..., np.newaxis] if grey_in_color else outcome.pixels
            sizes[row] = outcome.picture_size
        elif objection is None:
            problems[row] = outcome
        else:
            raise ValueError(objection(row, outcome))
    return images, sizes, dict(sorted(problems.items()))


def without_rows(array: NDArray[_T], rows: Iterable[int]) -> NDArray[_T]:
    """Leave rows out, or nothing without a copy."""
    rows = list(rows)
    return np.delete(array, rows, axis=0) if rows else array


def _chunks(tasks: Iterable[Task]) -> Iterator[list[Task]]:
    tasks = iter(tasks)
    while chunk := list(islice(tasks, _CHUNK)):
        yield chunk


def _crop_chunk(
    chunk: list[Task], open_picture: Opener, settings: CropSettings
) -> list[tuple[int, Cropped | str]]:
    return [
        (row, _crop_picture(open_picture(source, settings.color), boxes, settings))
        for row, source, boxes in chunk
    ]


def _crop_picture(picture: Image.Image | str, boxes: Any, settings: CropSettings) -> Cropped | str:
    if isinstance(picture, str):
        return picture
    width, height = picture.size
    boxes = [[0, 0, width, height]] if boxes is None else boxes
    try:
        region = number_region(boxes, width, height, crop=settings.crop, margin=settings.margin)
    except ValueError as error:
        return f"cannot be cropped: {str(error).rstrip('.')}"
    return Cropped(resize_region(picture, region, settings.image_size), (height, width))
