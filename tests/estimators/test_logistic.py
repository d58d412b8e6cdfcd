"""Logistic regression on pixels and on histograms of oriented gradients."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

from sksvhn import PositionwiseClassifier, SVHNLogisticRegression
from sksvhn.estimators import _hog, _logistic

from ._pictures import bar_numbers

FEATURES = ["pixels", "hog"]
# Five rows of five pixels.
STROKES = {
    "0": "#####" + 3 * "#...#" + "#####",
    "1": 5 * "..#..",
    "2": "#####" + "....#" + "#####" + "#...." + "#####",
    "3": "#####" + "....#" + "#####" + "....#" + "#####",
    "4": 2 * "#...#" + "#####" + 2 * "....#",
    "7": "#####" + "...#." + "..#.." + ".#..." + "#....",
}


def digits(n_samples: int, random_state: int) -> tuple[NDArray[np.uint8], NDArray[np.str_]]:
    """Drawn digits, bright on dark or dark on bright, of any contrast, shifted, in noise."""
    rng = np.random.default_rng(random_state)
    labels = rng.choice(list(STROKES), n_samples)
    images = np.empty((n_samples, 24, 24))
    for image, label in zip(images, labels, strict=True):
        mask = np.array(list(STROKES[label])).reshape(5, 5) == "#"
        ground, ink = rng.uniform(20, 220, 2)
        ink += np.copysign(40, ink - ground)
        image[:] = ground
        top, left = rng.integers(1, 8, 2)
        image[top : top + 15, left : left + 15][mask.repeat(3, axis=0).repeat(3, axis=1)] = ink
    images += rng.normal(0, 5, images.shape)
    return np.clip(images, 0, 255).astype(np.uint8), labels


@pytest.fixture(scope="module")
def bars() -> tuple[NDArray[np.uint8], NDArray[np.str_]]:
    """Grey pictures with one bar or two, labelled by the first."""
    images, numbers = bar_numbers(120)
    return images, np.array([number[0] for number in numbers])


@pytest.mark.parametrize("features", FEATURES)
def test_pixel_range_and_dtype_do_not_matter(features: str, bars: Any) -> None:
    images, labels = bars
    expected = SVHNLogisticRegression(features=features).fit(images, labels)
    for dtype, scale in (
        (np.float32, 1),
        (np.float64, 1),
        (np.int64, 1),
        (np.float32, 1 / 255),
        (np.float64, 1 / 255),
    ):
        pixels = (images * scale).astype(dtype)
        found = SVHNLogisticRegression(features=features).fit(pixels, labels)
        np.testing.assert_allclose(
            found.predict_proba(pixels), expected.predict_proba(images), atol=1e-3
        )


@pytest.mark.parametrize("features", FEATURES)
def test_rows_tables_and_pictures_are_alike(features: str, bars: Any) -> None:
    images, labels = bars
    expected = SVHNLogisticRegression(features=features).fit(images, labels).predict_proba(images)
    rows = images.reshape(len(images), -1)
    table = pd.DataFrame(rows).rename(columns="pixel{}".format)
    for X in (images[..., None], rows, table):
        clf = SVHNLogisticRegression(features=features).fit(X, labels)
        # A table is read as float64.
        np.testing.assert_allclose(clf.predict_proba(X), expected, atol=1e-4)
        assert clf.n_features_in_ == 256
        assert clf.image_shape_ == (16, 16, 1)
    assert list(clf.feature_names_in_) == list(table.columns)


def test_oblong_rows_are_read_with_their_shape() -> None:
    images, labels = digits(80, 0)
    oblong = images[:, 2:20]
    expected = SVHNLogisticRegression(features="hog").fit(oblong, labels).predict_proba(oblong)
    rows = oblong.reshape(len(oblong), -1)
    clf = SVHNLogisticRegression(features="hog", image_shape=(18, 24)).fit(rows, labels)
    np.testing.assert_array_equal(clf.predict_proba(rows), expected)


def test_hog_reads_digits_of_any_polarity_and_place_better() -> None:
    (X, y), (X_test, y_test) = digits(400, 0), digits(300, 1)
    accuracy = {
        features: SVHNLogisticRegression(features=features).fit(X, y).score(X_test, y_test)
        for features in FEATURES
    }
    assert accuracy["hog"] > 0.85
    assert accuracy["pixels"] < 0.6


@pytest.mark.parametrize("features", FEATURES)
def test_fit_is_deterministic_and_leaves_no_trace(features: str, bars: Any) -> None:
    images, labels = bars[0].copy(), bars[1]
    images.setflags(write=False)
    state = pickle.dumps(np.random.get_state())  # noqa: NPY002
    first, second = (
        SVHNLogisticRegression(features=features).fit(images, labels) for _ in range(2)
    )
    assert pickle.dumps(np.random.get_state()) == state  # noqa: NPY002
    np.testing.assert_array_equal(first.pipeline_[-1].coef_, second.pipeline_[-1].coef_)
    assert first.n_iter_ == second.n_iter_ == first.pipeline_[-1].n_iter_.max()


def test_answers_agree(bars: Any) -> None:
    images, labels = bars
    clf = SVHNLogisticRegression(features="hog").fit(images, labels)
    probability = clf.predict_proba(images)
    np.testing.assert_allclose(probability.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(np.exp(clf.predict_log_proba(images)), probability, rtol=1e-5)
    scores = clf.decision_function(images)
    np.testing.assert_array_equal(clf.classes_[scores.argmax(axis=1)], clf.predict(images))


def test_the_convergence_warning_is_scikit_learns(bars: Any) -> None:
    images, labels = bars
    rows = StandardScaler().fit_transform(images.reshape(len(images), -1).astype(np.float32))
    messages = []
    for clf, X in (
        (LogisticRegression(C=0.01, tol=1e-12, max_iter=3), rows),
        (SVHNLogisticRegression(tol=1e-12, max_iter=3), images),
    ):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            clf.fit(X, labels)
        messages.append([(warning.category, str(warning.message)) for warning in caught])
    assert messages[0] == messages[1]
    assert [category for category, _ in messages[1]] == [ConvergenceWarning]
    assert clf.n_iter_ == 3


@pytest.mark.parametrize(
    ("X", "found"), [(np.ones((2, 30)), "1 by 30"), (np.ones((2, 4, 9)), "4 by 9")]
)
def test_pictures_too_small_for_a_cell(X: NDArray[np.float64], found: str) -> None:
    with pytest.raises(ValueError, match=f"at least 5 by 5 pixels .* got {found}; "):
        SVHNLogisticRegression(features="hog").fit(X, [0, 1])
    SVHNLogisticRegression().fit(X + np.arange(2).reshape(2, *[1] * (X.ndim - 1)), [0, 1])


def test_unknown_features() -> None:
    with pytest.raises(ValueError, match=r"'features' parameter .* must be a str among"):
        SVHNLogisticRegression(features="sift").fit(np.ones((2, 9, 9)), [0, 1])


def test_hog_in_a_reader_of_numbers() -> None:
    images, numbers = bar_numbers(200, size=20)
    clf = PositionwiseClassifier(SVHNLogisticRegression(features="hog")).fit(images, numbers)
    assert np.mean(clf.predict(images) == numbers) > 0.9


@pytest.mark.parametrize(
    ("estimator", "check"),
    [
        pytest.param(estimator, check, id=getattr(check, "func", check).__name__)
        for estimator, check in estimator_checks_generator(SVHNLogisticRegression(features="hog"))
    ],
)
def test_scikit_learn_check_with_hog(
    estimator: Any, check: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The checks fit tables of one column and more: cells of one pixel fit into them.
    for module in (_hog, _logistic):
        monkeypatch.setattr(module, "CELL", 1)
    check(estimator)


def test_pixels_of_another_scale_are_refused() -> None:
    X = np.random.default_rng(0).integers(0, 256, (20, 8, 8)).astype(float)
    clf = SVHNLogisticRegression().fit(X, np.arange(20) % 2)
    with pytest.raises(ValueError, match="multiply X by 255"):
        clf.predict(X / 255)
    for wrong in (X / 127.5 - 1, X - 128, -X):
        with pytest.raises(ValueError, match="held none below 0; pass pixels from 0 to 255"):
            clf.predict(wrong)
    clf.predict(X - 5)  # as resizing may leave them
