"""Train a reader of house numbers, compare it with the baseline, save it, and read new pictures.

Without arguments it makes its own street numbers; with ``--data DIR`` it trains and reads SVHN's
real ones: DIR holds ``train.tar.gz`` and ``test.tar.gz``, or the folders they unpack to. It writes
``readings.png`` and the model to a folder, takes some minutes, and needs the extras ``fonts`` and
``plot``.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import matplotlib
import pandas as pd
from sklearn.utils import Bunch

from sksvhn import PositionwiseClassifier, SVHNLogisticRegression, SVHNSequenceClassifier, load
from sksvhn.datasets import load_svhn_numbers, make_street_numbers
from sksvhn.metrics import (
    coverage_at_accuracy_score,
    length_accuracy_score,
    position_accuracy_scores,
    sequence_accuracy_score,
    sequence_classification_report,
)
from sksvhn.plotting import ReadingsDisplay

N_PICTURES_SHOWN = 40


def main() -> None:
    """Do all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder with SVHN's format 1")
    parser.add_argument("--out", type=Path, default=Path("demo"), metavar="DIR", help="results")
    parser.add_argument("--max-epochs", type=int, default=25, metavar="N", help="of the reader")
    args = parser.parse_args()

    train, test = load_pictures(args.data)
    args.out.mkdir(parents=True, exist_ok=True)
    print(f"{len(train.images):,} pictures to train on, {len(test.images):,} new ones to read")

    baseline = PositionwiseClassifier(SVHNLogisticRegression())
    reader = SVHNSequenceClassifier(max_epochs=args.max_epochs, random_state=0, verbose=1)
    seconds = {}
    for name, clf in (("baseline", baseline), ("sequence", reader)):
        print(f"Training {name} ...", flush=True)
        start = time.perf_counter()
        clf.fit(train.images, train.target)
        seconds[name] = time.perf_counter() - start

    model = args.out / "reader.sksvhn"
    reader.save(model)
    reader = load(model)
    print(f"Saved {model} ({model.stat().st_size / 1e6:.1f} MB) and loaded it again")

    numbers, sure = reader.predict(test.images, return_confidence=True)
    guesses, guesses_sure = baseline.predict(test.images, return_confidence=True)
    table = pd.DataFrame(
        {
            "baseline": scores(test.target, guesses, guesses_sure),
            "sequence": scores(test.target, numbers, sure),
        }
    )
    table.loc["training seconds"] = seconds
    print("\nOn the new pictures, baseline and sequence classifier:\n")
    print(table.to_string(float_format="{:.3f}".format))
    print("\nThe sequence classifier in detail:\n")
    print(sequence_classification_report(test.target, numbers, confidence=sure))

    shown = slice(N_PICTURES_SHOWN)
    matplotlib.use("agg")  # a terminal may have no display
    display = ReadingsDisplay.from_predictions(
        test.images[shown], test.target[shown], numbers[shown], sure[shown]
    )
    display.figure_.savefig(args.out / "readings.png", dpi=150)
    print(f"{args.out / 'readings.png'} shows new pictures and their readings.")
    print(f"Read your own with:\nsksvhn read {model} photo.jpg")


def load_pictures(folder: Path | None) -> tuple[Bunch, Bunch]:
    """Pictures and numbers to train on, and new ones."""
    if folder is not None:
        return tuple(load_svhn_numbers(find(folder, name)) for name in ("train", "test"))
    return (
        make_street_numbers(8000, color=False, random_state=0, n_jobs=-1),
        make_street_numbers(1000, color=False, random_state=1, n_jobs=-1),
    )


def find(folder: Path, name: str) -> Path:
    """Locate the archive of a subset, or the folder it unpacks to."""
    for path in (folder / f"{name}.tar.gz", folder / name):
        if path.exists():
            return path
    sys.exit(f"Error: {folder} holds neither {name}.tar.gz nor a folder {name}.")


def scores(y_true: Any, y_pred: Any, confidence: Any) -> dict[str, float]:
    """Figures that both models are compared by."""
    positions = position_accuracy_scores(y_true, y_pred)
    return {
        "whole numbers": sequence_accuracy_score(y_true, y_pred),
        **{f"position {i}": float(score) for i, score in enumerate(positions, start=1)},
        "length": length_accuracy_score(y_true, y_pred),
        "coverage at 98 % accuracy": coverage_at_accuracy_score(y_true, y_pred, confidence),
    }


if __name__ == "__main__":
    main()
