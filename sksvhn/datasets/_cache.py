"""Cache decoded data sets on disk, one file each."""

from __future__ import annotations

import pickle
import zlib
from pathlib import Path
from typing import Literal

import joblib
import numpy as np
from sklearn.utils import Bunch

from .._files._atomic import written_whole

MmapMode = Literal["r"] | None


def store_cached(path: Path, data: Bunch) -> None:
    """Write a data set as a whole or not at all; `images` (uint8) can be memory-mapped."""
    rest = {name: value for name, value in data.items() if name != "images"}
    checks = (data.images.shape, zlib.crc32(data.images))
    # Compressed data have a checksum of their own.
    entry = {"images": data.images, "rest": zlib.compress(pickle.dumps((rest, checks)))}
    with written_whole(path) as part:
        joblib.dump(entry, part)


def load_cached(path: Path, mmap_mode: MmapMode) -> Bunch | None:
    """Read a data set, or return None if the file is missing or damaged.

    With ``mmap_mode="r"``, `images` is a read-only memory map whose pixels are not checked.
    """
    try:
        entry = joblib.load(path, mmap_mode=mmap_mode)
        images = entry["images"]
        rest, (shape, crc32) = pickle.loads(zlib.decompress(entry["rest"]))
        is_whole = images.shape == shape and images.dtype == np.uint8
        if mmap_mode is None:
            is_whole = is_whole and zlib.crc32(images) == crc32
        return Bunch(images=images, **rest) if is_whole else None
    except Exception:  # a damaged pickle can raise anything
        return None
