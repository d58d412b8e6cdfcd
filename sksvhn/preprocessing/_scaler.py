"""Pixels to a given range."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin, _fit_context
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from .._pictures import check_pictures
from ._batch import float_like, in_form_of


class ImageScaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Scales pixels linearly to a range, all by the same factor.

    scikit-learn's :class:`~sklearn.preprocessing.MinMaxScaler` does so for each pixel position by
    itself, which changes what a picture looks like.

    Parameters
    ----------
    feature_range : tuple of (float, float), default=(0, 1)
        Range to scale to.
    image_shape : tuple of 2 or 3 ints, default=None
        (height, width[, channels]) of pictures that come flattened to rows. The result does not
        depend on it; None infers it.

    Attributes
    ----------
    data_min_ : float
        What becomes the lower end: 0 where `fit` saw uint8, and else the least pixel it saw.
    data_max_ : float
        What becomes the upper end: 255 where `fit` saw uint8, and else the greatest pixel it saw.
    image_shape_ : tuple of 3 ints
        (height, width, channels) of a picture.
    n_features_in_ : int
        Pixels of a picture times channels.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names, where X was a DataFrame with string columns.

    See Also
    --------
    ImageStandardizer : To mean 0 and deviation 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sksvhn.preprocessing import ImageScaler
    >>> picture = np.array([[[0, 51, 255]]], dtype=np.uint8)
    >>> ImageScaler().fit_transform(picture)
    array([[[0. , 0.2, 1. ]]], dtype=float32)
    >>> ImageScaler(feature_range=(-1, 1)).fit_transform(picture)
    array([[[-1. , -0.6,  1. ]]], dtype=float32)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "feature_range": [tuple, list],
        "image_shape": [None, "array-like"],
    }

    def __init__(
        self,
        *,
        feature_range: tuple[float, float] = (0, 1),
        image_shape: tuple[int, ...] | None = None,
    ) -> None:
        self.feature_range = feature_range
        self.image_shape = image_shape

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn the pixels' range.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures.
        y : None
            Ignored.

        Returns
        -------
        self : ImageScaler
            The fitted transformer.
        """
        if len(self.feature_range) != 2 or not self.feature_range[0] < self.feature_range[1]:
            raise ValueError(
                "feature_range must be two numbers, the lower one first; got "
                f"{self.feature_range!r}."
            )
        pictures = check_pictures(self, X, reset=True, image_shape=self.image_shape)
        if pictures.dtype == np.uint8:
            self.data_min_, self.data_max_ = 0.0, 255.0
        else:
            self.data_min_, self.data_max_ = float(pictures.min()), float(pictures.max())
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Scale pixels.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures of the shape seen in `fit`.

        Returns
        -------
        ndarray of the shape of X, dtype float32 or float64
            Scaled pixels, float64 only where X is. Pixels beyond those seen in `fit` go beyond
            `feature_range`; pictures seen in `fit` that were all of one value become its lower end.
        """
        check_is_fitted(self)
        pictures = check_pictures(self, X, reset=False)
        low, high = self.feature_range
        scaled = float_like(pictures)
        scaled -= self.data_min_
        scaled /= (self.data_max_ - self.data_min_) or 1.0
        scaled *= high - low
        scaled += low
        return in_form_of(X, scaled)

    def __sklearn_tags__(self) -> Tags:
        """Pictures or rows; floats keep their dtype."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
