"""``sksvhn convert``: write labelled pictures to one HDF5 file for training."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from ._app import (
    Color,
    ColorName,
    Crop,
    Force,
    ImageSize,
    Margin,
    MaxPixels,
    OnError,
    OnErrorName,
    Quiet,
    check_out,
    counted,
    described,
    note,
    parse_image_size,
    shows_progress,
)


def convert(
    data: Annotated[
        list[Path],
        typer.Argument(
            metavar="DATA",
            help="Labelled pictures, as for `train`; several become one, such as train.tar.gz and "
            "extra.tar.gz.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="File to write, such as numbers.h5.")
    ],
    image_size: ImageSize = None,
    color: Color = ColorName.auto,
    crop: Crop = None,
    margin: Margin = None,
    max_pixels: MaxPixels = None,
    on_error: OnError = OnErrorName.RAISE,
    n_jobs: Annotated[
        int | None,
        typer.Option(metavar="N", help="Processes that decode pictures; -1 is one per processor."),
    ] = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Convert SVHN's files, or your own pictures, to one HDF5 file.

    Numbers are cropped and resized. `train` and `evaluate` read the pictures of the file block by
    block, so they need not fit into memory. For `convert`, each DATA has to fit by itself. The file
    holds the datasets X (uint8 pictures) and y (numbers as text, or digits).

    Example: sksvhn convert train.tar.gz extra.tar.gz --out numbers.h5 --color rgb
    """
    from .._images._load import MAX_PIXELS
    from ..datasets import load_labelled, save_labelled

    check_out(out, *data, force=force)
    size = parse_image_size(image_size)

    def parts() -> Iterator[Any]:
        for path in data:
            part = load_labelled(
                path,
                image_size=size,
                color=color.value,
                crop=None if crop is None else crop.value,
                margin=margin,
                max_pixels=max_pixels or MAX_PIXELS,
                on_error=on_error.value,
                n_jobs=n_jobs,
                verbose=int(shows_progress(quiet)),
            )
            note(f"{path}: {described(part.images)}", quiet=quiet)
            yield part

    n = save_labelled(out, parts())
    if not quiet:
        typer.echo(f"Saved {counted(n, 'picture')} in {out} ({out.stat().st_size / 1e6:.1f} MB).")
