"""Load SVHN's format 1: pictures of whole house numbers, cropped and resized into one array."""

from __future__ import annotations

from os import PathLike

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import Bunch

from .._images._crop import CropSettings, CropStyle, check_image_size
from .._images._load import MAX_PIXELS, Color, warn_of_notes
from .._parameters import validate_params
from ._crop_many import (
    CROPPED_CONSTRAINTS,
    SKIP,
    Crops,
    OnError,
    Unreadable,
    numbers_and_crops,
    read_crops,
    refusal,
    table_of_skipped,
    without_rows,
)
from ._digit_struct import number_table
from ._svhn_archive import NumberFiles, open_number_files

_DESCR = """\
Street View House Numbers, format 1: whole numbers in pictures of their original size
--------------------------------------------------------------------------------------

Pictures of house numbers from Google Street View with a box and a label for every digit. Each
picture has been cut to the union of its boxes, grown by a margin, and resized.

The data may be used for non-commercial purposes only.

Y. Netzer, T. Wang, A. Coates, A. Bissacco, B. Wu, A. Y. Ng, "Reading Digits in Natural Images with
Unsupervised Feature Learning", NIPS Workshop on Deep Learning and Unsupervised Feature Learning,
2011. http://ufldl.stanford.edu/housenumbers
"""


