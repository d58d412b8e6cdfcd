"""Options and arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from .._file_kinds import kind_of_file

Model = Annotated[
    Path, typer.Argument(metavar="MODEL", help="A file that `train` or `clf.save` wrote.")
]
Data = Annotated[
    Path,
    typer.Argument(
        metavar="DATA",
        help="Labelled pictures: SVHN's format 1 (train.tar.gz, or the folder it unpacks to), "
        "format 2 (train_32x32.mat), the course-work file (SVHN_single_grey1.h5), what "
        "`convert` made of them, or a .csv file with the columns path and number (and, where a "
        "number does not fill its picture, left, top, width, height) that lists your own.",
    ),
]
ImageSize = Annotated[
    str | None,
    typer.Option(
        metavar="H,W",
        help="Height and width of the crops in pixels; one figure for both. Default: 64.",
    ),
]
Color = Annotated[
    Literal["auto", "grey", "rgb"],
    typer.Option(
        help='"auto": grey where all pictures of format 1 or a .csv file are, otherwise as stored.'
    ),
]
Crop = Annotated[
    Literal["stretch", "square"] | None,
    typer.Option(
        help="What becomes of a number's region: resized without keeping its aspect, or made a "
        "square first. Default: stretch."
    ),
]
Margin = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="SHARE",
        help="Share of its sides by which a number's region grows. Default: 0.3.",
    ),
]
OnError = Annotated[
    Literal["raise", "skip"],
    typer.Option(help="Whether a damaged picture of DATA ends the command, or is left out."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but warnings and errors.")]
Force = Annotated[bool, typer.Option("--force", help="Write over a file that is there.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def check_order(command: str, model: str | Path, *others: str | Path) -> None:
    """Raise if another argument is the model, and what stands in its place is none."""
    if _is_model(model) or not Path(model).exists():
        return
    for other in filter(_is_model, others):
        raise typer.BadParameter(
            f"the model comes first, and {model} is none, but {other} is; write: sksvhn {command} "
            f"{other} {model}"
        )


def _is_model(path: str | Path) -> bool:
    path = Path(path)
    try:
        if path.exists():
            return path.is_file() and kind_of_file(path).key == "model"
    except OSError:
        return False
    return path.suffix == ".sksvhn"


def check_out(out: Path, *given: Path, force: bool) -> None:
    """Object, before any work, to a file that cannot be written or, without `force`, is there."""
    problem = None
    if out.is_dir() or not out.absolute().parent.is_dir():
        problem = f"{out} names no file in a folder that exists."
    elif out.exists() and any(path.exists() and out.samefile(path) for path in given):
        problem = f"{out} would be written over; choose another name."
    elif out.exists() and not force:
        problem = f"{out} is there already; choose another name, or add --force to write over it."
    if problem is not None:
        raise typer.BadParameter(problem, param_hint="--out")


def parse_image_size(text: str | None) -> tuple[int, int] | None:
    """Read "64" or "54,64" as height and width.

    Examples
    --------
    >>> from sksvhn.cli._options import parse_image_size
    >>> parse_image_size("64"), parse_image_size("32,48")
    ((64, 64), (32, 48))
    """
    if text is None:
        return None
    sides = text.split(",")
    try:
        height, width = map(int, sides * 2 if len(sides) == 1 else sides)
    except ValueError:
        height = 0
    if height < 1 or width < 1:
        raise typer.BadParameter(
            f"{text!r} is no size; write height and width in pixels, such as 64 or 48,64.",
            param_hint="--image-size",
        )
    return height, width
