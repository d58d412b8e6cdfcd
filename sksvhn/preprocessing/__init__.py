"""Transformers of pictures for pipelines, and a function that loads pictures of any kind."""

from .._images._load import load_image
from ._color_jitter import pca_color_jitter
from ._grayscale import GrayscaleTransformer
from ._image_standardizer import ImageStandardizer
from ._number_cropper import NumberCropper
from ._resizer import ImageResizer

__all__ = [
    "GrayscaleTransformer",
    "ImageResizer",
    "ImageStandardizer",
    "NumberCropper",
    "load_image",
    "pca_color_jitter",
]
