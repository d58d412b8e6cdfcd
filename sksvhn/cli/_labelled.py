"""Labelled pictures, as training and evaluation take them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

from .._crop import CropStyle
from ._console import counted

Kind = Literal["numbers", "digits"]


@dataclass(frozen=True)
class Labelled:
    """Pictures with their labels.

    Attributes
    ----------
    images : ndarray or h5py.Dataset of shape (n, height, width) or (n, height, width, 3)
        Pictures; those of a converted file stay on the disk.
    target : ndarray of shape (n,)
        Numbers as ``str``, or digits as int64.
    kind : {"numbers", "digits"}
        What they are.
    crop, margin
        How they were cropped.
    """

    images: Any
    target: NDArray[Any]
    kind: Kind
    crop: CropStyle
    margin: float

    def describe(self) -> str:
        """Say how many pictures of which kind, size and colour these are."""
        n, height, width, *channels = self.images.shape
        color = "colour" if channels == [3] else "grey"
        return f"{counted(n, f'{color} picture')} of {height}x{width} pixels"
