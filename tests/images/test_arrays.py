from __future__ import annotations

from collections import UserList, deque
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from sksvhn._images._arrays import check_pictures, check_stored_pictures


class Pairs:
    """A data set of pairs, as of PyTorch."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> Any:
        return np.zeros((16, 16)), index


def fitted_on(X: Any, image_shape: Any = None) -> Any:
    estimator = BaseEstimator()
    check_stored_pictures(estimator, X, reset=True, image_shape=image_shape)
    return estimator


@pytest.mark.parametrize(
    ("shape", "image_shape", "expected"),
    [
        ((2, 12, 16), None, (12, 16, 1)),
        ((2, 12, 16, 1), None, (12, 16, 1)),
        ((2, 12, 16, 3), None, (12, 16, 3)),
        ((2, 12, 16, 3), (12, 16, 3), (12, 16, 3)),
        ((2, 256), None, (16, 16, 1)),
        ((2, 768), None, (16, 16, 3)),
        # The documented price of the rule above: grey 12 x 16 must be stated.
        ((2, 192), None, (8, 8, 3)),
        ((2, 192), (12, 16), (12, 16, 1)),
        ((2, 192), [12, 16, 1], (12, 16, 1)),
        ((2, 192), tuple(np.array([12, 16])), (12, 16, 1)),
        ((2, 576), (12, 16, 3), (12, 16, 3)),
        ((2, 10), None, (1, 10, 1)),
        ((2, 1), None, (1, 1, 1)),
    ],
)
def test_shape_of_pictures(shape: Any, image_shape: Any, expected: Any) -> None:
    X = np.zeros(shape, dtype=np.uint8)
    estimator = BaseEstimator()
    pictures = check_pictures(estimator, X, reset=True, image_shape=image_shape)
    assert estimator.image_shape_ == expected
    assert all(type(size) is int for size in estimator.image_shape_)
    assert pictures.shape == (2, *expected)
    assert np.shares_memory(pictures, X)
    assert estimator.n_features_in_ == np.prod(expected)


def test_long_rows_that_make_no_square() -> None:
    with pytest.warns(UserWarning, match=r"Rows of 3200 pixels .* pass image_shape"):
        check_pictures(BaseEstimator(), np.zeros((2, 3200), np.uint8), reset=True)
    check_pictures(BaseEstimator(), np.zeros((2, 3200), np.uint8), reset=True, image_shape=(64, 50))


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (np.uint8, np.uint8),
        (np.float32, np.float32),
        (np.float64, np.float64),
        (np.float16, np.float32),
        (np.int64, np.float32),
        (bool, np.float32),
    ],
)
def test_dtype_of_pictures(dtype: Any, expected: Any) -> None:
    X = np.eye(4, dtype=dtype)[None]
    pictures = check_pictures(BaseEstimator(), X, reset=True)
    assert pictures.dtype == expected
    np.testing.assert_array_equal(pictures[..., 0], X)


@pytest.mark.parametrize("container", [list, tuple, lambda X: [list(map(list, x)) for x in X]])
def test_sequences_of_pictures_are_stacked(container: Any) -> None:
    X = np.arange(24.0).reshape(2, 3, 4)
    np.testing.assert_array_equal(
        check_pictures(BaseEstimator(), container(X), reset=True)[..., 0], X
    )


@pytest.mark.parametrize(
    "image_shape",
    [
        (),
        (16,),
        (16, 16, 3, 1),
        ("16", 16),
        (0, 16),
        (16, -16),
        (16.5, 16),
        (16.0, 16.0),
        (None, 16),
        (16, 16, 4),
        (16, 16, 0),
    ],
)
@pytest.mark.parametrize("shape", [(2, 256), (2, 16, 16)])
def test_image_shape_that_is_none(image_shape: Any, shape: Any) -> None:
    with pytest.raises(ValueError, match=r"image_shape must be \(height, width\) .*; got \("):
        fitted_on(np.zeros(shape), image_shape)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((2, 16, 15)), r"image_shape=\(16, 16\).*pictures of shape \(16, 15, 1\)"),
        (np.zeros((2, 16, 16, 3)), r"image_shape=\(16, 16\).*pictures of shape \(16, 16, 3\)"),
        (np.zeros((2, 8, 32)), r"image_shape=\(16, 16\).*pictures of shape \(8, 32, 1\)"),
        (np.zeros((2, 255)), r"image_shape=\(16, 16\).*rows of 255 features"),
    ],
)
def test_pictures_that_do_not_fit_image_shape(X: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fitted_on(X, (16, 16))


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros(256), r"got shape \(256,\)\. Reshape your data"),
        (list(range(256)), r"got shape \(256,\)\. Reshape your data"),
        (pd.Series(np.zeros(4)), r"got shape \(4,\)\. Reshape your data"),
        (range(256), r"got shape \(256,\)\. Reshape your data"),
        (deque([0.5, 1.0]), r"got shape \(2,\)\. Reshape your data"),
        (UserList([0.5, 1.0]), r"got shape \(2,\)\. Reshape your data"),
        (Pairs(), r"got a Pairs; stack its pictures, np\.stack"),
        (np.float64(1.0), r"got shape \(\)\. Reshape your data"),
        ([np.zeros((4, 4)), np.zeros((4, 5))], "different shapes; resize"),
        ([np.zeros((4, 4)), np.zeros((4, 4, 3))], "different shapes; resize"),
        ([[0, 1], [0]], "different shapes; resize"),
        (np.zeros((2, 16, 16, 4)), "RGBA"),
        (np.zeros((2, 3, 16, 16)), "last axis"),
        (np.zeros((0, 16, 16)), "minimum of 1"),
        (np.zeros((2, 0, 16)), "minimum of 1"),
        (np.full((2, 16, 16), np.nan), "NaN"),
    ],
)
def test_bad_pictures_get_one_clear_error(X: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fitted_on(X)


@pytest.mark.parametrize(
    "X",
    [
        "a.png",
        Path("a.png"),
        b"content",
        ["a.png", "b.png"],
        (Path("a.png"),),
        np.array(["a.png"]),
        pd.Series(["a.png"]),
    ],
)
def test_files_where_arrays_are_expected(X: Any) -> None:
    remedy = "sksvhn.preprocessing.NumberCropper makes an array of them"
    with pytest.raises(ValueError, match=f"got names or contents of files; {remedy}\\.$"):
        fitted_on(X)


@pytest.mark.parametrize("shape", [(16, 12), (16, 12, 3)])
def test_one_picture_where_a_batch_is_expected(shape: Any) -> None:
    picture = np.zeros(shape)
    estimator = fitted_on(np.zeros((2, *shape)))
    with pytest.raises(ValueError, match="got one picture"):
        check_pictures(estimator, picture, reset=False)
    assert len(check_pictures(estimator, picture[np.newaxis], reset=False)) == 1


def test_rows_as_many_as_columns_are_no_picture() -> None:
    estimator = fitted_on(np.zeros((2, 10)))
    assert len(check_pictures(estimator, np.zeros((1, 10)), reset=False)) == 1
    with pytest.raises(ValueError, match="X has 9 features"):
        check_pictures(estimator, np.zeros((9, 9)), reset=False)


@pytest.mark.parametrize("library", ["pyarrow", "polars"])
def test_names_of_columns_are_checked_whatever_the_table(library: str) -> None:
    tables = pytest.importorskip(library)
    frame = pd.DataFrame(np.arange(32, dtype=np.uint8).reshape(2, 16)).add_prefix("p")
    values = {name: frame[name].to_numpy() for name in frame}
    table = tables.table(values) if library == "pyarrow" else tables.DataFrame(values)
    estimator: Any = BaseEstimator()
    pictures = check_pictures(estimator, table, reset=True)
    assert list(estimator.feature_names_in_) == list(frame)
    assert pictures.dtype == np.uint8
    np.testing.assert_array_equal(pictures.reshape(2, 16), frame)
    np.testing.assert_array_equal(check_pictures(estimator, frame, reset=False), pictures)
    for reordered in (table.select(list(frame)[::-1]), frame[list(frame)[::-1]]):
        with pytest.raises(ValueError, match="feature names should match"):
            check_pictures(estimator, reordered, reset=False)


def test_pictures_of_another_shape_than_fitted() -> None:
    estimator = fitted_on(np.zeros((2, 192)))
    with pytest.raises(ValueError, match=r"\(8, 8, 3\) .* was fitted; got \(12, 16, 1\)") as caught:
        check_pictures(estimator, np.zeros((2, 12, 16)), reset=False)
    assert "pass image_shape=(12, 16, 1) and fit again" in str(caught.value)
    with pytest.raises(ValueError, match=r"convert them to that shape\.$"):
        check_pictures(estimator, np.zeros((2, 8, 8)), reset=False)
