"""Measure how far the answers of one model differ between batches, threads and processors.

Readers and digit classifiers are trained on generated pictures. Child processes then answer the
same fresh pictures: in batches of many sizes with one thread and all instructions, and in a few of
these sizes under each limit of the instruction sets with 1, 2 and 4 threads. `transcribe` reads
them in partitions of many sizes. Printed is how much confidences differ at most from those of one
process with one thread that answers all pictures in one call, how many readings differ, and how
close the two likeliest readings of those pictures were. Whether the generated pictures themselves
are equal in every process is printed as well. docs/reproducibility.md states the bound.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import pandas as pd
from numpy.typing import NDArray

import sksvhn
from sksvhn import (
    PositionwiseClassifier,
    SVHNCNNClassifier,
    SVHNLogisticRegression,
    SVHNMLPClassifier,
    SVHNSequenceClassifier,
    transcribe,
)
from sksvhn.datasets import make_street_numbers

# Limits of oneDNN, of PyTorch's own kernels, of MKL, of NumPy's and SciPy's OpenBLAS, of NumPy.
AVX2 = {
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
}
FOUND_BY_NUMPY = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
INSTRUCTION_SETS: dict[str, dict[str, str]] = {
    "all": {},
    "AVX2": AVX2,
    "AVX512": {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE"},
    "none in PyTorch": AVX2 | {"ATEN_CPU_CAPABILITY": "default"},
    "none in NumPy": {"NPY_DISABLE_CPU_FEATURES": " ".join(FOUND_BY_NUMPY)},
}
THREADS = (1, 2, 4)
SIZES = (1, 2, 3, 5, 8, 16, 31, 32, 33, 64, 100, 128, 200, 255, 256, 257, 500, 999, 1000)
# Under other limits and with other numbers of threads.
FEW_SIZES = (1, 33, 256)
PARTITIONS = (1, 7, 64, 256, 1000)
# Small batches are as many as this, and not all of the pictures.
N_BATCHES = 40


class Answers(NamedTuple):
    """Readings of pictures, how sure each is, and how much likelier than the next."""

    readings: NDArray[Any]
    confidence: NDArray[np.float64]
    lead: NDArray[np.float64]


def main() -> None:
    """Train, answer in every setting, and print a row for each model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-train", type=int, default=2000, help="pictures (2000)")
    parser.add_argument("--max-epochs", type=int, default=5, help="of the networks (5)")
    parser.add_argument("--n-pictures", type=int, default=1000, help="that are answered (1000)")
    parser.add_argument("--folder", type=Path, help="of the models, which are kept there")
    parser.add_argument("--answer", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--sizes", type=int, nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.answer is not None:
        answer(options.folder, options.answer, options.sizes)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "pictures.h5").exists():
            train(folder, options.n_train, options.max_epochs, options.n_pictures)
        measure(folder)


def train(folder: Path, n_train: int, max_epochs: int, n_pictures: int) -> None:
    """Write fitted models, and pictures that they have not seen."""
    neural = {"max_epochs": max_epochs, "random_state": 0}
    models = {
        "SVHNSequenceClassifier": (6, SVHNSequenceClassifier(**neural)),
        "PositionwiseClassifier": (6, PositionwiseClassifier(SVHNLogisticRegression(max_iter=200))),
        "SVHNCNNClassifier": (1, SVHNCNNClassifier(**neural)),
        "SVHNMLPClassifier": (1, SVHNMLPClassifier(**neural)),
        "SVHNLogisticRegression": (1, SVHNLogisticRegression(features="hog", max_iter=200)),
    }
    for name, (max_length, clf) in models.items():
        made, fresh = (
            make_street_numbers(
                n, max_length=max_length, image_size=(32, 32), color=False, random_state=seed
            )
            for seed, n in enumerate((n_train, n_pictures))
        )
        clf.fit(made.images, made.target).save(folder / f"{name}.sksvhn")
        print(f"{name}: {clf.score(fresh.images, fresh.target):.3f} right", flush=True)
        with h5py.File(folder / "pictures.h5", "a") as file:
            file.require_dataset(f"X_{max_length}", fresh.images.shape, np.uint8, data=fresh.images)


def pictures_of(folder: Path, name: str) -> NDArray[np.uint8]:
    """Fresh pictures for a model: numbers, or digits."""
    reads_numbers = name in ("SVHNSequenceClassifier", "PositionwiseClassifier")
    with h5py.File(folder / "pictures.h5") as file:
        return file["X_6" if reads_numbers else "X_1"][:]


def answers_of(clf: Any, X: NDArray[np.uint8]) -> Answers:
    """Answer pictures in one call."""
    if hasattr(clf, "top_k"):
        numbers, probability = clf.top_k(X, 2)
        return Answers(numbers[:, 0], probability[:, 0], probability[:, 0] - probability[:, 1])
    probability = clf.predict_proba(X)
    first, second = np.sort(probability, axis=1)[:, :-3:-1].T
    return Answers(clf.predict(X), first, first - second)


