"""Classifiers of house numbers and their digits."""

from ._cnn import SVHNCNNClassifier
from ._logistic import SVHNLogisticRegression
from ._mlp import SVHNMLPClassifier
from ._positionwise import PositionwiseClassifier
from ._saving import load
from ._sequence import SVHNSequenceClassifier

__all__ = [
    "PositionwiseClassifier",
    "SVHNCNNClassifier",
    "SVHNLogisticRegression",
    "SVHNMLPClassifier",
    "SVHNSequenceClassifier",
    "load",
]
