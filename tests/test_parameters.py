"""Parameters of any number type: Python's, NumPy's, and sequences of them."""

from __future__ import annotations

import copy
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sksvhn import SVHNMLPClassifier
from sksvhn._parameters import as_python, validate_params
from sksvhn.datasets import make_street_numbers


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.bool_(True), True),
        (np.uint8(200), 200),
        (np.float32(0.5), 0.5),
        (np.longdouble(0.5), 0.5),
        (Fraction(1, 4), 0.25),
        (np.str_("adam"), "adam"),
        ([np.int64(3), None, (np.bool_(False),)], (3, None, (False,))),
        (np.array([[1, 2]], np.uint16), ((1, 2),)),
        (pd.Series([1.5]), (1.5,)),
        (range(2), (0, 1)),
        (None, None),
    ],
)
def test_as_python(value: Any, expected: Any) -> None:
    converted = as_python(value)
    assert converted == expected
    assert type(converted) is type(expected)


def test_objects_stay_what_they_are() -> None:
    state = np.random.RandomState(0)
    assert as_python(state) is state


def test_functions_get_numbers_of_python() -> None:
    @validate_params({"n": [int], "x": "no_validation"}, prefer_skip_nested_validation=True)
    def types(n: int, x: Any) -> tuple[type, type]:
        return type(n), type(x)

    array = np.array([1])
    assert types(5, x=array) == (int, np.ndarray)
    with pytest.raises(TypeError, match=r"The .n. parameter of .*types must be"):
        types(np.float32(1), x=np.int8(1))


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    return make_street_numbers(
        60,
        image_size=(8, 8),
        color=False,
        max_length=1,
        alphabet="01",
        random_state=0,
        return_X_y=True,
    )


@pytest.mark.parametrize("sizes", [16, np.int64(16), [16], np.array([16]), pd.Series([16])])
def test_sizes_of_layers(sizes: Any, digits: tuple[np.ndarray, np.ndarray]) -> None:
    clf = SVHNMLPClassifier(hidden_layer_sizes=sizes, max_epochs=1, random_state=0)
    same = SVHNMLPClassifier(hidden_layer_sizes=(16,), max_epochs=1, random_state=0)
    expected = same.fit(*digits).predict_proba(digits[0])
    for copied in (clf, clone(clf), pickle.loads(pickle.dumps(clf)), copy.deepcopy(clf)):
        np.testing.assert_array_equal(copied.fit(*digits).predict_proba(digits[0]), expected)


@pytest.mark.parametrize("batch_size", [np.uint8(16), np.int64(16)])
def test_bfloat16_is_decided_of_numbers_of_numpy(
    batch_size: Any, digits: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sksvhn.estimators._fitting.has_fast_bfloat16", lambda device: True)
    clf = SVHNMLPClassifier(batch_size=batch_size, max_epochs=1)
    assert clf.fit(digits[0].astype(np.float32), digits[1]).amp_ is False  # too small to gain


def test_grid_of_numpy_values(digits: tuple[np.ndarray, np.ndarray]) -> None:
    grid = {
        "batch_size": np.array([16, 32]),
        "lr": np.array([0.01, 0.1], np.float32),
        "early_stopping": np.array([True]),
    }
    clf = SVHNMLPClassifier(hidden_layer_sizes=16, max_epochs=1, random_state=0)
    search = GridSearchCV(clf, grid, cv=2, error_score="raise").fit(*digits)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
