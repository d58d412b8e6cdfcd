"""Measure the reader that comes with the package on real pictures of several kinds.

It was trained on generated pictures alone, and no setting was chosen on the test numbers, so their
figures are fair. Pictures without a number are scored at the confidence above which 98 % of the
test numbers are read right.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy.stats import bootstrap

import sksvhn
from sksvhn import SVHNSequenceClassifier
from sksvhn.datasets import load_mnist, load_svhn_numbers, make_empty_surfaces
from sksvhn.metrics import coverage_at_accuracy_score, risk_coverage_curve

MARGINS = (0.0, 0.3, 0.6)
N_WITHOUT_NUMBER = 2_000
N_TIMED = 256


def main() -> None:
    """Score, and print a JSON object."""
    options = parse_options()
    load = sksvhn.load if options.model.suffix else sksvhn.load_pretrained
    clf = load(str(options.model))
    results: dict[str, Any] = {"weights": sum(p.numel() for p in clf.module_.parameters())}
    test = load_svhn_numbers(options.data / "svhn" / options.split, color="grey")
    X, y = (
        test.images[options.every - 1 :: options.every],
        test.target[options.every - 1 :: options.every],
    )
    results["test numbers"], threshold = on_crops(clf, X, y)
    results["originals"] = {
        f"margin {margin:g}": on_originals(clf, options.data / "originals", margin)
        for margin in MARGINS
    }
    results["buildings"] = {
        f"margin {margin:g}": on_buildings(clf, options.data / "buildings", margin)
        for margin in MARGINS
    }
    surfaces = make_empty_surfaces(N_WITHOUT_NUMBER, color=False, random_state=12345)
    letters = load_mnist(options.data / "notmnist", subset="test").images
    letters = letters[np.ptp(letters, axis=(1, 2)) > 0][:N_WITHOUT_NUMBER]  # some are blank
    results[f"accepted at a confidence of {threshold:.4f}"] = {
        "surfaces": share(clf.confidence(surfaces) >= threshold),
        "letters A to J": share(clf.confidence(clf.crops(list(letters))) >= threshold),
    }
    results["ms per crop, one thread"] = milliseconds(clf, X[:N_TIMED])
    print(json.dumps(results, indent=2))


def on_crops(
    clf: SVHNSequenceClassifier, X: np.ndarray, y: np.ndarray
) -> tuple[dict[str, Any], float]:
    """Score on crops; also the confidence above which 98 % are right."""
    read, confidence = clf.predict(X, return_confidence=True)
    right = read == y
    lengths = np.array([len(number) for number in y])
    rows = np.arange(len(y))
    scores = {
        "all": share(right),
        **{f"length {n}": share(right[lengths == n]) for n in (1, 2, 3)},
        "length 4 and more": share(right[lengths > 3]),
        "coverage at 98 %": with_interval(
            rows, lambda i: coverage_at_accuracy_score(y[i], read[i], confidence[i])
        ),
    }
    _, risk, thresholds = risk_coverage_curve(y, read, confidence)
    safe = np.flatnonzero(risk <= 0.02 + 1e-9)
    return scores, float(thresholds[safe[-1]]) if len(safe) else 1.0


def on_originals(clf: SVHNSequenceClassifier, folder: Path, margin: float) -> dict[str, Any]:
    """Score on whole pictures with the boxes of their digits, cropped with a margin."""
    data = load_svhn_numbers(folder, color="grey", margin=margin)
    return share(clf.predict(data.images) == data.target)


def on_buildings(clf: SVHNSequenceClassifier, folder: Path, margin: float) -> dict[str, Any]:
    """Score on photographs with the box of a number of digits, cropped with a margin."""
    table = pd.read_csv(folder / "numbers.csv", dtype={"number": str})
    table = table[table["number"].str.fullmatch("[0-9]+", na=False)]
    boxes = table[["left", "top", "width", "height"]].to_numpy()
    read = clf.set_params(margin=margin).read([folder / path for path in table["path"]], boxes)
    return share(read == table["number"].to_numpy())


def milliseconds(clf: SVHNSequenceClassifier, X: np.ndarray) -> float:
    """Least time of a prediction per picture, of five, with one thread."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        clf.predict(X)
        times.append(time.perf_counter() - start)
    torch.set_num_threads(n_threads)
    return round(1000 * min(times) / len(X), 2)


def share(hits: np.ndarray) -> dict[str, Any]:
    """Percentage, its interval, and of how many."""
    if len(hits) == 0:
        return {"n": 0}
    return with_interval(hits.astype(float), np.mean)


def with_interval(values: np.ndarray, statistic: Callable[[np.ndarray], float]) -> dict[str, Any]:
    """Compute a statistic in percent and its 95 % percentile bootstrap interval."""
    score: dict[str, Any] = {"percent": round(100 * float(statistic(values)), 1), "n": len(values)}
    if len(np.unique(values)) > 1:
        interval = bootstrap(
            (values,), statistic, vectorized=False, method="percentile", n_resamples=2000, rng=0
        ).confidence_interval
        score["interval"] = [round(100 * float(bound), 1) for bound in interval]
    return score


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of all data sets")
    parser.add_argument("--model", type=Path, default=Path("numbers"), help="a name or a file")
    parser.add_argument(
        "--split", default="test.tar.gz", help="another archive of svhn/ to score on meanwhile"
    )
    parser.add_argument("--every", type=int, default=1, help="score every n-th picture of it")
    return parser.parse_args()


if __name__ == "__main__":
    main()
