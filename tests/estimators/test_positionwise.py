"""The positionwise classifier beyond scikit-learn's own checks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from sksvhn import PositionwiseClassifier, SVHNLogisticRegression

from ._pictures import bar_numbers


def make_classifier(**params: Any) -> PositionwiseClassifier:
    return PositionwiseClassifier(SVHNLogisticRegression(), **params)


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    return bar_numbers(200)


@pytest.mark.parametrize(
    "form", [lambda y: y, lambda y: ("1" + y).astype(int), lambda y: padded(y, 2)]
)
def test_reads_numbers(form: Any, data: Any) -> None:
    X, y = data[0], form(data[1])
    clf = make_classifier().fit(X[:150], y[:150])
    assert clf.score(X[150:], y[150:]) > 0.9
    assert clf.confidence(X).shape == (200,)


def padded(numbers: Any, width: int) -> np.ndarray:
    rows = np.full((len(numbers), width), 10)
    for row, number in zip(rows, numbers, strict=True):
        row[: len(number)] = list(map(int, number))
    return rows


def test_negative_integers_are_read(data: Any) -> None:
    X, y = data
    y = np.array([-int("1" + number) if "2" in number else int("1" + number) for number in y])
    clf = make_classifier().fit(X, y)
    assert clf.score(X, y) == np.mean(clf.predict(X) == y) > 0.9
    known = np.isin(clf.predict(X), clf.classes_)
    np.testing.assert_array_equal(
        clf.classes_[clf.predict_proba(X).argmax(axis=1)][known], clf.predict(X)[known]
    )


@pytest.mark.parametrize("container", [lambda a: a, lambda a: a.tolist()])
def test_a_number_of_weight_0_is_as_if_absent(container: Any, data: Any) -> None:
    X, y = data
    # Alone these would add characters, a length and a class.
    more = np.r_[y, np.array(["ABC123", None, ""], dtype=object)]
    weight = np.r_[np.ones(len(y)), 0, 0, 0]
    clf = make_classifier().fit(np.r_[X, X[:3]], container(more), sample_weight=weight)
    absent = make_classifier().fit(X, y)
    assert (clf.alphabet_, clf.max_length_) == (absent.alphabet_, absent.max_length_)
    np.testing.assert_array_equal(clf.classes_, absent.classes_)
    np.testing.assert_allclose(clf.confidence(X), absent.confidence(X))


def test_positions_are_those_of_numbers_that_count(data: Any) -> None:
    X, y = data
    short = np.array([len(number) == 1 for number in y])
    clf = make_classifier(max_length=2).fit(X, y, sample_weight=short.astype(float))
    assert clf.position_estimators_[1] is None
    assert isinstance(clf.length_estimator_, DummyClassifier)
    assert {len(number) for number in clf.predict(X)} == {1}


def test_weights_move_the_answer() -> None:
    X, y = np.zeros((20, 4)), np.array(["1", "2"] * 10)
    for favoured in "12":
        clf = make_classifier().fit(X, y, sample_weight=np.where(y == favoured, 9.0, 1.0))
        assert set(clf.predict(X)) == {favoured}


def test_a_refit_forgets_column_names(data: Any) -> None:
    X, y = data[0].reshape(len(data[0]), -1), data[1]
    frame = pd.DataFrame(X).rename(columns="pixel{}".format)
    clf = PositionwiseClassifier(DummyClassifier()).fit(frame, y)
    assert clf.feature_names_in_[0] == "pixel0"
    clf.fit(X[:, :9], y)
    assert not hasattr(clf, "feature_names_in_")
    assert clf.n_features_in_ == 9


class Featureless(DummyClassifier):
    """A classifier that doesn't say how many features it saw, as text models don't."""

    def fit(self, X: Any, y: Any) -> Any:
        super().fit(X, y)
        del self.n_features_in_
        return self


def test_a_refit_forgets_the_number_of_features() -> None:
    y = ["1", "22"]
    clf = PositionwiseClassifier(LogisticRegression()).fit(np.eye(2), y)
    clf.set_params(estimator=Featureless()).fit(np.eye(2), y)
    assert not hasattr(clf, "n_features_in_")


@pytest.mark.parametrize(
    ("X", "y", "weight", "message"),
    [
        (np.eye(2), [[1, 2], [1]], None, "rows of different lengths"),
        (np.eye(2), 5, None, "1d array"),
        (np.eye(2), ["1"], None, "inconsistent numbers of samples"),
        (np.eye(2), ["1", ""], None, "empty number"),
        (np.eye(2), ["1", "2"], [0, 0], "non-zero|0 numbers"),
        (np.eye(2), ["1", "2"], [1, -1], "(?i)negative"),
        ([[0, 1], [0]], ["1", "2"], None, "different shapes; resize"),
    ],
)
def test_bad_training_data(X: Any, y: Any, weight: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_classifier().fit(X, y, sample_weight=weight)


def test_letters_with_integers_are_refused_at_fit(data: Any) -> None:
    with pytest.raises(ValueError, match="'AB', but y holds integers"):
        make_classifier(alphabet="0123456789AB").fit(data[0], data[1].astype(int))


def test_weights_that_the_classifier_does_not_take(data: Any) -> None:
    with pytest.raises(ValueError, match="KNeighborsClassifier"):
        PositionwiseClassifier(KNeighborsClassifier()).fit(*data, sample_weight=np.ones(200))
