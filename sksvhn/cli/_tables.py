"""Readings on the standard output, as they come: a table, lines for other programs, CSV or JSON."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, Protocol

from ._console import printable

Format = Literal["table", "tsv", "csv", "json"]

#: What a rejected reading looks like.
REJECTED = "?"


class Reading(NamedTuple):
    """What was read of one picture.

    Attributes
    ----------
    path : str
        As the user named it.
    reading : str or None
        None where it was rejected, or the picture could not be read.
    confidence : float or None
        That the reading is right, in [0, 1]; None where the picture could not be read.
    in_list : float or None
        Where there were candidates, that the number is among them at all.
    error : str or None
        Why the picture could not be read.
    """

    path: str
    reading: str | None = None
    confidence: float | None = None
    in_list: float | None = None
    error: str | None = None


class Writer(Protocol):
    """Writes readings, some at a time."""

    def write(self, readings: Sequence[Reading]) -> None:
        """Write the next ones."""


def make_writer(form: Format, *, has_candidates: bool, width: int) -> Writer:
    """Writer of a format; `width` is that of the longest number."""
    if form == "table":
        return TableWriter(has_candidates, width)
    # Names of files may be no text: they come out as they went in.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="surrogateescape")
    kinds: dict[str, Callable[[bool], Writer]] = {
        "tsv": TsvWriter,
        "csv": CsvWriter,
        "json": JsonWriter,
    }
    return kinds[form](has_candidates)


class TsvWriter:
    """path, reading and confidence, divided by tabs, without a header: for cut and awk."""

    def __init__(self, has_candidates: bool) -> None:
        self.has_candidates = has_candidates

    def write(self, readings: Sequence[Reading]) -> None:
        """Write a line each."""
        for row in readings:
            # A stranger's model may answer anything.
            shown = "" if row.error else printable(row.reading or REJECTED)
            figures = [row.confidence, row.in_list][: 1 + self.has_candidates]
            cells = [printable(row.path), shown, *map(_decimals, figures)]
            sys.stdout.write("\t".join(cells) + "\n")
        sys.stdout.flush()


class CsvWriter:
    """A header, then a line each."""

    def __init__(self, has_candidates: bool) -> None:
        self.has_candidates = has_candidates
        self.writer = csv.writer(sys.stdout, lineterminator="\n")
        more = ["in_list"] if has_candidates else []
        self.writer.writerow(["path", "reading", "confidence", *more, "error"])

    def write(self, readings: Sequence[Reading]) -> None:
        """Write a line each."""
        for row in readings:
            more = [_decimals(row.in_list)] if self.has_candidates else []
            self.writer.writerow(
                [row.path, row.reading or "", _decimals(row.confidence), *more, row.error or ""]
            )
        sys.stdout.flush()


class JsonWriter:
    """One object a line."""

    def __init__(self, has_candidates: bool) -> None:
        self.has_candidates = has_candidates

    def write(self, readings: Sequence[Reading]) -> None:
        """Write a line each."""
        for row in readings:
            values = row._asdict()
            if not self.has_candidates:
                del values["in_list"]
            sys.stdout.write(json.dumps(values) + "\n")
        sys.stdout.flush()


class TableWriter:
    """A table for a terminal: figures first, so that paths of any length spoil no column."""

    def __init__(self, has_candidates: bool, width: int) -> None:
        from rich.console import Console

        self.console = Console()
        self.has_candidates = has_candidates
        self.width = max(width, len("Number"))
        self.is_first = True

    def write(self, readings: Sequence[Reading]) -> None:
        """Write some rows, below those that were written before."""
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, show_header=self.is_first, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column("Number", min_width=self.width, header_style="bold")
        table.add_column("Sure", min_width=7, justify="right")
        if self.has_candidates:
            table.add_column("In list", min_width=7, justify="right")
        table.add_column("Picture", overflow="fold")
        for row in readings:
            path = Text(printable(row.path))
            if row.error:
                path.append(f"  {printable(row.error)}", style="red")
            number = (
                Text(printable(row.reading), style="bold")
                if row.reading
                else Text("" if row.error else REJECTED, style="yellow")
            )
            figures = [row.confidence, row.in_list][: 1 + self.has_candidates]
            table.add_row(number, *map(_percent, figures), path)
        self.console.print(table)
        self.is_first = False


def _decimals(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"


def _percent(value: float | None) -> str:
    if value is None:
        return ""
    # 100.0 % would promise what no reader can.
    return f"{value:.1%}" if value < 0.9995 else ">99.9%"
