"""Load labelled pictures from a file of any supported kind."""

from __future__ import annotations

from numbers import Integral, Real
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import h5py
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval, StrOptions

from .._files._file_kinds import H5PY_ERRORS, check_is_file, kind_of_file, wrong_file
from .._images._crop import CropStyle, check_image_size
from .._images._load import MAX_PIXELS, MAX_PIXELS_CONSTRAINT, Color
from .._labels import DIGITS
from .._parameters import validate_params
from .._warn import warn_caller
from ._crop_many import OnError
from ._labelled_hdf5 import CROPS, is_labelled_file, read_labelled_file
from ._labelled_pictures import load_labelled_pictures
from ._svhn_archive import ARCHIVES
from ._svhn_digits import load_svhn_digits
from ._svhn_h5 import load_svhn_h5
from ._svhn_numbers import load_svhn_numbers

_NEEDED = (
    "labelled pictures: SVHN's files, such as train.tar.gz, an HDF5 file that save_labelled or "
    "`sksvhn convert` wrote, or a .csv file that lists pictures of your own"
)


@validate_params(
    {
        "path": [str, PathLike],
        "subset": [StrOptions({"train", "test"})],
        "alphabet": [str],
        "image_size": ["array-like", None],
        "color": [StrOptions({"auto", "grey", "rgb"})],
        "crop": [StrOptions({"stretch", "square"}), None],
        "margin": [Interval(Real, 0, None, closed="left"), None],
        "max_pixels": MAX_PIXELS_CONSTRAINT,
        "on_error": [StrOptions({"raise", "skip"})],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
    },
    prefer_skip_nested_validation=True,
)
def load_labelled(
    path: str | PathLike[str],
    *,
    subset: Literal["train", "test"] = "train",
    alphabet: str = DIGITS,
    image_size: tuple[int, int] | None = None,
    color: Color = "auto",
    crop: CropStyle | None = None,
    margin: float | None = None,
    max_pixels: int = MAX_PIXELS,
    on_error: OnError = "raise",
    n_jobs: int | None = None,
    verbose: int = 0,
) -> Bunch:
    """Load labelled pictures from a file of any kind that holds them.

    The command ``sksvhn`` reads its data with this function. It recognises the kind of a file by
    its content.

    Parameters
    ----------
    path : str or path-like
        One of

        - SVHN's format 1, as :func:`load_svhn_numbers` takes it: a folder, a ``.tar.gz``, or
          ``digitStruct.mat``;
        - SVHN's format 2, as :func:`load_svhn_digits` takes it: ``train_32x32.mat``;
        - the course-work file, as :func:`load_svhn_h5` takes it: ``SVHN_single_grey1.h5``;
        - an HDF5 file that :func:`save_labelled` or ``sksvhn convert`` wrote, or one of your own
          with the datasets ``X`` (pictures) and ``y`` (numbers as text, or digits as integers);
        - a ``.csv`` file that lists pictures, as :func:`load_labelled_pictures` takes it.
    subset : {"train", "test"}, default="train"
        Part of the course-work file that is loaded.
    alphabet : str, default="0123456789"
        The characters that numbers of a ``.csv`` file may have; others are errors.
    image_size : tuple of (int, int), default=None
        Height and width of the crops in pixels. ``None`` means (64, 64), or the size of pictures
        that are cropped already.
    color : {"auto", "grey", "rgb"}, default="auto"
        ``"grey"`` gives one channel, ``"rgb"`` three, ``"auto"`` those that are stored.
    crop : {"stretch", "square"}, default=None
        Part of a picture that is kept, as in :func:`load_svhn_numbers`. ``None`` means
        ``"stretch"``, or the crop of pictures that are cropped already.
    margin : float, default=None
        Share of its width and height by which the number's box is enlarged. ``None`` means 0.3, or
        the margin of pictures that are cropped already.
    max_pixels : int, default=268435456
        Largest width times height of a picture that is decoded, as in
        :func:`~sksvhn.preprocessing.load_image`.
    on_error : {"raise", "skip"}, default="raise"
        Whether a picture that cannot be cropped raises an error, or is left out with a warning.
    n_jobs : int, default=None
        Number of processes that decode and crop pictures. ``None`` means 1 unless in a
        :class:`joblib.parallel_config` context, ``-1`` all processors.
    verbose : int, default=0
        Whether to show progress on the standard error stream.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        One entry per picture.

        images : ndarray or h5py.Dataset of shape (n, height, width) or (n, height, width, 3)
            The pictures. Those of a file that `save_labelled` wrote stay on the disk, and ``fit``
            and ``predict`` read them block by block.
        target : ndarray of shape (n,)
            Numbers as ``str`` (dtype object), or digits (dtype int64).
        kind : {"numbers", "digits"}
            Kind of the labels.
        crop : {"stretch", "square"}
            How they were cropped; pass it to the estimator.
        margin : float
            Margin of the crops; pass it to the estimator, too.
        filename : str
            The path.

        The Bunch also has what the loader of that kind returns, such as `frame`, `skipped` and
        `DESCR`.

    Raises
    ------
    OSError
        If there is nothing at `path`, or it cannot be read.
    ValueError
        If the file is of another kind or damaged, if its pictures are already cropped to another
        size or colour, or as the loader of its kind says.

    Warns
    -----
    UserWarning
        If the pictures have been cropped in another way than asked for, or some were left out.

    See Also
    --------
    save_labelled : Write an HDF5 file of labelled pictures.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from scipy.io import savemat
    >>> from sksvhn.datasets import load_labelled
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "train_32x32.mat"
    ...     X = np.zeros((32, 32, 3, 4), dtype=np.uint8)
    ...     savemat(path, {"X": X, "y": np.array([[1], [9], [2], [10]], dtype=np.uint8)})
    ...     data = load_labelled(path, color="grey")
    >>> data.kind, data.images.shape, data.target
    ('digits', (4, 32, 32), array([1, 9, 2, 0]))
    """
    path = Path(path)
    size = None if image_size is None else check_image_size(image_size)
    kind = _kind_of_data(path)
    if kind in ("numbers", "listed"):
        options: dict[str, Any] = {
            "image_size": size or (64, 64),
            "color": color,
            "crop": crop or CROPS["numbers"][0],
            "margin": float(CROPS["numbers"][1] if margin is None else margin),
            "max_pixels": max_pixels,
        }
        work: dict[str, Any] = {"on_error": on_error, "n_jobs": n_jobs, "verbose": verbose}
        if kind == "listed":
            data = load_labelled_pictures(path, alphabet=alphabet, **options, **work)
        else:
            data = _load_numbers(path, **options, **work)
        return _described(data, "numbers", options["crop"], options["margin"], path)
    if kind == "saved":
        found = read_labelled_file(path)
        data = _described(found, found.kind, found.crop, found.margin, path)
    else:
        digits = load_svhn_digits(path, color=color) if kind == "mat" else None
        data = _described(
            load_svhn_h5(path, subset=subset) if digits is None else digits,
            "digits",
            *CROPS["digits"],
            path,
        )
    _check_as_asked(data, size, color, crop, margin)
    return data


