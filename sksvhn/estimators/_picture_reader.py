"""Reading photographs: cut, sized and coloured as the training pictures were."""

from __future__ import annotations

import os
from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, repeat, zip_longest
from os import PathLike
from typing import Any, ClassVar, Literal, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from sklearn.utils.validation import check_is_fitted

from .._crop import CropStyle
from .._white import MIN_SIDE
from ..preprocessing._load_image import ImageSource
from ..preprocessing._number_cropper import NumberCropper, _split
from ._batches import EVALUATION_BATCH

# Crops at a time. In the batches that `predict` makes of them, probabilities are its to the bit.
CHUNK = EVALUATION_BATCH

PictureSources = ImageSource | Iterable[ImageSource] | pd.DataFrame

_END = object()


class PictureReader(metaclass=ABCMeta):
    """Mixin: reads pictures of any size and kind, made what the training pictures were.

    A subclass predicts pictures and says what white was in those it was fitted on.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        name: NumberCropper._parameter_constraints[name] for name in ("crop", "margin")
    }

    crop: CropStyle
    margin: float
    image_shape_: tuple[int, int, int]
    classes_: Any
    predict: Callable[..., Any]

    @abstractmethod
    def _learned_white(self) -> int | None:
        """Return 1, 255 or 65535, or None where the training pictures did not show it."""

    def crops(self, pictures: PictureSources, boxes: Any = None) -> NDArray[np.uint8 | np.float32]:
        """Make pictures what the training pictures were.

        They are cropped as `crop` and `margin` say, resized to ``image_shape_``, made grey or RGB,
        and have pixels from 0 to 1 if those of the training pictures went so far, otherwise to 255.

        Parameters
        ----------
        pictures : picture, iterable of n_samples pictures, or DataFrame
            Pictures of any size as :func:`~sksvhn.preprocessing.load_image` takes them: paths,
            bytes, file objects, PIL images or arrays; also a DataFrame with one column of them
            and, optionally, the column ``boxes``. One picture alone counts as a list of one. They
            are read one after the other.
        boxes : iterable of n_samples array-likes of shape (n_boxes, 4) or (4,), default=None
            Left, top, width and height of each picture's digits, or of its number, in pixels from
            the upper left corner of the upright picture; None for a picture that is taken whole.
            Of one picture alone, its boxes.

        Returns
        -------
        ndarray of shape (n_samples, height, width) or (n_samples, height, width, 3)
            The crops, which `predict` takes: uint8, or float32 from 0 to 1.

        Raises
        ------
        ValueError
            If a picture cannot be read, there are not as many boxes as pictures, a box is not
            finite, has no area or lies outside its picture, or what the estimator was fitted on
            does not show how pictures have to be: rows that are no pictures, or pixels of another
            range than 0 to 255 or 0 to 1.
        TypeError
            If a picture is none of the above.
        IsADirectoryError
            If a path is that of a folder; other errors of the file system are passed on, too.

        See Also
        --------
        sksvhn.preprocessing.NumberCropper : The same as a transformer, which is told the size.
        """
        return np.concatenate(list(self._chunks(pictures, boxes)))

    @overload
    def read(
        self, pictures: PictureSources, boxes: Any = None, return_confidence: Literal[False] = False
    ) -> NDArray[Any]: ...
    @overload
    def read(
        self, pictures: PictureSources, boxes: Any = None, *, return_confidence: Literal[True]
    ) -> tuple[NDArray[Any], NDArray[np.float64]]: ...
    def read(
        self, pictures: PictureSources, boxes: Any = None, return_confidence: bool = False
    ) -> NDArray[Any] | tuple[NDArray[Any], NDArray[np.float64]]:
        """Predict what photographs show, or other pictures of any size and kind.

        It is `predict` of `crops`, a few hundred at a time: memory does not grow with the pictures
        that an iterable makes or paths name.

        Parameters
        ----------
        pictures : picture, iterable of n_samples pictures, or DataFrame
            Paths, bytes, file objects, PIL images or arrays, or one alone, as in `crops`.
        boxes : iterable of n_samples array-likes of shape (n_boxes, 4) or (4,), default=None
            Where the number is in each picture, as in `crops`; None where it fills the picture.
        return_confidence : bool, default=False
            Whether to return the confidence as well, from the same pass over the pictures.

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

        Examples
        --------
        >>> import numpy as np
        >>> from sksvhn import SVHNSequenceClassifier
        >>> from sksvhn.datasets import make_street_numbers
        >>> numbers = make_street_numbers(64, color=False, random_state=0)
        >>> clf = SVHNSequenceClassifier(max_epochs=1, random_state=0)
        >>> clf = clf.fit(numbers.images, numbers.target)
        >>> photo = np.zeros((480, 640, 3), np.uint8)  # a path does as well
        >>> clf.crops(photo).shape
        (1, 64, 64)
        >>> digits = [[200, 180, 90, 150], [290, 190, 90, 150]]  # left, top, width, height
        >>> clf.read([photo, photo], boxes=[digits, None]).shape
        (2,)
        """
        chunks = self._chunks(pictures, boxes)
        answers = [self.predict(crops, return_confidence=True) for crops in chunks]
        labels, confidence = map(np.concatenate, zip(*answers, strict=True))
        return (labels, confidence) if return_confidence else labels

    def _chunks(
        self, pictures: PictureSources, boxes: Any
    ) -> Iterator[NDArray[np.uint8 | np.float32]]:
        crops = _crop_each(self._cropper(), _with_boxes(pictures, boxes))
        is_empty = True
        while chunk := list(islice(crops, CHUNK)):
            is_empty = False
            yield self._in_range(chunk)
        if is_empty:
            raise ValueError("There are 0 pictures; at least one is required.")

    def _in_range(self, crops: list[NDArray[np.uint8]]) -> NDArray[np.uint8 | np.float32]:
        """Put crops into one array whose pixels go as far as those of the training pictures."""
        pixels = np.stack(crops)
        is_to_one = self._learned_white() == 1
        return np.divide(pixels, 255, dtype=np.float32) if is_to_one else pixels

    def _cropper(self) -> NumberCropper:
        check_is_fitted(self)
        name = type(self).__name__
        height, width, channels = self.image_shape_
        if min(height, width) < MIN_SIDE:
            raise ValueError(
                f"{name} was fitted on rows or pictures of shape {self.image_shape_} (height, "
                f"width, channels), whose sides are too short for photographs: at least {MIN_SIDE} "
                "pixels. Fit it on larger pictures or, if these are flattened ones, with "
                "image_shape."
            )
        if self._learned_white() not in (1, 255):
            raise ValueError(
                f"{name} was fitted on pixels that go neither from 0 to 255 nor from 0 to 1, so "
                "that those of photographs cannot be made like them. Fit it on pixels as they were "
                "loaded, or crop photographs with NumberCropper, transform them as the training "
                "pictures were and call predict."
            )
        cropper = NumberCropper(
            image_size=(height, width),
            color="grey" if channels == 1 else "rgb",
            crop=self.crop,
            margin=self.margin,
        )
        return cropper.fit([None])  # reads nothing where the colour is given


def _crop_each(
    cropper: NumberCropper, pictures: Iterable[tuple[Any, Any]]
) -> Iterator[NDArray[np.uint8]]:
    """Crops as they are asked for, so that one picture is in memory at a time."""
    for row, (picture, boxes) in enumerate(pictures):
        if isinstance(picture, (str, PathLike)) and os.path.isdir(picture):
            raise IsADirectoryError(
                f"Picture {row}: {os.fspath(picture)!r} is a folder; pass the files in it, such as "
                f"sorted(Path({os.fspath(picture)!r}).glob('*.jpg'))."
            )
        try:
            crop = cropper.transform([picture], boxes=[boxes])[0]
        except (TypeError, ValueError) as error:
            reason = str(error).removeprefix("Picture 0: ")
            raise type(error)(f"Picture {row}: {reason}") from None
        yield crop


def _with_boxes(pictures: Any, boxes: Any) -> Iterable[tuple[Any, Any]]:
    """Each picture and its boxes, those of an iterator as they come."""
    if _is_one_picture(pictures):
        pictures, boxes = [pictures], [boxes]
    if hasattr(pictures, "__len__"):
        return zip(*_split(pictures, boxes), strict=True)
    if not isinstance(pictures, Iterable):
        raise TypeError(
            f"pictures is a {type(pictures).__name__}; expected a picture (a path, bytes, a file "
            "object, a PIL image or an array) or several of them."
        )
    return zip(pictures, repeat(None)) if boxes is None else _in_step(pictures, boxes)


def _in_step(pictures: Iterable[Any], boxes: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    for row, pair in enumerate(zip_longest(pictures, boxes, fillvalue=_END)):
        if pair[0] is _END or pair[1] is _END:
            ended, other = ("pictures", "boxes") if pair[0] is _END else ("boxes", "pictures")
            raise ValueError(
                f"There are {row} {ended}, but more {other}; pass as many boxes as pictures, None "
                "for those that are taken whole."
            )
        yield pair


def _is_one_picture(pictures: Any) -> bool:
    """Whether it is a picture by itself, which `load_image` takes."""
    if isinstance(pictures, np.ndarray):  # as NumberCropper tells them from several
        return pictures.ndim == 2 or (pictures.ndim == 3 and pictures.shape[2] in (3, 4))
    kinds = (str, PathLike, bytes, bytearray, memoryview, Image.Image)
    return isinstance(pictures, kinds) or callable(getattr(pictures, "read", None))
