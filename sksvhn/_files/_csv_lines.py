"""Read CSV files, in the dialects of people and spreadsheets, row by row."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ._file_kinds import check_is_file, kind_of_file, wrong_file

#: Columns of a box.
BOX_COLUMNS = ("left", "top", "width", "height")

Box = tuple[float, float, float, float]


def csv_lines(path: Path, needed: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that are not empty, numbered, as stripped cells.

    Raises ValueError if the file is not text; the message says that it must be what is `needed`.
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
            f"{path} must be {needed}; parsing it failed ({error}); save it again as CSV."
        ) from None


def csv_header(path: Path, columns: Iterable[str]) -> list[str]:
    """Read the names in the first line of a table: `columns`, and all of a box or none."""
    return _header(csv_lines(path, _needed(columns)), path, columns)


def csv_rows(path: Path, columns: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a table as dicts, with the numbers of their lines.

    Cells that a short line lacks are empty.
    """
    lines = csv_lines(path, _needed(columns))
    header = _header(lines, path, columns)
    for number, cells in lines:
        yield number, dict.fromkeys(header, "") | dict(zip(header, cells, strict=False))


def _needed(columns: Iterable[str]) -> str:
    return f"a CSV file with the columns {', '.join(columns)}"


def _header(
    lines: Iterator[tuple[int, list[str]]], path: Path, columns: Iterable[str]
) -> list[str]:
    header = next(lines, (1, []))[1]
    missing = [name for name in columns if name not in header]
    if missing:
        raise ValueError(
            f"{path} must be {_needed(columns)}; got the first line {','.join(header)!r}; add "
            f"{', '.join(missing)} to it."
        )
    known = (*columns, *BOX_COLUMNS)
    twice = [name for name in known if header.count(name) > 1]
    if twice:
        raise ValueError(
            f"{path} must have each column once; it has {', '.join(dict.fromkeys(twice))} more "
            "than once; rename or remove the others."
        )
    sides = [name for name in BOX_COLUMNS if name in header]
    if 0 < len(sides) < len(BOX_COLUMNS):
        raise ValueError(
            f"{path} must have all of the columns {', '.join(BOX_COLUMNS)} or none of them; got "
            f"only {', '.join(sides)}; add the others."
        )
    return header


def box_of(row: Mapping[str, str], line: int, path: Path) -> Box | None:
    """Read the box of a row, or None if it is empty; raise ValueError if a side is not a number."""
    sides = [row.get(name, "") for name in BOX_COLUMNS]
    if not any(sides):
        return None
    try:
        left, top, width, height = map(float, sides)
    except ValueError:
        raise ValueError(
            f"line {line} of {path} must have numbers for {', '.join(BOX_COLUMNS)}; got "
            f"{','.join(sides)!r}; write all four in pixels, or none of them."
        ) from None
    return left, top, width, height
