"""Pictures of what a model read."""

from ._readings import ReadingsDisplay

__all__ = ["ReadingsDisplay"]
