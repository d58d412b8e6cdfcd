"""Measure readers: scores in percent with their intervals, and times."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from sksvhn.metrics import bootstrap_interval, coverage_at_accuracy_score, sequence_accuracy_score


def percent(metric: Callable[..., float], *values: np.ndarray) -> dict[str, Any]:
    """Score in percent, of how many pictures, and its 95 % percentile bootstrap interval.

    `values` are true numbers, readings and, for a metric that needs it, confidences.
    """
    n_pictures = len(values[0])
    if n_pictures == 0:
        return {"n": 0}
    if n_pictures == 1:  # of which nothing can be drawn
        return {"percent": round(100 * metric(*values), 1), "n": 1}
    score, *interval = bootstrap_interval(metric, *values, random_state=0)
    return {
        "percent": round(100 * score, 1),
        "n": n_pictures,
        "interval": [round(100 * bound, 1) for bound in interval],
    }


def accuracy(y: np.ndarray, read: np.ndarray) -> dict[str, Any]:
    """Share of the numbers that were read right."""
    return percent(sequence_accuracy_score, y, read)


def share(hits: np.ndarray) -> dict[str, Any]:
    """Share of what is True."""
    return accuracy(np.ones(len(hits), dtype=np.int64), np.asarray(hits, dtype=np.int64))


def coverage(y: np.ndarray, read: np.ndarray, confidence: np.ndarray) -> dict[str, Any]:
    """Largest share, surest first, of which 98 % are right."""
    return percent(coverage_at_accuracy_score, y, read, confidence)


def milliseconds(read: Callable[[], Any], n_pictures: int, n_times: int = 5) -> float:
    """Least time of reading some pictures, per picture, of a few times."""
    times = []
    for _ in range(n_times):
        start = time.perf_counter()
        read()
        times.append(time.perf_counter() - start)
    return round(1000 * min(times) / n_pictures, 2)
