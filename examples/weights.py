"""Train models like those of ``sksvhn.load_pretrained`` from nothing.

The reader of digits is the one that comes with the package. Reader and locator of numbers are the
first parts of those that come, which were trained on in more parts (``docs/pretrained.md``).
Pictures are generated once, and a training that was stopped resumes after its last epoch. Reader
and locator are calibrated on generated pictures that they were not trained on. Each model is
written to ``sksvhn/pretrained`` with a record of everything it depends on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from importlib.metadata import requires, version
from pathlib import Path
from typing import Any

import numpy as np
import torch

import sksvhn
from sksvhn import Architecture, NumberLocator, SVHNCNNClassifier, SVHNSequenceClassifier
from sksvhn.datasets import make_street_digits, make_street_numbers, make_street_scenes

PICTURES: dict[str, Any] = {"image_size": (64, 64), "color": False, "max_length": 8}
# Half of the numbers are cropped as loosely as by hand and long more often than on houses; the
# other half are like SVHN's. The halves have a seed and the next one.
NUMBERS: tuple[dict[str, Any], ...] = (
    PICTURES
    | {
        "length_distribution": (0.15, 0.36, 0.30, 0.12, 0.04, 0.015, 0.01, 0.005),
        "margin": (-0.1, 0.8),
        "share_without_number": 0.14,
    },
    PICTURES
    | {
        "length_distribution": (0.15, 0.52, 0.26, 0.05, 0.008, 0.006, 0.004, 0.002),
        "margin": (-0.1, 0.3),
        "share_without_number": 0.10,
    },
)
READER = {
    "max_length": 8,
    # The last stage is deep, for each position has to know how many come before.
    "channels": ((32, 32), (128, 128), (192, 192, 192, 192)),
    "architecture": Architecture(input_size=(48, 64)),
    "n_views": "adaptive",
    "batch_size": 128,
    "lr": 0.15,
    "max_epochs": 12,
    "random_state": 0,
}
LONGEST_CLASS = 3
DIGITS = {"image_size": (32, 32), "color": False}
DIGIT_READER = {
    "channels": ((32, 32), (96, 96), (192, 192)),
    "batch_size": 128,
    "lr": 0.15,
    "max_epochs": 12,
    "random_state": 0,
}
SCENES = {"image_size": (384, 384), "length_distribution": (0.15, 0.3, 0.4, 0.12, 0.03)}
LOCATOR = {"max_epochs": 24, "random_state": 0}
# The network reads larger pictures than it was trained on: it knows numbers of every size.
LOCATOR_INPUT_SIZE = 704
# Of the pictures that are trained on, and of those that confidences are learned from.
SEEDS = (0, 1_000_000)
N_NUMBERS, N_SCENES = (400_000, 4_000), (12_000, 1_000)
N_DIGITS = 400_000


def main() -> None:
    """Make what is missing, then the files and their records."""
    options = parse_options()
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.model in ("numbers", "all"):
        make_reader(options)
    if options.model in ("locator", "all"):
        make_locator(options)
    if options.model in ("digits", "all"):
        make_digit_reader(options)


def make_reader(options: argparse.Namespace) -> None:
    """Train and calibrate the reader."""
    sizes = options.sizes or N_NUMBERS
    reader = SVHNSequenceClassifier(**READER)
    train(reader, numbers(options.folder, SEEDS[0], sizes[0]), options)
    reader.calibrate(*numbers(options.folder, SEEDS[1], sizes[1]))
    # `predict` knows all numbers; these are the columns of `predict_proba`, of which each takes
    # space in the file and time when it is loaded.
    reader.classes_ = reader.classes_[np.char.str_len(reader.classes_) <= LONGEST_CLASS]
    about = {"pictures": NUMBERS, "temperatures": reader.temperatures_}
    publish(reader, options.out / "numbers.sksvhn", sizes, about)


def make_locator(options: argparse.Namespace) -> None:
    """Train and calibrate the locator."""
    sizes = options.sizes or N_SCENES
    locator = NumberLocator(**LOCATOR)
    train(locator, scenes(options.folder, SEEDS[0], sizes[0]), options)
    locator.set_params(input_size=LOCATOR_INPUT_SIZE)
    locator.calibrate(*scenes(options.folder, SEEDS[1], sizes[1]))
    about = {"pictures": SCENES, "calibration": locator.calibration_}
    publish(locator, options.out / "locator.sksvhn", sizes, about)


def make_digit_reader(options: argparse.Namespace) -> None:
    """Train the reader of single digits."""
    n_samples = options.sizes[0] if options.sizes else N_DIGITS
    reader = SVHNCNNClassifier(**DIGIT_READER)
    train(reader, digits(options.folder, SEEDS[0], n_samples), options)
    publish(reader, options.out / "digits.sksvhn", [n_samples], {"pictures": DIGITS})


def train(model: Any, data: tuple[Any, Any], options: argparse.Namespace) -> None:
    """Fit, from where a stopped training was, and round the weights."""
    model.set_params(checkpoint_dir=options.folder, verbose=1)
    if options.epochs:
        model.set_params(max_epochs=options.epochs)
    model.fit(*data)
    model.set_params(checkpoint_dir=None, verbose=0)
    round_weights(model)


def round_weights(model: Any) -> None:
    """Round filters and matrices to float16, in which a file has half the size."""
    with torch.no_grad():
        for weight in model.module_.parameters():
            if weight.ndim > 1:
                weight.copy_(weight.half())


def numbers(folder: Path, seed: int, n_samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Crops and numbers of a seed, generated once."""

    def make() -> dict[str, np.ndarray]:
        kinds = [
            make_street_numbers(
                (n_samples + i) // len(NUMBERS),
                random_state=seed + i,
                n_jobs=-1,
                return_X_y=True,
                **settings,
            )
            for i, settings in enumerate(NUMBERS)
        ]
        X, y = (np.concatenate(arrays) for arrays in zip(*kinds, strict=True))
        return {"X": X, "y": y.astype(str)}

    stored = made_once(folder, "pictures", NUMBERS, seed, n_samples, make)
    return stored["X"], stored["y"]


