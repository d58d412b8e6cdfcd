"""Peak memory of fitting and of a grid search, read from Linux's /proc."""

from __future__ import annotations

import os
import resource
import threading
from pathlib import Path
from typing import Any

import numpy as np

from .problems import MAX_LENGTH, SEQUENCE
from .turns import Job, Record

SMAPS = "/proc/{}/smaps_rollup"
MEGABYTE = 10**6


def jobs(n_samples: int) -> list[Job]:
    """Fit, and search a grid with two workers; nothing where there is no /proc."""
    if not Path(SMAPS.format("self")).exists():
        return []
    return [
        Job("memory", "fit, one epoch", "sksvhn", fit, (n_samples,)),
        Job("memory", "grid search, n_jobs=2", "sksvhn", search_grid, (n_samples,)),
    ]


def fit(n_samples: int) -> Record:
    """Resident size at the peak of an epoch."""
    clf = _warm_classifier()
    before = size_of(os.getpid(), "Rss")
    X, y = colour_numbers(n_samples)
    clf.fit(X, y)
    return _record(X, before, 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def search_grid(n_samples: int) -> Record:
    """Size of this process and its workers together, pages that they share counted once."""
    from joblib.externals.loky import get_reusable_executor
    from sklearn.model_selection import GridSearchCV

    clf = _warm_classifier()
    before = size_of(os.getpid(), "Pss")
    X, y = colour_numbers(n_samples)
    with PeakOfTree() as tree:
        GridSearchCV(clf, {"lr": [0.05, 0.1]}, cv=2, n_jobs=2, refit=False).fit(X, y)
    get_reusable_executor().shutdown()  # whose workers would wait for more, and this process too
    return _record(X, before, tree.peak)


def colour_numbers(n_samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Colour noise of 64x64 with numbers of all lengths."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (n_samples, 64, 64, 3), dtype=np.uint8)
    return X, np.array([10 ** (i % MAX_LENGTH) for i in range(n_samples)])


def _warm_classifier() -> Any:
    """Return a classifier that has trained for one step, with all that it loads."""
    from .with_sksvhn import make_classifier

    clf = make_classifier(SEQUENCE, max_epochs=1)
    return clf.fit(*colour_numbers(clf.batch_size))


def _record(X: np.ndarray, before: int, peak: int) -> Record:
    return {
        "pictures": len(X),
        "data, MB": X.nbytes / MEGABYTE,
        "before, MB": before / MEGABYTE,
        "peak, MB": peak / MEGABYTE,
        "peak above before and data, MB": (peak - before - X.nbytes) / MEGABYTE,
    }


class PeakOfTree:
    """Watches the size of this process and all below it, twenty times a second."""

    def __enter__(self) -> PeakOfTree:
        self.peak = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            sizes = [size_of(pid, "Pss") for pid in process_and_below(os.getpid())]
            self.peak = max(self.peak, sum(sizes))


def process_and_below(pid: int) -> list[int]:
    """Ids of a process and all that it started, directly or not."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            ids = children.read_text().split()
        except OSError:  # a thread that has ended meanwhile
            continue
        for child in ids:
            found += process_and_below(int(child))
    return found


def size_of(pid: int, kind: str) -> int:
    """Bytes in memory: "Rss", or "Pss", which counts shared pages in proportion."""
    try:
        lines = Path(SMAPS.format(pid)).read_text().splitlines()
    except OSError:  # a process that has ended meanwhile
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith(f"{kind}:")), 0)
