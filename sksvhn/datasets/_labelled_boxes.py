"""Read a table of photographs and the boxes of the numbers in them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from .._boxes import Boxes, union_box
from .._files._csv_lines import BOX_COLUMNS, Box, box_of, csv_rows
from ._svhn_archive import is_regular_file


def read_labelled_boxes(path: Path) -> tuple[list[Path], list[Boxes]]:
    """Return the photographs of a CSV file, and the boxes of the numbers in each.

    Boxes of one picture whose lines have the same number are those of its digits.
    """
    pictures: dict[str, dict[str, list[Box]]] = {}
    for line, row in csv_rows(path, ("path", *BOX_COLUMNS)):
        name = row.get("path", "")
        if not name:
            raise ValueError(f"line {line} of {path} must have a path; it is empty.")
        if not is_regular_file(path.parent / name):
            raise ValueError(
                f"{path} cannot be used: {name!r} (line {line}) is not in "
                f"{path.parent.absolute()}, from which paths count; correct the path."
            )
        numbers = pictures.setdefault(os.path.normpath(name), {})
        box = box_of(row, line, path)
        if box is not None:
            # Without a number, every box is one of its own.
            numbers.setdefault(row.get("number") or f"line {line}", []).append(box)
    if not pictures:
        raise ValueError(
            f"{path} must list at least one picture; write one line of path and box per number, "
            "after the first line."
        )
    boxes = [
        np.array([union_box(digits) for digits in numbers.values()], dtype=np.float64).reshape(
            -1, 4
        )
        for numbers in pictures.values()
    ]
    return [path.parent / name for name in pictures], boxes
