"""Classifiers of house numbers and their digits, and what finds them."""

from ._cnn import SVHNCNNClassifier
from ._locator import NumberLocator
from ._logistic import SVHNLogisticRegression
from ._mlp import SVHNMLPClassifier
from ._positionwise import PositionwiseClassifier
from ._pretrained import load_pretrained
from ._saving import load
from ._sequence import SVHNSequenceClassifier
from ._settings import Architecture, Training
from ._voting import VotingReader

__all__ = [
    "Architecture",
    "NumberLocator",
    "PositionwiseClassifier",
    "SVHNCNNClassifier",
    "SVHNLogisticRegression",
    "SVHNMLPClassifier",
    "SVHNSequenceClassifier",
    "Training",
    "VotingReader",
    "load",
    "load_pretrained",
]
