"""Make the weights of ``sksvhn.load_pretrained("numbers")`` from nothing.

Pictures are generated once, and a training that was stopped resumes after its last epoch. The
reader is calibrated on generated pictures that it was not trained on, and written to
``sksvhn/pretrained`` with a record of everything it depends on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import sksvhn
from sksvhn import Architecture, SVHNSequenceClassifier
from sksvhn.datasets import make_street_numbers

PICTURES = {
    "image_size": (64, 64),
    "color": False,
    "max_length": 8,
    "length_distribution": (0.15, 0.36, 0.30, 0.12, 0.04, 0.015, 0.01, 0.005),
    "margin": (-0.1, 0.8),
    "share_without_number": 0.12,
}
READER = {
    "max_length": 8,
    # A third convolution behind the last pool, for each position has to know how many come before.
    "channels": ((32, 32), (64, 64), (128, 128, 128)),
    "architecture": Architecture(input_size=(48, 64)),
    "n_views": 3,
    "batch_size": 128,
    "lr": 0.15,
    "random_state": 0,
}
TRAINING_SEED, CALIBRATION_SEED = 0, 1_000_000


def main() -> None:
    """Make what is missing, then the file and its record."""
    options = parse_options()
    options.folder.mkdir(parents=True, exist_ok=True)
    X, y = pictures(options.folder, TRAINING_SEED, options.n_pictures)
    clf = SVHNSequenceClassifier(
        **READER, max_epochs=options.epochs, checkpoint_dir=options.folder / "checkpoint", verbose=1
    )
    clf.fit(X, y)
    clf.set_params(verbose=0, checkpoint_dir=None)
    clf.calibrate(*pictures(options.folder, CALIBRATION_SEED, options.n_calibration))
    publish(clf, options)


def pictures(folder: Path, seed: int, n_samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures and numbers of a seed, generated once."""
    path = folder / f"pictures_{seed}.npz"
    if not path.exists():
        print(f"Generating {n_samples:,} pictures, {path}", flush=True)
        X, y = make_street_numbers(
            n_samples, random_state=seed, n_jobs=-1, return_X_y=True, **PICTURES
        )
        part = path.with_suffix(".part.npz")
        np.savez(part, X=X, y=y.astype(str))
        part.rename(path)
    stored = np.load(path)
    return stored["X"], stored["y"]


def publish(clf: SVHNSequenceClassifier, options: argparse.Namespace) -> None:
    """Write the file and its record."""
    path = options.out / "numbers.sksvhn"
    clf.save(path)
    record: dict[str, Any] = {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "bytes": path.stat().st_size,
        "trained on": options.n_pictures,
        "calibrated on": options.n_calibration,
        "epochs": options.epochs,
        "seeds": [TRAINING_SEED, CALIBRATION_SEED],
        "pictures": PICTURES,
        "reader": repr(clf),
        "bfloat16": clf.amp_,
        "temperatures": clf.temperatures_,
        "versions": {name: version(name) for name in ("sksvhn", "torch", "numpy", "Pillow")},
    }
    (options.out / "numbers.json").write_text(json.dumps(record, indent=2) + "\n")
    print(f"Wrote {path}, {record['bytes']:,} bytes, SHA-256 {record['sha256']}")


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--folder", type=Path, default=Path("weights"), help="for what is half done"
    )
    parser.add_argument("--n-pictures", type=int, default=200_000)
    parser.add_argument("--n-calibration", type=int, default=4_000)
    parser.add_argument("--epochs", type=int, default=19)
    parser.add_argument(
        "--out", type=Path, default=Path(sksvhn.__file__).parent / "pretrained", help="a folder"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
