"""Weights and other fit parameters that readers made of other estimators pass on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sksvhn import PositionwiseClassifier, VotingReader

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
NUMBERS = np.array(["7", "19", "21"] * 20, dtype=object)
WEIGHT = np.tile([0.0, 1.0, 3.0], 20)


class Recorder(GaussianNB):
    """Keeps what it was fitted with."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None, mark: Any = None) -> Self:
        self.seen_ = sample_weight, mark
        return super().fit(X, y, sample_weight)


def requesting(**request: Any) -> Any:
    return Recorder().set_fit_request(**request)


@pytest.fixture
def routing() -> Iterator[None]:
    with config_context(enable_metadata_routing=True):
        yield


def weighted_pipeline() -> Any:
    return make_pipeline(
        StandardScaler().set_fit_request(sample_weight=True),
        LogisticRegression().set_fit_request(sample_weight=True),
    )


@pytest.mark.usefixtures("routing")
@pytest.mark.parametrize("wrap", [lambda clf: clf, lambda clf: VotingReader([clf])])
def test_weights_reach_the_steps_of_a_pipeline(wrap: Any) -> None:
    clf = wrap(PositionwiseClassifier(weighted_pipeline()))
    found = clone(clf).fit(X, NUMBERS, sample_weight=WEIGHT).predict_factors(X)
    repeated = np.repeat(np.arange(60), WEIGHT.astype(int))
    expected = clone(clf).fit(X[repeated], NUMBERS[repeated]).predict_factors(X)
    np.testing.assert_allclose(found.length, expected.length, atol=1e-3)
    np.testing.assert_allclose(found.positions, expected.positions, atol=1e-3)


@pytest.mark.usefixtures("routing")
def test_each_clone_gets_the_entries_of_its_numbers() -> None:
    clf = PositionwiseClassifier(requesting(sample_weight=True, mark=True))
    weight = np.arange(60.0)
    clf.fit(X, NUMBERS, sample_weight=weight, mark=np.arange(60))
    weights, marks = clf.length_estimator_.seen_
    np.testing.assert_array_equal(weights, weight[1:])
    np.testing.assert_array_equal(marks, np.arange(1, 60))
    weights, marks = clf.position_estimators_[1].seen_
    np.testing.assert_array_equal(weights, np.flatnonzero(NUMBERS != "7"))
    np.testing.assert_array_equal(marks, np.flatnonzero(NUMBERS != "7"))
    clf.fit(X, NUMBERS, mark="one for all")
    assert clf.length_estimator_.seen_ == (None, "one for all")


@pytest.mark.usefixtures("routing")
def test_an_alias() -> None:
    clf = PositionwiseClassifier(requesting(sample_weight="w")).fit(X, NUMBERS, w=WEIGHT + 1)
    np.testing.assert_array_equal(clf.length_estimator_.seen_[0], WEIGHT + 1)


@pytest.mark.usefixtures("routing")
@pytest.mark.parametrize("wrap", [PositionwiseClassifier, VotingReader])
def test_what_is_not_requested(wrap: Any) -> None:
    def make(reader: Any) -> Any:
        inside = PositionwiseClassifier(reader)
        return inside if wrap is PositionwiseClassifier else VotingReader([inside])

    with pytest.raises(UnsetMetadataPassedError, match="set_fit_request"):
        make(Recorder()).fit(X, NUMBERS, sample_weight=WEIGHT)
    for refuses in (requesting(sample_weight=False), KNeighborsClassifier()):
        with pytest.raises(TypeError, match="unexpected argument"):
            make(refuses).fit(X, NUMBERS, sample_weight=WEIGHT)
    make(Recorder()).fit(X, NUMBERS)


@pytest.mark.usefixtures("routing")
def test_a_search_passes_weights_through() -> None:
    clf = PositionwiseClassifier(weighted_pipeline()).set_score_request(sample_weight=True)
    grid = {"estimator__logisticregression__C": [0.1, 1.0]}
    search = GridSearchCV(clf, grid, cv=2).fit(X, NUMBERS, sample_weight=WEIGHT)
    best = clone(search.best_estimator_).fit(X, NUMBERS, sample_weight=WEIGHT)
    np.testing.assert_array_equal(search.predict(X), best.predict(X))
    search = GridSearchCV(clone(clf).set_score_request(sample_weight=False), grid, cv=2)
    cross_validate(search, X, NUMBERS, params={"sample_weight": WEIGHT}, error_score="raise", cv=2)


@pytest.mark.parametrize("make", [PositionwiseClassifier, VotingReader])
def test_requests_are_those_of_what_is_inside(make: Any) -> None:
    with config_context(enable_metadata_routing=True):
        inside: BaseEstimator = requesting(sample_weight=True, mark="brand")
        clf = PositionwiseClassifier(inside)
        clf = clf if make is PositionwiseClassifier else VotingReader([clf])
        routes = clf.get_metadata_routing()
    assert routes.consumes("fit", ["sample_weight", "brand", "mark"]) == {"sample_weight", "brand"}
    assert not hasattr(clf, "set_fit_request")


def test_without_routing() -> None:
    clf = PositionwiseClassifier(make_pipeline(StandardScaler(), LogisticRegression()))
    for reader in (clf, VotingReader([clf])):
        with pytest.raises(ValueError, match=r"Pipeline.fit takes none.*enable_metadata_routing"):
            reader.fit(X, NUMBERS, sample_weight=WEIGHT)
        with pytest.raises(ValueError, match="mark"):
            reader.fit(X, NUMBERS, mark=1)
    seen = PositionwiseClassifier(Recorder()).fit(X, NUMBERS, sample_weight=WEIGHT + 1)
    np.testing.assert_array_equal(seen.length_estimator_.seen_[0], WEIGHT + 1)
