"""What a reader answers, given factors that are stated here."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin

from sksvhn.estimators._decoding import SequenceFactors
from sksvhn.estimators._reader import NumberReader

N_PICTURES = 30


class RandomReader(NumberReader, ClassifierMixin, BaseEstimator):
    """Answers whatever comes, by chance."""

    def __init__(
        self,
        alphabet: str | None = None,
        max_length: int | None = None,
        blank: int = 10,
        seed: int = 0,
        sharpness: float = 3.0,
    ) -> None:
        self.alphabet = alphabet
        self.max_length = max_length
        self.blank = blank
        self.seed = seed
        self.sharpness = sharpness

    def fit(self, X: Any, y: Any) -> Self:
        self._learn_labels(y)
        return self

    def _log_factors(self, X: Any) -> SequenceFactors:
        rng = np.random.default_rng(self.seed)
        length = rng.standard_normal((len(X), self.max_length_))
        positions = rng.standard_normal((len(X), self.max_length_, len(self.alphabet_)))
        return SequenceFactors(
            log_softmax(self.sharpness * length, axis=1),
            log_softmax(self.sharpness * positions, axis=2),
        )


X = np.zeros((N_PICTURES, 1))

LABELS = {
    "strings": np.array(["0", "07", "12", "120"]),
    "integers": np.array([0, 7, 12, 120]),
    "negative": np.array([-1, 1, -120, 20]),
    "both signs of two": np.array([-1, 1]),
    "floats": np.array([3.0, 21.0]),
}


@pytest.mark.parametrize("y", LABELS.values(), ids=LABELS)
@given(seed=st.integers(0, 10_000), sharpness=st.floats(0.1, 6))
@settings(deadline=None, max_examples=20)
def test_answers_agree_with_each_other(y: Any, seed: int, sharpness: float) -> None:
    clf = RandomReader(seed=seed, sharpness=sharpness).fit(X, y)
    read, confidence, factors = clf.predict(X), clf.confidence(X), clf.predict_factors(X)
    assert read.dtype.kind == y.dtype.kind
    joint = np.array(
        [probability(clf, number, i, factors) for i, number in enumerate(written(read))]
    )
    np.testing.assert_allclose(confidence, joint)
    # No label has a higher probability than the reading, and one that is read is the likeliest.
    of_classes = np.array(
        [[probability(clf, s, i, factors) for s in written(clf.classes_)] for i in range(len(X))]
    )
    assert (of_classes.max(axis=1) <= confidence * (1 + 1e-9)).all()
    np.testing.assert_allclose(
        clf.predict_proba(X), of_classes / of_classes.sum(axis=1, keepdims=True)
    )
    known = np.isin(read, clf.classes_)
    np.testing.assert_array_equal(
        clf.classes_[clf.predict_proba(X).argmax(axis=1)][known], read[known]
    )
    assert clf.score(X, read) == 1


def written(numbers: Any) -> list[str]:
    return [v if isinstance(v, str) else str(int(v)) for v in numbers.tolist()]


def probability(clf: Any, number: str, i: int, factors: SequenceFactors) -> float:
    characters = [
        factors.positions[i, k, clf.alphabet_.index(character)]
        for k, character in enumerate(number)
    ]
    return float(factors.length[i, len(number) - 1] * np.prod(characters))


def test_integers_never_seen_are_answered() -> None:
    for y in (np.array([12, 99]), np.array([-12, 99])):
        assert not set(RandomReader().fit(X, y).predict(X)) <= set(y)


def test_a_leading_zero_is_read_in_strings_alone() -> None:
    zero_first = np.log([[[0.9, 0.1], [0.2, 0.8]]]), np.log([[0.05, 0.95]])

    class ZeroFirst(RandomReader):
        def _log_factors(self, X: Any) -> SequenceFactors:
            return SequenceFactors(zero_first[1], zero_first[0])

    strings = ZeroFirst(alphabet="01").fit(X, np.array(["01", "11"]))
    assert strings.predict(X[:1]).tolist() == ["01"]
    integers = ZeroFirst(alphabet="01").fit(X, np.array([11, 1]))
    assert integers.predict(X[:1]).tolist() == [11]
    np.testing.assert_allclose(integers.confidence(X[:1]), 0.95 * 0.1 * 0.8)
    np.testing.assert_allclose(integers.predict_factors(X[:1]).positions[0, 0], [0.9, 0.1])


@pytest.mark.parametrize(("width", "max_length"), [(2, None), (2, 2), (2, 4), (4, 2), (4, None)])
@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.float64])
def test_padded_answers_have_equal_columns(width: int, max_length: Any, dtype: Any) -> None:
    y = np.full((3, width), 10, dtype=dtype)
    y[:, 0] = [1, 0, 2]
    y[1:, 1] = [3, 0]
    clf = RandomReader(max_length=max_length, sharpness=1.0).fit(X, y)
    read, proba = clf.predict(X), clf.predict_proba(X)
    assert read.dtype == dtype
    assert read.shape[1] == max(width, max_length or 0) == len(clf.classes_) == len(proba)
    for column, classes in enumerate(clf.classes_):
        assert classes.dtype == dtype
        seen = y[:, column] if column < width else [10]
        np.testing.assert_array_equal(classes, np.unique(seen))
        assert proba[column].shape == (N_PICTURES, len(classes))
        np.testing.assert_allclose(proba[column].sum(axis=1), 1)
    assert clf.score(X, read) == 1


def test_later_padded_labels_join_the_columns() -> None:
    clf = RandomReader(max_length=3)
    clf._learn_labels([[1, 10], [2, 3]])
    clf._learn_labels([[4, 5]], reset=False, keep_classes=True)
    assert [column.tolist() for column in clf.classes_] == [[1, 2, 4], [3, 5, 10], [10]]


def test_classes_named_beforehand() -> None:
    clf = RandomReader()
    clf._learn_labels(["1"], classes=["1", "23A"])
    assert (clf.alphabet_, clf.max_length_, clf.classes_.tolist()) == ("123A", 3, ["1", "23A"])


@pytest.mark.parametrize(
    ("params", "y", "classes", "message"),
    [
        ({}, [[1, 2], [1]], None, "y has rows of different lengths"),
        ({}, 5, None, "y should be a 1d array of numbers"),
        ({}, [], None, "y holds 0 numbers"),
        ({"alphabet": "0123456789AB"}, [1, 2], None, "'AB', but y holds integers"),
        ({"alphabet": "0123456789"}, [1, -2], None, "'-2', whose character '-'"),
        ({}, [1, 2], ["1", "2"], "classes has .* pass both in one form"),
        ({}, [[1, 2]], [1, 2], "classes has .* pass both in one form"),
        ({}, ["1"], [["1"], ["2", "3"]], "classes has rows of different lengths"),
        ({"max_length": 1}, ["1"], ["12"], "classes holds '12' of length 2"),
        ({"alphabet": "1"}, ["1"], ["2"], "classes holds '2'"),
        ({}, [[1, 2]], [[10, 10]], "classes element 1 is an empty number"),
    ],
)
def test_bad_labels_get_one_clear_error(
    params: dict[str, Any], y: Any, classes: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        RandomReader(**params)._learn_labels(y, classes=classes)
