"""Crop many pictures of any size into one array, with several processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from numbers import Integral
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.utils import Bunch
from sklearn.utils._param_validation import StrOptions

from .._images._crop import CROP_CONSTRAINTS, Cropped, CropSettings, crop_picture
from .._images._load import PictureError
from .._warn import warn_caller
from ._progress import with_progress

#: How messages name the way to go on without a picture.
SKIP = "on_error='skip'"

OnError = Literal["raise", "skip"]

#: What the parameters may be that loaders of cropped pictures share.
CROPPED_CONSTRAINTS = {
    **CROP_CONSTRAINTS,
    "on_error": [StrOptions({"raise", "skip"})],
    "return_X_y": ["boolean"],
    "as_frame": ["boolean"],
    "n_jobs": [Integral, None],
    "verbose": ["verbose"],
}

# Pictures handed to a worker at a time: enough to hide joblib's cost, few enough to hold.
_CHUNK = 128

_T = TypeVar("_T", bound=np.generic)


class Unreadable(NamedTuple):
    """Why a picture cannot be read, in place of what it is read from."""

    reason: str


class Crops(NamedTuple):
    """Crops, in colour if one of them is, and the height and width of their whole pictures.

    `problems` has the rows without a crop, and `notes` those that users should be told about.
    """

    images: NDArray[np.uint8]
    sizes: NDArray[np.int64]
    problems: dict[int, str]
    notes: dict[int, str]


#: A picture's row, what it is read from, and its boxes.
Task = tuple[int, Any, Any]


def read_crops(
    tasks: Iterable[Task],
    settings: CropSettings,
    n: int,
    *,
    objection: Callable[[int, str], str] | None,
    n_jobs: int | None,
    label: str,
    verbose: int,
) -> Crops:
    """Crop the pictures of `tasks`, which come in any order.

    `objection` makes the message of a ValueError for a row; None leaves the picture out.
    """
    workers = Parallel(n_jobs=n_jobs, return_as="generator")
    chunks = workers(delayed(_crop_chunk)(chunk, settings) for chunk in _chunks(tasks))
    images = np.empty((n, *settings.image_size), np.uint8)
    sizes = np.zeros((n, 2), np.int64)
    problems: dict[int, str] = {}
    notes: dict[int, str] = {}
    for row, outcome in with_progress(chunks, n, label=label, verbose=verbose):
        if isinstance(outcome, Cropped):
            if outcome.pixels.ndim == images.ndim:  # the first colour picture
                images = np.repeat(images[..., np.newaxis], 3, axis=-1)
            grey_in_color = outcome.pixels.ndim < images.ndim - 1
            images[row] = outcome.pixels[..., np.newaxis] if grey_in_color else outcome.pixels
            sizes[row] = outcome.picture_size
            if outcome.note is not None:
                notes[row] = outcome.note
        elif objection is None:
            problems[row] = outcome
        else:
            raise ValueError(objection(row, outcome))
    return Crops(images, sizes, dict(sorted(problems.items())), dict(sorted(notes.items())))


def without_rows(array: NDArray[_T], rows: Iterable[int]) -> NDArray[_T]:
    """Leave rows out, or nothing without a copy."""
    rows = list(rows)
    return np.delete(array, rows, axis=0) if rows else array


def refusal(where: object, picture: str, problem: str) -> str:
    """Sentence of the error that a picture's problem is where none may be left out."""
    return f"{where}: picture {picture} {problem}. Leave such pictures out with {SKIP}."


def table_of_skipped(
    problems: dict[int, str],
    names: Sequence[str],
    *,
    column: str,
    where: object,
    damage: str | None = None,
) -> pd.DataFrame:
    """List pictures left out, in order, with a warning; raise ValueError if these are all.

    `names` are those of all pictures, by the rows of `problems`.
    """
    rows = sorted(problems)
    reasons = [problems[row] for row in rows]
    findings = [] if damage is None else [damage]
    if rows:
        first = f"the first, {names[rows[0]]!r}, {reasons[0]}"
        if len(rows) == len(names):
            raise ValueError(f"{where}: none of the {len(rows)} pictures could be loaded; {first}.")
        findings.append(f"left out {len(rows)} of {len(names)} pictures; {first}")
    if findings:
        warn_caller(f"{where}: {'; '.join(findings)}.")
    return pd.DataFrame({column: [names[row] for row in rows], "reason": reasons}, dtype=str)


def numbers_and_crops(
    images: NDArray[np.uint8],
    frame: pd.DataFrame,
    skipped: pd.DataFrame,
    *,
    description: str,
    return_X_y: bool,
    as_frame: bool,
) -> Bunch | tuple[NDArray[np.uint8], Any]:
    """Return crops and the numbers in their table as loaders do."""
    target = frame["number"].copy() if as_frame else frame["number"].to_numpy(dtype=object)
    if return_X_y:
        return images, target
    return Bunch(
        images=images,
        target=target,
        frame=frame,
        n_skipped=len(skipped),
        skipped=skipped,
        DESCR=description,
    )


def _chunks(tasks: Iterable[Task]) -> Iterator[list[Task]]:
    tasks = iter(tasks)
    while chunk := list(islice(tasks, _CHUNK)):
        yield chunk


def _crop_chunk(chunk: list[Task], settings: CropSettings) -> list[tuple[int, Cropped | str]]:
    return [(row, _crop(source, boxes, settings)) for row, source, boxes in chunk]


def _crop(source: Any, boxes: Any, settings: CropSettings) -> Cropped | str:
    """Crop a picture, or say why it cannot be done."""
    if isinstance(source, Unreadable):
        return source.reason
    try:
        return crop_picture(source, boxes, settings)
    except PictureError as error:
        return error.problem
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    except ValueError as error:
        return f"cannot be cropped: {str(error).rstrip('.')}"