def digits(folder: Path, seed: int, n_samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Crops and digits of a seed, generated once."""

    def make() -> dict[str, np.ndarray]:
        X, y = make_street_digits(
            n_samples, random_state=seed, n_jobs=-1, return_X_y=True, **DIGITS
        )
        return {"X": X, "y": y}

    stored = made_once(folder, "digits", DIGITS, seed, n_samples, make)
    return stored["X"], stored["y"]


def scenes(folder: Path, seed: int, n_samples: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Photographs and boxes of a seed, generated once."""

    def make() -> dict[str, np.ndarray]:
        X, y = make_street_scenes(
            n_samples, random_state=seed, n_jobs=-1, return_X_y=True, **SCENES
        )
        return {"X": X, "y": np.concatenate(y), "ends": np.cumsum([len(boxes) for boxes in y])}

    stored = made_once(folder, "scenes", SCENES, seed, n_samples, make)
    return stored["X"], np.split(stored["y"], stored["ends"][:-1])


def made_once(
    folder: Path,
    kind: str,
    settings: Any,
    seed: int,
    n_samples: int,
    make: Callable[[], dict[str, np.ndarray]],
) -> Any:
    """Return arrays from a file of these settings and versions, which is made if it is missing."""
    of = hashlib.sha256(repr(((settings, seed, n_samples), versions())).encode()).hexdigest()[:12]
    path = folder / f"{kind}_{of}.npz"
    if not path.exists():
        print(f"Generating {n_samples:,} {kind}, {path}", flush=True)
        part = path.with_suffix(".part.npz")
        np.savez(part, **make())
        part.rename(path)
    return np.load(path)


def versions() -> dict[str, str]:
    """Versions of what trains and draws."""
    fonts = [line for line in requires("sksvhn") or () if '"fonts"' in line]
    names = ["sksvhn", "torch", "numpy", "Pillow"]
    names += [re.split("[^\\w-]", line)[0] for line in fonts]
    return {name: version(name) for name in names}


def publish(model: Any, path: Path, sizes: Sequence[int], about: dict[str, Any]) -> None:
    """Write the file of a model and its record."""
    model.save(path)
    record: dict[str, Any] = {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "bytes": path.stat().st_size,
        **dict(zip(("trained on", "calibrated on"), sizes, strict=False)),
        "epochs": model.n_iter_,
        "seeds": SEEDS[: len(sizes)],
        **about,
        "estimator": repr(model),
        "bfloat16": model.amp_,
        "versions": versions(),
    }
    path.with_suffix(".json").write_text(json.dumps(record, indent=2) + "\n")
    print(f"Wrote {path}, {record['bytes']:,} bytes, SHA-256 {record['sha256']}")


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "model", nargs="?", default="all", choices=("all", "numbers", "locator", "digits")
    )
    parser.add_argument(
        "--sizes", type=int, nargs=2, help="pictures to train on and to calibrate with"
    )
    parser.add_argument("--epochs", type=int)
    parser.add_argument(
        "--folder", type=Path, default=Path("weights"), help="for what is half done"
    )
    parser.add_argument(
        "--out", type=Path, default=Path(sksvhn.__file__).parent / "pretrained", help="a folder"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
