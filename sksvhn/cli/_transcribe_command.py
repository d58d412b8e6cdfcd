"""``sksvhn transcribe``: read millions of pictures with many processes into Parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ._app import (
    Locator,
    MaxPixels,
    Model,
    Quiet,
    Whole,
    check_order,
    complain,
    counted,
    note,
    shows_progress,
)
from ._read import Boxes, Candidates


def transcribe(
    model: Model,
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A folder and its subfolders; a pattern such as 'photos/*.jpg'; a table (.csv, "
            ".parquet) with the column path and, optionally, left, top, width, height and "
            "candidates; or a file of pictures (.h5, .parquet).",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Folder of Parquet files to write, or to complete."),
    ],
    locator: Locator = None,
    whole: Whole = False,
    boxes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Box of the number in each picture: a CSV file with the columns "
            "path,left,top,width,height, one row per digit or number.",
        ),
    ] = None,
    candidates: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Numbers that can be right, of which the best match is taken: one per line, or a "
            "CSV file with the columns path,candidate.",
        ),
    ] = None,
    min_confidence: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            metavar="P",
            help="Leave out numbers with a lower confidence. Default: 0.4. With --whole or boxes, "
            "reject them instead; default: as the model was saved.",
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Dask scheduler whose workers read the pictures, such as tcp://10.0.0.1:8786. "
            "Default: processes on this machine.",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Number of processes on this machine. Default: one per core."
        ),
    ] = None,
    partition_size: Annotated[
        int, typer.Option(min=1, metavar="N", help="Number of pictures per file.")
    ] = 2048,
    max_pixels: MaxPixels = None,
    quiet: Quiet = False,
) -> None:
    """Read any number of pictures with processes of this machine or of a Dask cluster.

    Finds the numbers in photographs, unless their boxes are given or they fill their pictures.
    Writes a folder of Parquet files: path, reading, confidence, the three most probable readings,
    why a picture could not be read, and where the number was found. After an interruption, the same
    command reads the missing pictures. Needs the extra `dask`.

    Exits with 1 if a picture could not be read; all others are read.

    Example: sksvhn transcribe model.sksvhn photos/ --out readings
    """
    check_order("transcribe", model, source)
    if scheduler is not None and workers is not None:
        raise typer.BadParameter("choose one of --scheduler and --workers.", param_hint="--workers")
    table = None if boxes is None else Boxes(boxes)
    listed = None if candidates is None else Candidates(candidates)
    from .._images._load import MAX_PIXELS
    from ..transcription import transcribe as read_all

    done = read_all(
        source,
        model,
        out,
        locator=locator,
        whole=whole,
        boxes=None if table is None else table.by_path,
        candidates=None if listed is None else listed.common or listed.by_path,
        min_confidence=min_confidence,
        max_pixels=max_pixels or MAX_PIXELS,
        client=scheduler,
        n_workers=workers,
        partition_size=partition_size,
        verbose=int(shows_progress(quiet)),
    )
    n_read = done.n_pictures - done.n_failed
    note(f"Read {counted(n_read, 'picture')}; {out} has the readings.", quiet=quiet)
    if done.n_failed:
        complain(
            f"{done.n_failed:,} of {counted(done.n_pictures, 'picture')} could not be read; the "
            "column error says why."
        )
        raise typer.Exit(1)
