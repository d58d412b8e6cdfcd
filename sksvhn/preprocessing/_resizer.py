"""Resize pictures."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from sklearn.base import ClassNamePrefixFeaturesOutMixin, _fit_context

from .._images._arrays import check_pictures
from .._images._crop import check_image_size
from ._batch import PictureTransformer


class ImageResizer(ClassNamePrefixFeaturesOutMixin, PictureTransformer):
    """Resizes pictures with an antialiased triangle (bilinear) filter, as `load_svhn_numbers` does.

    The filter is wider when pictures shrink, which blurs fine stripes and avoids moiré. The dtype
    is kept; floats are resampled in single precision.

    Parameters
    ----------
    image_size : tuple of (int, int), default=(64, 64)
        Height and width of the result in pixels; the aspect is not kept.
    image_shape : tuple of 2 or 3 ints, default=None
        (height, width[, channels]) of pictures that are flattened to rows. None infers a square,
        grey or colour; other rows are treated as pictures one pixel high.

    Attributes
    ----------
    image_shape_ : tuple of 3 ints
        (height, width, channels) of a picture before.
    n_features_in_ : int
        Pixels of a picture times channels, before.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names, if X was a DataFrame with string columns.

    See Also
    --------
    NumberCropper : For pictures of different sizes.

    Examples
    --------
    >>> import numpy as np
    >>> from sksvhn.preprocessing import ImageResizer
    >>> checks = np.zeros((1, 4, 4), dtype=np.uint8)
    >>> checks[:, :2, :2] = checks[:, 2:, 2:] = 200
    >>> ImageResizer(image_size=(1, 4)).fit_transform(checks)
    array([[[100, 100, 100, 100]]], dtype=uint8)
    >>> ImageResizer(image_size=(8, 8)).fit_transform(checks).shape
    (1, 8, 8)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "image_size": ["array-like"],
        "image_shape": [None, "array-like"],
    }

    def __init__(
        self,
        *,
        image_size: tuple[int, int] = (64, 64),
        image_shape: tuple[int, ...] | None = None,
    ) -> None:
        self.image_size = image_size
        self.image_shape = image_shape

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn the pictures' shape.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures.
        y : None
            Ignored.

        Returns
        -------
        self : ImageResizer
            The fitted transformer.
        """
        check_image_size(self.image_size)
        check_pictures(self, X, reset=True, image_shape=self.image_shape)
        return self

    def _changed(self, pictures: NDArray[Any]) -> NDArray[Any]:
        height, width = check_image_size(self.image_size)
        resized = np.empty((len(pictures), height, width, pictures.shape[3]), pictures.dtype)
        for row, picture in enumerate(pictures):
            # Pillow resamples one channel of uint8 or float32 ("L" or "F").
            planes = picture if picture.dtype == np.uint8 else picture.astype(np.float32)
            for channel in range(pictures.shape[3]):
                plane = Image.fromarray(np.ascontiguousarray(planes[..., channel]))
                resized[row, ..., channel] = plane.resize(
                    (width, height), Image.Resampling.BILINEAR
                )
        return resized

    @property
    def _n_features_out(self) -> int:
        height, width = check_image_size(self.image_size)
        return height * width * self.image_shape_[2]
