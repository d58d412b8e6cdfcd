"""Train and score one job, which gives one record."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import photographs as whole
import torch
from sklearn.base import clone
from sklearn.model_selection import train_test_split
from speed import machine

import sksvhn
from sksvhn.datasets import describe_numbers, load_svhn_numbers
from sksvhn.metrics import (
    bootstrap_interval,
    coverage_at_accuracy_score,
    digit_accuracy_score,
    length_accuracy_score,
    position_accuracy_scores,
    sequence_accuracy_score,
)

from . import data
from .jobs import Job

Record = dict[str, Any]


def train(job: Job, random_state: int, folder: Path, cache: Path) -> Record:
    """Train once, score the test pictures once.

    Parameters
    ----------
    job : Job
        What to train.
    random_state : int
        Of the estimator.
    folder : Path
        Where the data are.
    cache : Path
        Where trainings that may take several sittings keep their checkpoints.
    """
    (X, y), test = data.load(job.data, folder)
    n_train = len(X) if job.n_train is None else job.n_train
    X, y = X[:n_train], y[:n_train]
    clf = job.make(max(n_train + job.n_generated, 1))
    settings_epochs = getattr(clf, "max_epochs", None)
    if "random_state" in clf.get_params():
        clf.set_params(random_state=random_state)
    record: Record = {
        "job": job.name,
        "data": job.data,
        "trained on": n_train,
        "scored on": len(test[0]),
        "random state": random_state,
    }
    n_held_out, validation = 0, {}
    if job.until_still:
        sittings = cache / f"{job.name}, {random_state}"
        clf.set_params(
            early_stopping=True,
            training__n_iter_no_change=math.ceil(settings_epochs / 10),
            checkpoint_dir=sittings,
        )
        sittings.mkdir(parents=True, exist_ok=True)
        with (sittings / "began.txt").open("a") as began:
            began.write(f"{datetime.now(UTC).isoformat()}\n")
        n_held_out = round(n_train * clf.training.validation_fraction)
    if job.n_generated:
        # What is held out is real, as what is scored.
        X, X_val, y, y_val = train_test_split(X, y, test_size=n_held_out, random_state=random_state)
        validation = {"X_val": X_val, "y_val": y_val}
        X_made, y_made = data.generated_numbers(job.n_generated)
        X, y = np.concatenate([X, X_made]), np.concatenate([y, y_made])
        record["generated"] = job.n_generated
    processor_start, start = time.process_time(), time.perf_counter()
    if n_train:
        clf.fit(X, y, **validation)
        record["training"] = {
            "seconds": round(time.perf_counter() - start, 1),
            "processor seconds": round(time.process_time() - processor_start, 1),
        }
    if job.until_still:
        record["sittings"] = len((sittings / "began.txt").read_text().splitlines())
        if record["sittings"] > 1:  # `fit` was timed in the last one alone
            record["training"] = {"seconds": round(sum(epoch["dur"] for epoch in clf.history_), 1)}
        record["still for"] = clf.training.n_iter_no_change
    if settings_epochs is not None and n_train:
        record["epochs"] = clf.n_iter_
        record["epochs of the settings"] = settings_epochs
        n_shown = n_train + job.n_generated - n_held_out
        record["batches an epoch"] = math.ceil(n_shown / clf.batch_size)
    record["scores"] = scores(clf, *test)
    if hasattr(clf, "summary"):
        summary = clf.summary()
        record["weights"] = summary.n_weights + summary.n_statistics
    return record | {"estimator": " ".join(str(clone(clf)).split())}


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


def read_photographs(folder: Path) -> Record:
    """B3: what `sksvhn.read` reads in whole photographs, of which the surest number counts."""
    kinds = {"photos": whole.photographs(folder), "buildings": whole.buildings(folder)}
    found = {}
    for name, (paths, numbers, *_) in kinds.items():
        answers, confidence = whole.surest(paths, sksvhn.read(paths, min_confidence=0.0))
        found[name] = {
            "accuracy": interval(sequence_accuracy_score, numbers, answers),
            "read": [
                {"number": number, "read": answer, "confidence": round(float(sure), 3)}
                for number, answer, sure in zip(numbers, answers, confidence, strict=True)
            ],
        }
    return {"found": found}


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
    return {"tables": tables}


def circumstances() -> Record:
    """Date, machine and versions."""
    found = machine.describe(torch.get_num_threads())
    del found["load before the start"]
    return {"date": datetime.now(UTC).date().isoformat(), "machine": found}
