"""Load picture files with a table of their numbers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import Bunch

from .._files._csv_lines import Box, box_of, csv_rows
from .._files._file_kinds import check_is_file
from .._images._crop import CropSettings, CropStyle, check_image_size
from .._images._load import MAX_PIXELS, Color, warn_of_notes
from .._labels import DIGITS
from .._parameters import validate_params
from ._crop_many import (
    CROPPED_CONSTRAINTS,
    OnError,
    Task,
    numbers_and_crops,
    read_crops,
    refusal,
    table_of_skipped,
    without_rows,
)
from ._svhn_archive import is_regular_file


@dataclass
class _Row:
    """What the table says of a picture."""

    path: str
    number: str
    #: Of its first line.
    line: int
    boxes: list[Box] = field(default_factory=list)


@validate_params(
    {
        "path": [str, PathLike],
        "alphabet": [str],
        **CROPPED_CONSTRAINTS,
    },
    prefer_skip_nested_validation=True,
)
def load_labelled_pictures(
    path: str | PathLike[str],
    *,
    alphabet: str = DIGITS,
    image_size: tuple[int, int] = (64, 64),
    color: Color = "auto",
    crop: CropStyle = "stretch",
    margin: float = 0.3,
    max_pixels: int = MAX_PIXELS,
    on_error: OnError = "raise",
    return_X_y: bool = False,
    as_frame: bool = False,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> Bunch | tuple[NDArray[np.uint8], NDArray[np.object_] | pd.Series]:
    """Load pictures of your own, with a CSV file that gives the number of each.

    Pictures are cropped and resized to one array, in the same way as by the method ``read`` of a
    classifier that is trained on them.

    Parameters
    ----------
    path : str or path-like
        A CSV file with the columns ``path``, relative to the folder of the CSV file, and
        ``number``, which is text: ``007`` keeps its zeros. If the number does not fill its picture,
        the columns ``left``, ``top``, ``width`` and ``height`` say where it is, in pixels of the
        upright picture. A picture may have several lines, one box per digit, with the whole number
        in each. If the box of a line is empty, the whole picture is used. Other columns are
        ignored. Pictures may be PNG, JPEG, GIF, WebP, TIFF, BMP or PPM, of any size, as for
        :func:`~sksvhn.preprocessing.load_image`.
    alphabet : str, default="0123456789"
        The characters that numbers may have; others are errors.
    image_size : tuple of (int, int), default=(64, 64)
        Height and width of the crops in pixels.
    color : {"auto", "grey", "rgb"}, default="auto"
        ``"grey"`` gives one channel (the luminance of ITU-R BT.601: 0.299 red + 0.587 green + 0.114
        blue), ``"rgb"`` three, and ``"auto"`` one if every picture file is greyscale, otherwise
        three.
    crop : {"stretch", "square"}, default="stretch"
        Part of a picture that is kept, as in :func:`load_svhn_numbers`: the union of its boxes,
        enlarged by `margin`, and resized without keeping the aspect ratio, or made a square first.
    margin : float, default=0.3
        Share of its width and height by which the union of the boxes is enlarged in all, half on
        either side. It has no effect on pictures that are used whole.
    max_pixels : int, default=268435456
        Largest width times height of a picture that is decoded, as in
        :func:`~sksvhn.preprocessing.load_image`.
    on_error : {"raise", "skip"}, default="raise"
        Whether a picture that is missing or damaged, or whose boxes lie outside, raises an error,
        or is left out, counted (`n_skipped`), reported (`skipped`) and warned about once. Mistakes
        in the CSV file itself are errors.
    return_X_y : bool, default=False
        Whether to return ``(images, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Whether `target` is a pandas Series with the index of `frame` instead of an array. In both
        cases, pictures are an array and `frame` is a DataFrame.
    n_jobs : int, default=None
        Number of processes that decode and crop. ``None`` means 1 unless in a
        :class:`joblib.parallel_config` context, ``-1`` means all processors. The result does not
        depend on it. Starting processes takes about a second.
    verbose : int, default=0
        Whether to report progress, about once per second, on the standard error stream.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        One entry per picture, in the order of the CSV file.

        images : ndarray of shape (n, height, width) or (n, height, width, 3), dtype uint8
            The crops.
        target : ndarray of shape (n,), dtype object, or Series
            The numbers as ``str``, of any length: ``"19"``, ``"0210"``.
        frame : DataFrame of shape (n, 6)
            The columns `path` and `number` as in the file, `length`, the number of characters,
            `boxes`, an ndarray of shape (n_boxes, 4), dtype float64, one box around the whole
            picture if it has none in the file, and `picture_height` and `picture_width` in pixels.
            Its index is 0, 1, ..., n - 1.
        n_skipped : int
            Number of pictures left out.
        skipped : DataFrame of shape (n_skipped, 2)
            Their `path` and the `reason`.
        DESCR : str
            What the data are.

    (images, target) : tuple
        If `return_X_y`.

    Raises
    ------
    FileNotFoundError
        If there is nothing at `path`.
    IsADirectoryError
        If `path` is a folder.
    ValueError
        If columns are missing, the file lists no picture, a line has no path, no number or no box,
        a number has characters outside `alphabet`, or a picture is listed more than once (except to
        give several boxes of one number). If a picture is missing, cannot be read or has its boxes
        outside, and `on_error` is ``"raise"``. If every picture was left out.

    Warns
    -----
    UserWarning
        Once if pictures were left out, and once for pictures that
        :func:`~sksvhn.preprocessing.load_image` warns about.

    See Also
    --------
    load_svhn_numbers : SVHN's own files.
    sksvhn.preprocessing.NumberCropper : The same with pictures, without a file of labels.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from sksvhn.datasets import load_labelled_pictures
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("door.png", "gate.png"):
    ...         Image.new("L", (80, 60), 128).save(Path(folder) / name)
    ...     table = Path(folder) / "labels.csv"
    ...     with table.open("w") as file:
    ...         print("path,number,left,top,width,height", file=file)
    ...         print("door.png,007,20,10,30,20", file=file)
    ...         print("gate.png,12,,,,", file=file)
    ...     numbers = load_labelled_pictures(table, image_size=(32, 32))
    >>> numbers.images.shape, numbers.target
    ((2, 32, 32), array(['007', '12'], dtype=object))
    >>> numbers.frame["boxes"][1]
    array([[ 0.,  0., 80., 60.]])
    """
    size = check_image_size(image_size)
    settings = CropSettings(size, color, crop, float(margin), max_pixels)
    path = check_is_file(path, "a CSV file with the columns path, number")
    rows = _read_table(path, alphabet)
    missing = {
        i: f"is not in {path.parent.absolute()}, from which paths count"
        for i, row in enumerate(rows)
        if not is_regular_file(path.parent / row.path)
    }

    def objection(i: int, problem: str) -> str:
        return refusal(path, f"{rows[i].path!r} (line {rows[i].line})", problem)

    if missing and on_error == "raise":
        raise ValueError(objection(*next(iter(missing.items()))))
    images, sizes, damaged, notes = read_crops(
        _tasks(rows, path.parent, missing),
        settings,
        len(rows),
        objection=objection if on_error == "raise" else None,
        n_jobs=n_jobs,
        label="load_labelled_pictures",
        verbose=verbose,
    )
    problems = missing | damaged
    names = [row.path for row in rows]
    skipped = table_of_skipped(problems, names, column="path", where=path)
    warn_of_notes(
        {f"picture {rows[i].path!r} (line {rows[i].line})": note for i, note in notes.items()},
        where=f"{path}: ",
    )
    images, sizes = without_rows(images, problems), without_rows(sizes, problems)
    frame = _frame([row for i, row in enumerate(rows) if i not in problems], sizes)
    return numbers_and_crops(
        images,
        frame,
        skipped,
        description=f"Pictures and numbers of {path}, cropped and resized.",
        return_X_y=return_X_y,
        as_frame=as_frame,
    )


def _read_table(path: Path, alphabet: str) -> list[_Row]:
    """Read what the file says, a picture an entry."""
    rows: dict[str, _Row] = {}
    for line, given in csv_rows(path, ("path", "number")):
        row = _Row(given.get("path", ""), given.get("number", ""), line)
        _check_row(row, alphabet, path)
        box = box_of(given, line, path)
        key = os.path.normpath(row.path)
        first = rows.setdefault(key, row)
        if first is not row:
            _check_same_picture(first, row, box, path)
        if box is not None:
            first.boxes.append(box)
    if not rows:
        raise ValueError(
            f"{path} must list at least one picture; write one line of path and number per "
            "picture, after the first line."
        )
    return list(rows.values())


def _check_row(row: _Row, alphabet: str, path: Path) -> None:
    for name, value in (("path", row.path), ("number", row.number)):
        if not value:
            raise ValueError(f"line {row.line} of {path} must have a {name}; it is empty.")
    others = [c for c in row.number if c not in alphabet]
    if others:
        raise ValueError(
            f"line {row.line} of {path} must have a number of the characters {alphabet}; got "
            f"{others[0]!r} in {row.number!r}; correct it, or pass alphabet with all characters."
        )


def _check_same_picture(first: _Row, row: _Row, box: Box | None, path: Path) -> None:
    """Raise if a second line of a picture is not one more box of its number."""
    where = f"line {row.line} of {path} lists {row.path!r} again"
    if row.number != first.number:
        raise ValueError(
            f"{where} with the number {row.number}, after {first.number} in line {first.line}; a "
            "picture must have one number."
        )
    if box is None or not first.boxes:
        raise ValueError(
            f"{where}, after line {first.line}; repeat a picture only to give one box per digit."
        )


def _tasks(rows: list[_Row], folder: Path, missing: dict[int, str]) -> Iterator[Task]:
    for i, row in enumerate(rows):
        if i not in missing:
            yield i, os.path.join(folder, row.path), row.boxes or None


def _frame(rows: list[_Row], sizes: NDArray[np.int64]) -> pd.DataFrame:
    boxes = np.empty(len(rows), dtype=object)
    for i, (row, (height, width)) in enumerate(zip(rows, sizes.tolist(), strict=True)):
        boxes[i] = np.array(row.boxes or [(0, 0, width, height)], dtype=np.float64)
    return pd.DataFrame(
        {
            "path": [row.path for row in rows],
            "number": [row.number for row in rows],
            "length": [len(row.number) for row in rows],
            "boxes": boxes,
            "picture_height": sizes[:, 0],
            "picture_width": sizes[:, 1],
        }
    )
