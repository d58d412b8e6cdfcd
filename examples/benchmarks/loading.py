"""Measure the loader of SVHN's format 1: its table against a plain h5py loop, and its pictures.

The table is a digitStruct.mat of the size of SVHN's train set, written here in MATLAB's layout. The
plain loop reads a part of it, and its time is scaled. Pictures come from an archive of one's own or
are generated. Repetitions take turns; medians are printed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import h5py
import numpy as np

from sksvhn.datasets import load_svhn_numbers, read_digit_struct

# The tests' writer of MATLAB's layout.
sys.path.append(str(Path(__file__).parents[2]))
from tests.datasets.svhn_files import Entry, NumberSet, write_digit_struct

# Numbers of each length, 1 to 6, in SVHN's train set: 33,402 of 73,257 digits.
LENGTHS = (5137, 18130, 8691, 1434, 9, 1)


def main() -> None:
    """Write the files, time both ways in turns, and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--archive", type=Path, help="format 1, such as train.tar.gz (generated)")
    parser.add_argument("--share", type=float, default=1.0, help="of the table's size (1)")
    parser.add_argument("--plain-share", type=float, default=0.1, help="... that is looped (0.1)")
    parser.add_argument("--n-repetitions", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "digitStruct.mat"
        entries = make_entries(options.share)
        write_digit_struct(table, entries)
        n_plain = max(1, round(options.plain_share * len(entries)))
        ways = {"plain": lambda: read_plainly(table, n_plain), "ours": lambda: read(table)}
        seconds = in_turns(ways, options.n_repetitions)
        plain = seconds["plain"] * len(entries) / n_plain
        print(
            f"{len(entries)} numbers, {sum(len(entry.labels) for entry in entries)} digits: "
            f"plain loop {plain:.1f} s, read_digit_struct {seconds['ours']:.2f} s, "
            f"{plain / seconds['ours']:.0f} times as fast"
        )
        archive = options.archive
        if archive is None:
            numbers = map(str, np.random.default_rng(0).integers(1, 1000, 1000))
            archive = NumberSet.generate(numbers, color=True).write_archive(
                Path(folder) / "train.tar.gz"
            )
        load(archive, 1)  # into the operating system's cache
        ways = {f"n_jobs={n}": lambda n=n: load(archive, n) for n in (1, 2)}
        n_pictures = len(load_svhn_numbers(archive).images)
        for name, second in in_turns(ways, options.n_repetitions).items():
            print(f"{archive.name}, {name}: {n_pictures / second:.0f} pictures a second")


def make_entries(share: float) -> list[Entry]:
    """Entries as many and as long as in SVHN's train set."""
    rng = np.random.default_rng(0)
    entries = []
    for length, count in enumerate(LENGTHS, start=1):
        for _ in range(round(share * count)):
            boxes = rng.integers(1, 100, (length, 4)).astype(float)
            labels = rng.integers(1, 11, length).astype(float)
            entries.append(Entry(f"{len(entries) + 1}.png", labels, boxes))
    return [entries[i] for i in rng.permutation(len(entries))]


def read_plainly(path: Path, n_entries: int) -> list[tuple[str, list[list[float]]]]:
    """Read a digitStruct.mat as most programs do, one reference after the other."""
    read = []
    with h5py.File(path) as file:
        names, boxes = file["digitStruct/name"], file["digitStruct/bbox"]
        for i in range(n_entries):
            name = "".join(chr(code[0]) for code in file[names[i][0]][:])
            group = file[boxes[i][0]]
            columns = []
            for field in ("label", "left", "top", "width", "height"):
                values = group[field]
                if len(values) > 1:
                    columns.append([file[reference[0]][0][0] for reference in values])
                else:
                    columns.append([values[0][0]])
            read.append((name, columns))
    return read


def read(path: Path) -> None:
    """Read it with sksvhn."""
    read_digit_struct(path)


def load(path: Path, n_jobs: int) -> None:
    """Load and crop all pictures of an archive."""
    load_svhn_numbers(path, n_jobs=n_jobs)


def in_turns(ways: dict[str, Callable[[], object]], n_repetitions: int) -> dict[str, float]:
    """Median seconds of each way."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(n_repetitions):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - start)
    return {name: median(values) for name, values in seconds.items()}


if __name__ == "__main__":
    main()
