"""Fitted models: loaded without running code, and asked in one way whatever they read."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..metrics._scorers import tells_confidence
from ..transcription._reading import as_strings


def reads_numbers(clf: Any) -> bool:
    """Whether a model reads whole numbers, and not one label a picture."""
    return hasattr(clf, "rank_candidates")


def predict_with_confidence(clf: Any, X: Any) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """Read pictures that are as in training, as strings, and say how sure each reading is."""
    if tells_confidence(clf):
        labels, confidence = clf.predict(X, return_confidence=True)
        return as_strings(clf, labels), confidence
    probability = clf.predict_proba(X)
    return as_strings(clf, clf.classes_[probability.argmax(axis=1)]), probability.max(axis=1)
