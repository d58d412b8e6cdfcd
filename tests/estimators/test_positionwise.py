"""The positionwise classifier beyond scikit-learn's own checks."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sksvhn import PositionwiseClassifier, SVHNLogisticRegression, load
from sksvhn.preprocessing import GrayscaleTransformer

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
        (np.eye(2), ["1", "2"], [0, 0], "non-zero|at least one number"),
        (np.eye(2), ["1", "2"], [1, -1], "(?i)negative"),
        ([[0, 1], [0]], ["1", "2"], None, "different shapes; resize"),
    ],
)
def test_bad_training_data(X: Any, y: Any, weight: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_classifier().fit(X, y, sample_weight=weight)


def test_letters_with_integers_are_refused_at_fit(data: Any) -> None:
    with pytest.raises(ValueError, match="if y holds integers; got 'AB'"):
        make_classifier(alphabet="0123456789AB").fit(data[0], data[1].astype(int))


def test_weights_that_the_classifier_does_not_take(data: Any) -> None:
    with pytest.raises(ValueError, match="KNeighborsClassifier"):
        PositionwiseClassifier(KNeighborsClassifier()).fit(*data, sample_weight=np.ones(200))


def flattened(X: np.ndarray) -> np.ndarray:
    return X.reshape(len(X), -1)


PIPELINE = make_pipeline(GrayscaleTransformer(), FunctionTransformer(flattened), GaussianNB())


@pytest.mark.parametrize(
    ("estimator", "as_given"),
    [
        (KNeighborsClassifier(), lambda X: X),
        (KNeighborsClassifier(), flattened),
        (PIPELINE, lambda X: X),
    ],
)
def test_a_classifier_that_knows_no_scale_is_held_to_it(
    estimator: Any, as_given: Any, data: Any
) -> None:
    X, y = data
    clf = PositionwiseClassifier(estimator).fit(X, y)
    with pytest.raises(ValueError, match=r"X\[2\] holds .* white was 255; multiply X by 255"):
        clf.predict(as_given(np.concatenate([X[:2] * 1.0, X / 255])))
    np.testing.assert_array_equal(
        clf.predict_proba(as_given(X > 99)), clf.predict_proba(as_given((X > 99) * np.uint8(255)))
    )
    with pytest.warns(UserWarning, match="200 of 200 pictures are almost black"):
        clf.predict(as_given((X > 99) * 1))


def test_a_scale_is_kept_in_files_and_forgotten_in_a_refit(data: Any, tmp_path: Path) -> None:
    X, y = data
    clf = PositionwiseClassifier(SVHNLogisticRegression()).fit(X, y)
    clf.save(tmp_path / "model.sksvhn")
    for same in (load(tmp_path / "model.sksvhn"), pickle.loads(pickle.dumps(clf))):
        with pytest.raises(ValueError, match="white was 255"):
            same.predict(X / 255)
    clf.fit(X / 255, y).predict(X / 255)
    with pytest.raises(ValueError, match="white was 1"):
        clf.predict(X)


def test_rows_have_no_scale(data: Any) -> None:
    X, y = flattened(data[0]), data[1]
    clf = PositionwiseClassifier(KNeighborsClassifier()).fit(data[0], y).fit(X, y)
    for rows in (X / 255, X > 99, (X > 99) * 1, X * 257.0):
        expected = KNeighborsClassifier().fit(X, [len(number) for number in y]).predict_proba(rows)
        np.testing.assert_allclose(clf.predict_factors(rows).length, expected, atol=1e-9)
