"""Prediction: many pictures at once, and one picture at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .problems import SEQUENCE, pictures
from .turns import Job, Record, seconds_of

N_VIEWS = (1, 5)
CHUNK = 256


def jobs(n_samples: int, n_single: int) -> list[Job]:
    """Compare the default sequence classifier with the forward pass of its module."""
    return [
        Job("predict", f"{n_views} views" if n_views > 1 else "1 view", name, measure, arguments)
        for n_views in N_VIEWS
        for name, arguments in (
            ("bare forward pass", (n_views, n_samples, n_single, True)),
            ("sksvhn", (n_views, n_samples, n_single, False)),
        )
    ]


def measure(n_views: int, n_samples: int, n_single: int, bare: bool) -> Record:
    """Throughput of a batch, and milliseconds that single pictures take."""
    from .with_sksvhn import fitted_sequence_classifier

    clf = fitted_sequence_classifier().set_params(n_views=n_views)
    X = pictures(SEQUENCE, n_samples)[0]
    if bare:
        batches, one = (_forward_pass(clf, part, n_views) for part in (X, X[:1]))
    else:
        batches, one = (lambda: clf.predict(X)), (lambda: clf.predict(X[:1]))
    single = np.array([seconds_of(one) for _ in range(10 + n_single)][10:])
    seconds_of(batches)
    return {
        "pictures a second": n_samples / seconds_of(batches),
        "one picture, ms": 1000 * float(np.median(single)),
        "95th percentile, ms": 1000 * float(np.percentile(single, 95)),
    }


def _forward_pass(clf: Any, X: np.ndarray, n_views: int) -> Callable[[], None]:
    """Only the module: its inputs are standardised and resized beforehand."""
    import torch

    from sksvhn.estimators._augmentation import VIEWS

    module, preparation = clf.module_, clf.net_.preparation
    chunks = (X[start : start + CHUNK, ..., None] for start in range(0, len(X), CHUNK))
    inputs = [view for chunk in chunks for view in preparation.views(chunk, VIEWS[:n_views])]

    def run() -> None:
        with torch.inference_mode():
            for batch in inputs:
                module(batch)

    return run
