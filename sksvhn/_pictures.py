"""Pictures as scikit-learn hands them over: arrays of pictures, or rows of their pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

ImageShape = tuple[int, int, int]


def check_pictures(
    estimator: BaseEstimator,
    X: ArrayLike,
    *,
    reset: bool,
    image_shape: Sequence[int] | None = None,
) -> NDArray[Any]:
    """Validate pictures and return them as (n, height, width, channels), uint8 or float.

    Pixels are viewed, not copied, when they already are uint8, float32 or float64.

    Parameters
    ----------
    estimator : BaseEstimator
        Receives ``n_features_in_``, ``feature_names_in_`` and ``image_shape_`` when `reset`.
    X : array-like of shape (n, height, width), (n, height, width, channels) or (n, n_features)
        Grey pictures, colour pictures, or either of them flattened to rows.
    reset : bool
        Whether this is the first data the estimator sees.
    image_shape : sequence of 2 or 3 ints, default=None
        (height, width) or (height, width, channels) of flattened rows; inferred when None.
    """
    table: Any = X
    given: ImageShape | None = None
    if isinstance(X, list):
        table = np.asarray(X)
    if isinstance(table, np.ndarray) and table.ndim > 2:
        given = _given_shape(table)
        if not reset and given != estimator.image_shape_:
            raise ValueError(
                f"X holds pictures of shape {given}, but {type(estimator).__name__} was fitted on "
                f"pictures of shape {estimator.image_shape_} (height, width, channels); resize or "
                "convert them to that shape."
            )
        if 0 in table.shape:
            raise ValueError(
                f"Found array with {len(table)} sample(s) (shape={table.shape}) while a minimum of "
                "1 picture of at least 1 pixel is required."
            )
        table = table.reshape(len(table), -1)
    table = validate_data(
        estimator, table, reset=reset, dtype=_pixel_dtype(table), accept_sparse=False
    )
    if reset:
        estimator.image_shape_ = _settle_shape(given, image_shape, table.shape[1])
    return table.reshape(-1, *estimator.image_shape_)


def _pixel_dtype(table: Any) -> Any:
    dtype = getattr(table, "dtype", None)
    if sparse.issparse(table) or not isinstance(dtype, np.dtype):
        return np.float64
    if dtype == np.uint8:
        return np.uint8
    if dtype.kind in "iub" or dtype == np.float16:
        return np.float32
    return [np.float64, np.float32]


def _given_shape(pictures: NDArray[Any]) -> ImageShape:
    if pictures.ndim == 3:
        return (pictures.shape[1], pictures.shape[2], 1)
    if pictures.ndim == 4 and pictures.shape[3] in (1, 3):
        return (pictures.shape[1], pictures.shape[2], pictures.shape[3])
    raise ValueError(
        f"X has shape {pictures.shape}; expected pictures of shape (n, height, width), "
        "(n, height, width, 1) or (n, height, width, 3), or flattened rows (n, n_features). "
        "Convert RGBA pictures to RGB and move channels to the last axis."
    )


def _settle_shape(
    given: ImageShape | None, image_shape: Sequence[int] | None, n_features: int
) -> ImageShape:
    if image_shape is not None:
        height, width, channels = (*image_shape, 1)[:3]
        stated = (int(height), int(width), int(channels))
        if math.prod(stated) != n_features or (given is not None and given != stated):
            found = f"pictures of shape {given}" if given else f"rows of {n_features} features"
            raise ValueError(
                f"X holds {found}, which do not fit image_shape={tuple(image_shape)}; correct "
                "image_shape or leave it None."
            )
        return stated
    if given is not None:
        return given
    side = math.isqrt(n_features)
    if side * side == n_features:
        return (side, side, 1)
    side = math.isqrt(n_features // 3)
    if 3 * side * side == n_features:
        return (side, side, 3)
    return (1, n_features, 1)
