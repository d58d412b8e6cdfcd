"""``sksvhn convert``: SVHN's files to one that is trained on without loading it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ._console import busy, counted, note
from ._options import (
    Color,
    Crop,
    Force,
    ImageSize,
    Margin,
    OnError,
    Quiet,
    check_out,
    parse_image_size,
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
    color: Color = "auto",
    crop: Crop = None,
    margin: Margin = None,
    on_error: OnError = "raise",
    n_jobs: Annotated[
        int | None,
        typer.Option(metavar="N", help="Processes that decode pictures; -1 is one a processor."),
    ] = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Convert SVHN's files, or your own pictures, to one HDF5 file.

    Numbers are cropped and resized on the way. `train` and `evaluate` read its pictures a block at
    a time, so that they need not fit into memory; here, those of one DATA at a time have to.
    The file holds the datasets X (uint8 pictures) and y (numbers as text, or digits).

    Example: sksvhn convert train.tar.gz extra.tar.gz --out numbers.h5 --color rgb
    """
    from .._atomic import written_whole
    from ._converted import ConvertedFile
    from ._load import Cropping, load_labelled

    check_out(out, *data, force=force)
    cropping = Cropping(parse_image_size(image_size), color, crop, margin)
    with written_whole(out) as part, ConvertedFile(part) as file:
        for path in data:
            with busy(f"Converting {path}", quiet=quiet):
                labelled = load_labelled(
                    path, cropping, subset="train", on_error=on_error, n_jobs=n_jobs
                )
                file.append(labelled, str(path))
            note(f"{path}: {labelled.describe()}", quiet=quiet)
        n = file.n
    typer.echo(f"Saved {counted(n, 'picture')} in {out} ({out.stat().st_size / 1e6:.1f} MB).")
