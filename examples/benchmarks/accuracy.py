"""Measure the sequence classifier on real numbers: accuracy, coverage, time and memory.

Trains on SVHN's format 1, on generated numbers, or on generated numbers first and real ones then,
and scores once on the real test set. With ``--validate`` a fifth of the training set stands in for
the test set: settings are chosen there, never on the test set.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import bootstrap

from sksvhn import SVHNSequenceClassifier
from sksvhn.datasets import load_svhn_numbers, make_street_numbers
from sksvhn.metrics import coverage_at_accuracy_score
from sksvhn.model_selection import NumberKFold

Data = tuple[np.ndarray, np.ndarray]


def main() -> None:
    """Train, score and print a JSON list, one entry a stage of training."""
    options = parse_options()
    test, real = load_real(options)
    clf = SVHNSequenceClassifier(random_state=options.random_state, verbose=1, **options.params)
    real_epochs = options.max_epochs or clf.max_epochs
    results = []
    if options.train != "real":
        start = time.perf_counter()
        made = make_street_numbers(
            options.n_generated, color=False, random_state=options.random_state, n_jobs=-1
        )
        seconds = {"generating": time.perf_counter() - start}
        clf.set_params(max_epochs=options.generated_epochs)
        seconds["training"] = fit(clf, made.images, made.target)
        results.append({"trained on": "generated", "seconds": seconds} | describe(clf, *test))
        clf.set_params(warm_start=True, **options.fine_tuning)
    if options.train != "generated":
        clf.set_params(max_epochs=real_epochs)
        seconds = {"training": fit(clf, *real)}
        trained_on = "real" if options.train == "real" else "generated, then real"
        results.append({"trained on": trained_on, "seconds": seconds} | describe(clf, *test))
    print(json.dumps(results, indent=2))


def fit(clf: SVHNSequenceClassifier, X: np.ndarray, y: np.ndarray) -> float:
    """Train, and return the seconds it took."""
    print(f"Training on {len(X)} pictures, {peak_memory()} MB at the peak so far")
    start = time.perf_counter()
    clf.fit(X, y)
    return time.perf_counter() - start


def describe(clf: SVHNSequenceClassifier, X: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """Score on pictures that were not trained on."""
    y_read, confidence = clf.predict(X, return_confidence=True)
    return {
        "estimator": str(clf),
        "weights": sum(p.numel() for p in clf.module_.parameters()),
        "scored pictures": len(X),
        "scores with 95 % intervals": intervals(y, y_read, confidence),
        "peak memory in MB": peak_memory(),
    }


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with SVHN's format 1")
    parser.add_argument("--train", choices=("real", "generated", "both"), default="real")
    parser.add_argument("--validate", action="store_true", help="score a fifth of train instead")
    parser.add_argument("--n-generated", type=int, default=60_000)
    parser.add_argument("--generated-epochs", type=int, default=12)
    parser.add_argument("--max-epochs", type=int, help="on real pictures (the default's own)")
    parser.add_argument("--random-state", type=int, default=0)
    parser.add_argument("--params", type=json.loads, default={}, help="of the classifier, as JSON")
    parser.add_argument("--fine-tuning", type=json.loads, default={}, help="changed for real ones")
    return parser.parse_args()


def load_real(options: argparse.Namespace) -> tuple[Data, Data]:
    """Pictures to score, and pictures to train on."""
    X, y = load_svhn_numbers(options.data / "train.tar.gz", color="grey", return_X_y=True)
    if options.validate:
        train, test = next(NumberKFold(5, shuffle=True, random_state=0).split(X, y))
        return (X[test], y[test]), (X[train], y[train])
    test = load_svhn_numbers(options.data / "test.tar.gz", color="grey", return_X_y=True)
    return test, (X, y)


def peak_memory() -> int:
    """Largest resident size so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def intervals(
    y_true: np.ndarray, y_pred: np.ndarray, confidence: np.ndarray
) -> dict[str, dict[str, Any]]:
    """Scores with bootstrap intervals over the pictures."""
    lengths = np.array([len(number) for number in y_true])
    right = {
        "whole numbers": y_true == y_pred,
        "length": lengths == [len(number) for number in y_pred],
    }
    for i in range(lengths.max()):
        reaching = lengths > i
        right[f"position {i + 1}"] = np.array(
            [t[i] == p[i : i + 1] for t, p in zip(y_true[reaching], y_pred[reaching], strict=True)]
        )
    scores = {name: with_interval(values, np.mean) for name, values in right.items()}
    rows = np.arange(len(y_true))
    scores["coverage at 98 %"] = with_interval(
        rows,
        lambda drawn: coverage_at_accuracy_score(y_true[drawn], y_pred[drawn], confidence[drawn]),
    )
    return scores


def with_interval(values: np.ndarray, statistic: Callable[[np.ndarray], float]) -> dict[str, Any]:
    """Compute a statistic and its 95 % percentile interval."""
    score = {"score": float(statistic(values)), "pictures": len(values)}
    if len(values) > 1:
        interval = bootstrap(
            (values,),
            statistic,
            vectorized=False,
            method="percentile",
            n_resamples=2000,
            random_state=0,
        ).confidence_interval
        score["interval"] = [float(bound) for bound in interval]
    return score


if __name__ == "__main__":
    main()
