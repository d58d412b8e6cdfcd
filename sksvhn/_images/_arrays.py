"""Check arrays of pictures and rows of their pixels."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, is_classifier
from sklearn.utils.validation import validate_data

from .._parameters import as_python, check_not_masked
from .._warn import warn_caller
from ._lazy import LazyPictures, is_lazy
from ._pixel_range import KnownScale, is_mask

ImageShape = tuple[int, int, int]

# Shorter rows are tables, whose features need be no pixels.
LEAST_PIXELS = 256


def check_pictures(
    estimator: BaseEstimator,
    X: ArrayLike,
    *,
    reset: bool,
    image_shape: Sequence[int] | None = None,
    scale: KnownScale | None = None,
) -> NDArray[Any]:
    """Validate pictures and return them as uint8 or float of shape (n, height, width, channels).

    Without `image_shape`, rows are squares in grey or colour, or else pictures one pixel high.
    """
    check_no_files(estimator, X, is_fitted=not reset)
    X = as_frame(X)
    table: Any = X if _has_rows_by_name(X) or sparse.issparse(X) else as_array(X)
    given: ImageShape | None = None
    if getattr(table, "ndim", 2) < 2:
        raise ValueError(
            "X must be pictures of shape (n, height, width[, channels]) or rows of shape (n, "
            f"n_features); got shape {table.shape}. Reshape your data: X.reshape(1, -1) is one row."
        )
    if not reset and _is_one_picture(table, estimator.image_shape_):
        raise ValueError(
            f"X must be a batch of pictures; got one picture of shape {table.shape}; pass "
            "X[np.newaxis]."
        )
    if isinstance(table, np.ndarray) and table.ndim > 2:
        given = _given_shape(table)
        if not reset and given != estimator.image_shape_:
            remedy = "resize or convert them to that shape"
            if math.prod(given) == estimator.n_features_in_:  # rows may have been misunderstood
                remedy += f", or pass image_shape={given} and fit again"
            raise ValueError(
                f"X must hold pictures of shape {estimator.image_shape_} (height, width, "
                f"channels), with which {type(estimator).__name__} was fitted; got {given}; "
                f"{remedy}."
            )
        if 0 in table.shape:
            raise ValueError(
                f"Found array with {len(table)} sample(s) (shape={table.shape}) while a minimum of "
                "1 picture of at least 1 pixel is required."
            )
        table = table.reshape(len(table), -1)
    are_masks = is_mask(table)
    # Bytes of the known shape hold no NaN and no names: for one picture, checks would take a tenth
    # of the time of a prediction.
    is_known = given is not None and not reset and table.dtype == np.uint8
    if not is_known or hasattr(estimator, "feature_names_in_"):
        table = validate_data(
            estimator, table, reset=reset, dtype=_pixel_dtype(table), accept_sparse=False
        )
    if reset:
        estimator.image_shape_ = _settle_shape(given, image_shape, table.shape[1])
    pictures: NDArray[Any] = table.reshape(-1, *estimator.image_shape_)
    if scale is not None:
        pictures = scale.of_masks(pictures) if are_masks else pictures
        scale.check(pictures)
    return pictures


def check_stored_pictures(
    estimator: BaseEstimator,
    X: Any,
    *,
    reset: bool,
    image_shape: Sequence[int] | None = None,
    scale: KnownScale | None = None,
) -> NDArray[Any] | LazyPictures:
    """Validate pictures like `check_pictures`, without reading those stored elsewhere."""
    if not is_lazy(X):
        return check_pictures(estimator, X, reset=reset, image_shape=image_shape, scale=scale)
    in_parts = isinstance(X, Sequence)
    if in_parts and len(X) > 0 and np.ndim(X[0]) == 0:  # no parts, but numbers
        return check_pictures(estimator, X, reset=reset, image_shape=image_shape, scale=scale)
    # Arrays on disk have a shape, but not all of them a length.
    if (len(X) == 0 or len(X[0]) == 0) if in_parts else X.shape[0] == 0:
        raise ValueError("X and its first part must hold at least one picture; got 0.")
    first = np.asarray((X[0] if in_parts else X)[:1])
    seen = check_pictures(estimator, first, reset=reset, image_shape=image_shape)
    return LazyPictures(X, estimator.image_shape_, seen.dtype, scale)


def check_no_files(estimator: BaseEstimator, X: Any, *, is_fitted: bool = False) -> None:
    """Raise ValueError if X is or begins with files, which `read` of a fitted classifier takes."""
    first = X
    if isinstance(X, (list, tuple)) or getattr(X, "ndim", 0) == 1:
        first = next(iter(X), None)
    if not isinstance(first, (str, bytes, os.PathLike)):
        return
    name = type(estimator).__name__
    remedy = (
        f"{name}.read takes files and crops them"
        if is_fitted and is_classifier(estimator)
        else "sksvhn.preprocessing.NumberCropper makes an array of them"
    )
    raise ValueError(f"X must be an array of pictures; got names or contents of files; {remedy}.")


def as_array(X: ArrayLike) -> NDArray[Any]:
    """Stack pictures or rows, which must have one shape."""
    if hasattr(X, "__getitem__") and not (
        isinstance(X, (Sequence, np.generic)) or hasattr(X, "__array__") or hasattr(X, "shape")
    ):
        raise ValueError(
            f"X must be an array of pictures; got a {type(X).__name__}; stack its pictures, "
            "np.stack([picture for picture, label in X]), and pass the labels as y. If the "
            "pictures don't fit into memory, pass a sequence of arrays."
        )
    check_not_masked(X, "X")
    try:
        array = np.asarray(X)
    except ValueError:
        raise ValueError(
            "X must hold pictures or rows of one shape; got different shapes; resize or convert "
            "them."
        ) from None
    except (TypeError, RuntimeError) as error:  # of torch
        raise TypeError(
            f"X must be an array of numbers; got a {type(X).__name__} that NumPy cannot read "
            f"({error}); pass X.detach().cpu().float() instead."
        ) from None
    if array.dtype.kind in "mM":
        raise ValueError(f"X must hold numbers; got dtype {array.dtype}.")
    return array


def as_frame(X: Any) -> Any:
    """Make pandas' DataFrame of other tables with named columns, as of pyarrow and polars."""
    if hasattr(X, "iloc"):
        return X
    # polars has dropped the first protocol in version 2, and older ones lack the second.
    is_table = hasattr(type(X), "__dataframe__")
    if is_table and hasattr(X, "column_names"):  # pyarrow
        return X.to_pandas()
    if not (is_table or hasattr(type(X), "__arrow_c_stream__")) or not hasattr(X, "columns"):
        return X
    return pd.DataFrame({name: np.asarray(X[name]) for name in X.columns})


