"""Files of named arrays and one document, read without running code.

A file is a safetensors file [1]_. Its metadata are a line of text under the name "sksvhn": what
kind of file it is, a SHA-256 digest of everything, by which damage is told, and the document as
JSON.

References
----------
.. [1] https://huggingface.co/docs/safetensors: a length, a JSON header that names dtype, shape and
   place of each array, and the arrays' bytes without gaps.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from ._atomic import written_whole
from ._file_kinds import check_is_file, wrong_file

# Bytes of the header, in which the document lies: that of a model takes some 10 kB, and a hostile
# one up to 50 times its size to parse.
MAX_HEADER = 2**24


def write_file(
    path: str | os.PathLike[str], kind: str, document: Any, arrays: Mapping[str, NDArray[Any]]
) -> None:
    """Write a JSON document and arrays, as a whole or not at all; `kind` says what the file is.

    Raises ValueError if `read_file` would refuse the size of the document.
    """
    text = json.dumps(document, separators=(",", ":"))
    stored = {
        name: np.asarray(array, array.dtype.newbyteorder("<"), order="C")
        for name, array in arrays.items()
    }
    # One entry, for safetensors writes several in an order that changes.
    metadata = {"sksvhn": f"{kind} {_digest(kind, text, stored)} {text}"}
    content = save(stored, metadata)
    length = int.from_bytes(content[:8], "little")
    if length > MAX_HEADER:
        raise ValueError(
            f"the header of {path} must have at most {MAX_HEADER:,} bytes; this model needs "
            f"{length:,}; use joblib.dump."
        )
    with written_whole(path) as part:
        # safetensors' save_file would let nobody but its owner read the file.
        part.write_bytes(content)


def read_file(path: str | os.PathLike[str], kind: str) -> tuple[Any, dict[str, NDArray[Any]]]:
    """Read a document, which is not checked, and arrays, in memory bounded by the size of the file.

    Raises OSError, or ValueError if the file is of another kind or damaged.
    """
    needed = f"a {kind} that sksvhn wrote"
    path = check_is_file(path, needed)  # opening a pipe would wait for its writer
    with path.open("rb") as file:
        _check_header(file, path, needed)
    try:
        with safe_open(path, framework="numpy") as file:
            written: str | None = (file.metadata() or {}).get("sksvhn")
            found, _, rest = (written or "").partition(" ")
            # safetensors has checked that they fill the file without gaps.
            names = file.keys() if found == kind else ()
            arrays = {name: file.get_tensor(name) for name in names}
    # Beside its own errors, those of shapes and dtypes that NumPy doesn't have.
    except (SafetensorError, ArithmeticError, AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged ({in_brief(error)}); copy it again.") from None
    if written is None:
        raise ValueError(
            f"{path} must be {needed}; it is a safetensors file that sksvhn did not write; pass "
            "another file."
        )
    if found != kind:
        raise ValueError(
            f"{path} must be {needed}; it is a {in_brief(found, 20)}; pass another file."
        )
    digest, _, text = rest.partition(" ")
    if digest != _digest(kind, text, arrays):
        raise ValueError(f"{path} is damaged (its checksum is wrong); copy it again.")
    try:
        return json.loads(text), arrays
    except (RecursionError, ValueError):
        raise ValueError(
            f"{path} must be a file that sksvhn wrote; its header is not; pass another file."
        ) from None


def in_brief(text: object, length: int = 200) -> str:
    """Begin what a file may have said, fit for a message: a line without control characters."""
    beginning = str(text)[:length].rstrip(".")
    return "".join(c if c.isprintable() else " " for c in beginning)


def _check_header(file: BinaryIO, path: Path, needed: str) -> None:
    """Raise if it is no safetensors file, or could not be read in bounded memory."""
    size = os.fstat(file.fileno()).st_size
    start = file.read(9)
    length = int.from_bytes(start[:8], "little")
    # Text may have a brace there as well.
    if start[8:] != b"{" or (length > MAX_HEADER and start.isascii() and min(start) >= 9):
        raise wrong_file(path, needed)
    if length > min(size - 8, MAX_HEADER):
        raise ValueError(
            f"{path} is cut off or damaged: its header should have {length:,} bytes (at most "
            f"{MAX_HEADER:,}), the file has {size:,}; copy it again."
        )


def _digest(kind: str, text: str, arrays: Mapping[str, NDArray[Any]]) -> str:
    """SHA-256 of everything that `read_file` returns."""
    table = [[name, array.dtype.str, array.shape] for name, array in sorted(arrays.items())]
    digest = hashlib.sha256(json.dumps([kind, text, table]).encode())
    for _, array in sorted(arrays.items()):
        digest.update(array.tobytes())
    return digest.hexdigest()
