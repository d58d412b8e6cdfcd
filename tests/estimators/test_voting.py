"""Readers that are averaged."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from sksvhn import PositionwiseClassifier, SVHNLogisticRegression, VotingReader, load
from sksvhn.estimators._decoding import SequenceFactors
from sksvhn.model_selection import NumberKFold

RNG = np.random.default_rng(0)
NUMBERS = np.array(["7", "19", "0210"] * 20, dtype=object)
X = np.array([[len(s), int(s[0]), int(s[-1])] for s in NUMBERS]) + RNG.normal(0, 1.5, (60, 3))
READERS = [
    PositionwiseClassifier(GaussianNB()),
    PositionwiseClassifier(DecisionTreeClassifier(max_depth=1, random_state=0)),
]


def test_factors_are_weighted_means() -> None:
    clf = VotingReader(READERS, weights=[3, 1]).fit(X, NUMBERS)
    parts = zip(*(clone(r).fit(X, NUMBERS).predict_factors(X) for r in READERS), strict=True)
    expected = SequenceFactors(*(0.75 * a + 0.25 * b for a, b in parts))
    found = clf.predict_factors(X)
    np.testing.assert_allclose(found.length, expected.length, atol=1e-12)
    np.testing.assert_allclose(found.positions, expected.positions, atol=1e-12)
    assert not hasattr(READERS[0], "classes_")


def test_one_reader_votes_as_it_reads() -> None:
    alone = clone(READERS[0]).fit(X, NUMBERS)
    clf = VotingReader(READERS[:1]).fit(X, NUMBERS)
    np.testing.assert_array_equal(clf.predict(X), alone.predict(X))
    np.testing.assert_allclose(clf.confidence(X), alone.confidence(X))
    assert clf.score(X, NUMBERS) == alone.score(X, NUMBERS)


@pytest.mark.parametrize(
    "y",
    [NUMBERS, [int("1" + s) for s in NUMBERS], [[1, 9, 10], [2, 10, 10]] * 30],
    ids=["strings", "integers", "rows"],
)
def test_answers_have_the_form_of_the_labels(y: Any) -> None:
    clf = VotingReader(READERS).fit(X, y)
    assert np.asarray(clf.predict(X)).shape == np.shape(y)
    assert 0 < clf.score(X, y) <= 1
    assert clf.top_k(X, 3).probability.shape == (60, 3)
    assert len(clf.rank_candidates(X[:1], [np.asarray(y)[:2]]).posterior[0]) == 2
    assert clf.calibrate(X, y).temperatures_ != (1, 1)
    first = clf.predict_proba(X)
    first = first[0] if isinstance(first, list) else first
    np.testing.assert_allclose(first.sum(axis=1), 1)


def test_saved_pickled_and_cloned(tmp_path: Path) -> None:
    readers = [PositionwiseClassifier(SVHNLogisticRegression(C=c)) for c in (0.01, 1.0)]
    clf = VotingReader(readers, weights=[2.0, 1.0]).fit(X, NUMBERS)
    clf.save(tmp_path / "vote.sksvhn")
    for same in (load(tmp_path / "vote.sksvhn"), pickle.loads(pickle.dumps(clf))):
        np.testing.assert_array_equal(same.predict(X), clf.predict(X))
        np.testing.assert_array_equal(same.confidence(X), clf.confidence(X))
    assert not hasattr(clone(clf), "estimators_")


@pytest.mark.parametrize(
    ("readers", "weights", "error", "message"),
    [
        ([], None, ValueError, "estimators must hold at least one reader"),
        ([GaussianNB()], None, TypeError, "readers of whole numbers.*got a GaussianNB"),
        (READERS, [1], ValueError, "weights must be 2 finite numbers"),
        (READERS, [0, 0], ValueError, "weights must be 2 finite numbers"),
        (READERS, [1, -1], ValueError, "weights must be 2 finite numbers"),
        (
            [READERS[0], PositionwiseClassifier(GaussianNB(), max_length=7)],
            None,
            ValueError,
            "with the same alphabet, .* give them the same",
        ),
    ],
)
def test_what_cannot_vote(readers: Any, weights: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        VotingReader(readers, weights=weights).fit(X, NUMBERS)


def test_folds_see_numbers() -> None:
    for train, test in NumberKFold(2).split(X, NUMBERS):
        clf = VotingReader(READERS).fit(X[train], NUMBERS[train])
        assert set(clf.classes_) == {"7", "19", "0210"}
        assert clf.predict(X[test]).shape == (len(test),)
