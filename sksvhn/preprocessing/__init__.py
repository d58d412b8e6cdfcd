"""Transformers of pictures, for pipelines."""

from ._grayscale import GrayscaleTransformer

__all__ = ["GrayscaleTransformer"]