@validate_params(
    {
        "path": [str, PathLike],
        **CROPPED_CONSTRAINTS,
    },
    prefer_skip_nested_validation=True,
)
def load_svhn_numbers(
    path: str | PathLike[str],
    *,
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
    """Load SVHN's format 1: whole house numbers, cropped and resized to one array.

    Parameters
    ----------
    path : str or path-like
        The ``.tar.gz`` as published (``train.tar.gz``), which is read without unpacking it, or the
        folder that it unpacks to (``train``), with pictures and a ``digitStruct.mat``.
    image_size : tuple of (int, int), default=(64, 64)
        Height and width of the crops in pixels.
    color : {"auto", "grey", "rgb"}, default="auto"
        ``"grey"`` gives one channel (the luminance of ITU-R BT.601: 0.299 red + 0.587 green + 0.114
        blue), ``"rgb"`` three, and ``"auto"`` one if every picture file is greyscale, otherwise
        three.
    crop : {"stretch", "square"}, default="stretch"
        Part of a picture that is kept: the union of its digit boxes, clipped to the picture,
        enlarged by `margin` and clipped again. With

        - ``"stretch"``, it is resized without keeping the aspect ratio, as in [1]_;
        - ``"square"``, it is first made a square with its longer side, which is moved into the
          picture if it extends beyond. If the picture itself is too small for the square, its
          border pixels are repeated: the number keeps its aspect ratio and never gets a black bar.
    margin : float, default=0.3
        Share of its width and height by which the union of the boxes is enlarged in all, half on
        either side. 0.3 is the 30 % of [1]_.
    max_pixels : int, default=268435456
        Largest width times height of a picture that is decoded: a small file may declare a picture
        that does not fit into memory.
    on_error : {"raise", "skip"}, default="raise"
        Whether a picture that is missing, damaged or wrongly labelled raises an error, or is left
        out, counted (`n_skipped`), reported (`skipped`) and warned about once.
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
        One entry per picture, in the order of ``digitStruct.mat``.

        images : ndarray of shape (n, height, width) or (n, height, width, 3), dtype uint8
            The crops.
        target : ndarray of shape (n,), dtype object, or Series
            The numbers as ``str``, of any length: ``"19"``, ``"0210"``.
        frame : DataFrame of shape (n, 6)
            The columns of :func:`read_digit_struct` (`filename`, `number`, `length` and `boxes`,
            the boxes as stored, in pixels of the whole picture), and `picture_height` and
            `picture_width` in pixels. Its index is 0, 1, ..., n - 1.
        n_skipped : int
            Number of pictures left out.
        skipped : DataFrame of shape (n_skipped, 2)
            Their `filename` and the `reason`.
        DESCR : str
            What the data are.

    (images, target) : tuple
        If `return_X_y`.

    Raises
    ------
    FileNotFoundError
        If there is nothing at `path`, or the folder holds no ``digitStruct.mat``.
    ValueError
        If the archive is cut off, the table or a picture is damaged or wrong (see
        :func:`read_digit_struct`), a picture that the table lists is missing, declares more than
        `max_pixels` pixels or has its boxes outside, or if every picture was left out.

    Warns
    -----
    UserWarning
        Once if pictures were left out or the archive is damaged, and once for pictures that
        :func:`~sksvhn.preprocessing.load_image` warns about.

    See Also
    --------
    read_digit_struct : The table alone.

    References
    ----------
    .. [1] I. J. Goodfellow, Y. Bulatov, J. Ibarz, S. Arnoud, V. Shet, "Multi-digit Number
       Recognition from Street View Imagery using Deep Convolutional Neural Networks", ICLR 2014,
       section 5. arXiv:1312.6082.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import h5py
    >>> import numpy as np
    >>> from PIL import Image
    >>> from sksvhn.datasets import load_svhn_numbers
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("L", (20, 24), 128).save(Path(folder) / "1.png")
    ...     with h5py.File(Path(folder) / "digitStruct.mat", "w") as file:
    ...         file["digitStruct/name"] = np.array([[ord(c)] for c in "1.png"], np.uint16)
    ...         for field, value in zip(("label", "left", "top", "width", "height"),
    ...                                 (7, 4, 2, 8, 16)):
    ...             file[f"digitStruct/bbox/{field}"] = np.array([[value]], float)
    ...     numbers = load_svhn_numbers(folder, image_size=(32, 32))
    >>> numbers.images.shape, numbers.target
    ((1, 32, 32), array(['7'], dtype=object))
    """
    size = check_image_size(image_size)
    settings = CropSettings(size, color, crop, float(margin), max_pixels)
    files = open_number_files(path)
    frame, problems = number_table(files)
    problems = _with_missing(problems, frame["filename"], files)
    if on_error == "raise":
        _raise_for_table(problems, frame["filename"], files)

    usable = frame.drop(index=list(problems))
    images, sizes, damaged, notes = _read_crops(usable, files, settings, on_error, n_jobs, verbose)
    problems.update(zip(usable.index[list(damaged)].tolist(), damaged.values(), strict=True))
    names = frame["filename"].tolist()
    skipped = table_of_skipped(
        problems, names, column="filename", where=files.location, damage=files.damage
    )
    warn_of_notes(
        {f"picture {usable['filename'].iloc[row]!r}": note for row, note in notes.items()},
        where=f"{files.location}: ",
    )

    usable = usable.drop(index=usable.index[list(damaged)]).reset_index(drop=True)
    images = without_rows(images, damaged)
    sizes = without_rows(sizes, damaged)
    usable["picture_height"], usable["picture_width"] = sizes.T
    return numbers_and_crops(
        images,
        usable,
        skipped,
        description=_DESCR,
        return_X_y=return_X_y,
        as_frame=as_frame,
    )


def _with_missing(
    problems: dict[int, str], filenames: pd.Series, files: NumberFiles
) -> dict[int, str]:
    """Problems of the table's rows, with those of pictures that are not there."""
    rows = {name: row for row, name in enumerate(filenames) if row not in problems}
    missing = files.missing(rows)
    return problems | {rows[name]: reason for name, reason in missing.items()}


def _raise_for_table(problems: dict[int, str], filenames: pd.Series, files: NumberFiles) -> None:
    if files.damage is not None:
        raise ValueError(
            f"{files.damage}. Download it again, or load the pictures that can be read with {SKIP}."
        )
    if not problems:
        return
    row = min(problems)
    problem = problems[row]
    if len(problems) > 1:
        problem += f" (and {len(problems) - 1} more of {len(filenames)} cannot be used)"
    raise ValueError(refusal(files.location, repr(filenames[row]), problem))


def _read_crops(
    frame: pd.DataFrame,
    files: NumberFiles,
    settings: CropSettings,
    on_error: str,
    n_jobs: int | None,
    verbose: int,
) -> Crops:
    """Crop the pictures of `frame`."""
    rows = {name: row for row, name in enumerate(frame["filename"])}
    boxes = frame["boxes"].tolist()

    def objection(row: int, problem: str) -> str:
        return refusal(files.location, repr(frame["filename"].iloc[row]), problem)

    return read_crops(
        (
            (rows[name], Unreadable(file) if isinstance(file, str) else file, boxes[rows[name]])
            for name, file in files.pictures(rows)
        ),
        settings,
        len(frame),
        objection=objection if on_error == "raise" else None,
        n_jobs=n_jobs,
        label="load_svhn_numbers",
        verbose=verbose,
    )
