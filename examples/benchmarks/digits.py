"""Compare classifiers of single digits: accuracy, weights and training time.

Every row is trained once a random state and scored on the test set; the table has means and, in
brackets, the least and the greatest. Baselines without randomness run once. With ``--validate`` the
last fifth of the training set stands in for the test set: settings are chosen there. Neighbouring
digits come from the same photograph, so nothing is shuffled before the cut.

With ``--share 0.8`` only the first four fifths are trained on, as the course work E did.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from published import published_digit_networks
from sklearn.base import ClassifierMixin, clone

from sksvhn import SVHNCNNClassifier, SVHNLogisticRegression, SVHNMLPClassifier
from sksvhn.datasets import load_svhn_digits, load_svhn_h5

Data = tuple[np.ndarray, np.ndarray]


def main() -> None:
    """Train and score every row, and print a table after each."""
    options = parse_options()
    train, test = load(options)
    n_train = round(options.share * len(train[0]))
    train = (train[0][:n_train], train[1][:n_train])
    print(f"{n_train} digits to train on, {len(test[0])} to score, {train[0].shape[1:]} pixels")
    models = all_models(n_train)
    unknown = sorted(set(options.models) - set(models))
    if unknown:
        raise SystemExit(f"--models {unknown[0]!r} is not one of {', '.join(map(repr, models))}.")
    runs = []
    for name in options.models:
        clf = models[name].set_params(**options.params)
        states = range(options.n_random_states) if "random_state" in clf.get_params() else [None]
        runs += [run(name, clf, state, train, test) for state in states]
        print(f"\n{table(pd.DataFrame(runs))}", flush=True)
    if options.out:
        options.out.write_text(json.dumps(runs, indent=2) + "\n")


def all_models(n_train: int) -> dict[str, Any]:
    """Baselines, published networks and our defaults, by name."""
    return {
        "logistic": SVHNLogisticRegression(),
        "logistic, HOG": SVHNLogisticRegression(features="hog"),
        **published_digit_networks(n_train),
        "MLP": SVHNMLPClassifier(),
        "CNN": SVHNCNNClassifier(),
    }


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="SVHN_single_grey1.h5, or a folder with train_32x32.mat and test_32x32.mat",
    )
    parser.add_argument(
        "--models", nargs="+", default=["logistic", "E1", "E2", "E3", "E4", "MLP", "CNN"]
    )
    parser.add_argument("--n-random-states", type=int, default=3)
    parser.add_argument("--share", type=float, default=1.0, help="of the training set, from first")
    parser.add_argument("--validate", action="store_true", help="score the last fifth of train")
    parser.add_argument("--params", type=json.loads, default={}, help="of all the models, as JSON")
    parser.add_argument("--out", type=Path, help="where the runs go, as JSON")
    return parser.parse_args()


def load(options: argparse.Namespace) -> tuple[Data, Data]:
    """Return training and test digits, or two parts of the training digits."""
    if options.data.is_dir():
        train, test = (options.data / f"{name}_32x32.mat" for name in ("train", "test"))
        X, y = load_svhn_digits(train, return_X_y=True)
    else:
        X, y = load_svhn_h5(options.data, return_X_y=True)
    if options.validate:
        cut = round(0.8 * len(X))
        return (X[:cut], y[:cut]), (X[cut:], y[cut:])
    if options.data.is_dir():
        return (X, y), load_svhn_digits(test, return_X_y=True)
    return (X, y), load_svhn_h5(options.data, subset="test", return_X_y=True)


def run(
    name: str, clf: ClassifierMixin, random_state: int | None, train: Data, test: Data
) -> dict[str, Any]:
    """Train and score one model once."""
    clf = clone(clf)
    if random_state is not None:
        clf.set_params(random_state=random_state)
    start = time.perf_counter()
    clf.fit(*train)
    seconds = time.perf_counter() - start
    if hasattr(clf, "summary"):
        summary = clf.summary()
        weights = summary.n_weights + summary.n_statistics
    else:
        logistic = clf.pipeline_[-1]
        weights = logistic.coef_.size + logistic.intercept_.size
    return {
        "model": name,
        "random state": random_state,
        "test": 100 * clf.score(*test),
        "train": 100 * clf.score(*train),
        "weights": weights,
        "seconds": seconds,
    }


def table(runs: pd.DataFrame) -> str:
    """Return a Markdown table with one row a model."""
    lines = [
        "| model | test accuracy, % | training accuracy, % | weights | training, s | runs |",
        "|---|---|---|---|---|---|",
    ]
    for name, group in runs.groupby("model", sort=False):
        cells = [
            name,
            spread(group["test"], 1),
            spread(group["train"], 1),
            f"{group['weights'].iloc[0]:,}",
            spread(group["seconds"], 0 if group["seconds"].mean() > 10 else 1),
            str(len(group)),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def spread(values: pd.Series, digits: int) -> str:
    """Return the mean, and the extremes where there are several values."""
    mean = f"{values.mean():.{digits}f}"
    if len(values) == 1:
        return mean
    return f"{mean} ({values.min():.{digits}f} to {values.max():.{digits}f})"


if __name__ == "__main__":
    main()
