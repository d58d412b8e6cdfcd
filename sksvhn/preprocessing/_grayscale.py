"""Convert colour pictures to grey."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin, _fit_context

from .._images._arrays import check_pictures
from ._batch import PictureTransformer, chunks

# The weights of uint8 pixels, in 65536ths: those that Pillow, and so the loaders, count with.
_LUMA_65536 = np.array([19595, 38470, 7471], dtype=np.uint32)


class GrayscaleTransformer(ClassNamePrefixFeaturesOutMixin, PictureTransformer):
    """Converts colour pictures to grey, and leaves grey pictures as they are.

    Grey is the luma of ITU-R BT.601, 0.299 red + 0.587 green + 0.114 blue (the class attribute
    `LUMA`). uint8 pixels are rounded as by Pillow, which gives the pixels of the loaders and of
    `load_image` with ``color="grey"``. The dtype is kept.

    Parameters
    ----------
    image_shape : tuple of 2 or 3 ints, default=None
        (height, width[, channels]) of pictures that are flattened to rows. None infers a square,
        grey or colour; other rows are treated as grey.

    Attributes
    ----------
    image_shape_ : tuple of 3 ints
        (height, width, channels) of a picture.
    n_features_in_ : int
        Pixels of a picture times channels.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names, if X was a DataFrame with string columns.

    Examples
    --------
    >>> import numpy as np
    >>> from sksvhn.preprocessing import GrayscaleTransformer
    >>> red = np.zeros((1, 2, 2, 3), dtype=np.uint8)
    >>> red[..., 0] = 255
    >>> GrayscaleTransformer().fit_transform(red)
    array([[[76, 76],
            [76, 76]]], dtype=uint8)
    """

    LUMA: ClassVar[tuple[float, float, float]] = (0.299, 0.587, 0.114)

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {"image_shape": [None, "array-like"]}

    def __init__(self, *, image_shape: tuple[int, ...] | None = None) -> None:
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
        self : GrayscaleTransformer
            The fitted transformer.
        """
        check_pictures(self, X, reset=True, image_shape=self.image_shape)
        return self

    def _changed(self, pictures: NDArray[Any]) -> NDArray[Any]:
        if pictures.shape[3] == 1:
            return pictures[..., 0]
        grey = np.empty(pictures.shape[:3], dtype=pictures.dtype)
        for part in chunks(pictures):
            if grey.dtype == np.uint8:
                grey[part] = (pictures[part] @ _LUMA_65536 + 0x8000) >> 16
            else:
                grey[part] = pictures[part] @ np.array(self.LUMA)
        return grey

    @property
    def _n_features_out(self) -> int:
        return self.image_shape_[0] * self.image_shape_[1]
