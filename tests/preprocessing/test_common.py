"""scikit-learn's own contract, and what all transformers of pictures share."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

from sksvhn import SVHNCNNClassifier
from sksvhn.preprocessing import (
    GrayscaleTransformer,
    ImageResizer,
    ImageScaler,
    ImageStandardizer,
    LocalContrastNormalizer,
    NumberCropper,
)

SAME_SHAPE = [
    ImageScaler(feature_range=(-1, 1)),
    ImageStandardizer(),
    ImageStandardizer(per_image=True),
    LocalContrastNormalizer(),
]
TRANSFORMERS = [GrayscaleTransformer(), ImageResizer(image_size=(6, 4)), *SAME_SHAPE]

# Those that need no table of numbers: NumberCropper takes pictures of any size, for which
# `check_estimator` has no data and runs nothing.
CHECKS_WITHOUT_DATA = [
    estimator_checks.check_estimator_cloneable,
    estimator_checks.check_estimator_tags_renamed,
    estimator_checks.check_valid_tag_types,
    estimator_checks.check_estimator_repr,
    estimator_checks.check_no_attributes_set_in_init,
    estimator_checks.check_do_not_raise_errors_in_init_or_set_params,
    estimator_checks.check_mixin_order,
    estimator_checks.check_get_params_invariance,
    estimator_checks.check_set_params,
    estimator_checks.check_parameters_default_constructible,
]


def random_pictures(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def flatten(pictures: NDArray[Any]) -> NDArray[Any]:
    return pictures.reshape(len(pictures), -1)


@parametrize_with_checks(TRANSFORMERS)
def test_scikit_learn_check(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize("check", CHECKS_WITHOUT_DATA, ids=lambda check: check.__name__)
def test_scikit_learn_check_of_cropper(check: Any) -> None:
    check("NumberCropper", NumberCropper())


@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=repr)
@pytest.mark.parametrize("shape", [(5, 7, 8), (5, 7, 8, 3), (5, 7, 8, 1)])
def test_pictures_and_rows_get_the_same_pixels(transformer: Any, shape: tuple[int, ...]) -> None:
    X = random_pictures(*shape)
    pictures = clone(transformer).fit_transform(X)
    rows = clone(transformer).set_params(image_shape=shape[1:]).fit_transform(X.reshape(5, -1))
    assert rows.ndim == 2
    np.testing.assert_array_equal(rows, pictures.reshape(5, -1))


@pytest.mark.parametrize("transformer", SAME_SHAPE, ids=repr)
@pytest.mark.parametrize("shape", [(5, 7, 8), (5, 7, 8, 3), (5, 7, 8, 1), (5, 9)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_shape_stays_and_dtype_is_a_float(
    transformer: Any, shape: tuple[int, ...], dtype: type
) -> None:
    X = random_pictures(*shape).astype(dtype)
    before = X.copy()
    result = clone(transformer).fit_transform(X)
    assert result.shape == shape
    assert result.dtype == (np.float64 if dtype is np.float64 else np.float32)
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=repr)
def test_chunks_do_not_show(transformer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    X = random_pictures(5, 7, 8, 3)
    at_once = clone(transformer).fit_transform(X)
    monkeypatch.setattr("sksvhn.preprocessing._batch._CHUNK_PIXELS", 400)
    np.testing.assert_allclose(clone(transformer).fit_transform(X), at_once, atol=1e-6)


@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=repr)
def test_clone_and_pickle(transformer: Any) -> None:
    X = random_pictures(5, 7, 8, 3)
    fitted = clone(transformer).fit(X)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.transform(X), fitted.transform(X))


@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=repr)
def test_names_of_features(transformer: Any) -> None:
    rows = pd.DataFrame(random_pictures(5, 12), columns=[f"p{i}" for i in range(12)])
    fitted = clone(transformer).fit(rows)
    names = fitted.get_feature_names_out()
    assert len(names) == fitted.transform(rows).shape[1]
    if transformer in SAME_SHAPE:
        assert list(names) == list(rows.columns)
    frame = fitted.set_output(transform="pandas").transform(rows)
    assert list(frame.columns) == list(names)


def test_pipeline_of_rows_before_a_linear_model() -> None:
    X = random_pictures(12, 64)
    y = np.arange(12) % 3
    pipeline = make_pipeline(
        LocalContrastNormalizer(),
        ImageResizer(image_size=(7, 7)),
        ImageStandardizer(),
        ImageScaler(),
        LogisticRegression(C=1000),
    )
    assert pipeline.fit(X, y).score(X, y) == 1


def test_pipeline_of_pictures_before_a_linear_model() -> None:
    wide, high = random_pictures(20, 30, 3), random_pictures(30, 12)
    pictures = [wide, high, 255 - wide, 255 - high] * 3
    y = ["1", "2", "3", "4"] * 3
    pipeline = make_pipeline(
        NumberCropper(image_size=(16, 16)),
        GrayscaleTransformer(),
        ImageStandardizer(per_image=True),
        FunctionTransformer(flatten),
        LogisticRegression(C=100),
    )
    assert pipeline.fit(pictures, y).score(pictures, y) == 1
    again = pickle.loads(pickle.dumps(pipeline))
    np.testing.assert_array_equal(again.predict(pictures), pipeline.predict(pictures))
    assert clone(pipeline).fit(pictures, y).score(pictures, y) == 1


def test_pipeline_before_a_network() -> None:
    pictures = [random_pictures(20, 30, 3), random_pictures(30, 12)] * 4
    y = ["1", "2"] * 4
    pipeline = make_pipeline(
        NumberCropper(image_size=(16, 16)),
        LocalContrastNormalizer(),
        SVHNCNNClassifier(channels=((4,),), hidden_layer_sizes=(8,), max_epochs=2, random_state=0),
    )
    assert set(pipeline.fit(pictures, y).predict(pictures)) <= {"1", "2"}
