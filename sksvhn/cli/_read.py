"""``sksvhn read``: read the numbers in pictures."""

from __future__ import annotations

import csv as csv_format
import json as json_format
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import typer

from .._files._csv_lines import BOX_COLUMNS, Box, box_of, csv_lines, csv_rows
from .._images._paths import find_pictures
from ._app import (
    MaxPixels,
    Model,
    Quiet,
    check_order,
    complain,
    counted,
    in_options,
    printable,
    shows_progress,
    warn,
)

# Pictures that are cropped, predicted and written together.
_BATCH = 256

_STDIN = "-"
# How a table shows a rejected reading.
_REJECTED = "?"


class Row(NamedTuple):
    """Reading of one picture; None stands for rejected, unread, or without candidates."""

    path: str
    reading: str | None = None
    confidence: float | None = None
    in_list: float | None = None
    error: str | None = None


def read(
    model: Model,
    pictures: Annotated[
        list[str],
        typer.Argument(
            metavar="PICTURE",
            help="Files, folders, patterns such as 'photos/*.jpg', or - for paths on the standard "
            "input, one per line. PNG, JPEG, GIF, WebP, TIFF, BMP, PPM.",
        ),
    ],
    box: Annotated[
        list[str] | None,
        typer.Option(
            metavar="L,T,W,H",
            help="Box of the number in every picture: left, top, width, height in pixels of the "
            "upright picture. Repeat it for one box per digit. Without it, the whole picture is "
            "used.",
        ),
    ] = None,
    boxes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Box of the number in each picture: a CSV file with the columns "
            "path,left,top,width,height.",
        ),
    ] = None,
    candidates: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Numbers that can be right, of which the best match is shown: one per line, or a "
            "CSV file with the columns path,candidate.",
        ),
    ] = None,
    min_confidence: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, metavar="P", help='Show "?" if the confidence is lower than this.'
        ),
    ] = None,
    max_pixels: MaxPixels = None,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON object per line.")] = False,
    csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV with a header, on a terminal as well.")
    ] = False,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Include subfolders.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Read the numbers in pictures.

    Pictures of any size and kind are turned upright, cropped, resized and converted like the
    model's training pictures. Prints a table on a terminal, and CSV elsewhere. A rejected reading
    is null with --json, and empty in CSV.

    If a picture cannot be read, the others are read, and the exit code is 1.

    Example: sksvhn read model.sksvhn photos/ --min-confidence 0.9
    """
    check_order("read", model, *pictures)
    if json and csv:
        raise typer.BadParameter("choose one of --json and --csv.", param_hint="--csv")
    if box and boxes:
        raise typer.BadParameter("choose one of --box and --boxes.", param_hint="--boxes")
    same = [parse_box(text) for text in box] if box else None
    table = None if boxes is None else Boxes(boxes)
    listed = None if candidates is None else Candidates(candidates)
    from .._capabilities import reads_numbers
    from .._images._load import MAX_PIXELS
    from .._reading import Picture, PictureBatchReader
    from ..estimators import load

    clf = load(model)
    reader = PictureBatchReader(
        clf,
        has_candidates=listed is not None,
        common=(listed and listed.common) or (),
        min_confidence=min_confidence,
        max_pixels=max_pixels or MAX_PIXELS,
    )

    def read_batch(named: Sequence[Row]) -> list[Row]:
        paths = [row.path for row in named if row.error is None]
        known = [
            Picture(
                path,
                same if table is None else table.of(path),
                listed.of(path) if listed is not None and listed.common is None else None,
            )
            for path in paths
        ]
        found = iter(reader.read(known, paths))
        return [row if row.error else _row(row.path, next(found)) for row in named]

    shown: Literal["table", "csv", "json"]
    shown = "json" if json else "csv" if csv or not sys.stdout.isatty() else "table"
    write = _writer(shown, listed is not None, clf.max_length_ if reads_numbers(clf) else 1)
    n_read, n_failed = _read_all(
        _named(pictures, recursive=recursive),
        read_batch,
        write,
        with_errors=shown != "table",
        # On one terminal a bar would go through the readings.
        with_bar=shows_progress(quiet) and not sys.stdout.isatty(),
    )
    if table is not None and table.n_without:
        warn(f"{boxes} has no box for {table.n_without:,} of the pictures; they were read whole.")
    if listed is not None and listed.n_without:
        warn(f"{candidates} has no candidates for {listed.n_without:,} of the pictures.")
    if n_failed:
        complain(f"{n_failed:,} of {counted(n_read + n_failed, 'picture')} could not be read.")
        raise typer.Exit(1)


def _row(path: str, one: Any) -> Row:
    error = None if one.error is None else in_options(one.error)
    return Row(path, one.reading, one.confidence, one.in_list, error)


def _read_all(
    named: Iterator[Row], read_batch: Any, write: Any, *, with_errors: bool, with_bar: bool
) -> tuple[int, int]:
    """Read and write; return how many could be read, and how many not."""
    from tqdm import tqdm

    n_read = n_failed = 0
    with tqdm(unit=" pictures", leave=False, file=sys.stderr, disable=not with_bar) as bar:
        while batch := list(islice(named, _BATCH)):
            rows = read_batch(batch)
            write(rows)
            failed = [row for row in rows if row.error is not None]
            if with_errors:
                for row in failed:
                    complain(f"{row.path}: {row.error}")
            n_read += len(rows) - len(failed)
            n_failed += len(failed)
            bar.update(len(rows))
    return n_read, n_failed


# --- which pictures -----------------------------------------------------------------------------


def _named(given: Iterable[str], *, recursive: bool) -> Iterator[Row]:
    """List pictures in the order in which they are named, or what is wrong with a name."""
    for name in given:
        for one in _stdin_paths() if name == _STDIN else (name,):
            try:
                yield from map(Row, find_pictures(one, recursive=recursive))
            except FileNotFoundError as error:
                yield Row(one, error=str(error))


def _stdin_paths() -> Iterator[str]:
    stream: Any = sys.stdin.buffer
    rest = b""
    # What is there, not a full block: somebody may type, or find may still be at work.
    while block := stream.read1(2**16):
        *lines, rest = (rest + block).split(b"\n")
        yield from (os.fsdecode(line) for line in lines if line)
    if rest:
        yield os.fsdecode(rest)


# --- what is known of them ----------------------------------------------------------------------


def parse_box(text: str) -> Box:
    """Read "L,T,W,H", or raise typer.BadParameter."""
    try:
        left, top, width, height = map(float, text.split(","))
    except ValueError:
        raise typer.BadParameter(
            f"must be left,top,width,height in pixels, such as 10,20,60,30; got {text!r}.",
            param_hint="--box",
        ) from None
    return left, top, width, height


class Boxes:
    """Boxes by picture, from a CSV file; paths count from where the command runs."""

    def __init__(self, path: Path) -> None:
        self.by_path: dict[str, list[Box]] = {}
        self.n_without = 0
        for line, row in csv_rows(path, ("path", *BOX_COLUMNS)):
            box = box_of(row, line, path)
            if box is None:
                raise ValueError(
                    f"line {line} of {path} must have numbers for {', '.join(BOX_COLUMNS)}."
                )
            self.by_path.setdefault(os.path.abspath(row["path"]), []).append(box)

    def of(self, picture: str) -> list[Box] | None:
        """Boxes of a picture, if there are any."""
        found = self.by_path.get(os.path.abspath(picture))
        self.n_without += found is None
        return found


class Candidates:
    """Numbers that can be right: one per line for all pictures, or by picture in a CSV file."""

    def __init__(self, path: Path) -> None:
        self.by_path: dict[str, list[str]] = {}
        #: Numbers that any picture may show.
        self.common: list[str] | None = None
        self.n_without = 0
        needed = "a list of numbers, one per line, or a CSV file with the columns path, candidate"
        lines = list(csv_lines(path, needed))
        if not lines:
            raise ValueError(f"{path} must hold at least one candidate; write one number per line.")
        header = lines[0][1]
        # Each once: a table may list a house for every household.
        if not {"path", "candidate"} <= set(header):
            for line, cells in lines:
                if len(cells) > 1:
                    raise ValueError(
                        f"{path} must hold one number per line, or be a CSV file that starts with "
                        f"path,candidate; got {','.join(cells)!r} in line {line}."
                    )
            self.common = list(dict.fromkeys(cells[0] for _, cells in lines))
            return
        for line, cells in lines[1:]:
            row = dict(zip(header, cells, strict=False))
            if not row.get("candidate"):
                raise ValueError(
                    f"each line of {path} must have a path and a candidate; got {cells} in line "
                    f"{line}."
                )
            numbers = self.by_path.setdefault(os.path.abspath(row["path"]), [])
            if row["candidate"] not in numbers:
                numbers.append(row["candidate"])

    def of(self, picture: str) -> list[str]:
        """Numbers that a picture may show."""
        if self.common is not None:
            return self.common
        found = self.by_path.get(os.path.abspath(picture), [])
        self.n_without += not found
        return found


# --- readings on the standard output ------------------------------------------------------------


def _writer(shown: Literal["table", "csv", "json"], has_candidates: bool, width: int) -> Any:
    """Make the function that writes some rows, below those written before."""
    if shown != "table" and hasattr(sys.stdout, "reconfigure"):
        # Names of files may be no text: they come out as they went in.
        sys.stdout.reconfigure(errors="surrogateescape")
    left_out = set() if has_candidates else {"in_list"}
    names = [name for name in Row._fields if name not in left_out]
    table = csv_format.writer(sys.stdout, lineterminator="\n")
    width = max(width, len("Number"))
    if shown == "csv":
        table.writerow(names)
    elif shown == "table":
        _print_line("Number", ["Sure", "In list"][: 1 + has_candidates], "Picture", width)

    def write(rows: Iterable[Row]) -> None:
        for row in rows:
            if shown == "json":
                print(json_format.dumps({name: getattr(row, name) for name in names}))
            elif shown == "csv":
                cells = (_decimals(getattr(row, name)) for name in names)
                table.writerow(map(printable, cells) if sys.stdout.isatty() else cells)
            else:
                reading = row.reading or ("" if row.error else _REJECTED)
                figures = [row.confidence, row.in_list][: 1 + has_candidates]
                picture = f"{row.path}  {row.error}" if row.error else row.path
                _print_line(
                    printable(reading), list(map(_percent, figures)), printable(picture), width
                )
        sys.stdout.flush()

    return write


def _print_line(number: str, figures: list[str], picture: str, width: int) -> None:
    # Figures first, so that paths of any length spoil no column.
    print(f"{number:<{width}}", *(f"{figure:>7}" for figure in figures), picture, sep="  ")


def _decimals(value: str | float | None) -> str:
    if value is None:
        return ""
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def _percent(value: float | None) -> str:
    if value is None:
        return ""
    # 100.0 % would promise what no reader can.
    return f"{value:.1%}" if value < 0.9995 else ">99.9%"
