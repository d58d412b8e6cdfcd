"""Crop pictures of any size, with or without digit boxes, into one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from .._images._crop import CROP_CONSTRAINTS, CropSettings, CropStyle, check_image_size
from .._images._load import MAX_PIXELS, Color
from .._images._one_or_many import each_crop, is_one_picture, read_row, split_table, with_boxes


class NumberCropper(TransformerMixin, BaseEstimator):
    """Crops numbers out of pictures of any size and resizes them to one array.

    It treats your own photographs like `load_svhn_numbers` treats SVHN's: the same parameters give
    the same pixels. Pictures without boxes are used whole.

    Parameters
    ----------
    image_size : tuple of (int, int), default=(64, 64)
        Height and width of the crops in pixels.
    color : {"auto", "grey", "rgb"}, default="auto"
        ``"grey"`` gives one channel (the luminance of ITU-R BT.601: 0.299 red + 0.587 green + 0.114
        blue), ``"rgb"`` three, and ``"auto"`` one if every picture seen in `fit` is greyscale,
        otherwise three.
    crop : {"stretch", "square"}, default="stretch"
        Part of a picture that is kept: the union of its digit boxes, clipped to the picture,
        enlarged by `margin` and clipped again. With

        - ``"stretch"``, it is resized without keeping the aspect ratio, as in [1]_;
        - ``"square"``, it is first made a square with its longer side, which is moved into the
          picture if it extends beyond. If the picture itself is too small for the square, its
          border pixels are repeated.
    margin : float, default=0.3
        Share of its width and height by which the union of the boxes is enlarged in all, half on
        either side.
    max_pixels : int, default=268435456
        Largest width times height of a picture file that is decoded, as in `load_image`.

    Attributes
    ----------
    color_ : {"grey", "rgb"}
        The colour that `color` resolved to.

    See Also
    --------
    load_image : One picture, at its own size.
    ImageResizer : For an array of pictures.
    sksvhn.datasets.load_svhn_numbers : For SVHN's own files.

    Notes
    -----
    Pass boxes in one of two ways: as a column named ``boxes`` of a DataFrame, which also works in
    cross-validation; or as the metadata ``boxes``, which a pipeline passes on if metadata routing
    is enabled and ``set_transform_request(boxes=True)`` was called. Before version 1.8,
    scikit-learn's cross-validation passes them on when it fits, but not when it scores.

    References
    ----------
    .. [1] I. J. Goodfellow, Y. Bulatov, J. Ibarz, S. Arnoud, V. Shet, "Multi-digit Number
       Recognition from Street View Imagery using Deep Convolutional Neural Networks", ICLR 2014,
       section 5. arXiv:1312.6082.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sksvhn.preprocessing import NumberCropper
    >>> wide, high = np.zeros((40, 90, 3), np.uint8), np.full((70, 30), 255, np.uint8)
    >>> two_digits = [[30, 10, 8, 20], [38, 11, 9, 20]]  # left, top, width, height
    >>> cropper = NumberCropper(image_size=(32, 32))
    >>> cropper.fit_transform([wide, high], boxes=[two_digits, None]).shape
    (2, 32, 32, 3)
    >>> frame = pd.DataFrame({"picture": [wide, high], "boxes": [two_digits, None]})
    >>> cropper.fit_transform(frame).shape
    (2, 32, 32, 3)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CROP_CONSTRAINTS

    def __init__(
        self,
        *,
        image_size: tuple[int, int] = (64, 64),
        color: Color = "auto",
        crop: CropStyle = "stretch",
        margin: float = 0.3,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        self.image_size = image_size
        self.color = color
        self.crop = crop
        self.margin = margin
        self.max_pixels = max_pixels

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: Sequence[Any] | NDArray[Any] | pd.DataFrame, y: ArrayLike | None = None
    ) -> Self:
        """Decide whether crops are grey or in colour.

        Parameters
        ----------
        X : sequence of n_samples pictures, or DataFrame
            As in `transform`. They are read only if `color` is ``"auto"``, up to the first in
            colour.
        y : None
            Ignored.

        Returns
        -------
        self : NumberCropper
            The fitted transformer.

        Raises
        ------
        ValueError
            If X is one picture, or holds none, or is an array that can be one picture or several.
        """
        check_image_size(self.image_size)
        pictures = _pictures(X, in_fit=True)
        self.color_ = self.color
        if self.color == "auto":
            modes = (
                read_row(row, source, "auto", self.max_pixels).picture.mode
                for row, source in enumerate(pictures)
            )
            self.color_ = "rgb" if any(mode == "RGB" for mode in modes) else "grey"
        return self

    def transform(
        self, X: Sequence[Any] | NDArray[Any] | pd.DataFrame, boxes: Any = None
    ) -> NDArray[np.uint8]:
        """Crop and resize pictures.

        Parameters
        ----------
        X : sequence of n_samples pictures, or DataFrame
            Pictures as `load_image` takes them: arrays, paths, PIL images, ...; or a DataFrame with
            one column of them and, optionally, the column ``boxes``.
        boxes : sequence of n_samples array-likes of shape (n_boxes, 4) or (4,), default=None
            Left, top, width and height of each picture's digits, or of its number, in pixels from
            the upper left corner of the picture as `load_image` returns it; None or NaN for a
            picture that is used whole. Boxes may extend beyond their picture.

        Returns
        -------
        ndarray of shape (n_samples, height, width) or (n_samples, height, width, 3), dtype uint8
            The crops.

        Raises
        ------
        ValueError
            If a picture cannot be read, there are not as many boxes as pictures, or a box is not
            finite, has no area, lies outside its picture or is not in pixels.
        TypeError
            If `load_image` does not take a picture.
        OSError
            If a file is missing or cannot be read, or a path is that of a folder.

        Warns
        -----
        UserWarning
            Once, for pictures that `load_image` warns about.
        """
        check_is_fitted(self)
        height, width = check_image_size(self.image_size)
        settings = CropSettings(
            (height, width), self.color_, self.crop, float(self.margin), self.max_pixels
        )
        pictures = _pictures(X, in_fit=False)
        channels = () if self.color_ == "grey" else (3,)
        crops = np.empty((len(pictures), height, width, *channels), np.uint8)
        for row, crop in enumerate(each_crop(with_boxes(X, boxes), settings)):
            crops[row] = crop
        return crops

    def fit_transform(
        self,
        X: Sequence[Any] | NDArray[Any] | pd.DataFrame,
        y: ArrayLike | None = None,
        boxes: Any = None,
    ) -> NDArray[np.uint8]:
        """Decide the colour, then crop and resize.

        Parameters
        ----------
        X : sequence of n_samples pictures, or DataFrame
            As in `transform`.
        y : None
            Ignored.
        boxes : sequence of n_samples array-likes of shape (n_boxes, 4) or (4,), default=None
            As in `transform`.

        Returns
        -------
        ndarray of shape (n_samples, height, width) or (n_samples, height, width, 3), dtype uint8
            The crops.
        """
        return self.fit(X, y).transform(X, boxes=boxes)

    def __sklearn_tags__(self) -> Tags:
        """Pictures of any size: a sequence of them, not a table of numbers."""
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def _pictures(X: Any, *, in_fit: bool) -> Any:
    """Pictures of a sequence or table; an array that can be one or several counts, but in `fit`."""
    pictures, _ = split_table(X, None)
    if is_one_picture(pictures, first_axis_counts=not in_fit):
        what = f"has shape {np.shape(X)}" if hasattr(X, "shape") else f"is a {type(X).__name__}"
        raise ValueError(f"X must be a sequence of pictures; it {what}, one picture; pass [X].")
    if not hasattr(pictures, "__len__"):
        raise ValueError(
            f"X must be a sequence of pictures; got a {type(X).__name__}; pass list(X)."
        )
    if len(pictures) == 0:
        raise ValueError("X must hold at least one picture; got 0.")
    return pictures
