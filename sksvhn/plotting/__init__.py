"""Displays of data sets and of readings."""

from ._activations import ActivationsDisplay
from ._attention import AttentionDisplay
from ._coverage import CoverageDisplay
from ._filters import FiltersDisplay
from ._learning_curves import LearningCurvesDisplay
from ._number_confusion import NumberConfusionDisplay
from ._number_statistics import NumberStatisticsDisplay
from ._photograph_grid import PhotographsDisplay
from ._readings import ReadingsDisplay
from ._reliability import ReliabilityDisplay

__all__ = [
    "ActivationsDisplay",
    "AttentionDisplay",
    "CoverageDisplay",
    "FiltersDisplay",
    "LearningCurvesDisplay",
    "NumberConfusionDisplay",
    "NumberStatisticsDisplay",
    "PhotographsDisplay",
    "ReadingsDisplay",
    "ReliabilityDisplay",
]
