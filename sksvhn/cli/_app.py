"""Application of the command: shared options, messages to the user, errors as sentences."""

from __future__ import annotations

import errno
import os
import re
import sys
import warnings
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from .._files._file_kinds import kind_of_file
from .._files._pretrained_files import pretrained_names, pretrained_path

# --- messages: results go to the standard output, everything else to the standard error stream --


def note(message: str, *, quiet: bool) -> None:
    """Say what is going on."""
    if not quiet:
        typer.echo(printable(message), err=True)


def warn(message: str) -> None:
    """Say what may be wrong; nothing silences that."""
    typer.secho(f"Warning: {printable(message)}", fg="yellow", err=True, color=_in_color())


def complain(message: str) -> None:
    """Say what went wrong."""
    typer.secho(f"Error: {printable(message)}", fg="red", err=True, color=_in_color())


def _in_color() -> bool | None:
    """Whether messages are in colour: on terminals (None), unless the user wants no colours."""
    return False if os.environ.get("NO_COLOR") else None


def shows_progress(quiet: bool) -> bool:
    """Whether somebody looks at progress bars."""
    return not quiet and sys.stderr.isatty()


def scores_of(epoch: Mapping[str, Any]) -> str:
    """Loss and share read right in an epoch, also of the pictures held out."""
    parts = {"": "train", "held out: ": "valid"}
    return "; ".join(
        f"{label}loss {epoch[f'{part}_loss']:.4f}"
        # There is none where a locator saw no number.
        + (f", right {epoch[f'{part}_score']:.1%}" if f"{part}_score" in epoch else "")
        for label, part in parts.items()
        if f"{part}_loss" in epoch
    )


def counted(n: int, thing: str) -> str:
    """Name a number of things, such as "2,000 epochs"."""
    return f"{n:,} {thing}{'' if n == 1 else 's'}"


def described(images: Any) -> str:
    """Say how many pictures of which size and colour these are."""
    n, height, width, *channels = images.shape
    color = "colour" if channels == [3] else "grey"
    return f"{counted(n, f'{color} picture')} of {height}x{width} pixels"


def printable(text: str) -> str:
    """Replace what could steer a terminal: names of files may hold anything."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


# --- errors -------------------------------------------------------------------------------------

# Raised by the package with a message for its user; anything else is a mistake of the package.
_EXPECTED = (ValueError, TypeError, OSError, ImportError, MemoryError, RuntimeError)


class Commands(TyperGroup):
    """Commands that end with one sentence, never with a traceback, if something fails."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            try:
                return super().invoke(ctx)
            except KeyboardInterrupt:  # which older versions of typer let end with 1
                raise typer.Exit(130) from None
            except (typer.Exit, typer.Abort):
                raise
            except Exception as error:
                if hasattr(error, "exit_code"):  # wrong usage, as typer reports it
                    raise
                if isinstance(error, OSError) and error.errno == errno.EPIPE:
                    raise  # the reader of the output has gone, which is no error
                complain(sentence(error))
                raise typer.Exit(1) from error


def sentence(error: BaseException) -> str:
    """Put an error into one line, as a person reads it."""
    if isinstance(error, OSError) and error.strerror:
        name = "" if error.filename is None else f"{error.filename}: "
        return f"{name}{error.strerror}"
    if isinstance(error, MemoryError):
        return f"there is not enough memory ({error})" if str(error) else "not enough memory"
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, _EXPECTED):
        return in_options(text)
    return f"unexpected {type(error).__name__} ({text}); please report it."


# What messages advise in Python, and how a shell says it.
_IN_SHELL = {
    "on_error='skip'": "--on-error skip",
    "color='rgb'": "--color rgb",
    "max_pixels": "--max-pixels",
    "recursive=True": "--recursive",
    "image_size, crop and margin": "--image-size, --crop and --margin",
}
# Not in names of files.
_ADVICE = re.compile(rf"(?<![\w./\\-])({'|'.join(map(re.escape, _IN_SHELL))})(?![\w/\\-]|\.\w)")


def in_options(text: str) -> str:
    """Advice for Python as advice for a shell."""
    return _ADVICE.sub(lambda found: _IN_SHELL[found[1]], text)


def _show_warning(message: Warning | str, *args: Any, **kwargs: Any) -> None:
    warn(" ".join(str(message).split()))


