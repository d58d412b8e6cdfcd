"""Show that training from an HDF5 file takes flat memory and little time.

Trains for one epoch on pictures in memory, on the same pictures in an HDF5 file, and on a file four
times as large, each in a process of its own, in turns. Prints peak memory and pictures a second.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from sksvhn import SVHNCNNClassifier
from sksvhn.datasets import make_street_numbers

N_DISTINCT = 2000
CHUNK = 256


def main() -> None:
    """Make the files, train in turns, and print a table of medians."""
    options = parse_options()
    if options.train is not None:
        print(json.dumps(train(options.train, in_memory=options.in_memory)))
        return
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "small.h5", Path(folder) / "large.h5"
        write(small, options.n_samples)
        write(large, 4 * options.n_samples)
        ways = {
            "in memory": ["--in-memory", "--train", str(small)],
            "HDF5": ["--train", str(small)],
            "HDF5, four times as large": ["--train", str(large)],
        }
        for _ in range(options.n_repetitions):
            for name, arguments in ways.items():
                done = subprocess.run(
                    [sys.executable, __file__, *arguments],
                    stdout=subprocess.PIPE,
                    text=True,
                    check=True,
                )
                runs.append({"pictures are": name} | json.loads(done.stdout))
                print(runs[-1], flush=True)
    table = pd.DataFrame(runs).groupby("pictures are", sort=False).median()
    print(f"\nMedians of {options.n_repetitions}:\n\n{table.round(1).to_string()}")


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-samples", type=int, default=50_000)
    parser.add_argument("--n-repetitions", type=int, default=3)
    parser.add_argument("--train", type=Path, help="only train on this file")
    parser.add_argument("--in-memory", action="store_true", help="... after reading it whole")
    return parser.parse_args()


def write(path: Path, n_samples: int) -> None:
    """Write generated digits in colour, over and over."""
    n_distinct = min(N_DISTINCT, n_samples)
    digits = make_street_numbers(n_distinct, max_length=1, image_size=(32, 32), random_state=0)
    with h5py.File(path, "w") as file:
        X = file.create_dataset(
            "X",
            (n_samples, *digits.images.shape[1:]),
            np.uint8,
            chunks=(min(CHUNK, n_samples), 32, 32, 3),
        )
        file["y"] = np.resize(digits.target.astype(int), n_samples)
        for start in range(0, n_samples, n_distinct):
            X[start : start + n_distinct] = digits.images[: n_samples - start]


def train(path: Path, *, in_memory: bool) -> dict[str, float]:
    """Train for an epoch and predict once; return what it took."""
    with h5py.File(path) as file:
        X, y = file["X"], file["y"][:]
        start = time.perf_counter()
        pictures = X[:] if in_memory else X
        clf = SVHNCNNClassifier(max_epochs=1, n_views=1, random_state=0).fit(pictures, y)
        fitted = time.perf_counter()
        clf.predict(pictures)
        predicted = time.perf_counter()
    return {
        "pictures": len(y),
        "trained a second": len(y) / (fitted - start),
        "predicted a second": len(y) / (predicted - fitted),
        "peak memory, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    main()
