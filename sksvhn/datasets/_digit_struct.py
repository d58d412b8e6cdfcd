"""Read SVHN's digitStruct.mat as a table: the number and the digit boxes of each picture."""

from __future__ import annotations

from os import PathLike
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .._files._file_kinds import H5PY_ERRORS, wrong_file
from ._mat73 import FIELDS, NumberStructs, read_structs
from ._svhn_archive import NumberFiles, open_number_files

#: Columns of an array of boxes.
BOX_FIELDS = ("left", "top", "width", "height")


class NumberTable(NamedTuple):
    """The table of one digitStruct.mat, and which of its rows cannot be used."""

    frame: pd.DataFrame
    #: Reason by row, as the predicate of a sentence about the picture.
    problems: dict[int, str]


def read_digit_struct(path: str | PathLike[str]) -> pd.DataFrame:
    """Read only the table of SVHN's format 1, ``digitStruct.mat``.

    Parameters
    ----------
    path : str or path-like
        A ``digitStruct.mat`` (MATLAB 7.3), the folder that holds it, or the ``.tar.gz`` that does.

    Returns
    -------
    DataFrame of shape (n_pictures, 4)
        One row per picture, in the order of the file, with the index 0, 1, ... and the columns

        filename : str
            The picture's file name, as stored: it need not follow the row number.
        number : str
            The digits in the order in which they are stored, ``"0"`` for SVHN's label 10.
        length : int
            Number of digits.
        boxes : ndarray of shape (length, 4), dtype float64
            Left, top, width and height of each digit in pixels, as stored: boxes may leave the
            picture.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or the folder holds no ``digitStruct.mat``.
    ValueError
        If it is not a MATLAB 7.3 file with the struct ``digitStruct``, a picture has no digit, a
        label outside 1 to 10 (a label 0 is refused too, since SVHN writes zero as 10), a box that
        is not finite or has no area, a file name that leads out of the folder, or the same name
        as another.

    See Also
    --------
    load_svhn_numbers : The same table with the pictures.

    Notes
    -----
    Get one row per digit, for example for histograms of the boxes, like this::

        digits = frame.assign(digit=frame["number"].map(list)).explode(["digit", "boxes"])
        digits[["left", "top", "width", "height"]] = digits.pop("boxes").tolist()

    References
    ----------
    .. [1] Y. Netzer et al., "Reading Digits in Natural Images with Unsupervised Feature
       Learning", NIPS Workshop on Deep Learning and Unsupervised Feature Learning, 2011.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import h5py
    >>> import numpy as np
    >>> from sksvhn.datasets import read_digit_struct
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "digitStruct.mat"
    ...     with h5py.File(path, "w") as file:
    ...         file["digitStruct/name"] = np.array([[ord(c)] for c in "1.png"], np.uint16)
    ...         for field, value in zip(("label", "left", "top", "width", "height"),
    ...                                 (10, 4, 2, 8, 16)):
    ...             file[f"digitStruct/bbox/{field}"] = np.array([[value]], float)
    ...     frame = read_digit_struct(path)
    >>> frame[["filename", "number", "length"]]
      filename number  length
    0    1.png      0       1
    >>> frame["boxes"][0]
    array([[ 4.,  2.,  8., 16.]])
    """
    files = open_number_files(path)
    frame, problems = number_table(files)
    if problems:
        row, reason = next(iter(problems.items()))
        raise ValueError(
            f"{files.digit_struct_name}: picture {frame['filename'][row]!r} (entry {row + 1} of "
            f"{len(frame)}) {reason}."
        )
    return frame


def number_table(files: NumberFiles) -> NumberTable:
    """Read digitStruct.mat as a table; raise ValueError if it is another file or empty."""
    data = files.digit_struct()
    if not _is_hdf5(data):
        raise wrong_file(files.digit_struct_name, "a MATLAB 7.3 (HDF5) file", content=data)
    try:
        structs = read_structs(data)
    except H5PY_ERRORS as error:
        raise ValueError(
            f"{files.digit_struct_name} must hold the struct 'digitStruct' with the fields 'name' "
            f"and 'bbox'; it does not, or is damaged ({error}); download or copy it again."
        ) from error
    if not structs.filenames:
        raise ValueError(
            f"{files.digit_struct_name} must list at least one picture; it lists none."
        )
    return _tabulate(structs)


def _is_hdf5(data: bytes) -> bool:
    """Whether HDF5's signature is where it may be: at 0, or behind a block of 512 * 2**n bytes."""
    signature = b"\x89HDF\r\n\x1a\n"
    return any(data.startswith(signature, start) for start in (0, *(512 << n for n in range(20))))


def _tabulate(structs: NumberStructs) -> NumberTable:
    ends = np.cumsum(structs.n_digits)
    starts = ends - structs.n_digits
    labels = structs.digits[:, FIELDS.index("label")]
    boxes = structs.digits[:, [FIELDS.index(field) for field in BOX_FIELDS]]

    good_label = np.isin(labels, np.arange(1, 11))
    digits = (np.where(good_label, labels, 0).astype(np.uint8) % 10 + ord("0")).tobytes().decode()
    with np.errstate(over="ignore"):  # finite numbers may add up to an edge that is not
        edges = boxes[:, :2] + boxes[:, 2:]
    good_box = np.isfinite(edges).all(axis=1) & (boxes[:, 2:] > 0).all(axis=1)

    problems = dict(structs.problems)
    _note_bad_digits(
        problems, np.flatnonzero(~good_label), ends, labels, "has the label {:g}, not 1 to 10"
    )
    _note_bad_digits(problems, np.flatnonzero(~good_box), ends, boxes, "has the box {}: no area")
    for row in np.flatnonzero(structs.n_digits == 0).tolist():
        problems.setdefault(row, "has no digits")
    seen: set[str] = set()
    for row, filename in enumerate(structs.filenames):
        if not _is_plain_name(filename):
            problems.setdefault(row, "has no plain file name")
        elif filename in seen:
            problems.setdefault(row, "is listed more than once")
        seen.add(filename)

    spans = list(zip(starts.tolist(), ends.tolist(), strict=True))
    boxes_of = np.empty(len(spans), dtype=object)
    for row, (start, end) in enumerate(spans):
        boxes_of[row] = boxes[start:end]
    frame = pd.DataFrame(
        {
            "filename": structs.filenames,
            "number": [digits[start:end] for start, end in spans],
            "length": structs.n_digits,
            "boxes": boxes_of,
        }
    )
    return NumberTable(frame, dict(sorted(problems.items())))


def _note_bad_digits(
    problems: dict[int, str],
    bad: NDArray[np.int64],
    ends: NDArray[np.int64],
    values: NDArray[np.float64],
    reason: str,
) -> None:
    """Record, for the pictures that the digits `bad` belong to, the first such digit's value."""
    for row, digit in zip(np.searchsorted(ends, bad, side="right").tolist(), bad, strict=True):
        problems.setdefault(row, reason.format(values[digit].tolist()))


def _is_plain_name(filename: str) -> bool:
    """Whether a name stays in its folder, on every system."""
    return (
        filename not in ("", ".", "..")
        and filename.isprintable()
        and not any(character in filename for character in "/\\:")
    )
