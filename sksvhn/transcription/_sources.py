"""Sources of pictures in a fixed order, listed without holding the list in memory."""

from __future__ import annotations

import glob
import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice, repeat
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .._files._csv_lines import BOX_COLUMNS, box_of, csv_header, csv_rows
from .._files._file_kinds import check_is_file
from .._images._paths import find_pictures
from .._reading import Picture
from .._warn import warn_caller
from ._stored import NEEDED, StoredPictures, open_stored

# Rows of a table that are in memory at a time.
ROWS = 4096


# No tuple: through tuples Dask would look for tasks, picture by picture.
@dataclass(frozen=True)
class Partition:
    """Pictures that are read together, from row `first` on; `stored` is the file that has them."""

    first: int
    pictures: list[Picture]
    stored: StoredPictures | None

    def contents(self, folder: str) -> Iterator[Any]:
        """Paths, as seen from a folder, or pictures."""
        if self.stored is not None:
            return self.stored.read(self.first, self.first + len(self.pictures))
        return (os.path.join(folder, str(picture.key)) for picture in self.pictures)


@dataclass(frozen=True)
class Source:
    """Pictures, the file that holds them if it is one, their boxes and candidates.

    `rows` lists the pictures again each time; `common` are candidates of all of them.
    """

    rows: Callable[[], Iterator[Picture]]
    stored: StoredPictures | None
    common: list[str] | None
    has_candidates: bool
    has_boxes: bool
    # Absolute paths that a mapping of boxes names.
    box_paths: Collection[str] | None = None

    def partitions(self, size: int) -> Iterator[Partition]:
        """Cut the list into parts."""
        rows = self.rows()
        first = 0
        while pictures := list(islice(rows, size)):
            yield Partition(first, pictures, self.stored)
            first += len(pictures)

    def count(self) -> tuple[int, str]:
        """Count the pictures, and compute a SHA-256 digest of the list.

        The content of pictures is not read; of files of pictures, size and time of change are.
        """
        digest = hashlib.sha256()
        facts = None if self.stored is None else self.stored.facts()
        digest.update(json.dumps([facts, self.common, self.has_candidates]).encode())
        n = n_without = 0
        for n, row in enumerate(self.rows(), 1):  # noqa: B007
            digest.update(json.dumps(row, default=_plain).encode())
            if self.box_paths is not None:
                n_without += os.path.abspath(str(row.key)) not in self.box_paths
        # Others are read whole, which may not be meant.
        if n > 0 and n_without == n:
            raise ValueError(
                "boxes must name pictures of the source by their paths; got none of these, such as "
                f"{row.key!r}; write paths as they are seen from {os.getcwd()}."
            )
        if n_without:
            warn_caller(
                f"boxes names only {n - n_without:,} of {n:,} pictures; the others are read whole."
            )
        return n, digest.hexdigest()


def open_source(source: Any, boxes: Any = None, candidates: Any = None) -> Source:
    """Find the pictures of a source, with boxes and candidates, as `transcribe` takes them.

    Raises OSError, ValueError or TypeError if there are none.
    """
    stored = None
    columns: set[str] = set()
    rows: Callable[[], Iterator[Picture]]
    if isinstance(source, pd.DataFrame):
        columns = _check_columns(source.columns, "The DataFrame")
        rows = lambda: _of_frame(source)  # noqa: E731
    elif isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        is_pattern = not os.path.lexists(path) and glob.has_magic(path)
        if is_pattern or os.path.isdir(path):
            rows = lambda: _found(path)  # noqa: E731
        elif not os.path.exists(path):
            check_is_file(path, NEEDED, or_folder=True)
        elif path.lower().endswith(".csv"):
            columns = set(csv_header(Path(path), ("path",)))
            rows = lambda: _of_csv(Path(path), "candidates" in columns)  # noqa: E731
        else:
            stored, columns, batches = open_stored(Path(path), ROWS)
            if stored is None:
                columns = _check_columns(columns, path)
            rows = lambda: _of_batches(batches())  # noqa: E731
    elif isinstance(source, (pd.Series, np.ndarray, Sequence)) and not isinstance(source, bytes):
        paths = [_path(entry) for entry in source]
        rows = lambda: map(Picture, paths)  # noqa: E731
    else:
        raise TypeError(
            "source must be a folder, a pattern, a file, a sequence of paths or a DataFrame with "
            f"the column path; got a {type(source).__name__}."
        )

    for name, given, own in (
        ("boxes", boxes, {"boxes", *BOX_COLUMNS}),
        ("candidates", candidates, {"candidates"}),
    ):
        if given is not None and own & columns:
            raise ValueError(
                f"{name} must be given once; got them in the table and as an argument; drop one."
            )
    common = None
    if candidates is not None and not isinstance(candidates, Mapping):
        candidates = list(candidates)
        if all(isinstance(number, (str, Integral)) for number in candidates):
            common, candidates = [str(number) for number in candidates], None
    has_candidates = "candidates" in columns or common is not None or candidates is not None
    has_boxes = boxes is not None or not columns.isdisjoint({"boxes", *BOX_COLUMNS})
    boxes, candidates = map(_by_absolute_path, (boxes, candidates))
    if boxes is not None:
        rows = _with(rows, "boxes", boxes)
    if candidates is not None:
        rows = _with(rows, "candidates", candidates)
    box_paths = boxes.keys() if isinstance(boxes, dict) else None
    return Source(rows, stored, common, has_candidates, has_boxes, box_paths)


