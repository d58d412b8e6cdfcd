"""Read photographs: crop, resize and convert them like the training pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from numbers import Integral
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_is_fitted

from .._images._crop import CROP_CONSTRAINTS, CropSettings, CropStyle
from .._images._load import MAX_PIXELS, ImageSource
from .._images._pixel_range import MIN_SIDE
from .._images._several import each_crop, is_one_picture, with_boxes
from ._batches import EVALUATION_BATCH

# Crops at a time. In the batches that `predict` makes of them, probabilities are its to the bit.
CHUNK = EVALUATION_BATCH

PictureSources = ImageSource | Iterable[ImageSource] | pd.DataFrame


#: Of the parameters that say how photographs are cropped.
READING_CONSTRAINTS: dict[str, list[Any]] = {
    name: CROP_CONSTRAINTS[name] for name in ("crop", "margin")
}


class PhotographReader(Protocol):
    """A classifier of pictures, as far as reading photographs needs it."""

    crop: CropStyle
    margin: float
    image_shape_: tuple[int, int, int]

    def predict(
        self, X: ArrayLike, return_confidence: Literal[True]
    ) -> tuple[NDArray[Any], NDArray[np.float64]]:
        """Predict labels, and the confidence in each."""

    def _learned_white(self) -> int | None:
        """Return 1, 255 or 65535, or None where the training pictures did not show it."""

    def _validate_params(self) -> None:
        """Check parameters, which may have been set after the fit."""


def crop_pictures(
    clf: PhotographReader, pictures: PictureSources, boxes: Any, max_pixels: int
) -> NDArray[np.uint8 | np.float32]:
    """Make pictures of any size and kind what the training pictures were."""
    return np.concatenate(list(_chunks(clf, pictures, boxes, max_pixels)))


def read_pictures(
    clf: PhotographReader, pictures: PictureSources, boxes: Any, max_pixels: int
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Predict labels of crops, and the confidence in each, some hundred pictures at a time."""
    chunks = _chunks(clf, pictures, boxes, max_pixels)
    answers = [clf.predict(crops, return_confidence=True) for crops in chunks]
    labels, confidence = map(np.concatenate, zip(*answers, strict=True))
    return labels, confidence


def _chunks(
    clf: PhotographReader, pictures: PictureSources, boxes: Any, max_pixels: int
) -> Iterator[NDArray[np.uint8 | np.float32]]:
    settings = crop_settings_of(clf, max_pixels)
    if is_one_picture(pictures):
        _check_no_rows(clf, pictures)
        pairs: Iterable[tuple[Any, Any]] = [(pictures, boxes)]
    else:
        pairs = with_boxes(pictures, boxes)
    crops = each_crop(pairs, settings, to_read=True)
    is_empty = True
    while chunk := list(islice(crops, CHUNK)):
        is_empty = False
        yield in_range(clf, chunk)
    if is_empty:
        raise ValueError("There are 0 pictures; at least one is required.")


def _check_no_rows(clf: PhotographReader, picture: Any) -> None:
    """Raise if one picture can as well be rows of pixels, as `predict` takes them."""
    height, width, channels = clf.image_shape_
    shape: tuple[int, ...] = tuple(getattr(picture, "shape", ()))
    if len(shape) == 2 and shape[1] == height * width * channels != width:
        raise ValueError(
            f"pictures must be one picture or several; an array of shape {shape} can be "
            f"one picture, or flattened ones of shape {clf.image_shape_} (height, width, "
            "channels); pass [pictures] for the former, or call predict for the latter."
        )


def in_range(
    clf: PhotographReader, crops: list[NDArray[np.uint8]]
) -> NDArray[np.uint8 | np.float32]:
    """Put crops into one array whose pixels go as far as those of the training pictures."""
    pixels = np.stack(crops)
    is_to_one = clf._learned_white() == 1
    return np.divide(pixels, 255, dtype=np.float32) if is_to_one else pixels


def crop_settings_of(clf: PhotographReader, max_pixels: int = MAX_PIXELS) -> CropSettings:
    """Say how photographs are cropped, or raise if they cannot be read at all."""
    check_is_fitted(clf)
    clf._validate_params()
    check_scalar(max_pixels, "max_pixels", Integral, min_val=1)
    name = type(clf).__name__
    height, width, channels = clf.image_shape_
    if min(height, width) < MIN_SIDE:
        raise ValueError(
            f"{name} was fitted on rows or pictures of shape {clf.image_shape_} (height, "
            f"width, channels), whose sides are too short for photographs: at least {MIN_SIDE} "
            "pixels. Fit it on larger pictures or, if these are flattened ones, with "
            "image_shape."
        )
    if clf._learned_white() not in (1, 255):
        raise ValueError(
            f"{name} was fitted on pixels that go neither from 0 to 255 nor from 0 to 1, so "
            "that those of photographs cannot be made like them. Fit it on pixels as they were "
            "loaded, or crop photographs with NumberCropper, transform them as the training "
            "pictures were and call predict."
        )
    color: Literal["grey", "rgb"] = "grey" if channels == 1 else "rgb"
    return CropSettings((height, width), color, clf.crop, float(clf.margin), int(max_pixels))
