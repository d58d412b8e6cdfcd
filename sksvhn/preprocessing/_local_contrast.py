"""Local contrast normalisation."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin, _fit_context
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from .._pictures import check_pictures
from ._batch import chunks, float_like, in_form_of

# Where the window ends, in its standard deviations.
_TRUNCATE = 2.0


class LocalContrastNormalizer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Normalises each pixel by its surroundings: first subtractively, then divisively.

    From each pixel the weighted mean of its surroundings in all channels is subtracted. What
    remains is divided by its own weighted standard deviation there, or by that deviation's mean
    over the picture where that is greater, so that flat regions are not blown up [1]_. Adding a
    constant to a picture, or multiplying it by one, changes nothing.

    Parameters
    ----------
    sigma : float, default=2.0
        Standard deviation in pixels of the Gaussian window, which ends 2 `sigma` away: 9 x 9 pixels
        at the default, as in [1]_. Beyond its edges the picture is continued by reflection.
    image_shape : tuple of 2 or 3 ints, default=None
        (height, width[, channels]) of pictures that come flattened to rows. None infers a square,
        grey or colour; rows that are neither are taken as pictures one pixel high.

    Attributes
    ----------
    image_shape_ : tuple of 3 ints
        (height, width, channels) of a picture.
    n_features_in_ : int
        Pixels of a picture times channels.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names, where X was a DataFrame with string columns.

    See Also
    --------
    ImageStandardizer : By the whole picture, or the training set.

    References
    ----------
    .. [1] K. Jarrett, K. Kavukcuoglu, M. Ranzato, Y. LeCun, "What is the Best Multi-Stage
       Architecture for Object Recognition?", ICCV 2009, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> from sksvhn.preprocessing import LocalContrastNormalizer
    >>> picture = np.zeros((1, 16, 16), dtype=np.uint8)
    >>> picture[:, 4:12, 7:9] = 10
    >>> faint = LocalContrastNormalizer().fit_transform(picture)
    >>> strong = LocalContrastNormalizer().fit_transform(55 + 20 * picture)
    >>> np.allclose(faint, strong, atol=1e-5)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "sigma": [Interval(Real, 0, None, closed="neither")],
        "image_shape": [None, "array-like"],
    }

    def __init__(self, *, sigma: float = 2.0, image_shape: tuple[int, ...] | None = None) -> None:
        self.sigma = sigma
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
        self : LocalContrastNormalizer
            The fitted transformer.
        """
        check_pictures(self, X, reset=True, image_shape=self.image_shape)
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Normalise pixels.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures of the shape seen in `fit`.

        Returns
        -------
        ndarray of the shape of X, dtype float32 or float64
            Normalised pixels, float64 only where X is; 0 where a picture is flat.
        """
        check_is_fitted(self)
        pictures = check_pictures(self, X, reset=False)
        result = float_like(pictures)
        for part in chunks(pictures):
            result[part] = self._normalize(pictures[part].astype(np.float64))
        return in_form_of(X, result)

    def _normalize(self, pictures: NDArray[np.float64]) -> NDArray[np.float64]:
        # Only rounding is left of a flat picture, and dividing would blow it up.
        rounding = 100 * np.finfo(np.float64).eps * np.abs(pictures).max(axis=(1, 2, 3))
        pictures = pictures - self._smooth(pictures)
        deviation = np.sqrt(self._smooth(np.square(pictures)))
        floor = deviation.mean(axis=(1, 2, 3))
        floor = np.where(floor > rounding, floor, np.inf)
        return pictures / np.maximum(deviation, floor[:, None, None, None])

    def _smooth(self, pictures: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weighted mean of each pixel's surroundings in all channels, (n, height, width, 1)."""
        mean = gaussian_filter(
            pictures.mean(axis=3), self.sigma, axes=(1, 2), mode="reflect", truncate=_TRUNCATE
        )
        return mean[..., np.newaxis]

    def __sklearn_tags__(self) -> Tags:
        """Pictures or rows; floats keep their dtype."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