def _found(path: str) -> Iterator[Picture]:
    with suppress(FileNotFoundError):  # there is none, as the caller says
        yield from map(Picture, find_pictures(path, recursive=True))


def _of_csv(path: Path, has_candidates: bool) -> Iterator[Picture]:
    for line, row in csv_rows(path, ("path",)):
        if not row["path"]:
            raise ValueError(f"line {line} of {path} must name a picture; its path is empty.")
        box = box_of(row, line, path)
        own = _numbers(row.get("candidates")) if has_candidates else None
        yield Picture(row["path"], None if box is None else list(box), own)


def _of_frame(frame: pd.DataFrame) -> Iterator[Picture]:
    for start in range(0, len(frame), ROWS):
        part = frame.iloc[start : start + ROWS]
        yield from _of_columns({name: part[name].tolist() for name in part.columns}, len(part))


def _of_batches(batches: Iterable[tuple[dict[str, list[Any]], int]]) -> Iterator[Picture]:
    first = 0
    for columns, n in batches:
        yield from _of_columns(columns, n, first)
        first += n


def _of_columns(columns: dict[str, list[Any]], n: int, first: int = 0) -> Iterator[Picture]:
    keys: Iterable[Any] = range(first, first + n)
    if "path" in columns:
        keys = map(_path, columns["path"])
    boxes: Iterable[Any] = repeat(None, n)
    if "boxes" in columns:
        boxes = (None if _is_missing(entry) else entry for entry in columns["boxes"])
    elif set(BOX_COLUMNS) <= columns.keys():
        sides = zip(*(columns[name] for name in BOX_COLUMNS), strict=True)
        boxes = (_box(box, row) for row, box in enumerate(sides, first))
    lists: Iterable[Any] = repeat(None, n)
    if "candidates" in columns:
        lists = map(_numbers, columns["candidates"])
    return map(Picture, keys, boxes, lists)


def _box(sides: Sequence[Any], row: int) -> list[Any] | None:
    """Box of a row of a table; None where it is empty."""
    missing = list(map(_is_missing, sides))
    if any(missing) and not all(missing):
        raise ValueError(
            f"row {row} of the table must have all of {', '.join(BOX_COLUMNS)} or none of them; "
            f"got {', '.join(map(str, sides))}."
        )
    return None if any(missing) else list(sides)


def _by_absolute_path(given: Any) -> Any:
    """Make the paths of a mapping absolute; anything else is returned as it is."""
    if not isinstance(given, Mapping):
        return given
    return {os.path.abspath(path): entry for path, entry in given.items()}


def _with(rows: Callable[[], Iterator[Picture]], name: str, given: Any) -> Any:
    """Rows with what was passed for each, by absolute path or in their order."""
    convert = _numbers if name == "candidates" else lambda entry: entry
    if isinstance(given, Mapping):
        by_path = {path: convert(entry) for path, entry in given.items()}
        missing = convert(None)

        def with_own() -> Iterator[Picture]:
            for row in rows():
                if isinstance(row.key, int):
                    raise ValueError(
                        f"{name} must be a sequence if the pictures are in one file and so have no "
                        "paths; got a mapping."
                    )
                own: dict[str, Any] = {name: by_path.get(os.path.abspath(row.key), missing)}
                yield row._replace(**own)
    else:
        entries = list(given)

        def with_own() -> Iterator[Picture]:
            n = 0
            for n, row in enumerate(rows(), 1):
                if n > len(entries):
                    break
                own: dict[str, Any] = {name: convert(entries[n - 1])}
                yield row._replace(**own)
            if n != len(entries):
                more = "more than " if n > len(entries) else ""
                raise ValueError(
                    f"{name} must have one entry per picture; got {len(entries)} for "
                    f"{more}{min(n, len(entries))} pictures; pass a sequence of that length, or a "
                    "mapping from paths."
                )

    return with_own


def _check_columns(columns: Iterable[Any], name: str) -> set[str]:
    found = set(columns)
    if "path" not in found:
        raise ValueError(
            f"{name} must have the column 'path'; got {', '.join(map(repr, columns))}; rename the "
            "column of the paths."
        )
    sides = set(BOX_COLUMNS) & found
    if sides and len(sides) < len(BOX_COLUMNS):
        raise ValueError(
            f"{name} must have all of the columns {', '.join(BOX_COLUMNS)}; got only "
            f"{', '.join(sorted(sides))}."
        )
    return found


def _path(entry: Any) -> str:
    if isinstance(entry, (str, os.PathLike)):
        return os.fsdecode(entry)
    raise TypeError(f"source must hold paths of pictures; got {entry!r}, a {type(entry).__name__}.")


def _numbers(entry: Any) -> list[str]:
    """Candidates of one picture, in a CSV file divided by blanks."""
    if isinstance(entry, str):
        return entry.split()
    return [] if _is_missing(entry) else [str(number) for number in entry]


def _is_missing(entry: Any) -> bool:
    return entry is None or (np.ndim(entry) == 0 and bool(pd.isna(entry)))


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else repr(value)
