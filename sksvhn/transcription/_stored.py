"""Read any rows of files of many pictures (HDF5, Parquet), and tables in Parquet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import h5py
import pyarrow as pa
import pyarrow.parquet as pq

from .._files._csv_lines import BOX_COLUMNS
from .._files._file_kinds import H5PY_ERRORS, check_is_file, kind_of_file, wrong_file

#: What `transcribe` takes.
NEEDED = (
    "a folder, a pattern such as 'photos/*.jpg', a table (.csv, .parquet) or a file of pictures "
    "(.h5, .parquet)"
)

# Pictures that are in memory at a time.
BATCH = 256

# Columns that say something of pictures; others are passed over.
KNOWN = ("path", "boxes", *BOX_COLUMNS, "candidates")

Batches = Callable[[], Iterator[tuple[dict[str, list[Any]], int]]]


@dataclass(frozen=True)
class StoredPictures:
    """Pictures in one HDF5 or Parquet file.

    `name` is the dataset of arrays, or the column of files' contents (or structs of `bytes`).
    """

    path: Path
    kind: Literal["hdf5", "parquet"]
    name: str

    def facts(self) -> list[Any]:
        """By what another file, or this one changed, is told."""
        status = self.path.stat()
        return [self.kind, self.name, status.st_size, status.st_mtime_ns]

    def read(self, start: int, stop: int) -> Iterator[Any]:
        """Pictures of some rows."""
        return (self._of_hdf5 if self.kind == "hdf5" else self._of_parquet)(start, stop)

    def _of_hdf5(self, start: int, stop: int) -> Iterator[Any]:
        with h5py.File(self.path, "r") as file:
            for first in range(start, stop, BATCH):
                yield from file[self.name][first : min(first + BATCH, stop)]

    def _of_parquet(self, start: int, stop: int) -> Iterator[Any]:
        with pq.ParquetFile(self.path) as file:
            groups, first, end = [], None, 0
            for group in range(file.num_row_groups):
                begin, end = end, end + file.metadata.row_group(group).num_rows
                if begin < stop and end > start:
                    groups.append(group)
                    first = begin if first is None else first
            row = first or 0
            for batch in file.iter_batches(BATCH, row_groups=groups, columns=[self.name]):
                wanted = batch.slice(max(0, start - row), max(0, stop - max(row, start)))
                row += len(batch)
                for entry in wanted.column(0).to_pylist():
                    yield entry["bytes"] if isinstance(entry, dict) else entry


def open_stored(path: Path, n_rows: int) -> tuple[StoredPictures | None, set[str], Batches]:
    """Open a file of pictures, or a Parquet table of paths, in batches of `n_rows`.

    Returns the pictures (None for a table), the columns' names, and batches of the others.
    """
    # As workers see it, wherever they run.
    path = check_is_file(path, NEEDED, or_folder=True).absolute()
    if h5py.is_hdf5(path):
        name, n = _dataset(path)
        return (
            StoredPictures(path, "hdf5", name),
            set(),
            lambda: (({}, min(n_rows, n - first)) for first in range(0, n, n_rows)),
        )
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        if kind_of_file(path).key == "parquet":
            raise ValueError(
                f"{path} is cut off or damaged ({str(error).splitlines()[0][:100]}); write or copy "
                "it again."
            ) from None
        advice = {"picture": "pass it in a list", "csv": "give it the suffix .csv"}
        raise wrong_file(path, NEEDED, advice=advice) from None
    pictures = [field.name for field in schema if _holds_pictures(field.type)]
    if len(pictures) > 1:
        raise ValueError(
            f"{path} must have one column of pictures; got {len(pictures)}, {', '.join(pictures)}; "
            "keep one."
        )
    columns = [name for name in schema.names if name in KNOWN]

    def batches() -> Iterator[tuple[dict[str, list[Any]], int]]:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(n_rows, columns=columns):
                yield batch.to_pydict(), len(batch)

    stored = StoredPictures(path, "parquet", pictures[0]) if pictures else None
    return stored, set(columns if pictures else schema.names), batches


def _dataset(path: Path) -> tuple[str, int]:
    """Name and length of the dataset of pictures."""
    try:
        with h5py.File(path, "r") as file:
            found = {
                name: len(item)
                for name, item in file.items()
                if isinstance(item, h5py.Dataset)
                and item.dtype.kind in "uif"
                and (item.ndim == 3 or (item.ndim == 4 and item.shape[3] in (1, 3, 4)))
            }
    except H5PY_ERRORS as error:
        raise ValueError(
            f"{path} is cut off or damaged ({error}); write or copy it again."
        ) from error
    name = "X" if "X" in found else min(found, default="")
    if len(found) != 1 and name != "X":
        raise ValueError(
            f"{path} must have one dataset of pictures, or one named X, of shape (n, height, "
            f"width[, channels]); got {', '.join(found) or 'none'}."
        )
    return name, found[name]


def _holds_pictures(kind: Any) -> bool:
    if pa.types.is_struct(kind):
        kind = {field.name: field.type for field in kind}.get("bytes")
    return kind is not None and (pa.types.is_binary(kind) or pa.types.is_large_binary(kind))