def kind_of_labels(path: Path) -> Literal["numbers", "digits"]:
    """Tell the kind of a file's labels before its pictures are decoded."""
    kind = _kind_of_data(path)
    if kind == "saved":
        kind = read_labelled_file(path).kind
    return "numbers" if kind in ("numbers", "listed") else "digits"


def _load_numbers(path: Path, **options: Any) -> Bunch:
    try:
        return load_svhn_numbers(path, **options)
    except FileNotFoundError as error:
        hint = " A .csv file lists pictures of your own." if path.is_dir() else ""
        raise FileNotFoundError(f"{error}{hint}") from error


def _described(data: Bunch, kind: str, crop: Any, margin: float, path: Path) -> Bunch:
    data.update(kind=kind, crop=crop, margin=margin, filename=str(path))
    return data


def _kind_of_data(path: Path) -> Literal["numbers", "listed", "mat", "saved", "course"]:
    if path.suffix.lower() == ".csv" and not path.is_dir():
        return "listed"
    if path.is_dir():
        return "numbers"
    check_is_file(path, _NEEDED, or_folder=True)
    kind = kind_of_file(path).key
    if kind == "mat5":
        return "mat"
    if not h5py.is_hdf5(path):
        if kind in ARCHIVES:
            return "numbers"
        csv = "list labelled pictures in a .csv file"
        raise wrong_file(path, _NEEDED, advice={"picture": csv, "csv": "give it the suffix .csv"})
    try:
        if is_labelled_file(path):
            return "saved"
        with h5py.File(path, "r") as file:
            return "numbers" if "digitStruct" in file else "course"
    except H5PY_ERRORS as error:
        raise ValueError(
            f"{path} is cut off or damaged ({error}); download or copy it again."
        ) from error


def _check_as_asked(
    data: Bunch,
    image_size: tuple[int, int] | None,
    color: Color,
    crop: CropStyle | None,
    margin: float | None,
) -> None:
    """Raise, or warn, if pictures have been cropped already and in another way than asked."""
    _, height, width, *channels = data.images.shape
    found_color = "rgb" if channels == [3] else "grey"
    problems = []
    if image_size is not None and image_size != (height, width):
        problems.append(f"{height}x{width} pixels, not {image_size[0]}x{image_size[1]}")
    if color not in ("auto", found_color):
        problems.append(f"{found_color}, not {color}")
    if problems:
        raise ValueError(
            f"the pictures of {data.filename} are {' and '.join(problems)}; only pictures of "
            "SVHN's format 1 and of .csv files can be cropped in another way: load those with the "
            "size and colour you need."
        )
    asked = (crop or data.crop, data.margin if margin is None else margin)
    if asked != (data.crop, data.margin):
        warn_caller(
            f"The pictures of {data.filename} were cropped before, with crop={data.crop!r} and "
            f"margin={data.margin:g}; crop={asked[0]!r} and margin={asked[1]:g} have no effect.",
        )
