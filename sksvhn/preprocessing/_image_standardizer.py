"""Standardise pixels to mean 0 and standard deviation 1."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import OneToOneFeatureMixin, _fit_context

from .._images._arrays import check_pictures
from .._images._pixel_range import white_of
from .._parameters import check_weights
from ._batch import PictureTransformer, chunks


class ImageStandardizer(OneToOneFeatureMixin, PictureTransformer):
    """Brings pixels to mean 0 and standard deviation 1, by channel or by picture.

    The result is float64 if X is, and float32 otherwise. Without `per_image`, `transform` raises
    ValueError for pictures with another pixel scale than the training set, such as 0 to 1 instead
    of 0 to 255.

    Parameters
    ----------
    per_image : bool, default=False
        Whether each picture is standardised by its own mean and deviation, over all its pixels and
        channels, which removes brightness and contrast. If False, the mean and deviation of the
        training set are used, channel by channel. If a deviation is 0, pixels become 0.
    image_shape : tuple of 2 or 3 ints, default=None
        (height, width[, channels]) of pictures that are flattened to rows. None infers a square,
        grey or colour; other rows are treated as grey.

    Attributes
    ----------
    mean_ : ndarray of shape (n_channels,), dtype float64
        The training set's means. They are not used with `per_image`.
    std_ : ndarray of shape (n_channels,), dtype float64
        The training set's standard deviations (over n, not n - 1), 1 where they are 0.
    image_shape_ : tuple of 3 ints
        (height, width, channels) of a picture.
    n_features_in_ : int
        Pixels of a picture times channels.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names, if X was a DataFrame with string columns.

    Examples
    --------
    >>> import numpy as np
    >>> from sksvhn.preprocessing import ImageStandardizer
    >>> pictures = np.array([[[10, 30]], [[110, 170]]], dtype=np.uint8)
    >>> ImageStandardizer(per_image=True).fit_transform(pictures)
    array([[[-1.,  1.]],
           [[-1.,  1.]]], dtype=float32)
    >>> ImageStandardizer().fit(pictures).mean_
    array([80.])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "per_image": ["boolean"],
        "image_shape": [None, "array-like"],
    }

    def __init__(
        self, *, per_image: bool = False, image_shape: tuple[int, ...] | None = None
    ) -> None:
        self.per_image = per_image
        self.image_shape = image_shape

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ArrayLike, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn the channels' means and deviations.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each picture.

        Returns
        -------
        self : ImageStandardizer
            The fitted transformer.
        """
        pictures = check_pictures(self, X, reset=True, image_shape=self.image_shape)
        weights = check_weights(sample_weight, pictures, ensure_non_negative=True)
        means = np.empty((len(pictures), pictures.shape[3]))
        variances = np.empty_like(means)
        for part in chunks(pictures):
            means[part] = pictures[part].mean(axis=(1, 2), dtype=np.float64)
            variances[part] = pictures[part].var(axis=(1, 2), dtype=np.float64)
        # The variance of all is the mean of those within pictures and that between their means.
        self.mean_ = np.average(means, axis=0, weights=weights)
        variance = np.average(variances + (means - self.mean_) ** 2, axis=0, weights=weights)
        self.std_ = _deviation(variance, self.mean_)
        self._white = None if self.per_image else white_of(pictures)
        return self

    def _changed(self, pictures: NDArray[Any]) -> NDArray[Any]:
        result = np.empty(
            pictures.shape, np.float64 if pictures.dtype == np.float64 else np.float32
        )
        mean, std = self.mean_, self.std_
        for part in chunks(pictures):
            chunk = pictures[part].astype(np.float64)
            if self.per_image:
                mean = chunk.mean(axis=(1, 2, 3), keepdims=True)
                std = _deviation(chunk.var(axis=(1, 2, 3), keepdims=True), mean)
            result[part] = (chunk - mean) / std
        return result


def _deviation(variance: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Square root, or 1 where nothing but rounding remains."""
    std = np.sqrt(variance)
    return np.where(std > 10 * np.finfo(np.float64).eps * np.abs(mean), std, 1.0)
