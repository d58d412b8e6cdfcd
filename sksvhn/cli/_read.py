"""``sksvhn read``: what numbers pictures show."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ._console import busy, complain, counted, shows_progress, warn
from ._lists import Box, PictureTable, parse_box
from ._options import Model, Quiet, check_order
from ._sources import Source, find_pictures
from ._tables import Format, make_writer

if TYPE_CHECKING:
    from ._reader import Reader

# Pictures that are cropped, predicted and written together.
BATCH = 256


def _check_box(text: str) -> Box:
    try:
        return parse_box(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--box") from None


def read(
    model: Model,
    pictures: Annotated[
        list[str],
        typer.Argument(
            metavar="PICTURE",
            help="Files, folders, patterns such as 'photos/*.jpg', or - for paths on the standard "
            "input, one a line. PNG, JPEG, GIF, WebP, TIFF, BMP, PPM.",
        ),
    ],
    box: Annotated[
        list[str] | None,
        typer.Option(
            metavar="L,T,W,H",
            help="Where the number is in every picture: left, top, width, height in pixels of the "
            "upright picture. Repeatable, a box a digit. Without, the picture is taken whole.",
        ),
    ] = None,
    boxes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where it is in each: a CSV file with the columns path,left,top,width,height.",
        ),
    ] = None,
    candidates: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Numbers that can be right, of which the best match is shown: one a line, or a "
            "CSV file with the columns path,candidate.",
        ),
    ] = None,
    min_confidence: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, metavar="P", help='Show "?" where the reading is less sure than this.'
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON object a line.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV, with a header.")] = False,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Look into folders in folders.")
    ] = False,
    null: Annotated[
        bool, typer.Option("--null", "-0", help="Paths on the standard input end with a null byte.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Read the numbers in pictures.

    Pictures of any size and kind are turned upright, cropped, resized and coloured as those that
    the model was trained on. Prints a table on a terminal; elsewhere lines of path, reading and
    confidence, divided by tabs. With --json and --csv a rejected reading is null, or empty.

    Exits with 1 if a picture could not be read; the others are.

    Example: sksvhn read model.sksvhn photos/ --min-confidence 0.9
    """
    check_order("read", model, *pictures)
    if json and csv:
        raise typer.BadParameter("choose one of --json and --csv.", param_hint="--csv")
    if box and boxes:
        raise typer.BadParameter("choose one of --box and --boxes.", param_hint="--boxes")
    same = [_check_box(text) for text in box] if box else None
    table = None if boxes is None else PictureTable.of_boxes(boxes)
    listed = None if candidates is None else PictureTable.of_candidates(candidates)
    form: Format = "json" if json else "csv" if csv else "table" if sys.stdout.isatty() else "tsv"

    with busy(f"Loading {model}", quiet=quiet):
        from ._reader import Reader

        reader = Reader(
            model, boxes=table or same, candidates=listed, min_confidence=min_confidence
        )
    sources = find_pictures(pictures, recursive=recursive, null=null)
    n_read, n_failed = _read_all(reader, sources, form, quiet=quiet)

    if table is not None and table.n_without:
        warn(f"{boxes} has no box of {table.n_without:,} of the pictures; they were taken whole.")
    if listed is not None and listed.n_without:
        warn(f"{candidates} has no candidates for {listed.n_without:,} of the pictures.")
    if n_failed:
        complain(f"{n_failed:,} of {counted(n_read + n_failed, 'picture')} could not be read.")
        raise typer.Exit(1)


def _read_all(
    reader: Reader, sources: Iterator[Source], form: Format, *, quiet: bool
) -> tuple[int, int]:
    """Read and write; return how many could be read, and how many not."""
    from ._progress import counting

    writer = make_writer(
        form, has_candidates=reader.candidates is not None, width=reader.longest_number
    )
    n_read = n_failed = 0
    # On one terminal a bar would go through the table.
    with counting(
        "picture", shown=form != "table" and not sys.stdout.isatty() and shows_progress(quiet)
    ) as count:
        while batch := list(islice(sources, BATCH)):
            readings = reader.read(batch)
            writer.write(readings)
            for reading in readings:
                if reading.error is None:
                    n_read += 1
                    continue
                n_failed += 1
                if form != "table":
                    complain(f"{reading.path}: {reading.error}")
            count(len(batch))
    return n_read, n_failed
