from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import KFold, ShuffleSplit

from sksvhn import Architecture, SVHNSequenceClassifier, Training
from sksvhn.datasets import make_street_numbers
from sksvhn.inspection import find_label_errors

TRUE = ["3", "14", "3", "14", "5", "14", "3", "5", "14", "5"]


class Ranked(NamedTuple):
    in_list: np.ndarray


class PixelReader(BaseEstimator):
    """Reads the number that the first pixel holds; the second is how sure it is."""

    blank = blank_ = 10
    alphabet = alphabet_ = "0123456789"

    def fit(self, X, y):
        self.seen_ = set(X[:, 2].tolist())
        return self

    def predict(self, X, return_confidence):
        assert return_confidence
        assert self.seen_.isdisjoint(X[:, 2].tolist())  # no picture that it was fitted on
        read = np.array([str(int(number)) for number in X[:, 0]], dtype=object)
        return np.where(X[:, 1] < 0.01, "", read), X[:, 1]

    def rank_candidates(self, X, candidates):
        shares = [
            sure if str(label) == str(int(number)) else (1 - sure) / 2
            for number, sure, [label] in zip(X[:, 0], X[:, 1], candidates, strict=True)
        ]
        return Ranked(np.array(shares))


@pytest.fixture(name="X")
def pixels():
    sure = np.linspace(0.5, 0.95, len(TRUE))
    return np.stack([np.array(TRUE, dtype=float), sure, np.arange(len(TRUE))], axis=1)


def test_surest_contradictions_come_first(X):
    y = TRUE.copy()
    y[2], y[7], y[4] = "8", "6", "9"
    table = find_label_errors(PixelReader(), X, y, cv=KFold(2))
    assert table["index"].tolist() == [7, 4, 2]
    assert table["label"].tolist() == ["6", "9", "8"]
    assert table["reading"].tolist() == ["5", "5", "3"]
    assert table["reading_probability"].tolist() == pytest.approx(X[[7, 4, 2], 1])
    assert table["label_probability"].tolist() == pytest.approx((1 - X[[7, 4, 2], 1]) / 2)


def test_right_labels_and_rejected_readings_are_no_suspects(X):
    assert find_label_errors(PixelReader(), X, TRUE, cv=KFold(2)).shape == (0, 5)
    X[3, 1] = 0.001
    y = TRUE.copy()
    y[3] = "99"
    assert find_label_errors(PixelReader(), X, y, cv=KFold(2)).empty


def test_prefit_is_not_fitted_again(X):
    reader = PixelReader()
    reader.seen_ = {-1.0}
    y = ["3"] * len(TRUE)
    table = find_label_errors(reader, X, y, cv="prefit")
    assert reader.seen_ == {-1.0}
    assert sorted(table["index"]) == [i for i, number in enumerate(TRUE) if number != "3"]


@pytest.mark.parametrize("missing", [np.nan, None])
@pytest.mark.parametrize("cv", [2, "prefit"])
def test_missing_label_is_refused_and_not_learned_as_a_text(X, missing, cv):
    y = [*TRUE[:3], missing, *TRUE[4:]]
    with pytest.raises(ValueError, match=rf"y contains NaN, None.*element 3 is {missing}"):
        find_label_errors(PixelReader().fit(X[:0], y[:0]), X, y, cv=cv)


def test_folds_are_of_number_k_fold_and_the_estimator_stays_unfitted(X):
    reader = PixelReader()
    find_label_errors(reader, X, TRUE, cv=2)
    assert not hasattr(reader, "seen_")


@pytest.mark.parametrize("cv", [ShuffleSplit(2, test_size=3, random_state=0), [([0, 1], [2, 3])]])
def test_each_picture_must_be_judged_once(X, cv):
    splitter = cv if hasattr(cv, "split") else _Given(cv)
    with pytest.raises(ValueError, match="must put each picture into one test set"):
        find_label_errors(PixelReader(), X, TRUE, cv=splitter)


class _Given:
    def __init__(self, splits):
        self.splits = [tuple(map(np.array, pair)) for pair in splits]

    def split(self, X, y):
        return iter(self.splits)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"cv": 1}, "'cv' parameter"),
        ({"cv": "fit"}, "cv must be .* got 'fit'"),
        ({"y": TRUE[:-1]}, "inconsistent numbers of samples"),
        ({"estimator": object()}, "'estimator' parameter"),
    ],
)
def test_bad_input_is_refused(changed, message, X):
    call = {"estimator": PixelReader(), "X": X, "y": TRUE}
    with pytest.raises(ValueError, match=message):
        find_label_errors(**(call | changed))


def test_a_label_of_no_number_is_refused(X):
    for y in ([*TRUE[:-1], ""], [*map(int, TRUE[:-1]), -1]):
        with pytest.raises(ValueError, match="y element 9 is an empty number"):
            find_label_errors(PixelReader().fit(X[:0], []), X, y, cv="prefit")


@pytest.fixture(scope="module")
def numbers():
    return make_street_numbers(60, color=False, image_size=(16, 16), random_state=0)


def test_real_reader_judges_all_forms_alike(numbers):
    X = numbers.images
    y = np.array([number.lstrip("0") or "0" for number in numbers.target], dtype=object)
    ints = y.astype(np.int64)
    padded = np.full((len(y), max(map(len, y))), 10)
    for row, number in enumerate(y):
        padded[row, : len(number)] = list(map(int, number))
    tables = []
    for labels in (y, ints, padded):
        clf = SVHNSequenceClassifier(
            channels=((8,),),
            architecture=Architecture(input_size=None),
            max_epochs=1,
            random_state=0,
            training=Training(amp=False),
        ).fit(X, labels)
        tables.append(find_label_errors(clf, X, labels, cv="prefit"))
        _, confidence = clf.predict(X, return_confidence=True)
        rows = tables[-1]["index"].to_numpy()
        assert tables[-1]["reading_probability"].to_numpy() == pytest.approx(confidence[rows])
        assert (tables[-1]["label_probability"] <= tables[-1]["reading_probability"] + 1e-6).all()
    strings, _, codes = tables
    assert strings["index"].tolist() == codes["index"].tolist()
    assert strings["label"].tolist() == y[strings["index"]].tolist() == codes["label"].tolist()


def test_rows_of_codes_are_those_that_the_reader_learned(numbers):
    X, letters = numbers.images, "0123456789AB"
    rows = np.array([[11, 10, 12], [1, 12, 12]] * 30)
    clf = SVHNSequenceClassifier(
        channels=((8,),),
        architecture=Architecture(input_size=None),
        max_epochs=1,
        alphabet=letters,
        blank=12,
    )
    fitted = clone(clf).fit(X, rows).set_params(blank=99, alphabet="7")
    for reader, cv in ((clf, 2), (fitted, "prefit")):
        table = find_label_errors(reader, X, rows, cv=cv)
        labels = np.array(["BA", "1"] * 30)
        assert table["label"].tolist() == labels[table["index"]].tolist()


def test_label_beyond_what_a_fold_has_seen_is_impossible(numbers):
    y = np.array(["12"] * 60, dtype=object)
    y[7] = "12345678"
    clf = SVHNSequenceClassifier(
        channels=((8,),), architecture=Architecture(input_size=None), max_epochs=1, random_state=0
    )
    table = find_label_errors(clf, numbers.images, y, cv=3).set_index("index")
    assert table.loc[7, "label_probability"] == 0
