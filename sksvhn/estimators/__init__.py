"""Classifiers of house numbers and their digits."""

from ._logistic import SVHNLogisticRegression
from ._positionwise import PositionwiseClassifier
from ._sequence import SVHNSequenceClassifier

__all__ = ["PositionwiseClassifier", "SVHNLogisticRegression", "SVHNSequenceClassifier"]