def _has_rows_by_name(X: Any) -> bool:
    """Whether X is a table such as pandas' DataFrame, whose column names count."""
    return hasattr(X, "dtypes") and hasattr(X, "columns")


def _is_one_picture(table: Any, image_shape: ImageShape) -> bool:
    """Whether the batch was left out, where that can be told."""
    if not isinstance(table, np.ndarray) or table.shape[1] == math.prod(image_shape):
        return False
    shape = image_shape[:2] if image_shape[2] == 1 else image_shape
    return table.shape == shape


def _pixel_dtype(table: Any) -> Any:
    if sparse.issparse(table):
        return np.float64
    if _has_rows_by_name(table):
        dtypes = list(table.dtypes)
        if not dtypes or not all(isinstance(dtype, np.dtype) for dtype in dtypes):
            return np.float64
        dtype = np.result_type(*dtypes)
    else:
        dtype = table.dtype
    if dtype == np.uint8:
        return np.uint8
    if dtype.kind in "iub" or (dtype.kind == "f" and dtype.itemsize <= 4):  # in any byte order
        return np.float32
    return [np.float64, np.float32]


def _given_shape(pictures: NDArray[Any]) -> ImageShape:
    if pictures.ndim == 3:
        return (pictures.shape[1], pictures.shape[2], 1)
    if pictures.ndim == 4 and pictures.shape[3] in (1, 3):
        return (pictures.shape[1], pictures.shape[2], pictures.shape[3])
    raise ValueError(
        "X must be pictures of shape (n, height, width), (n, height, width, 1) or (n, height, "
        f"width, 3), or flattened rows (n, n_features); got shape {pictures.shape}. Convert RGBA "
        "pictures to RGB and move channels to the last axis."
    )


def _settle_shape(
    given: ImageShape | None, image_shape: Sequence[int] | None, n_features: int
) -> ImageShape:
    if image_shape is not None:
        stated = _stated_shape(image_shape)
        if math.prod(stated) != n_features or (given is not None and given != stated):
            found = f"pictures of shape {given}" if given else f"rows of {n_features} features"
            raise ValueError(
                f"X must fit image_shape={tuple(image_shape)}; got {found}; correct image_shape or "
                "leave it None."
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
    if n_features >= LEAST_PIXELS:
        warn_caller(
            f"Rows of {n_features} pixels in X are no square picture in grey or colour; each row "
            "is treated as a picture one pixel high. If that is wrong, pass image_shape=(height, "
            "width).",
        )
    return (1, n_features, 1)


def _stated_shape(image_shape: Sequence[Any]) -> ImageShape:
    sizes = as_python(image_shape)
    if (
        len(sizes) not in (2, 3)
        or not all(type(size) is int and size >= 1 for size in sizes)
        or (*sizes, 1)[2] not in (1, 3)
    ):
        raise ValueError(
            "image_shape must be (height, width) or (height, width, channels), with positive "
            f"integers and 1 or 3 channels; got {image_shape!r}."
        )
    height, width, channels = (*sizes, 1)[:3]
    return (height, width, channels)
