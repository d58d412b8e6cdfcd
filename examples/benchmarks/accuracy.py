"""Measure a reader of whole numbers on real numbers: accuracy, coverage, time and memory.

Trains on SVHN's format 1, on generated numbers, or on both side by side, from nothing or from the
weights of another reader, and scores once on the real test set. With ``--validate`` a fifth of the
training set stands in for the test set: settings are chosen there, never on the test set.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
from measures import accuracy, coverage, percent

from sksvhn import SVHNSequenceClassifier, load_pretrained
from sksvhn.datasets import load_svhn_numbers, make_street_numbers
from sksvhn.metrics import length_accuracy_score, position_accuracy_scores
from sksvhn.model_selection import NumberKFold

Data = tuple[np.ndarray, np.ndarray]

# Of generated numbers that are trained on beside real ones, which have few long ones.
LENGTHS = (0.15, 0.40, 0.30, 0.12, 0.03)


def main() -> None:
    """Train, score and print a JSON object."""
    options = parse_options()
    test, real = load_real(options)
    clf = SVHNSequenceClassifier()
    if options.start:
        clf = load_pretrained(options.start).set_params(training__initial_model=options.start)
    clf.set_params(random_state=options.random_state, verbose=1, **options.params)
    parts, seconds = [real] * options.repeat, {}
    if options.n_generated:
        start = time.perf_counter()
        made = make_street_numbers(
            options.n_generated,
            color=False,
            length_distribution=LENGTHS if options.repeat else "svhn",
            random_state=options.random_state,
            n_jobs=-1,
        )
        seconds["generating"] = time.perf_counter() - start
        parts.append((made.images, made.target))
    if parts:
        seconds["training"] = fit(clf, *map(np.concatenate, zip(*parts, strict=True)))
    print(json.dumps({"seconds": seconds} | describe(clf, *test), indent=2))


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
        "scores in percent, with 95 % intervals": scores(y, y_read, confidence),
        "peak memory in MB": peak_memory(),
    }


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with SVHN's format 1")
    parser.add_argument("--validate", action="store_true", help="score a fifth of train instead")
    parser.add_argument("--start", help="a reader that comes with the package, to train on from")
    parser.add_argument("--repeat", type=int, default=1, help="times the real numbers are shown")
    parser.add_argument("--n-generated", type=int, default=0, help="shown beside them")
    parser.add_argument("--random-state", type=int, default=0)
    parser.add_argument("--params", type=json.loads, default={}, help="of the classifier, as JSON")
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


def scores(
    y_true: np.ndarray, y_pred: np.ndarray, confidence: np.ndarray
) -> dict[str, dict[str, Any]]:
    """Scores with bootstrap intervals over the pictures."""
    lengths = np.array([len(number) for number in y_true])
    positions = {}
    for i in range(lengths.max()):
        reaching = lengths > i
        positions[f"position {i + 1}"] = percent(
            lambda true, read, i=i: position_accuracy_scores(true, read)[i],
            y_true[reaching],
            y_pred[reaching],
        )
    return {
        "whole numbers": accuracy(y_true, y_pred),
        "coverage at 98 %": coverage(y_true, y_pred, confidence),
        "length": percent(length_accuracy_score, y_true, y_pred),
        **positions,
    }


if __name__ == "__main__":
    main()
