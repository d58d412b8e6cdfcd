"""A stand-in for a reader of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator


class Reader(BaseEstimator):
    """Answers what it was made with, whatever the pictures."""

    def __init__(self, readings: Any, values: Any) -> None:
        self.readings = readings
        self.values = values

    def fit(self, X: Any, y: Any = None) -> Reader:
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict(self, X: Any, return_confidence: bool = False) -> Any:
        readings = np.array(self.readings)
        return (readings, self.confidence(X)) if return_confidence else readings

    def confidence(self, X: Any) -> np.ndarray:
        return np.array(self.values)
