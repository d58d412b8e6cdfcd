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

    Boxes of one picture whose lines have the same number are those of its characters.
    """
    pictures: dict[str, dict[str, dict[int, Box]]] = {}
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
            number = row.get("number", "")
            # Without a number, or with a single character, every box is one of its own.
            key = number if len(number) > 1 else f"line {line}"
            numbers.setdefault(key, {})[line] = box
    if not pictures:
        raise ValueError(
            f"{path} must list at least one picture; write one line of path and box per number, "
            "after the first line."
        )
    boxes = [
        np.array([_whole_box(*number, path) for number in numbers.items()]).reshape(-1, 4)
        for numbers in pictures.values()
    ]
    return [path.parent / name for name in pictures], boxes


def _whole_box(number: str, by_line: dict[int, Box], path: Path) -> Boxes:
    """Box round the characters of a number; raise if it may be there more than once."""
    boxes = np.array(list(by_line.values()))
    whole = union_box(boxes)
    if len(boxes) > 1 and (len(boxes) != len(number) or not _are_near(boxes)):
        *others, last = by_line
        raise ValueError(
            f"lines {', '.join(map(str, others))} and {last} of {path} must have one box per "
            f"character of {number!r}, near each other; got {len(boxes)} boxes; write one box "
            "round the number or, if the picture shows it more than once, one round each, "
            "and leave number empty."
        )
    return whole


def _are_near(boxes: Boxes) -> bool:
    """Whether each box has another no further away, in x and y, than the longest of all sides."""
    first, last = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    gaps = (first[:, None] - last).max(axis=2)
    gaps = np.maximum(gaps, gaps.T)
    np.fill_diagonal(gaps, np.inf)
    return bool((gaps.min(axis=1) <= boxes[:, 2:].max()).all())
