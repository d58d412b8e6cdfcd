"""scikit-learn's MLPClassifier."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from .problems import PROBLEMS, pictures, standardized
from .turns import Record


class TimedMLP(MLPClassifier):
    """Notes when each epoch ends, which is when ``n_iter_`` is set."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "n_iter_":
            self.__dict__.setdefault("times", []).append(time.perf_counter())
        super().__setattr__(name, value)


def fit(network: str, n_samples: int) -> Record:
    """Train with Adam, as the other contenders do."""
    problem = PROBLEMS[network]
    X, y = pictures(network, n_samples)
    clf = TimedMLP(
        problem.hidden_layer_sizes,
        batch_size=min(problem.batch_size, n_samples),
        learning_rate_init=problem.lr,
        max_iter=1 + problem.n_epochs,
        n_iter_no_change=1 + problem.n_epochs,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        clf.fit(standardized(X).reshape(n_samples, -1), y)
    weights = [*clf.coefs_, *clf.intercepts_]
    return {
        "seconds": np.diff(clf.times)[-problem.n_epochs :].tolist(),
        "n_values": sum(w.size for w in weights),
    }
