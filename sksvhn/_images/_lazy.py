"""Pictures that stay on disk and are read block by block."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ._pixel_range import KnownScale, is_mask

# Read at a time: large enough for a disk, small beside a network.
BLOCK_BYTES = 2**24


def is_lazy(X: Any) -> bool:
    """Whether X is stored elsewhere: an array on disk, or a sequence that makes arrays.

    Memory maps are arrays, of which the operating system reads what is used.
    """
    if isinstance(X, (np.ndarray, list, tuple, deque, str, bytes)) or sparse.issparse(X):
        return False
    if isinstance(X, Sequence):
        return True
    return (
        isinstance(getattr(X, "dtype", None), np.dtype)
        and len(getattr(X, "shape", ())) >= 2
        and hasattr(X, "__getitem__")
    )


class LazyPictures:
    """Stored pictures, seen as an array (n, height, width, channels) of uint8 or float.

    `source` is an array on disk or a sequence of arrays, which are checked when they are read.
    """

    def __init__(
        self,
        source: Any,
        image_shape: tuple[int, int, int],
        dtype: np.dtype[Any],
        scale: KnownScale | None = None,
    ) -> None:
        parts = source if isinstance(source, Sequence) else [source]
        stored_dtype = getattr(parts[0], "dtype", None)
        height, width, channels = image_shape
        shapes = {image_shape, (prod(image_shape),)}
        if channels == 1:
            shapes.add((height, width))
        self.dtype = dtype
        self._are_masks = is_mask(parts[0])
        self._scale = scale
        self._parts = parts
        self._image_shape = image_shape
        # First picture of each block, the part it is in, and where in that part it starts.
        self._blocks: list[tuple[int, int, int]] = []
        n = 0
        for index, part in enumerate(parts):
            if not hasattr(part, "shape"):
                raise ValueError(
                    f"Each part of X must be an array of pictures or rows; part {index} is a "
                    f"{type(part).__name__}."
                )
            if part.shape[1:] not in shapes or part.dtype != stored_dtype:
                raise ValueError(
                    f"All parts of X must have one shape and dtype; part {index} has {part.dtype} "
                    f"pictures of shape {part.shape[1:]}, the first has {stored_dtype} pictures of "
                    f"shape {image_shape} (height, width, channels); convert them."
                )
            length = _block_length(part)
            for start in range(0, part.shape[0], length):
                self._blocks.append((n + start, index, start))
            n += part.shape[0]
        self.shape = (n, *image_shape)
        self.starts = np.array([first for first, *_ in self._blocks], dtype=np.int64)

    def __len__(self) -> int:
        return self.shape[0]

    def block(self, index: int) -> NDArray[Any]:
        """Read a block."""
        first, part, start = self._blocks[index]
        stop = start + self._stop(index) - first
        pixels = np.asarray(self._parts[part][start:stop], dtype=self.dtype)
        if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
            finite = np.isfinite(pixels.reshape(len(pixels), -1)).all(axis=1)
            raise ValueError(
                f"Input X contains NaN or infinity; X[{first + int(np.argmin(finite))}] is the "
                "first such picture; drop or correct it."
            )
        pictures = pixels.reshape(-1, *self._image_shape)
        if self._scale is not None:
            pictures = self._scale.of_masks(pictures) if self._are_masks else pictures
            self._scale.check(pictures, first)
        return pictures

    def pick(self, index: int, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Read some rows of a block, numbered as in the whole."""
        return self.block(index)[rows - self.starts[index]]

    def _stop(self, index: int) -> int:
        return int(self.starts[index + 1]) if index + 1 < len(self.starts) else len(self)


def _block_length(part: Any) -> int:
    """Pictures in a block: whole chunks of the file, which decodes no less."""
    length = max(1, BLOCK_BYTES // max(1, part.dtype.itemsize * prod(part.shape[1:])))
    chunk = (getattr(part, "chunks", None) or (1,))[0]
    # Some name the lengths of all chunks.
    chunk = chunk if isinstance(chunk, int) else chunk[0]
    return max(chunk, length // chunk * chunk)


def in_blocks(pictures: NDArray[Any] | LazyPictures) -> Iterator[NDArray[Any]]:
    """Pictures in order, block by block; an array is one block."""
    if isinstance(pictures, LazyPictures):
        yield from map(pictures.block, range(len(pictures.starts)))
    else:
        yield pictures


def in_chunks(pictures: NDArray[Any] | LazyPictures, size: int) -> Iterator[NDArray[Any]]:
    """Pictures in order, at most `size` at a time."""
    for block in in_blocks(pictures):
        for start in range(0, len(block), size):
            yield block[start : start + size]
