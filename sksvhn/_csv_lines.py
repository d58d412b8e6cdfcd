"""CSV files as people and spreadsheets write them, a line at a time."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from ._file_kinds import check_is_file, kind_of_file, wrong_file

#: Columns of a box.
BOX_COLUMNS = ("left", "top", "width", "height")


def csv_lines(path: Path, needed: str) -> Iterator[tuple[int, list[str]]]:
    """Lines that hold something, numbered, as cells without blanks around them.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is no text, as messages then say that it must be what is `needed`.
    """
    check_is_file(path, needed)
    if kind_of_file(path).key not in ("csv", "text", "empty"):
        raise wrong_file(path, needed)
    try:
        # As spreadsheets write it, with a mark in front; names that are no text as os has them.
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            reader = csv.reader(file)
            for cells in reader:
                cells = [cell.strip() for cell in cells]
                if any(cells):
                    yield reader.line_num, cells
    except csv.Error as error:
        raise ValueError(
            f"{path} must be {needed}; it cannot be read as one ({error}); save it again as CSV."
        ) from None
