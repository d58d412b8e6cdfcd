"""Fitted models, asked in one way whatever they read."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..transcription._reading import as_strings


def predict_with_confidence(clf: Any, X: Any) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """Read pictures that are as in training, as strings, and say how sure each reading is."""
    labels, confidence = clf.predict(X, return_confidence=True)
    return as_strings(clf, labels), confidence
