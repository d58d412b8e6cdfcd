"""Time to an accuracy on numbers that are not trained on."""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from .problems import SEQUENCE
from .turns import Job, Record

GOALS = (0.85, 0.90)
Data = tuple[np.ndarray, np.ndarray]


def jobs(data: Path | None, n_samples: int, max_epochs: int | None, n_jobs: int) -> list[Job]:
    """Train the default sequence classifier."""
    group = "generated numbers" if data is None else "real numbers"
    return [
        Job("accuracy", group, "sksvhn", measure, (data, n_samples, max_epochs, n_jobs), once=True)
    ]


def measure(data: Path | None, n_samples: int, max_epochs: int | None, n_jobs: int) -> Record:
    """Train until the last goal is reached, or the planned epochs are over."""
    from skorch.callbacks import Callback

    from .with_sksvhn import make_classifier

    class StopAtGoal(Callback):
        """Ends the training as callbacks do, by a KeyboardInterrupt."""

        def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
            if net.history[-1, "valid_score"] >= max(GOALS):
                raise KeyboardInterrupt

    (X, y), (X_val, y_val) = load(data, n_samples, n_jobs)
    clf = make_classifier(SEQUENCE, callbacks=[StopAtGoal()])
    if max_epochs is not None:
        clf.set_params(max_epochs=max_epochs)
    clf.fit(X, y, X_val=X_val, y_val=y_val)
    scores = [epoch["valid_score"] for epoch in clf.history_]
    seconds = list(accumulate(epoch["dur"] for epoch in clf.history_))
    reached = {
        f"seconds to {goal:.0%}": next(
            (s for s, score in zip(seconds, scores, strict=True) if score >= goal), None
        )
        for goal in GOALS
    }
    return reached | {
        "training numbers": len(X),
        "validation numbers": len(X_val),
        "planned epochs": clf.max_epochs,
        "epochs": len(scores),
        "best score": max(scores),
        "amp": clf.amp_,
    }


def load(data: Path | None, n_samples: int, n_jobs: int) -> tuple[Data, Data]:
    """Pictures and numbers to train on, and a fifth to validate on."""
    from sksvhn.datasets import load_svhn_numbers, make_street_numbers
    from sksvhn.model_selection import NumberKFold

    if data is None:
        made = make_street_numbers(n_samples, color=False, random_state=0, n_jobs=n_jobs)
        X, y = made.images, made.target
    else:
        X, y = load_svhn_numbers(data / "train.tar.gz", color="grey", return_X_y=True)
    train, valid = next(NumberKFold(5, shuffle=True, random_state=0).split(X, y))
    return (X[train], np.asarray(y)[train]), (X[valid], np.asarray(y)[valid])
