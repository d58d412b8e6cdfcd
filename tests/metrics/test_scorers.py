from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.tree import DecisionTreeClassifier

from sksvhn import PositionwiseClassifier
from sksvhn.metrics import (
    accuracy_at_coverage_score,
    area_under_risk_coverage_score,
    coverage_at_accuracy_score,
    coverage_at_accuracy_scorer,
    expected_calibration_error,
    make_confidence_scorer,
)
from sksvhn.model_selection import NumberKFold

AT_80 = make_confidence_scorer(coverage_at_accuracy_score, accuracy=0.8)


class TreeReader(DecisionTreeClassifier):
    """Reads a few known numbers, and is the surer the purer the leaf."""

    def predict(self, X, check_input=True, return_confidence=False):
        numbers = super().predict(X, check_input)
        return (numbers, self.confidence(X)) if return_confidence else numbers

    def confidence(self, X):
        return self.predict_proba(X).max(axis=1)


class Shift(TransformerMixin, BaseEstimator):
    """Learns nothing, and has no fitted attribute to show for it."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.asarray(X) + 100


@pytest.fixture
def pictures():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 4))
    y = np.array(["7", "19", "0210"])[(X[:, 0] > 0).astype(int) + (X[:, 1] > 0)]
    flipped = rng.random(120) < 0.2
    return X, np.where(flipped, "7", y)


def by_hand(reader, X, y, accuracy=0.98):
    return coverage_at_accuracy_score(y, reader.predict(X), reader.confidence(X), accuracy=accuracy)


def test_scores_reading_and_confidence_together(pictures):
    X, y = pictures
    reader = TreeReader(max_depth=2, random_state=0).fit(X[:60], y[:60])
    expected = by_hand(reader, X[60:], y[60:], accuracy=0.8)
    assert 0 < expected < 1
    assert AT_80(reader, X[60:], y[60:]) == expected
    weight = np.arange(60)
    assert AT_80(reader, X[60:], y[60:], sample_weight=weight) == coverage_at_accuracy_score(
        y[60:],
        reader.predict(X[60:]),
        reader.confidence(X[60:]),
        accuracy=0.8,
        sample_weight=weight,
    )


@pytest.mark.parametrize(
    "wrap",
    [
        make_pipeline,
        lambda reader: make_pipeline(Shift(), "passthrough", None, reader),
        lambda reader: make_pipeline(Shift(), make_pipeline(Shift(), reader)),
        lambda reader: GridSearchCV(reader, {"max_depth": [2]}, cv=NumberKFold(2)),
        lambda reader: GridSearchCV(
            Pipeline([("shift", Shift()), ("reader", reader)]),
            {"reader__max_depth": [2]},
            cv=NumberKFold(2),
        ),
    ],
    ids=["pipeline", "steps", "nested", "search", "search over pipeline"],
)
def test_finds_the_reader_inside(wrap, pictures):
    X, y = pictures
    reader = TreeReader(max_depth=2, random_state=0)
    expected = by_hand(reader.fit(X[:60], y[:60]), X[60:], y[60:], accuracy=0.8)
    wrapped = wrap(TreeReader(max_depth=2, random_state=0)).fit(X[:60], y[:60])
    assert AT_80(wrapped, X[60:], y[60:]) == expected


def test_chooses_in_a_grid_search(pictures):
    X, y = pictures
    pipeline = Pipeline([("shift", Shift()), ("reader", TreeReader(random_state=0))])
    depths, folds = [1, 3], NumberKFold(3)
    search = GridSearchCV(
        pipeline,
        {"reader__max_depth": depths},
        scoring=AT_80,
        cv=folds,
        error_score="raise",
    ).fit(X, y)
    for depth, mean in zip(depths, search.cv_results_["mean_test_score"], strict=True):
        expected = [
            by_hand(
                TreeReader(max_depth=depth, random_state=0).fit(X[train], y[train]),
                X[test],
                y[test],
                accuracy=0.8,
            )
            for train, test in folds.split(X, y)
        ]
        assert mean == pytest.approx(np.mean(expected))


@pytest.mark.parametrize(
    ("score", "sign", "options"),
    [
        (coverage_at_accuracy_score, 1, {"accuracy": 0.8}),
        (accuracy_at_coverage_score, 1, {"coverage": 0.5}),
        (area_under_risk_coverage_score, -1, {}),
        (expected_calibration_error, -1, {"n_bins": 3, "strategy": "quantile"}),
    ],
)
def test_every_scorer_is_its_score(score, sign, options, pictures):
    X, y = pictures
    scorer = make_confidence_scorer(score, greater_is_better=sign > 0, **options)
    search = GridSearchCV(
        make_pipeline(Shift(), TreeReader(random_state=0)),
        {"treereader__max_depth": [2]},
        scoring=scorer,
        cv=[(np.arange(60), np.arange(60, 120))],
        refit=False,
        error_score="raise",
    ).fit(X, y)
    reader = TreeReader(max_depth=2, random_state=0).fit(X[:60], y[:60])
    seen = y[60:], reader.predict(X[60:]), reader.confidence(X[60:])
    expected = sign * score(*seen, **options)
    assert expected != sign * score(*seen) or not options
    assert search.cv_results_["mean_test_score"].tolist() == [expected]
    weight = np.arange(60)
    weighted = sign * score(*seen, sample_weight=weight, **options)
    for same in (scorer, pickle.loads(pickle.dumps(scorer))):
        assert same(reader, X[60:], y[60:], sample_weight=weight) == weighted
    # Where there is no number, nothing is right.
    nothing = scorer(reader, X[60:], np.full((60, 1), 10))
    assert nothing == sign * score([""] * 60, *seen[1:], **options)


def test_a_scorer_says_what_it_is():
    assert repr(coverage_at_accuracy_scorer) == "make_confidence_scorer(coverage_at_accuracy_score)"
    assert repr(
        make_confidence_scorer(expected_calibration_error, greater_is_better=False, n_bins=3)
    ) == ("make_confidence_scorer(expected_calibration_error, greater_is_better=False, n_bins=3)")


def test_weights_are_routed(pictures):
    X, y = pictures
    weight = np.arange(120.0)
    tree = DecisionTreeClassifier(max_depth=2, random_state=0)
    with config_context(enable_metadata_routing=True):
        reader = PositionwiseClassifier(tree.set_fit_request(sample_weight=False))
        scorer = make_confidence_scorer(coverage_at_accuracy_score, accuracy=0.8)
        scorer.set_score_request(sample_weight=True)
        [found] = cross_val_score(
            reader,
            X,
            y,
            scoring=scorer,
            cv=[(np.arange(60), np.arange(60, 120))],
            params={"sample_weight": weight},
        )
    reader.fit(X[:60], y[:60])
    assert found == AT_80(reader, X[60:], y[60:], sample_weight=weight[60:])


def test_rows_of_codes_are_those_that_the_reader_learned(pictures):
    X, _ = pictures
    y = np.where(X[:, :1] > 0, [[11, 0, 12]], [[3, 12, 12]])
    reader = PositionwiseClassifier(DecisionTreeClassifier(), alphabet="0123456789AB", blank=12)
    reader = make_pipeline(Shift(), reader.fit(X + 100, y))
    assert coverage_at_accuracy_scorer(reader, X, y) == 1
    reader[-1].set_params(alphabet=None, blank=10)
    assert coverage_at_accuracy_scorer(reader, X, y) == 1
    assert coverage_at_accuracy_scorer(reader, X, np.where(X[:, 0] > 0, "B0", "3")) == 1


@pytest.mark.parametrize("wrap", [lambda e: e, make_pipeline])
def test_says_what_an_estimator_lacks(wrap, pictures):
    X, y = pictures
    tree = wrap(DecisionTreeClassifier()).fit(X, y)
    with pytest.raises(
        TypeError,
        match=r"must have predict.X, return_confidence=True.; DecisionTreeClassifier has not",
    ):
        coverage_at_accuracy_scorer(tree, X, y)
