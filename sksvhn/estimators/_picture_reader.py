"""Methods that read photographs, and crop, resize and convert them like the training pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from numbers import Integral
from typing import Any, Literal, Protocol, overload

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_is_fitted

from .._images._crop import CROP_CONSTRAINTS, CropSettings, CropStyle
from .._images._load import MAX_PIXELS, ImageSource
from .._images._one_or_many import each_crop, is_one_picture, with_boxes
from .._images._pixel_range import MIN_SIDE
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


def crops(
    self: PhotographReader,
    pictures: PictureSources,
    boxes: Any = None,
    *,
    max_pixels: int = MAX_PIXELS,
) -> NDArray[np.uint8 | np.float32]:
    """Prepare pictures like the training pictures.

    They are cropped according to `crop` and `margin`, resized to ``image_shape_`` and converted to
    grey or RGB. Pixels range from 0 to 1 if those of the training pictures did, otherwise from 0 to
    255.

    Parameters
    ----------
    pictures : picture, iterable of n_samples pictures, or DataFrame
        Pictures of any size as :func:`~sksvhn.preprocessing.load_image` takes them: paths,
        bytes, file objects, PIL images or arrays; also a DataFrame with one column of them
        and, optionally, the column ``boxes``. A single picture counts as a list of one. They
        are read one after the other.
    boxes : iterable of n_samples array-likes of shape (n_boxes, 4) or (4,), default=None
        Left, top, width and height of each picture's digits, or of its number, in pixels from
        the upper left corner of the upright picture; None for a picture that is used whole.
        For a single picture, its boxes.
    max_pixels : int, default=268435456
        Largest width times height of a picture file that is decoded.

    Returns
    -------
    ndarray of shape (n_samples, height, width) or (n_samples, height, width, 3)
        The crops, which `predict` takes: uint8, or float32 from 0 to 1.

    Raises
    ------
    ValueError
        If a picture cannot be read; an array may be one picture or several, such as one of shape
        (3, height, width); there are not as many boxes as pictures; a box is not finite, has no
        area, lies outside its picture or is not in pixels; or the training data don't show what
        pictures must look like: they were rows that are not pictures, or pixels with a range other
        than 0 to 255 or 0 to 1.
    TypeError
        If a picture is none of the above.
    IsADirectoryError
        If a path is that of a folder. Other errors of the file system are raised as they are.

    Warns
    -----
    UserWarning
        Once, for pictures that :func:`~sksvhn.preprocessing.load_image` warns about, or if all
        crops are blank.

    See Also
    --------
    sksvhn.preprocessing.NumberCropper : The same as a transformer, with a given size.
    """
    return np.concatenate(list(_chunks(self, pictures, boxes, max_pixels)))


@overload
def read(
    self: PhotographReader,
    pictures: PictureSources,
    boxes: Any = None,
    return_confidence: Literal[False] = False,
    *,
    max_pixels: int = MAX_PIXELS,
) -> NDArray[Any]: ...
@overload
def read(
    self: PhotographReader,
    pictures: PictureSources,
    boxes: Any = None,
    *,
    return_confidence: Literal[True],
    max_pixels: int = MAX_PIXELS,
) -> tuple[NDArray[Any], NDArray[np.float64]]: ...
def read(
    self: PhotographReader,
    pictures: PictureSources,
    boxes: Any = None,
    return_confidence: bool = False,
    *,
    max_pixels: int = MAX_PIXELS,
) -> NDArray[Any] | tuple[NDArray[Any], NDArray[np.float64]]:
    """Predict the labels of photographs, or of other pictures of any size and kind.

    It calls `predict` on `crops`, a few hundred at a time. Memory does not grow with the number of
    pictures if they are paths or come from an iterator.

    Parameters
    ----------
    pictures : picture, iterable of n_samples pictures, or DataFrame
        Paths, bytes, file objects, PIL images or arrays, or a single one, as in `crops`.
    boxes : iterable of n_samples array-likes of shape (n_boxes, 4) or (4,), default=None
        Box of the number in each picture, as in `crops`; None if it fills the picture.
    return_confidence : bool, default=False
        Whether to return the confidence as well, from the same pass over the pictures.
    max_pixels : int, default=268435456
        Largest width times height of a picture file that is decoded.

    Returns
    -------
    labels : ndarray of shape (n_samples,) or (n_samples, max_length)
        What `predict` answers for the crops.
    confidence : ndarray of shape (n_samples,)
        Only if `return_confidence`. The probability of each answer, in [0, 1].

    Raises
    ------
    ValueError
        As in `crops`.
    TypeError
        As in `crops`.
    OSError
        As in `crops`.

    Warns
    -----
    UserWarning
        As in `crops`.

    Examples
    --------
    >>> import numpy as np
    >>> from sksvhn import SVHNSequenceClassifier
    >>> from sksvhn.datasets import make_street_numbers
    >>> numbers = make_street_numbers(64, color=False, random_state=0)
    >>> clf = SVHNSequenceClassifier(max_epochs=1, random_state=0)
    >>> clf = clf.fit(numbers.images, numbers.target)
    >>> photo = np.random.default_rng(0).random((480, 640, 3))  # a path does as well
    >>> clf.crops(photo).shape
    (1, 64, 64)
    >>> digits = [[200, 180, 90, 150], [290, 190, 90, 150]]  # left, top, width, height
    >>> clf.read([photo, photo], boxes=[digits, None]).shape
    (2,)
    """
    chunks = _chunks(self, pictures, boxes, max_pixels)
    answers = [self.predict(chunk, return_confidence=True) for chunk in chunks]
    labels, confidence = map(np.concatenate, zip(*answers, strict=True))
    return (labels, confidence) if return_confidence else labels


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
        raise ValueError("pictures must hold at least one picture; got 0.")


def _check_no_rows(clf: PhotographReader, picture: Any) -> None:
    """Raise if one picture can as well be rows of pixels, as `predict` takes them."""
    height, width, channels = clf.image_shape_
    shape: tuple[int, ...] = tuple(getattr(picture, "shape", ()))
    if len(shape) == 2 and shape[1] == height * width * channels != width:
        raise ValueError(
            f"pictures must be one picture or several; an array of shape {shape} may be one "
            f"picture, or flattened ones of shape {clf.image_shape_} (height, width, channels); "
            "pass [pictures] for the former, or call predict for the latter."
        )


def in_range(
    clf: PhotographReader, crops: list[NDArray[np.uint8]]
) -> NDArray[np.uint8 | np.float32]:
    """Put crops into one array whose pixels go as far as those of the training pictures."""
    pixels = np.stack(crops)
    is_to_one = clf._learned_white() == 1
    return np.divide(pixels, 255, dtype=np.float32) if is_to_one else pixels


def crop_settings_of(clf: PhotographReader, max_pixels: int) -> CropSettings:
    """Say how photographs are cropped, or raise if they cannot be read at all."""
    check_is_fitted(clf)
    clf._validate_params()
    check_scalar(max_pixels, "max_pixels", Integral, min_val=1)
    name = type(clf).__name__
    height, width, channels = clf.image_shape_
    if min(height, width) < MIN_SIDE:
        raise ValueError(
            f"{name} must be fitted on pictures with sides of at least {MIN_SIDE} pixels to read "
            f"photographs; it was fitted on shape {clf.image_shape_} (height, width, channels). "
            "Fit it on larger pictures, or set image_shape before fit if these are flattened ones."
        )
    if clf._learned_white() not in (1, 255):
        raise ValueError(
            f"{name} must be fitted on pixels from 0 to 255 or from 0 to 1 to read photographs; it "
            "was fitted on another range. Fit it on pixels as they were loaded, or crop "
            "photographs with NumberCropper, transform them as the training pictures and call "
            "predict."
        )
    color: Literal["grey", "rgb"] = "grey" if channels == 1 else "rgb"
    return CropSettings((height, width), color, clf.crop, float(clf.margin), int(max_pixels))
