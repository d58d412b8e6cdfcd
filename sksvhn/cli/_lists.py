"""Files that say more about pictures: where the number is in each, and which it can be."""

from __future__ import annotations

import os
from pathlib import Path

from .._csv_lines import BOX_COLUMNS, csv_lines

Box = tuple[float, float, float, float]


def parse_box(text: str) -> Box:
    """Read "L,T,W,H".

    Raises
    ------
    ValueError
        If it is something else.

    Examples
    --------
    >>> from sksvhn.cli._lists import parse_box
    >>> parse_box("10,20,30.5,40")
    (10.0, 20.0, 30.5, 40.0)
    """
    try:
        left, top, width, height = map(float, text.split(","))
    except ValueError:
        raise ValueError(
            f"{text!r} is no box; write left,top,width,height in pixels, such as 10,20,60,30."
        ) from None
    return left, top, width, height


class PictureTable:
    """What a file says of each picture; paths count as they are from where the command runs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.boxes: dict[str, list[Box]] = {}
        self.numbers: dict[str, list[str]] = {}
        #: Numbers that any picture may show.
        self.common: list[str] | None = None
        self.n_without = 0

    @classmethod
    def of_boxes(cls, path: Path) -> PictureTable:
        """Read a CSV file with the columns path, left, top, width, height, a row a digit or number.

        Raises
        ------
        OSError, ValueError
            If it cannot be read or is something else.
        """
        table = cls(path)
        lines = csv_lines(path, f"a CSV file with the columns path, {', '.join(BOX_COLUMNS)}")
        header = next(lines, (1, []))[1]
        if {"path", *BOX_COLUMNS} - set(header):
            raise ValueError(
                f"{path} must be a CSV file with the columns path, {', '.join(BOX_COLUMNS)}; its "
                f"first line is {','.join(header)!r}."
            )
        for number, cells in lines:
            row = dict(zip(header, cells, strict=False))
            try:
                box = parse_box(",".join(row[name] for name in BOX_COLUMNS))
            except (KeyError, ValueError):
                raise ValueError(
                    f"line {number} of {path} holds no box: {','.join(cells)!r}; write figures for "
                    f"{', '.join(BOX_COLUMNS)}."
                ) from None
            table.boxes.setdefault(_key(row["path"]), []).append(box)
        return table

    @classmethod
    def of_candidates(cls, path: Path) -> PictureTable:
        """Read one number a line, for all pictures, or a CSV file with columns path, candidate.

        Raises
        ------
        OSError, ValueError
            If it cannot be read or is something else.
        """
        table = cls(path)
        needed = "a list of numbers, one per line, or a CSV file with the columns path, candidate"
        lines = list(csv_lines(path, needed))
        if not lines:
            raise ValueError(f"{path} holds no candidates; write one number a line.")
        header = lines[0][1]
        if {"path", "candidate"} <= set(header):
            for number, cells in lines[1:]:
                row = dict(zip(header, cells, strict=False))
                if not row.get("candidate"):
                    raise ValueError(f"line {number} of {path} names no candidate: {cells}.")
                table.numbers.setdefault(_key(row["path"]), []).append(row["candidate"])
            # Each once: the table may list a house for every household.
            table.numbers = {key: list(dict.fromkeys(n)) for key, n in table.numbers.items()}
            return table
        for number, cells in lines:
            if len(cells) > 1:
                raise ValueError(
                    f"line {number} of {path} is {','.join(cells)!r}; write one number a line, or "
                    "a CSV file whose first line is path,candidate."
                )
        table.common = list(dict.fromkeys(cells[0] for _, cells in lines))
        return table

    def boxes_of(self, picture: str) -> list[Box] | None:
        """Boxes of a picture, if it has any."""
        found = self.boxes.get(_key(picture))
        self.n_without += found is None
        return found

    def candidates_of(self, picture: str) -> list[str]:
        """Numbers that a picture may show."""
        if self.common is not None:
            return self.common
        found = self.numbers.get(_key(picture), [])
        self.n_without += not found
        return found


def _key(picture: str) -> str:
    return os.path.abspath(picture)
