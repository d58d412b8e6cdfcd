"""Files of cropped pictures that training reads without loading them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import h5py
import numpy as np

from ..datasets._mat73 import H5PY_ERRORS
from ._labelled import Labelled

# Pictures in a chunk: decoded, and shuffled, together.
CHUNK = 256

#: The attribute by which a file is known; it says what its pictures are.
MARK = "sksvhn"


class ConvertedFile:
    """An HDF5 file that grows by a part at a time.

    It has the datasets X, pictures, and y, numbers as text or digits as integers; its attributes
    say how the pictures were cropped.

    Parameters
    ----------
    path : Path
        A new file.
    """

    def __init__(self, path: Path) -> None:
        self.n = 0
        self._file = h5py.File(path, "w")
        self._first: Labelled | None = None

    def __enter__(self) -> Self:
        """Open."""
        return self

    def __exit__(self, *args: object) -> None:
        """Close."""
        self._file.close()

    def append(self, part: Labelled, name: str) -> None:
        """Add pictures behind those there are.

        Raises
        ------
        ValueError
            If they are of another kind, size or colour, as `name` is then said to be.
        """
        if self._first is None:
            self._first = self._start(part)
        if _form(part) != _form(self._first):
            raise ValueError(
                f"{name} holds {_words(part)}, the first file {_words(self._first)}; make them "
                "alike, as with --color rgb, or convert them to two files."
            )
        start, self.n = self.n, self.n + len(part.target)
        for dataset, values in (("X", part.images), ("y", part.target)):
            self._file[dataset].resize(self.n, axis=0)
            self._file[dataset][start:] = values

    def _start(self, first: Labelled) -> Labelled:
        shape, dtype = first.images.shape[1:], first.images.dtype
        labels = h5py.string_dtype() if first.kind == "numbers" else np.dtype(np.int64)
        for name, of_one, kind in (("X", shape, dtype), ("y", (), labels)):
            self._file.create_dataset(
                name, (0, *of_one), kind, maxshape=(None, *of_one), chunks=(CHUNK, *of_one)
            )
        self._file.attrs.update({MARK: first.kind, "crop": first.crop, "margin": first.margin})
        # Its form alone: the pictures need not stay in memory.
        return Labelled(
            first.images[:0].copy(), first.target[:0], first.kind, first.crop, first.margin
        )


def is_converted(path: Path) -> bool:
    """Whether an HDF5 file is laid out as one, whoever made it."""
    with h5py.File(path, "r") as file:
        return MARK in file.attrs or {"X", "y"} <= set(file)


def read_converted(path: Path) -> Labelled:
    """Open a file that `ConvertedFile` made; the pictures stay in it.

    Raises
    ------
    ValueError
        If it is damaged or holds something else.
    """
    try:
        file = h5py.File(path, "r")
        X, y = file["X"], file["y"]
        text = h5py.check_string_dtype(y.dtype) is not None
        # Users' own files may leave out what convert says.
        kind = file.attrs.get(MARK, "numbers" if text else "digits")
        crop = file.attrs.get("crop", "stretch" if kind == "numbers" else "square")
        margin = file.attrs.get("margin", 0.3 if kind == "numbers" else 0.0)
        is_sound = (
            kind in ("numbers", "digits")
            and crop in ("stretch", "square")
            and text == (kind == "numbers")
            and X.ndim in (3, 4)
            and len(X) == len(y) > 0
            and X.dtype.kind in "uf"
        )
        if is_sound:
            target = y.asstr()[:] if kind == "numbers" else y[:].astype(np.int64)
            return Labelled(X, target, kind, crop, float(margin))
    except H5PY_ERRORS as error:
        raise ValueError(f"{path} is cut off or damaged ({error}); convert it anew.") from error
    raise ValueError(
        f"{path} is not as `sksvhn convert` writes it; it should have the datasets X, pictures of "
        "shape (n, height, width[, 3]), and y, as many numbers as text or digits as integers."
    )


def _form(part: Labelled) -> tuple[Any, ...]:
    """Tell what all parts of a file have in common."""
    images = part.images
    return (part.kind, part.crop, part.margin, images.shape[1:], images.dtype)


def _words(part: Labelled) -> str:
    height, width, *channels = part.images.shape[1:]
    color = "colour" if channels else "grey"
    return f"{part.kind} in {color} pictures of {height}x{width} pixels ({part.images.dtype})"
