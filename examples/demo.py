"""Read photographs; then train a reader, compare it with the baseline, save it, and read with it.

The photographs are generated, and read with what comes with the package. Without arguments the
demo also makes the street numbers that it trains on; with ``--data DIR`` it trains and reads SVHN's
real ones: DIR holds ``train.tar.gz`` and ``test.tar.gz``, or the folders they unpack to. It writes
``photographs.png``, ``readings.png`` and the model to a folder, takes some minutes, and needs the
extras ``fonts`` and ``plot``.
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

import sksvhn
from sksvhn import PositionwiseClassifier, SVHNLogisticRegression, SVHNSequenceClassifier, load
from sksvhn.datasets import load_svhn_numbers, make_street_numbers, make_street_scenes
from sksvhn.metrics import (
    coverage_at_accuracy_score,
    length_accuracy_score,
    position_accuracy_scores,
    sequence_accuracy_score,
    sequence_classification_report,
)
from sksvhn.plotting import PhotographsDisplay, ReadingsDisplay

N_PHOTOGRAPHS, N_PICTURES_SHOWN = 12, 40


def main() -> None:
    """Do all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder with SVHN's format 1")
    parser.add_argument("--out", type=Path, default=Path("demo"), metavar="DIR", help="results")
    parser.add_argument("--max-epochs", type=int, default=18, metavar="N", help="of the reader")
    args = parser.parse_args()

    matplotlib.use("agg")  # a terminal may have no display
    args.out.mkdir(parents=True, exist_ok=True)
    read_photographs(args.out / "photographs.png")
    train, test = load_pictures(args.data)
    print(f"{len(train.images):,} pictures to train on, {len(test.images):,} new ones to read")

    baseline = PositionwiseClassifier(SVHNLogisticRegression(features="hog"))
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
    display = ReadingsDisplay.from_predictions(
        test.images[shown], test.target[shown], numbers[shown], sure[shown]
    )
    display.figure_.savefig(args.out / "readings.png", dpi=150)
    print(f"{args.out / 'readings.png'} shows new pictures and their readings.")
    print(f"Read your own with:\nsksvhn read photo.jpg --model {model}")


def read_photographs(path: Path) -> None:
    """Find and read the numbers of generated photographs, and draw them."""
    photographs = list(make_street_scenes(N_PHOTOGRAPHS, random_state=0, n_jobs=-1).images)
    start = time.perf_counter()
    found = sksvhn.read(photographs)
    milliseconds = 1000 * (time.perf_counter() - start) / N_PHOTOGRAPHS
    print(f"Found in {N_PHOTOGRAPHS} photographs, {milliseconds:.0f} ms each:\n")
    print(found.round(2).to_string(index=False), end="\n\n")
    PhotographsDisplay.from_readings(photographs, found).figure_.savefig(path, dpi=150)
    print(f"{path} shows them.\n")


def load_pictures(folder: Path | None) -> tuple[Bunch, Bunch]:
    """Pictures and numbers to train on, and new ones."""
    if folder is not None:
        return tuple(load_svhn_numbers(find(folder, name)) for name in ("train", "test"))
    return (
        make_street_numbers(6000, color=False, random_state=0, n_jobs=-1),
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
