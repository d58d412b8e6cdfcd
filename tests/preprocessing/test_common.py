"""scikit-learn's own contract, and what all transformers of pictures share."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

from sksvhn import SVHNCNNClassifier, SVHNLogisticRegression
from sksvhn.preprocessing import (
    GrayscaleTransformer,
    ImageResizer,
    ImageStandardizer,
    NumberCropper,
)

SAME_SHAPE = [
    ImageStandardizer(),
    ImageStandardizer(per_image=True),
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


@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=repr)
@pytest.mark.parametrize("shape", [(5, 7, 8), (5, 7, 8, 3)])
@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_pictures_stay_arrays_where_tables_are_asked_for(
    transformer: Any, shape: tuple[int, ...], container: str
) -> None:
    X = random_pictures(*shape)
    expected = clone(transformer).fit_transform(X)
    with sklearn.config_context(transform_output=container):
        by_config = [clone(transformer).fit_transform(X), clone(transformer).fit(X).transform(X)]
    asked = clone(transformer).set_output(transform=container)
    for result in (*by_config, asked.fit_transform(X), asked.transform(X)):
        assert isinstance(result, np.ndarray)
        np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=repr)
def test_rows_become_tables_where_asked_for(transformer: Any) -> None:
    rows = pd.DataFrame(random_pictures(5, 12), index=list("abcde"))
    expected = clone(transformer).fit_transform(rows)
    with sklearn.config_context(transform_output="pandas"):
        fitted = clone(transformer).fit(rows)
        for frame in (fitted.transform(rows), clone(transformer).fit_transform(rows)):
            assert isinstance(frame, pd.DataFrame)
            assert list(frame.index) == list("abcde")
            assert list(frame.columns) == list(fitted.get_feature_names_out())
            np.testing.assert_array_equal(frame, expected)


def test_weights_reach_the_standardizer_by_fit_transform() -> None:
    X = random_pictures(5, 7, 8)
    weights = np.array([1.0, 0, 2, 0, 1])
    result = ImageStandardizer().fit_transform(X, sample_weight=weights)
    expected = ImageStandardizer().fit(X, sample_weight=weights).transform(X)
    np.testing.assert_array_equal(result, expected)
    assert not np.array_equal(result, ImageStandardizer().fit_transform(X))


def test_pictures_in_a_pipeline_that_asks_for_tables() -> None:
    X = random_pictures(12, 20, 16, 3)
    y = np.arange(12) % 3
    pipeline = make_pipeline(
        GrayscaleTransformer(),
        ImageResizer(image_size=(10, 8)),
        ImageStandardizer(),
        SVHNLogisticRegression(C=1000),
    )
    plain = clone(pipeline).fit(X, y).predict_proba(X)
    asked = pipeline.set_output(transform="pandas").fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(asked, plain)


def test_pipeline_of_rows_before_a_linear_model() -> None:
    X = random_pictures(12, 64)
    y = np.arange(12) % 3
    pipeline = make_pipeline(
        ImageResizer(image_size=(7, 7)),
        ImageStandardizer(),
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
        ImageStandardizer(per_image=True),
        SVHNCNNClassifier(channels=((4,),), hidden_layer_sizes=(8,), max_epochs=2, random_state=0),
    )
    assert set(pipeline.fit(pictures, y).predict(pictures)) <= {"1", "2"}
