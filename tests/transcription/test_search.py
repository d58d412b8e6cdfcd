"""Searches over settings by joblib's Dask backend."""

from __future__ import annotations

from itertools import count

import joblib
import numpy as np
import pytest
from distributed import Client
from numpy.typing import ArrayLike, NDArray
from scipy.stats import loguniform
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingRandomSearchCV, KFold

from sksvhn import (
    PositionwiseClassifier,
    SVHNCNNClassifier,
    SVHNLogisticRegression,
    SVHNMLPClassifier,
    SVHNSequenceClassifier,
)

from ..estimators._pictures import bar_numbers

# Dask knows data by their content, and may still be dropping those of the test before.
STATES = count()
SETTINGS = {"max_epochs": 1, "random_state": 0}


class ReaderOfMyOwn(SVHNSequenceClassifier):
    """As users have them, in a module that workers can import."""


@pytest.mark.parametrize(
    ("estimator", "grid"),
    [
        (ReaderOfMyOwn(channels=((4,),), n_views=1, **SETTINGS), {"lr": [0.01, 0.1]}),
        (SVHNCNNClassifier(channels=((4,),), **SETTINGS), {"lr": [0.01, 0.1]}),
        (SVHNMLPClassifier(hidden_layer_sizes=(8,), **SETTINGS), {"lr": [0.01, 0.1]}),
        (SVHNLogisticRegression(features="pixels"), {"C": [0.1, 1]}),
        (
            PositionwiseClassifier(SVHNLogisticRegression(features="pixels")),
            {"estimator__C": [0.1, 1]},
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_grid_search_finds_the_same(client: Client, estimator: object, grid: object) -> None:
    X, y = bar_numbers(48, random_state=next(STATES))
    if isinstance(estimator, (SVHNCNNClassifier, SVHNMLPClassifier, SVHNLogisticRegression)):
        y = np.array([number[0] for number in y])
    search = GridSearchCV(estimator, grid, cv=KFold(2), return_train_score=True, refit=False)
    expected = search.fit(X, y).cv_results_
    with client.as_current(), joblib.parallel_config(backend="dask", scatter=[X, y]):
        found = search.fit(X, y).cv_results_
    assert_same(found, expected)


def test_estimator_of_a_notebook(client: Client) -> None:
    # As there, in no module that workers could import.
    class ReaderOfThisTest(SVHNMLPClassifier):
        def predict(self, X: ArrayLike) -> NDArray[np.object_]:
            return np.full(len(X), "1", dtype=object)

    X, y = bar_numbers(48, random_state=next(STATES))
    y = np.array([number[0] for number in y])
    search = GridSearchCV(ReaderOfThisTest(max_epochs=1), {"lr": [0.1]}, cv=KFold(2))
    with client.as_current(), joblib.parallel_config(backend="dask", scatter=[X, y]):
        search.fit(X, y)
    assert search.best_score_ == pytest.approx((y == "1").mean())


def test_halving_search_finds_the_same(client: Client) -> None:
    X, y = bar_numbers(64, random_state=next(STATES))
    search = HalvingRandomSearchCV(
        SVHNSequenceClassifier(channels=((4,),), n_views=1, **SETTINGS),
        {"lr": loguniform(1e-3, 1e-1)},
        resource="max_epochs",
        min_resources=1,
        max_resources=2,
        factor=2,
        cv=KFold(2),
        random_state=0,
        refit=False,
    )
    expected = search.fit(X, y).cv_results_
    with client.as_current(), joblib.parallel_config(backend="dask", scatter=[X, y]):
        found = search.fit(X, y).cv_results_
    assert_same(found, expected)


def assert_same(found: dict[str, object], expected: dict[str, object]) -> None:
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        if not name.endswith("_time"):
            np.testing.assert_array_equal(found[name], values, name)
