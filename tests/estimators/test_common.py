"""scikit-learn's own contract, on every estimator."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import (
    check_sample_weight_equivalence_on_dense_data,
    estimator_checks_generator,
)

from sksvhn import (
    PositionwiseClassifier,
    SVHNCNNClassifier,
    SVHNLogisticRegression,
    SVHNMLPClassifier,
    SVHNSequenceClassifier,
    VotingReader,
)

SAMPLE_WEIGHT_EQUIVALENCE = "check_sample_weight_equivalence_on_dense_data"

# Small networks: the checks fit each some two hundred times.
NEURAL = [
    SVHNMLPClassifier(hidden_layer_sizes=(64, 32)),
    SVHNCNNClassifier(channels=((16,), (32,))),
    SVHNSequenceClassifier(max_epochs=15, channels=((16,), (32,))),
]
ESTIMATORS = [
    SVHNLogisticRegression(),
    PositionwiseClassifier(LogisticRegression()),
    PositionwiseClassifier(SVHNLogisticRegression()),
    VotingReader(
        [PositionwiseClassifier(LogisticRegression(C=C)) for C in (0.1, 10.0)], weights=[1, 2]
    ),
    *NEURAL,
]


def _checks() -> Any:
    for estimator in ESTIMATORS:
        for instance, check in estimator_checks_generator(estimator):
            name = getattr(check, "func", check).__name__
            if estimator in NEURAL and name == SAMPLE_WEIGHT_EQUIVALENCE:
                continue  # on a configured instance, below
            yield pytest.param(instance, check, id=f"{type(estimator).__name__}-{name}")


@pytest.mark.parametrize(("estimator", "check"), list(_checks()))
def test_scikit_learn_check(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize("estimator", NEURAL, ids=lambda estimator: type(estimator).__name__)
def test_sample_weight_equivalence_without_batches(estimator: Any) -> None:
    # Mini-batches and batch normalisation see a repeated sample otherwise than a weighted one;
    # scikit-learn checks its own MLPClassifier on such an instance for the same reason.
    configured = clone(estimator).set_params(batch_size=1000, normalization="group", max_epochs=9)
    check_sample_weight_equivalence_on_dense_data(type(estimator).__name__, configured)
