"""Whole tasks, in seconds: a search of a grid, numbers that are generated, a photograph."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .problems import PROBLEMS, photographs, pictures, standardized
from .turns import Job, Record, seconds_of

# Ten settings by two folds: twenty fits.
LEARNING_RATES = np.geomspace(1e-4, 1e-2, 10).tolist()
N_FOLDS, N_EPOCHS = 2, 10
N_JOBS = 2


def jobs(n_samples: int, n_generated: int, n_photographs: int) -> list[Job]:
    """Search a grid beside scikit-learn, generate numbers, and read photographs one by one."""
    grid = f"grid over E1, {len(LEARNING_RATES) * N_FOLDS} fits, n_jobs={N_JOBS}"
    numbers = f"{n_generated:,} generated numbers, n_jobs={N_JOBS}"
    return [
        Job("tasks", grid, "scikit-learn", search_grid, ("scikit-learn", n_samples)),
        Job("tasks", grid, "sksvhn", search_grid, ("sksvhn", n_samples)),
        Job("tasks", numbers, "sksvhn", generate, (n_generated,)),
        Job("tasks", "a photograph of 1024 pixels", "sksvhn", read, (n_photographs,)),
    ]


def search_grid(contender: str, n_samples: int) -> Record:
    """Seconds of a search, workers and all; there were workers before."""
    X, y = pictures("E1", n_samples)
    clf: Any
    if contender == "sksvhn":
        from .with_sksvhn import make_classifier

        clf, name = make_classifier("E1", max_epochs=N_EPOCHS), "lr"
    else:
        from sklearn.neural_network import MLPClassifier

        problem, name = PROBLEMS["E1"], "learning_rate_init"
        clf = MLPClassifier(
            problem.hidden_layer_sizes,
            batch_size=problem.batch_size,
            max_iter=N_EPOCHS,
            n_iter_no_change=N_EPOCHS,
            random_state=0,
        )
        X = standardized(X).reshape(n_samples, -1)
    search(clf, {name: LEARNING_RATES[:2]}, X[:200], y[:200])
    return {"seconds": seconds_of(lambda: search(clf, {name: LEARNING_RATES}, X, y))}


def search(clf: Any, grid: dict[str, list[float]], X: np.ndarray, y: np.ndarray) -> None:
    """Fit everything with two workers, which don't warn that few epochs are few."""
    from joblib import parallel_config
    from sklearn.model_selection import GridSearchCV

    quiet = parallel_config("loky", initializer=warnings.simplefilter, initargs=("ignore",))
    with warnings.catch_warnings(action="ignore"), quiet:
        GridSearchCV(clf, grid, cv=N_FOLDS, n_jobs=N_JOBS, refit=False).fit(X, y)


def generate(n_samples: int) -> Record:
    """Seconds of drawing numbers; there were workers before."""
    from sksvhn.datasets import make_street_numbers

    make_street_numbers(64, random_state=1, n_jobs=N_JOBS)
    return {
        "seconds": seconds_of(lambda: make_street_numbers(n_samples, random_state=0, n_jobs=N_JOBS))
    }


def read(n_photographs: int) -> Record:
    """Median seconds of finding and reading with one thread, decoding aside."""
    import torch

    import sksvhn

    torch.set_num_threads(1)
    scenes = photographs(n_photographs)
    sksvhn.read(scenes[0])
    return {
        "seconds": float(
            np.median([seconds_of(lambda s=scene: sksvhn.read(s)) for scene in scenes])
        )
    }