def answer(folder: Path, out: Path, sizes: list[int]) -> None:
    """Write what all models answer in batches of these sizes, and a digest of fresh pictures."""
    made = make_street_numbers(100, random_state=0).images
    found: dict[str, Any] = {"pictures": sha256(made.tobytes()).hexdigest()}
    for path in sorted(folder.glob("*.sksvhn")):
        clf, X = sksvhn.load(path), pictures_of(folder, path.stem)
        for size in sizes:
            n = min(len(X), N_BATCHES * size)
            parts = [answers_of(clf, X[i : min(n, i + size)]) for i in range(0, n, size)]
            for field, arrays in zip(Answers._fields, zip(*parts, strict=True), strict=True):
                values = np.concatenate(arrays)
                found[f"{path.stem}/{size}/{field}"] = (
                    values.astype(str) if field == "readings" else values
                )
    np.savez(out, **found)


def answered_in(
    folder: Path, limits: dict[str, str], n_threads: int, sizes: list[int]
) -> dict[str, NDArray[Any]]:
    """Answer in a process of its own."""
    threads = {name: str(n_threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    of_sizes = ["--sizes", *map(str, sizes)]
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary) / "answers.npz"
        subprocess.run(
            [sys.executable, __file__, "--folder", folder, "--answer", out, *of_sizes],
            env=os.environ | threads | limits,
            check=True,
        )
        with np.load(out) as found:
            return dict(found)


def measure(folder: Path) -> None:
    """Compare all settings with one thread that answers in one call, and print the table."""
    rows = []
    reference: dict[str, Answers] = {}
    digests: set[str] = set()
    names = [path.stem for path in sorted(folder.glob("*.sksvhn"))]
    n = len(pictures_of(folder, names[0]))
    for limit, variables in INSTRUCTION_SETS.items():
        for n_threads in THREADS:
            plain = not variables and n_threads == 1
            sizes = sorted({size for size in (SIZES if plain else FEW_SIZES) if size < n} | {n})
            found = answered_in(folder, variables, n_threads, sizes)
            digests.add(str(found["pictures"]))
            for name in names:
                for size in sizes[::-1]:
                    answers = Answers(*(found[f"{name}/{size}/{f}"] for f in Answers._fields))
                    reference.setdefault(name, answers)  # the first: all pictures in one call
                    difference = differences(answers, reference[name])
                    rows.append((name, limit, n_threads, size, *difference))
            print(f"{limit}, {n_threads} threads: {max(row[4] for row in rows):.2g}", flush=True)
    table = pd.DataFrame(
        rows,
        columns=["model", "instructions", "threads", "batch", "confidence", "readings", "lead"],
    )
    for columns in (["model"], ["model", "instructions"], ["model", "threads"]):
        print(table.groupby(columns, sort=False)[["confidence", "readings", "lead"]].max())
    same = table[(table["instructions"] == "all") & (table["threads"] == 1)]
    print("other batches alone:")
    print(same.groupby("model", sort=False)[["confidence", "readings", "lead"]].max())
    print(same.groupby("batch")["confidence"].max())
    print(f"generated pictures are equal everywhere: {len(digests) == 1}")
    print("partitions of transcribe:")
    greatest = table["confidence"].max()
    for size in PARTITIONS:
        found, lead = transcribed(folder, size), reference["SVHNSequenceClassifier"].lead
        answers = Answers(found["reading"].to_numpy(), found["confidence"].to_numpy(), lead)
        difference = differences(answers, reference["SVHNSequenceClassifier"])
        greatest = max(greatest, difference[0])
        print(size, *difference, flush=True)
    print(f"at most, of all: {greatest:.2g}")


def differences(answers: Answers, reference: Answers) -> tuple[float, int, float]:
    """Greatest difference in confidence, readings that differ, and the greatest lead of those."""
    n = len(answers.readings)
    differ = answers.readings != reference.readings[:n].astype(str)
    confidence = np.abs(answers.confidence - reference.confidence[:n]).max()
    return confidence, int(differ.sum()), reference.lead[:n][differ].max(initial=0.0)


def transcribed(folder: Path, partition_size: int) -> pd.DataFrame:
    """Read the numbers with `transcribe`."""
    with tempfile.TemporaryDirectory() as out:
        source = Path(out) / "numbers.h5"
        with h5py.File(source, "w") as file:
            file["X"] = pictures_of(folder, "SVHNSequenceClassifier")
        done = transcribe(
            source,
            folder / "SVHNSequenceClassifier.sksvhn",
            Path(out) / "readings",
            whole=True,
            partition_size=partition_size,
            n_workers=1,
        )
        return pd.read_parquet(done.path)


if __name__ == "__main__":
    main()
