"""Base of the transformers: take pictures or rows, and work in parts."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils._set_output import _wrap_data_with_container
from sklearn.utils.validation import check_is_fitted

from .._images._arrays import check_pictures
from .._images._pixel_range import KnownScale

# Pixels turned to floats at a time: a float64 copy of a set of uint8 is eight times its size.
_CHUNK_PIXELS = 2**21


# scikit-learn would make a table of any output, and pictures have too many axes for one.
class PictureTransformer(  # type: ignore[call-arg]
    TransformerMixin, BaseEstimator, auto_wrap_output_keys=None, metaclass=ABCMeta
):
    """A transformer that answers pictures with an array of pictures, and rows with rows."""

    #: 1, 255 or 65535, where the result depends on it and training pictures made it plain.
    _white: int | None = None

    @abstractmethod
    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn what `transform` needs."""

    def fit_transform(self, X: ArrayLike, y: ArrayLike | None = None, **fit_params: Any) -> Any:
        """Fit to pictures and transform them.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures.
        y : None
            Ignored.
        **fit_params : dict
            As `fit` takes them.

        Returns
        -------
        ndarray, or table if X has rows and `set_output` asks for one
            As `transform` returns it.
        """
        return self.fit(X, y, **fit_params).transform(X)

    def transform(self, X: ArrayLike) -> Any:
        """Transform pictures.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
            Pictures of the shape seen in `fit`.

        Returns
        -------
        ndarray of shape (n_samples, height, width[, channels]) or (n_samples, n_features_out)
            Pictures if X holds pictures; rows if X holds rows, as a table if `set_output` asks for
            one.
        """
        check_is_fitted(self)
        scale = None if self._white is None else KnownScale(self._white)
        changed = self._changed(check_pictures(self, X, reset=False, scale=scale))
        axes: int = X.ndim if hasattr(X, "ndim") else np.asarray(X).ndim
        if axes == 2:
            rows = changed.reshape(len(changed), -1)
            return _wrap_data_with_container("transform", rows, X, self)
        return changed[..., 0] if axes == 3 and changed.ndim == 4 else changed

    @abstractmethod
    def _changed(self, pictures: NDArray[Any]) -> NDArray[Any]:
        """Transform pictures (n, height, width, channels); the channels may go."""

    def __sklearn_tags__(self) -> Tags:
        """Pictures or rows; floats keep their dtype."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def chunks(pictures: NDArray[Any]) -> Iterator[slice]:
    """Parts of a set of pictures (n, height, width, channels) that are small in float64."""
    length = max(1, _CHUNK_PIXELS // max(1, pictures[0].size))
    for start in range(0, len(pictures), length):
        yield slice(start, start + length)
