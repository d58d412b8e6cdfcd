"""sksvhn's estimators."""

from __future__ import annotations

from typing import Any

from published import published_digit_networks

from sksvhn import SVHNSequenceClassifier

from .problems import PROBLEMS, SEQUENCE, pictures
from .turns import Record


def fit(network: str, n_samples: int, **params: Any) -> Record:
    """Train with the defaults, or published.py's settings."""
    problem = PROBLEMS[network]
    clf = make_classifier(network, max_epochs=1 + problem.n_epochs, **params)
    if (clf.batch_size, clf.lr) != (problem.batch_size, problem.lr):
        raise ValueError(f"{network} is trained otherwise than problems.py says: {clf}.")
    clf.fit(*pictures(network, n_samples))
    summary = clf.summary()
    return {
        "seconds": [epoch["dur"] for epoch in clf.history_[1:]],
        "n_values": summary.n_weights + summary.n_statistics,
        "amp": clf.amp_,
    }


def fit_plain(network: str, n_samples: int) -> Record:
    """Train without augmentation."""
    return fit(network, n_samples, augmentation=0)


def make_classifier(network: str, **params: Any) -> Any:
    """Build an estimator that works on the CPU, as its contenders do."""
    if network == SEQUENCE:
        clf = SVHNSequenceClassifier()
    else:
        clf = published_digit_networks(n_samples=1)[network]
    return clf.set_params(device="cpu", random_state=0, **params)


def fitted_sequence_classifier() -> SVHNSequenceClassifier:
    """Return the default classifier after one step of training on grey noise."""
    clf = make_classifier(SEQUENCE, max_epochs=1)
    return clf.fit(*pictures(SEQUENCE, clf.batch_size))
