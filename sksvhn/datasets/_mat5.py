"""Read arrays of numbers in MATLAB 5 files, the format of SVHN's format 2.

:func:`scipy.io.loadmat` reads them too, but a damaged byte can crash the interpreter in it (seen
with scipy 1.17.1; scipy's pull request 25829), where a loader owes its user a sentence.

References
----------
.. [1] The MathWorks, "MAT-File Format": level 5 MAT-files.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Container
from math import prod
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .._files._file_kinds import wrong_file

# Data types of an element [1], and the dtypes of those that hold numbers.
_INT8, _INT32, _UINT32, _MATRIX, _COMPRESSED = 1, 5, 6, 14, 15
_DTYPES = {
    1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8",
}  # fmt: skip

# Classes of a matrix: double, single and the integers.
_NUMERIC_CLASSES = range(6, 16)
_COMPLEX_FLAG = 0x0800

# Read at a time: a damaged size may be up to 4 GB.
_BLOCK = 2**20


class _Stream(Protocol):
    def read(self, n_bytes: int, /) -> bytes: ...


class _DamageError(Exception):
    """What is wrong with the file, for the end of a sentence."""


class _WrongKindError(Exception):
    """Name of a variable that is a struct, a cell array, text, complex, ..."""


def read_mat5_arrays(
    path: Path, names: Container[str]
) -> tuple[dict[str, NDArray[Any]], list[str]]:
    """Read the variables `names` of a MATLAB 5 file, and list the names of all its variables.

    Arrays are writable, in Fortran order and of the stored dtype: uint8 for small whole doubles.
    """
    arrays: dict[str, NDArray[Any]] = {}
    found: list[str] = []
    with path.open("rb") as file:
        order = _byte_order(file.read(128), path)
        try:
            while tag := file.read(8):
                kind, n_bytes = _unpack(f"{order}2I", tag)
                end = file.tell() + n_bytes
                if kind in (_MATRIX, _COMPRESSED):
                    name, array = _read_variable(file, kind, n_bytes, order, names)
                    found.append(name)
                    if array is not None:
                        arrays[name] = array
                file.seek(end)
        except (_DamageError, zlib.error) as error:
            raise ValueError(
                f"{path} is cut off or damaged ({error}); download or copy it again."
            ) from error
        except _WrongKindError as error:
            raise ValueError(f"{error} of {path} must be an array of real numbers.") from None
    return arrays, found


def _byte_order(header: bytes, path: Path) -> str:
    """Byte order in the notation of struct; it stands with the version at the header's end."""
    if len(header) == 128 and header[124:] == b"\x00\x01IM":
        return "<"
    if len(header) == 128 and header[124:] == b"\x01\x00MI":
        return ">"
    if header.startswith(b"MATLAB 5.0"):
        raise ValueError(
            f"{path} is cut off or damaged (in its header); download or copy it again."
        )
    raise wrong_file(path, "a MATLAB 5 file, such as train_32x32.mat")


def _read_variable(
    file: IO[bytes], kind: int, n_bytes: int, order: str, names: Container[str]
) -> tuple[str, NDArray[Any] | None]:
    """Name of a variable, and its values if they are wanted."""
    if kind == _MATRIX:
        return _read_matrix(file, order, names)
    inflated = _Inflated(file, n_bytes)
    inner_kind, _ = _unpack(f"{order}2I", inflated.read(8))
    if inner_kind != _MATRIX:
        raise _DamageError(f"a compressed element has type {inner_kind}")
    name, array = _read_matrix(inflated, order, names)
    if array is not None:
        inflated.check_end()
    return name, array


def _read_matrix(
    stream: _Stream, order: str, names: Container[str]
) -> tuple[str, NDArray[Any] | None]:
    flags, _ = _unpack(f"{order}2I", _read_element(stream, order, expected=_UINT32)[1])
    sizes = _read_element(stream, order, expected=_INT32)[1]
    shape = _unpack(f"{order}{len(sizes) // 4}i", sizes)
    name = _read_element(stream, order, expected=_INT8)[1].decode("latin-1")
    if name not in names:
        return name, None
    if flags & 0xFF not in _NUMERIC_CLASSES or flags & _COMPLEX_FLAG:
        raise _WrongKindError(name)
    kind, content = _read_element(stream, order)
    if kind not in _DTYPES:
        raise _DamageError(f"the values of {name} have type {kind}")
    dtype = np.dtype(order + _DTYPES[kind])
    if min(shape, default=-1) < 0 or prod(shape) * dtype.itemsize != len(content):
        raise _DamageError(f"{name} of shape {shape} holds {len(content)} bytes")
    return name, np.frombuffer(content, dtype).reshape(shape, order="F")


def _read_element(
    stream: _Stream, order: str, *, expected: int | None = None
) -> tuple[int, bytearray]:
    """Type and content of an element inside a matrix."""
    tag = stream.read(8)
    kind, n_bytes = _unpack(f"{order}2I", tag)
    if kind >> 16:  # content of up to four bytes stands in the tag
        kind, n_bytes = kind & 0xFFFF, kind >> 16
        content = bytearray(tag[4 : 4 + n_bytes])
    else:
        content = bytearray()
        while len(content) < n_bytes and (
            block := stream.read(min(_BLOCK, n_bytes - len(content)))
        ):
            content += block
        stream.read(-n_bytes % 8)
    if len(content) < n_bytes:
        raise _DamageError(f"an element of {n_bytes} bytes ends after {len(content)}")
    if expected not in (None, kind):
        raise _DamageError(f"an element has type {kind} instead of {expected}")
    return kind, content


def _unpack(form: str, content: bytes | bytearray) -> tuple[int, ...]:
    try:
        return struct.unpack(form, content)
    except struct.error:
        expected = struct.calcsize(form)
        raise _DamageError(f"a field has {len(content)} bytes instead of {expected}") from None


class _Inflated:
    """The content of a compressed element."""

    def __init__(self, file: IO[bytes], n_bytes: int) -> None:
        self._file = file
        self._n_left = n_bytes
        self._inflate = zlib.decompressobj()

    def read(self, n_bytes: int) -> bytes:
        """Read that many bytes, or as many as there are."""
        content = b""
        while len(content) < n_bytes and not self._inflate.eof:
            deflated = self._inflate.unconsumed_tail or self._read_deflated()
            block = self._inflate.decompress(deflated, n_bytes - len(content))
            if not (deflated or block):
                break
            content += block
        return content

    def check_end(self) -> None:
        """Read to the end, where the checksum stands."""
        while self.read(_BLOCK):
            pass
        if not self._inflate.eof:
            raise _DamageError("a compressed element ends early")

    def _read_deflated(self) -> bytes:
        deflated = self._file.read(min(_BLOCK, self._n_left))
        self._n_left -= len(deflated)
        return deflated
