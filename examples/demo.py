"""Train a reader of house numbers, compare it with the baseline, keep it, and read new pictures.

Without arguments it makes its own street numbers; with ``--data DIR`` it trains and reads SVHN's
real ones: DIR holds ``train.tar.gz`` and ``test.tar.gz``, or the folders they unpack to.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import joblib
import numpy as np
import pandas as pd

from sksvhn import PositionwiseClassifier, SVHNLogisticRegression, SVHNSequenceClassifier
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
    """Run the demonstration."""
    options = parse_options()
    options.out.mkdir(parents=True, exist_ok=True)
    X_train, y_train, X_test, y_test = load(options)
    print(f"{len(X_train)} pictures to train on, {len(X_test)} fresh ones to read.")

    baseline = PositionwiseClassifier(SVHNLogisticRegression())
    reader = SVHNSequenceClassifier(max_epochs=options.max_epochs, random_state=0, verbose=1)
    seconds = {}
    for name, clf in (("baseline", baseline), ("sequence", reader)):
        print(f"\nTraining {clf}")
        start = time.perf_counter()
        clf.fit(X_train, y_train)
        seconds[name] = time.perf_counter() - start

    model_file = options.out / "reader.joblib"
    joblib.dump(reader, model_file)
    restored = joblib.load(model_file)
    print(f"\nSaved {model_file} ({model_file.stat().st_size / 1e6:.1f} MB) and loaded it again.")

    y_read, confidence = restored.predict(X_test, return_confidence=True)
    table = pd.DataFrame(
        {
            "baseline": scores(y_test, *baseline.predict(X_test, return_confidence=True)),
            "sequence": scores(y_test, y_read, confidence),
        }
    )
    table.loc["training seconds"] = seconds
    print("\nOn the fresh pictures, baseline and sequence classifier:\n")
    print(table.to_string(float_format="{:.3f}".format))
    print("\nThe sequence classifier in detail:\n")
    print(sequence_classification_report(y_test, y_read, confidence=confidence))

    shown = slice(N_PICTURES_SHOWN)
    display = ReadingsDisplay.from_predictions(
        X_test[shown], y_test[shown], y_read[shown], confidence[shown]
    )
    picture_file = options.out / "readings.png"
    display.figure_.savefig(picture_file, dpi=150)
    print(
        f"\n{picture_file} shows the first {len(X_test[shown])} fresh pictures and their readings."
    )


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with SVHN's format 1 (train, test)")
    parser.add_argument("--out", type=Path, default=Path("demo"), help="where results go (demo)")
    parser.add_argument("--max-epochs", type=int, default=25, help="passes over the data (25)")
    return parser.parse_args()


def load(options: argparse.Namespace) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pictures and numbers to train on, and fresh ones."""
    if options.data is None:
        print("Making street numbers ...")
        train = make_street_numbers(8000, color=False, random_state=0, n_jobs=-1)
        test = make_street_numbers(1000, color=False, random_state=1, n_jobs=-1)
    else:
        train, test = (load_svhn_numbers(find(options.data, name)) for name in ("train", "test"))
    return train.images, train.target, test.images, test.target


def find(folder: Path, name: str) -> Path:
    """Locate the archive of a subset, or the folder it unpacks to."""
    for path in (folder / f"{name}.tar.gz", folder / name):
        if path.exists():
            return path
    raise SystemExit(f"{folder} holds neither {name}.tar.gz nor a folder {name}; see --help.")


def scores(y_true: np.ndarray, y_pred: np.ndarray, confidence: np.ndarray) -> dict[str, float]:
    """Figures that both models are compared by."""
    positions = position_accuracy_scores(y_true, y_pred)
    return {
        "whole numbers": sequence_accuracy_score(y_true, y_pred),
        **{f"position {i}": accuracy for i, accuracy in enumerate(positions, start=1)},
        "length": length_accuracy_score(y_true, y_pred),
        "coverage at 98 % accuracy": coverage_at_accuracy_score(y_true, y_pred, confidence),
    }


if __name__ == "__main__":
    main()
