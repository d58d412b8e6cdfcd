"""Read the idx format of MNIST: arrays of bytes after their shape."""

from __future__ import annotations

import gzip
import zlib
from math import prod
from pathlib import Path
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray

from .._files._file_kinds import check_is_file, wrong_file

_GZIP_MAGIC = b"\x1f\x8b"

# Read at a time: a damaged header may declare more than there is memory for.
_BLOCK = 2**26


def read_idx(path: Path, n_dimensions: int) -> NDArray[np.uint8]:
    """Read the array of an idx file, plain or gzip-compressed; raise ValueError if it is wrong."""
    check_is_file(path, "an idx file")
    with path.open("rb") as raw:
        is_gzip = raw.read(2) == _GZIP_MAGIC
        raw.seek(0)
        file = cast(IO[bytes], gzip.GzipFile(fileobj=raw) if is_gzip else raw)
        try:
            shape = _read_shape(file, n_dimensions, path)
            n_bytes = prod(shape)
            content = _read_at_most(file, n_bytes + 1)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ValueError(
                f"{path} is cut off or damaged ({error}); download or copy it again."
            ) from error
    if len(content) != n_bytes:
        found = "more" if len(content) > n_bytes else f"only {len(content)}"
        raise ValueError(
            f"{path} is cut off or damaged: it declares {' x '.join(map(str, shape))} bytes and "
            f"holds {found}; download or copy it again."
        )
    return np.frombuffer(content, np.uint8).reshape(shape)


def _read_shape(file: IO[bytes], n_dimensions: int, path: Path) -> tuple[int, ...]:
    expected = bytes((0, 0, 8, n_dimensions))  # 8: unsigned bytes
    magic = file.read(4)
    if magic != expected:
        kind = "pictures" if n_dimensions == 3 else "labels"
        needed = f"an idx file of {kind}, which starts with 0x{expected.hex()}"
        if magic[:2] == bytes(2):
            raise ValueError(
                f"{path} must be {needed}; its first bytes are 0x{magic.hex()}; pass the file with "
                "that name."
            )
        raise wrong_file(path, needed)
    sizes = file.read(4 * n_dimensions)
    if len(sizes) < 4 * n_dimensions:
        raise ValueError(f"{path} is cut off in its header; download it again.")
    shape = tuple(np.frombuffer(sizes, ">u4").tolist())
    if 0 in shape:
        raise ValueError(f"{path} must hold at least one picture or label; its shape is {shape}.")
    return shape


def _read_at_most(file: IO[bytes], n_bytes: int) -> bytearray:
    content = bytearray()
    while len(content) < n_bytes and (block := file.read(min(_BLOCK, n_bytes - len(content)))):
        content += block
    return content