# --- the application ----------------------------------------------------------------------------

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Read house numbers, and other short strings of digits, from pictures.",
    epilog="Results go to the standard output, everything else to the standard error stream. "
    "Exit codes: 0 all done, 1 something failed, or a picture could not be read, "
    "2 wrong usage, 130 Ctrl-C.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from .. import __version__

        typer.echo(f"sksvhn {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Options of the command itself."""


# --- options and arguments of several commands --------------------------------------------------

# Enumerations, since typer knows Literal only from version 0.19 on.
ColorName = StrEnum("ColorName", ["auto", "grey", "rgb"])
CropName = StrEnum("CropName", ["stretch", "square"])
OnErrorName = StrEnum("OnErrorName", {"RAISE": "raise", "SKIP": "skip"})


def model_path(model: Path | None) -> Path | None:
    """Path of a model, which may be named by what `load_pretrained` calls it."""
    named = model is not None and str(model) in pretrained_names() and not model.exists()
    return pretrained_path(str(model)) if named else model


Model = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL",
        callback=model_path,
        help="A file that `train` or `clf.save` wrote, or `numbers` or `digits`, the readers that "
        "come with sksvhn.",
    ),
]
Locator = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        callback=model_path,
        help="What finds the numbers: a file that `locator.save` wrote. Default: the locator that "
        "comes with sksvhn.",
    ),
]
Whole = Annotated[
    bool,
    typer.Option(
        "--whole", help="Do not look for numbers: each picture shows one number and no more."
    ),
]
Data = Annotated[
    Path,
    typer.Argument(
        metavar="DATA",
        help="Labelled pictures: SVHN's format 1 (train.tar.gz, or the folder it unpacks to), "
        "format 2 (train_32x32.mat), the course-work file (SVHN_single_grey1.h5), a file that "
        "`convert` wrote, or a .csv file that lists your own pictures, with the columns path and "
        "number and, if a number does not fill its picture, left, top, width and height.",
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
    ColorName,
    typer.Option(
        help='"auto": grey if all pictures of format 1 or a .csv file are, otherwise as stored.'
    ),
]
Crop = Annotated[
    CropName | None,
    typer.Option(
        help="How a number's region is resized: without keeping its aspect ratio, or made a square "
        "first. Default: stretch."
    ),
]
Margin = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="SHARE",
        help="Share of its width and height by which a number's region is enlarged. Default: 0.3.",
    ),
]
MaxPixels = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Largest width times height of a picture that is decoded: a small file may declare "
        "one that does not fit in memory. Default: 268435456.",
    ),
]
OnError = Annotated[
    OnErrorName,
    typer.Option(help="Whether a damaged picture in DATA is an error or is left out."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only warnings and errors.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def check_order(command: str, model: str | Path, *others: str | Path) -> None:
    """Raise if another argument is the model, and what stands in its place is not."""
    if is_model(model) or not Path(model).exists():
        return
    for other in filter(is_model, others):
        raise typer.BadParameter(
            f"MODEL must come first; {model} is not a model, and {other} is; write: sksvhn "
            f"{command} {other} {model}"
        )


def is_model(path: str | Path) -> bool:
    """Whether this is a model's file, or the name of one that is nowhere else."""
    path = Path(path)
    try:
        if path.exists():
            return path.is_file() and kind_of_file(path).key == "model"
    except OSError:
        return False
    return path.suffix == ".sksvhn" or str(path) in pretrained_names()


def check_out(out: Path, *given: Path, force: bool) -> None:
    """Raise, before any work, if a file cannot be written or, without `force`, exists."""
    problem = None
    if out.is_dir() or not out.absolute().parent.is_dir():
        problem = (
            f"must be a file in an existing folder; got {out}; create the folder or choose another "
            "name."
        )
    elif out.exists() and any(path.exists() and out.samefile(path) for path in given):
        problem = f"must not be an input file; got {out}; choose another name."
    elif out.exists() and not force:
        problem = f"{out} exists already; choose another name, or add --force to overwrite it."
    if problem is not None:
        raise typer.BadParameter(problem, param_hint="--out")


def parse_image_size(text: str | None) -> tuple[int, int] | None:
    """Read "64" or "54,64" as height and width."""
    if text is None:
        return None
    sides = text.split(",")
    try:
        height, width = map(int, sides * 2 if len(sides) == 1 else sides)
    except ValueError:
        height = 0
    if height < 1 or width < 1:
        raise typer.BadParameter(
            f"must be a height and width in pixels, such as 64 or 48,64; got {text!r}.",
            param_hint="--image-size",
        )
    return height, width
