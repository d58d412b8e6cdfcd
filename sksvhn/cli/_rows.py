"""Readings on the standard output: a table for people, CSV and JSON for programs."""

from __future__ import annotations

import csv as csv_format
import json as json_format
import sys
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from .._files._csv_lines import BOX_COLUMNS
from ._app import printable

Shown = Literal["table", "csv", "json"]

# How a table shows a rejected reading, and a picture in which no number is found.
_REJECTED, _NOTHING = "?", "none"

# Characters of a box in a large photograph.
_BOX = 19


class Row(NamedTuple):
    """A reading; None stands for rejected, unread, found nowhere, or without candidates."""

    path: str
    reading: str | None = None
    confidence: float | None = None
    left: float | None = None
    top: float | None = None
    width: float | None = None
    height: float | None = None
    in_list: float | None = None
    rejected: str | None = None
    error: str | None = None


def writer(
    shown: Shown,
    *,
    width: int,
    has_boxes: bool = False,
    has_candidates: bool = False,
    has_rejected: bool = False,
) -> Callable[[Iterable[Row]], None]:
    """Make the function that writes some rows, below those written before.

    Numbers are up to `width` characters long.
    """
    if shown != "table" and hasattr(sys.stdout, "reconfigure"):
        # Names of files may be no text: they come out as they went in.
        sys.stdout.reconfigure(errors="surrogateescape")
    left_out = set() if has_boxes else set(BOX_COLUMNS)
    left_out |= {
        name
        for name, is_in in (("in_list", has_candidates), ("rejected", has_rejected))
        if not is_in
    }
    names = [name for name in Row._fields if name not in left_out]
    table = csv_format.writer(sys.stdout, lineterminator="\n")
    titles = [f"{'Sure':>7}", *["In list"] * has_candidates, *[f"{'Box':<{_BOX}}"] * has_boxes]
    width = max(width, len("Number"))
    if shown == "csv":
        table.writerow(names)
    elif shown == "table":
        _print_line("Number", titles, "Picture", width)

    def write(rows: Iterable[Row]) -> None:
        for row in rows:
            if shown == "json":
                print(json_format.dumps({name: getattr(row, name) for name in names}))
            elif shown == "csv":
                cells = (_decimals(name, getattr(row, name)) for name in names)
                table.writerow(map(printable, cells) if sys.stdout.isatty() else cells)
            else:
                figures = [
                    _percent(row.confidence),
                    *[_percent(row.in_list)] * has_candidates,
                    *[f"{_pixels(row):<{_BOX}}"] * has_boxes,
                ]
                picture = "  ".join(filter(None, (row.path, row.rejected, row.error)))
                _print_line(printable(_number(row)), figures, printable(picture), width)
        sys.stdout.flush()

    return write


def _print_line(number: str, figures: list[str], picture: str, width: int) -> None:
    # Figures first, so that paths of any length spoil no column.
    print(f"{number:<{width}}", *figures, picture, sep="  ")


def _number(row: Row) -> str:
    if row.reading or row.error:
        return row.reading or ""
    return _NOTHING if row.confidence is None else _REJECTED


def _decimals(name: str, value: str | float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.1f}" if name in BOX_COLUMNS else f"{value:.6f}"
    return str(value)


def _percent(value: float | None) -> str:
    if value is None:
        return " " * 7
    # 100.0 % would promise what no reader can.
    return f"{value:>7.1%}" if value < 0.9995 else f"{'>99.9%':>7}"


def _pixels(row: Row) -> str:
    """Box of a row, as the option --box takes it."""
    sides = (row.left, row.top, row.width, row.height)
    return ",".join(f"{side:.0f}" for side in sides if side is not None)
