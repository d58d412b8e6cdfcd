"""Detect labels that a tool has replaced by codes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._labels import columns_are_encoded
from .._warn import warn_caller

# Up to as many classes codes may be digits, which are spelt in the same way.
_MOST_DIGITS = 10


def warn_if_encoded(integers: NDArray[np.object_]) -> None:
    """Warn if integers, given as strings, are all or nearly all of 0 to k - 1.

    House numbers hardly ever are; a fold may lack a few rare codes.
    """
    counts = Counter(integers.tolist())
    if len(counts) <= _MOST_DIGITS or "0" not in counts:
        return
    values = list(map(int, counts))
    k = max(values) + 1
    n_once = sum(count == 1 for count in counts.values())
    if min(values) < 0 or k - len(counts) > min(n_once, k // 10):
        return
    warn_caller(
        f"y holds the integers 0 to {k - 1}, which look like labels encoded by another tool "
        "(VotingClassifier, StackingClassifier, BaggingClassifier, "
        "cross_val_predict(method='predict_proba'), temperature calibration, cleanlab). A reader "
        "of whole numbers then learns to spell codes and reads worse. If these are the numbers in "
        "the pictures, pass them as strings. VotingReader averages readers; for other tools see "
        'the page "With other tools" of the documentation.'
    )


def warn_if_rows_are_encoded(codes: NDArray[Any], alphabet: str) -> None:
    """Warn if each column of padded labels holds all of 0 to k - 1."""
    if columns_are_encoded(codes, alphabet):
        warn_caller(
            "Each column of y holds the codes 0 to k - 1, as cross_val_predict(method="
            "'predict_proba') writes padded numbers. A reader then learns other digits and lengths "
            "than the pictures show and reads worse. Pass numbers as strings or use "
            'method="predict"; see the page "With other tools" of the documentation.'
        )
