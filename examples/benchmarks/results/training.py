"""Train and score one job, which gives one record."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import torch
from sklearn.base import clone
from speed import machine

from sksvhn import SVHNSequenceClassifier
from sksvhn.datasets import describe_numbers, load_svhn_numbers, make_street_numbers
from sksvhn.metrics import (
    bootstrap_interval,
    coverage_at_accuracy_score,
    digit_accuracy_score,
    length_accuracy_score,
    position_accuracy_scores,
    sequence_accuracy_score,
)

from . import data
from .jobs import GENERATED_EPOCHS, N_GENERATED, Job

Record = dict[str, Any]


def train(job: Job, random_state: int, max_epochs: int | None, folder: Path, cache: Path) -> Record:
    """Train once, score the test pictures once.

    Parameters
    ----------
    job : Job
        What to train.
    random_state : int
        Of the estimator.
    max_epochs : int or None
        Instead of the settings' own. After pre-training they have none.
    folder : Path
        Where the data are.
    cache : Path
        Where the reader that was trained on generated numbers is kept.
    """
    (X, y), test = data.load(job.data, folder)
    n_train = len(X) if job.n_train is None else job.n_train
    X, y = X[:n_train], y[:n_train]
    clf = job.make(max(n_train, 1))
    settings_epochs = getattr(clf, "max_epochs", None)
    generated: Record = {}
    if job.pretrained:
        clf, seconds = pretrained_reader(random_state, cache)
        generated["generated"] = {
            "pictures": N_GENERATED,
            "epochs": GENERATED_EPOCHS,
            "processor seconds": seconds,
        }
        clf.set_params(warm_start=True, lr=clf.lr / 2)
        settings_epochs = max_epochs
    if max_epochs is not None:
        clf.set_params(max_epochs=max_epochs)
    if "random_state" in clf.get_params():
        clf.set_params(random_state=random_state)
    record: Record = {
        "job": job.name,
        "data": job.data,
        "trained on": n_train,
        "scored on": len(test[0]),
        "random state": random_state,
    }
    record |= generated
    start, processor_start = time.perf_counter(), time.process_time()
    if n_train:
        clf.fit(X, y)
        record["training"] = {
            "seconds": round(time.perf_counter() - start, 1),
            "processor seconds": round(time.process_time() - processor_start, 1),
        }
    if settings_epochs is not None and n_train:
        record["epochs"] = clf.max_epochs
        record["epochs of the settings"] = settings_epochs
        record["batches an epoch"] = math.ceil(n_train / clf.batch_size)
    record["scores"] = scores(clf, *test)
    if job.data == "real numbers" and "B3" in job.rows:
        record["photographs"] = photographs(clf, folder / "photos")
    if hasattr(clf, "summary"):
        summary = clf.summary()
        record["weights"] = summary.n_weights + summary.n_statistics
    return record | {"estimator": " ".join(str(clone(clf)).split())}


def pretrained_reader(random_state: int, cache: Path) -> tuple[SVHNSequenceClassifier, float]:
    """Train the default reader on generated numbers, or fetch it where that was done before.

    The processor's seconds, of generating and training, come with it.
    """
    path = cache / f"pretrained_{N_GENERATED}_{GENERATED_EPOCHS}_{random_state}.joblib"
    if not path.exists():
        start = time.process_time()
        made = make_street_numbers(N_GENERATED, color=False, random_state=random_state)
        clf = SVHNSequenceClassifier(max_epochs=GENERATED_EPOCHS, random_state=random_state)
        clf.fit(made.images, made.target)
        cache.mkdir(parents=True, exist_ok=True)
        joblib.dump((clf, round(time.process_time() - start, 1)), path)
    return joblib.load(path)


def scores(clf: Any, X: np.ndarray, y: np.ndarray) -> dict[str, dict[str, float]]:
    """Scores with 95 % bootstrap intervals over the pictures."""
    if not hasattr(clf, "predict_factors"):
        return {"accuracy": interval(sequence_accuracy_score, y, clf.predict(X))}
    y_read, confidence = clf.predict(X, return_confidence=True)
    found = {
        "accuracy": interval(sequence_accuracy_score, y, y_read),
        "digits": interval(digit_accuracy_score, y, y_read),
        "length": interval(length_accuracy_score, y, y_read),
        "coverage at 98 %": interval(coverage_at_accuracy_score, y, y_read, confidence),
    }
    for i in range(3):
        reaching = np.array([len(number) > i for number in y])
        found[f"position {i + 1}"] = interval(
            lambda true, read, i=i: position_accuracy_scores(true, read)[i],
            y[reaching],
            y_read[reaching],
        )
    return found


def interval(metric: Any, *values: np.ndarray) -> dict[str, float]:
    """Return a score and the ends of its interval."""
    found = bootstrap_interval(metric, *values, random_state=0)
    return {name: round(value, 5) for name, value in found._asdict().items()}


def photographs(clf: SVHNSequenceClassifier, folder: Path) -> list[Record]:
    """Read photographs whose numbers stand before ``__`` in their names, whole as they are."""
    paths = sorted(folder.iterdir())
    y_read, confidence = clf.read(paths, return_confidence=True)
    return [
        {"number": path.name.split("__")[0], "read": read, "confidence": round(float(sure), 3)}
        for path, read, sure in zip(paths, y_read, confidence, strict=True)
    ]


def describe(folder: Path) -> Record:
    """C4: the tables that describe the real numbers."""
    tables = {}
    for subset in ("train", "test"):
        numbers = load_svhn_numbers(folder / "svhn" / f"{subset}.tar.gz", color="grey")
        summary, lengths, sizes = describe_numbers(numbers)
        tables[subset] = {
            **summary.round(2).iloc[0].to_dict(),
            "lengths": {str(n): int(count) for n, count in lengths["n_numbers"].items()},
            "sizes": sizes.round(1).to_dict("index"),
        }
    return {"job": "C4", "random state": 0, "tables": tables}


def circumstances() -> Record:
    """Date, machine and versions."""
    found = machine.describe(torch.get_num_threads())
    del found["load before the start"]
    return {"date": datetime.now(UTC).date().isoformat(), "machine": found}
