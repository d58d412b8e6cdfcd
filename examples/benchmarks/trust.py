"""Measure which answers can be believed: calibration, rejection, candidates, further readings.

Trains on four fifths of SVHN's format 1, calibrates on half of the other fifth, finds thresholds of
confidence on the other half, and scores once on the test set.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import joblib
import matplotlib
import numpy as np
import pandas as pd

from sksvhn import SVHNSequenceClassifier
from sksvhn.datasets import load_svhn_numbers
from sksvhn.metrics import (
    accuracy_at_coverage_score,
    area_under_risk_coverage_score,
    bootstrap_interval,
    coverage_at_accuracy_score,
    expected_calibration_error,
    risk_coverage_curve,
    sequence_accuracy_score,
)
from sksvhn.model_selection import NumberKFold, min_confidence_for_accuracy
from sksvhn.plotting import CoverageDisplay, ReliabilityDisplay

SCORES = {
    "whole numbers right": lambda y, read, sure: sequence_accuracy_score(y, read),
    "coverage at 98 %": coverage_at_accuracy_score,
    "accuracy at 95 % coverage": accuracy_at_coverage_score,
    "area under the risk-coverage curve": area_under_risk_coverage_score,
    "expected calibration error": expected_calibration_error,
}
TARGETS = (0.95, 0.97, 0.98, 0.99)


def main() -> None:
    """Fit or load, calibrate, score; print Markdown and draw."""
    options = parse_options()
    matplotlib.use("agg")
    options.out.mkdir(parents=True, exist_ok=True)
    X, y = load_svhn_numbers(options.data / "train.tar.gz", color="grey", return_X_y=True)
    X_test, y_test = load_svhn_numbers(options.data / "test.tar.gz", color="grey", return_X_y=True)
    train, held_out = next(NumberKFold(5, shuffle=True, random_state=0).split(X, y))
    first, second = next(
        NumberKFold(2, shuffle=True, random_state=0).split(X[held_out], y[held_out])
    )
    calibration, threshold = held_out[first], held_out[second]

    clf = fitted(options, X[train], y[train])
    before = clf.predict(X_test, return_confidence=True)
    clf.calibrate(X[calibration], y[calibration])
    after = clf.predict(X_test, return_confidence=True)
    print(f"Temperatures of length and characters: {clf.temperatures_}")
    print(f"Readings that calibration changed: {np.sum(before[0] != after[0])}")
    show("Scores", scores(y_test, {"before calibration": before, "after": after}))
    both = {"before calibration": before, "after calibration": after}
    draw(options.out / "reliability.png", ReliabilityDisplay, y_test, both)

    chosen = clf.predict(X[threshold], return_confidence=True)
    show("Thresholds", thresholds(y[threshold], chosen, y_test, after))
    show("Promises", promises(y_test, after, options.n_simulations))
    ways = candidates(clf, X_test, y_test, np.unique(y[train]), options.n_candidates)
    show("Candidates", accuracy_of(y_test, ways))
    on_streets = {name: ways[name] for name in ways if "drawn" not in name}
    draw(options.out / "coverage.png", CoverageDisplay, y_test, on_streets)
    show("Most probable numbers", most_probable(clf, X_test, y_test))


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with SVHN's format 1")
    parser.add_argument("--out", type=Path, default=Path("trust"), help="folder for pictures")
    parser.add_argument("--model", type=Path, help="joblib file to keep the fitted model in")
    parser.add_argument("--n-candidates", type=int, nargs="+", default=[5, 20, 100])
    parser.add_argument("--n-simulations", type=int, default=200, help="draws of validation data")
    parser.add_argument("--max-epochs", type=int, default=SVHNSequenceClassifier().max_epochs)
    return parser.parse_args()


def fitted(options: argparse.Namespace, X: np.ndarray, y: np.ndarray) -> SVHNSequenceClassifier:
    """Train, or load what an earlier run has trained."""
    if options.model is not None and options.model.exists():
        return joblib.load(options.model)
    clf = SVHNSequenceClassifier(max_epochs=options.max_epochs, random_state=0, verbose=1)
    clf.fit(X, y)
    if options.model is not None:
        joblib.dump(clf, options.model)
    return clf


def show(title: str, table: pd.DataFrame) -> None:
    """Print a table as Markdown."""
    print(f"\n## {title}\n\n{table.to_markdown(index=False, floatfmt='.4g')}")


def scores(y: np.ndarray, answers: dict[str, Any]) -> pd.DataFrame:
    """Scores with bootstrap intervals."""
    rows = []
    for score, metric in SCORES.items():
        row = {"score": score}
        for name, (read, sure) in answers.items():
            estimate, low, high = bootstrap_interval(metric, y, read, sure, random_state=0)
            row[name] = f"{estimate:.4f} ({low:.4f} to {high:.4f})"
        rows.append(row)
    return pd.DataFrame(rows)


def thresholds(y: np.ndarray, chosen: Any, y_test: np.ndarray, answers: Any) -> pd.DataFrame:
    """Show what thresholds found on validation pictures keep of the test pictures."""
    read, sure = answers
    rows = []
    for target in TARGETS:
        row: dict[str, Any] = {"accuracy asked for": target}
        try:
            limit = min_confidence_for_accuracy(y, *chosen, accuracy=target)
        except ValueError as error:
            row["min_confidence"] = str(error)
        else:
            kept = sure >= limit
            row |= {
                "min_confidence": limit,
                "kept": kept.mean(),
                "right of those": (read == y_test)[kept].mean(),
            }
        rows.append(row)
    return pd.DataFrame(rows)


def promises(y: np.ndarray, answers: Any, n_simulations: int) -> pd.DataFrame:
    """Whether thresholds keep their promise on fresh draws of validation pictures.

    The answers at hand are the population, from which validation pictures are drawn with
    replacement: then the accuracy of what a threshold keeps is known exactly.
    """
    read, sure = answers
    right = read == y
    rng = np.random.default_rng(0)
    rows = []
    for target in TARGETS:
        kept = {"promised at 90 %": [], "taken as it comes": []}
        for _ in range(n_simulations):
            drawn = rng.integers(len(y), size=len(y))
            answers_drawn = (y[drawn], read[drawn], sure[drawn])
            limits = {"taken as it comes": plain_threshold(answers_drawn, target)}
            try:
                limits["promised at 90 %"] = min_confidence_for_accuracy(
                    *answers_drawn, accuracy=target
                )
            except ValueError:  # no threshold can be promised
                limits["promised at 90 %"] = np.inf
            for way, limit in limits.items():
                kept[way].append(sure >= limit)
        for way, masks in kept.items():
            found = [mask for mask in masks if mask.any()]
            rows.append(
                {
                    "accuracy": target,
                    "threshold": way,
                    "found and kept": sum(right[m].mean() >= target for m in found) / len(masks),
                    "found and broken": sum(right[m].mean() < target for m in found) / len(masks),
                    "none found": 1 - len(found) / len(masks),
                    "coverage where found": np.mean(found) if found else np.nan,
                }
            )
    return pd.DataFrame(rows)


def plain_threshold(answers: Any, target: float) -> float:
    """Find the lowest threshold at which the pictures at hand reach the accuracy."""
    _, risk, limits = risk_coverage_curve(*answers)
    reaching = np.flatnonzero(1 - risk >= target)
    return float(limits[reaching[-1]]) if len(reaching) else np.inf


def candidates(
    clf: SVHNSequenceClassifier, X: np.ndarray, y: np.ndarray, known: np.ndarray, sizes: list[int]
) -> dict[str, Any]:
    """Read any number there can be, and numbers known to be one of a list."""
    rng = np.random.default_rng(0)
    read, sure = clf.predict(X, return_confidence=True)
    ways = {"any number": (read, sure)}
    for size in sizes:
        for name, lists in {
            "neighbours": [same_side(n, size, rng) for n in y],
            "drawn from train": [drawn(n, size, known, rng) for n in y],
        }.items():
            ranked = clf.rank_candidates(X, lists)
            ways[f"{size} {name}"] = (ranked.best, [p.max() for p in ranked.posterior])
    return ways


def accuracy_of(y: np.ndarray, ways: dict[str, Any]) -> pd.DataFrame:
    """Accuracy, and coverage at two accuracies."""
    return pd.DataFrame(
        {
            "candidates": way,
            "right": sequence_accuracy_score(y, best),
            "coverage at 98 %": coverage_at_accuracy_score(y, best, posterior),
            "coverage at 99.5 %": coverage_at_accuracy_score(y, best, posterior, accuracy=0.995),
        }
        for way, (best, posterior) in ways.items()
    )


def same_side(number: str, size: int, rng: np.random.Generator) -> list[str]:
    """`size` consecutive even or odd numbers, one of which is the true one."""
    value = int(number)
    lowest = max(value - 2 * int(rng.integers(size)), 2 - value % 2 if value else 0)
    values = range(lowest, lowest + 2 * size, 2)
    return [number if v == value else str(v) for v in values]


def drawn(number: str, size: int, known: np.ndarray, rng: np.random.Generator) -> list[str]:
    """Return the true number and others that occur."""
    others = rng.choice(known[known != number], size - 1, replace=False)
    return [number, *map(str, others)]


def most_probable(clf: SVHNSequenceClassifier, X: np.ndarray, y: np.ndarray) -> pd.DataFrame:
    """How often the true number is among the most probable ones."""
    numbers, probability = clf.top_k(X, 10)
    return pd.DataFrame(
        {
            "most probable numbers": k,
            "the true one is among them": (numbers[:, :k] == y[:, None]).any(axis=1).mean(),
            "their probability": probability[:, :k].sum(axis=1).mean(),
        }
        for k in (1, 2, 3, 5, 10)
    )


def draw(path: Path, display: Any, y: np.ndarray, answers: dict[str, Any]) -> None:
    """Draw readers into one picture."""
    ax = None
    for name, (read, sure) in answers.items():
        ax = display.from_predictions(y, read, sure, name=name, ax=ax).ax_
    ax.figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
