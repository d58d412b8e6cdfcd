"""Pictures of data sets, and of what a model read."""

from ._number_statistics import NumberStatisticsDisplay
from ._readings import ReadingsDisplay

__all__ = ["NumberStatisticsDisplay", "ReadingsDisplay"]
