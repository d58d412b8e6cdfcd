"""Make the weights of ``sksvhn.load_pretrained("numbers")`` from nothing, in parts.

Each part generates pictures of its own and trains on them for one cycle of the learning rate, from
the weights of the part before. A part that is done is not repeated, and one that was interrupted
resumes after its last epoch. The last part is calibrated on generated pictures that no part trained
on, and written to ``sksvhn/pretrained`` with a record of everything it depends on.
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
from sksvhn import SVHNSequenceClassifier
from sksvhn.datasets import make_street_numbers

PICTURES = {
    "image_size": (64, 64),
    "color": False,
    "max_length": 8,
    "length_distribution": (0.15, 0.36, 0.30, 0.12, 0.04, 0.015, 0.01, 0.005),
    "margin": (-0.1, 0.8),
    "share_without_number": 0.12,
}
READER = {"max_length": 8, "random_state": 0}
# Of the first part, and of the others.
LEARNING_RATES = (0.1, 0.05)
CALIBRATION_SEED = 1_000_000
N_CALIBRATION = 4_000


def main() -> None:
    """Make what is missing of all parts, then the file and its record."""
    options = parse_options()
    options.folder.mkdir(parents=True, exist_ok=True)
    clf = SVHNSequenceClassifier(**READER, verbose=1)
    for part in range(options.parts):
        done = options.folder / f"part_{part}.sksvhn"
        if not done.exists():
            X, y = pictures(options.folder, part, options.n_pictures)
            if options.generate_only:
                continue
            clf.set_params(
                warm_start=part > 0,
                lr=LEARNING_RATES[min(part, 1)],
                max_epochs=options.epochs,
                checkpoint_dir=options.folder / f"checkpoint_{part}",
            )
            clf.fit(X, y)
            clf.save(done)
        clf = sksvhn.load(done)
    if not options.generate_only:
        X, y = pictures(options.folder, CALIBRATION_SEED, N_CALIBRATION)
        clf.set_params(warm_start=False, verbose=0).calibrate(X, y)
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
        "parts": options.parts,
        "pictures per part": options.n_pictures,
        "epochs per part": options.epochs,
        "seeds": [*range(options.parts), CALIBRATION_SEED],
        "pictures": PICTURES,
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
    parser.add_argument("--parts", type=int, default=1)
    parser.add_argument("--n-pictures", type=int, default=50_000, help="of each part")
    parser.add_argument("--epochs", type=int, default=11, help="of each part")
    parser.add_argument("--generate-only", action="store_true", help="make pictures, do not train")
    parser.add_argument(
        "--out", type=Path, default=Path(sksvhn.__file__).parent / "pretrained", help="a folder"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
