"""Download SVHN and cache it decoded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from numbers import Integral, Real
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.datasets import get_data_home
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval, StrOptions

from .._images._crop import CropStyle, check_image_size
from .._images._load import Color
from .._parameters import validate_params
from .._warn import warn_caller
from ._cache import MmapMode, load_cached, store_cached
from ._download import PublishedFile, Retries, check_mirrors, download_file, find_file
from ._svhn_digits import load_svhn_digits
from ._svhn_numbers import load_svhn_numbers

_OFFICIAL = "http://ufldl.stanford.edu/housenumbers/"

# SVHN's site publishes no sums. Those of the digits are TensorFlow Datasets' (url_checksums/
# svhn_cropped.txt); those of the numbers train and test are docTR's (doctr/datasets/svhn.py). For
# extra only an MD5 sum is known, which two public programs (SVHNFull, HouseNumbers) have alike.
_PUBLISHED = {
    ("numbers", "train"): PublishedFile(
        "train.tar.gz", "sha256:4b17bb33b6cd8f963493168f80143da956f28ec406cc12f8e5745a9f91a51898"
    ),
    ("numbers", "test"): PublishedFile(
        "test.tar.gz", "sha256:57ac9ceb530e4aa85b55d991be8fc49c695b3d71c6f6a88afea86549efde7fb5"
    ),
    ("numbers", "extra"): PublishedFile("extra.tar.gz", "md5:606f41243d71ca4d5fe66dbaf1f02bee"),
    ("digits", "train"): PublishedFile(
        "train_32x32.mat", "sha256:435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8"
    ),
    ("digits", "test"): PublishedFile(
        "test_32x32.mat", "sha256:cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b"
    ),
    ("digits", "extra"): PublishedFile(
        "extra_32x32.mat", "sha256:a133a4beb38a00fcdda90c9489e0c04f900b660ce8a316a5e854838379a71eb3"
    ),
}

# To be raised when a loader answers otherwise than before, so that older decoded files are left.
_LAYOUT = 1


@validate_params(
    {
        "format": [StrOptions({"numbers", "digits"})],
        "subset": [StrOptions({"train", "test", "extra"})],
        "image_size": ["array-like"],
        "color": [StrOptions({"auto", "grey", "rgb"})],
        "crop": [StrOptions({"stretch", "square"})],
        "margin": [Interval(Real, 0, None, closed="left")],
        "on_error": [StrOptions({"raise", "skip"})],
        "data_home": [str, PathLike, None],
        "download_if_missing": ["boolean"],
        "mirrors": [str, list, tuple],
        "n_retries": [Interval(Integral, 0, None, closed="left")],
        "delay": [Interval(Real, 0, None, closed="left")],
        "return_X_y": ["boolean"],
        "as_frame": ["boolean"],
        "mmap_mode": [StrOptions({"r"}), None],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
    },
    prefer_skip_nested_validation=True,
)
def fetch_svhn(
    *,
    format: Literal["numbers", "digits"] = "numbers",
    subset: Literal["train", "test", "extra"] = "train",
    image_size: tuple[int, int] = (64, 64),
    color: Color = "auto",
    crop: CropStyle = "stretch",
    margin: float = 0.3,
    on_error: Literal["raise", "skip"] = "raise",
    data_home: str | PathLike[str] | None = None,
    download_if_missing: bool = True,
    mirrors: str | Sequence[str] = _OFFICIAL,
    n_retries: int = 3,
    delay: float = 1.0,
    return_X_y: bool = False,
    as_frame: bool = False,
    mmap_mode: MmapMode = None,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> Bunch | tuple[NDArray[np.uint8], NDArray[Any] | pd.Series]:
    """Load SVHN, and download it first if necessary.

    SVHN may be used for non-commercial purposes only.

    Parameters
    ----------
    format : {"numbers", "digits"}, default="numbers"
        ``"numbers"`` are whole house numbers (SVHN's format 1), ``"digits"`` single digits in
        pictures of 32 x 32 pixels (format 2).
    subset : {"train", "test", "extra"}, default="train"
        The part: 33,402 numbers or 73,257 digits to train on, 13,068 or 26,032 to test on, and
        202,353 or 531,131 that are somewhat easier, to train on as well.
    image_size : tuple of (int, int), default=(64, 64)
        Height and width of the crops in pixels. Numbers only.
    color : {"auto", "grey", "rgb"}, default="auto"
        ``"grey"`` gives one channel, ``"rgb"`` three, ``"auto"`` those that are stored.
    crop : {"stretch", "square"}, default="stretch"
        Part of a picture that is kept, as in :func:`load_svhn_numbers`. Numbers only.
    margin : float, default=0.3
        Share of its width and height by which a number's box is enlarged. Numbers only.
    on_error : {"raise", "skip"}, default="raise"
        Whether a picture that cannot be used raises an error, or is left out, counted, reported and
        warned about. It has no effect on digits.
    data_home : str or path-like, default=None
        Folder for data sets, in which SVHN has the folder ``svhn``. None means scikit-learn's
        (:func:`sklearn.datasets.get_data_home`): the environment variable ``SCIKIT_LEARN_DATA``, or
        ``~/scikit_learn_data``.
    download_if_missing : bool, default=True
        Whether to download the file if it is not in that folder. If False, a missing file is an
        error.
    mirrors : str or sequence of str, default="http://ufldl.stanford.edu/housenumbers/"
        Addresses (HTTP or HTTPS) of folders that hold the files under their published names. They
        are tried in this order.
    n_retries : int, default=3
        Number of further attempts at a mirror that cannot be reached, sends nothing for 30 seconds,
        breaks off, is busy (HTTP status 408, 425 or 429) or has an error of its own (500 or more).
    delay : float, default=1.0
        Seconds to wait before each of these attempts.
    return_X_y : bool, default=False
        Whether to return ``(images, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Whether `target` is a pandas Series with the index of `frame` instead of an array. In both
        cases, pictures are an array and `frame` is a DataFrame.
    mmap_mode : {"r"} or None, default=None
        ``None`` reads `images` into memory. ``"r"`` leaves them on disk, as a read-only
        :class:`numpy.memmap` of which only the pictures in use are read; changes of single pixels
        on disk are then not noticed.
    n_jobs : int, default=None
        Number of processes that decode and crop numbers. ``None`` means 1 unless in a
        :class:`joblib.parallel_config` context, ``-1`` all processors. The result does not
        depend on it.
    verbose : int, default=0
        Whether to show, on the standard error stream, a progress bar of the download and the
        progress of decoding.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        What :func:`load_svhn_numbers` or :func:`load_svhn_digits` returns for the file:

        images : ndarray of shape (n, height, width) or (n, height, width, 3), dtype uint8
            The pictures.
        target : ndarray of shape (n,), or Series
            The numbers as ``str`` (dtype object): ``"19"``, ``"0210"``; or the digits 0 to 9 (dtype
            int64).
        frame : DataFrame
            One row per picture. Numbers have their file, boxes and picture sizes.
        n_skipped, skipped : int, DataFrame
            With numbers, the pictures left out.
        DESCR : str
            What the data are.

    (images, target) : tuple
        If `return_X_y`.

    Raises
    ------
    OSError
        If the file is missing and `download_if_missing` is False, no mirror delivered the published
        file, or it cannot be written.
    ValueError
        If a file of that name is not the published one, a parameter of the crops was passed with
        digits, or pictures cannot be used (see :func:`load_svhn_numbers`).

    Warns
    -----
    UserWarning
        If pictures were left out, or the decoded data set could not be saved for the next call.

    See Also
    --------
    load_svhn_numbers : The same for an archive or a folder of your own.
    load_svhn_digits : The same for a ``.mat`` of your own.
    make_street_numbers : Generated numbers, which need no download.

    Notes
    -----
    Downloads take 0.4 GB (train), 0.3 GB (test) and 2.0 GB (extra) for numbers, and 0.2, 0.1 and
    1.3 GB for digits. A file gets its name only when it is complete and its checksum (SHA-256, or
    MD5 if only that has been published) is right.

    The file stays there, and so does the decoded data set, once for every combination of
    `image_size`, `color`, `crop`, `margin` and `on_error`. Another call with the same values only
    reads that, 1.6 GB for all extra digits. A damaged one is decoded again. `mmap_mode` saves this
    memory from the second call on. Delete the folder ``svhn``, or the ``.joblib`` files in it, to
    free the space. As with scikit-learn's fetchers, these files are pickles: share the downloaded
    files instead.

    Examples
    --------
    >>> import tempfile
    >>> from sksvhn.datasets import fetch_svhn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fetch_svhn(subset="test", data_home=folder, download_if_missing=False)
    Traceback (most recent call last):
        ...
    OSError: test.tar.gz is not in ...svhn, and download_if_missing=False; pass ...
    """
    options = _decoding_options(format, image_size, color, crop, margin, on_error)
    mirrors = check_mirrors(mirrors)
    folder = _data_folder(data_home)
    file = _PUBLISHED[format, subset]
    path = _cache_path(folder, file, options)

    data = load_cached(path, mmap_mode)
    if data is not None:
        _warn_of_skipped(data, folder / file.filename)
    else:
        archive = find_file(file, folder)
        if archive is None:
            if not download_if_missing:
                raise OSError(
                    f"{file.filename} is not in {folder}, and download_if_missing=False; pass "
                    "download_if_missing=True or put the file there."
                )
            retries = Retries(int(n_retries), float(delay))
            archive = download_file(file, folder, mirrors, retries, verbose=verbose)
        if format == "numbers":
            data = load_svhn_numbers(archive, n_jobs=n_jobs, verbose=verbose, **options)
        else:
            data = load_svhn_digits(archive, **options)
        if _keep(path, data) and mmap_mode is not None:
            data = load_cached(path, mmap_mode) or data

    if as_frame:
        data.target = data.frame["number" if format == "numbers" else "digit"].copy()
    return (data.images, data.target) if return_X_y else data


def _decoding_options(
    format: str,
    image_size: Sequence[int],
    color: Color,
    crop: CropStyle,
    margin: float,
    on_error: str,
) -> dict[str, Any]:
    """Keywords of the format's loader that its answer depends on."""
    size = check_image_size(image_size)
    if format == "numbers":
        return {
            "image_size": size,
            "color": color,
            "crop": crop,
            "margin": float(margin),
            "on_error": on_error,
        }
    if (size, crop, margin) != ((64, 64), "stretch", 0.3):
        raise ValueError(
            "image_size, crop and margin must be left out with format='digits', whose pictures are "
            f"published as 32 x 32 pixels; got image_size={size}, crop={crop!r}, margin={margin}."
        )
    return {"color": color}


def _data_folder(data_home: str | PathLike[str] | None) -> Path:
    try:
        return Path(get_data_home(data_home)).absolute() / "svhn"
    except OSError as error:
        raise OSError(
            f"data_home={error.filename} cannot be created ({error.strerror}); pass another folder."
        ) from None


def _cache_path(folder: Path, file: PublishedFile, options: dict[str, Any]) -> Path:
    """Where the data set is kept that is decoded from a file with these options."""
    # Pickled frames are for the pandas that wrote them.
    key = [_LAYOUT, pd.__version__, file.known_hash, options]
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
    return folder / f"{file.filename.split('.')[0]}-{digest[:16]}.joblib"


def _keep(path: Path, data: Bunch) -> bool:
    """Store a decoded data set; it is of use even where that fails."""
    try:
        store_cached(path, data)
    except OSError as error:
        warn_caller(
            f"The decoded data set could not be saved in {path.parent} "
            f"({error.strerror or error}); it will be decoded again next time.",
        )
        return False
    return True


def _warn_of_skipped(data: Bunch, archive: Path) -> None:
    """Say again what was said when the data set was decoded."""
    if data.get("n_skipped", 0):
        first = data.skipped.iloc[0]
        warn_caller(
            f"{archive}: left out {data.n_skipped} of {data.n_skipped + len(data.images)} "
            f"pictures; the first, {first['filename']!r}, {first['reason']}.",
        )
