"""Load SVHN_single_grey1.h5: single grey digits of SVHN, as used in course work."""

from __future__ import annotations

import hashlib
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import Bunch
from sklearn.utils._param_validation import StrOptions

from .._files._file_kinds import H5PY_ERRORS, check_is_file, wrong_file
from .._parameters import validate_params
from .._warn import warn_caller
from ._bunch import labelled_bunch
from ._digit_labels import digits_of_labels
from ._svhn_archive import MAX_DEFLATION

_NEEDED = "an HDF5 file, such as SVHN_single_grey1.h5"
_SUFFIXES = {"train": "train", "validation": "val", "test": "test"}

_DESCR = """\
Street View House Numbers, single digits in grey, from SVHN_single_grey1.h5
---------------------------------------------------------------------------

Digits of house numbers from Google Street View, 32 x 32 pixels, converted to grey: a selection of
SVHN's format 2 that course work uses. In the published file X_val is X_train and X_test together,
so validating on it leaks the test set.

The data may be used for non-commercial purposes only.

Y. Netzer, T. Wang, A. Coates, A. Bissacco, B. Wu, A. Y. Ng, "Reading Digits in Natural Images with
Unsupervised Feature Learning", NIPS Workshop on Deep Learning and Unsupervised Feature Learning,
2011. http://ufldl.stanford.edu/housenumbers
"""


@validate_params(
    {
        "path": [str, PathLike],
        "subset": [StrOptions(set(_SUFFIXES))],
        "return_X_y": ["boolean"],
        "as_frame": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_svhn_h5(
    path: str | PathLike[str],
    *,
    subset: Literal["train", "validation", "test"] = "train",
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Bunch | tuple[NDArray[np.float32], NDArray[np.int64] | pd.Series]:
    """Load grey SVHN digits from the course-work file ``SVHN_single_grey1.h5``.

    The file holds the arrays ``X_train``, ``y_train``, ``X_val``, ``y_val``, ``X_test`` and
    ``y_test``.

    Parameters
    ----------
    path : str or path-like
        The ``.h5`` file.
    subset : {"train", "validation", "test"}, default="train"
        Which pictures are loaded. In the published file, ``"validation"`` is the train and test
        pictures together: split the train pictures instead.
    return_X_y : bool, default=False
        Whether to return ``(images, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Whether `target` is a pandas Series, with the index of `frame`, instead of an array.
        In both cases, pictures are an array and `frame` is a DataFrame.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        One entry per picture, in the order of the file.

        images : ndarray of shape (n, 32, 32), dtype float32
            The pictures, from 0 (black) to 255, as stored; they need not be whole numbers.
        target : ndarray of shape (n,), dtype int64, or Series
            The digits 0 to 9. Label 10, if there is one, becomes 0.
        frame : DataFrame of shape (n, 1)
            The column `digit`. Its index is 0, 1, ..., n - 1.
        DESCR : str
            What the data are.

    (images, target) : tuple
        If `return_X_y`.

    Raises
    ------
    FileNotFoundError
        If there is no file at `path`.
    IsADirectoryError
        If `path` is a folder.
    ValueError
        If the file is not an HDF5 file, is damaged or lacks an array of the subset, if pictures
        have several sizes or hold NaN, or if pictures and labels differ in number.

    Warns
    -----
    UserWarning
        If pictures of the validation set are, byte for byte, in the train or the test set too.
        Loading the validation set reads all three sets to compare them; loading another subset
        reads only that one.

    See Also
    --------
    load_svhn_digits : All of SVHN's single digits, in colour.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import h5py
    >>> import numpy as np
    >>> from sksvhn.datasets import load_svhn_h5
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "SVHN_single_grey1.h5"
    ...     with h5py.File(path, "w") as file:
    ...         file["X_test"] = np.zeros((3, 32, 32), dtype=np.float32)
    ...         file["y_test"] = np.array([1, 7, 2], dtype=np.uint8)
    ...     digits = load_svhn_h5(path, subset="test")
    >>> digits.images.shape, digits.target
    ((3, 32, 32), array([1, 7, 2]))
    """
    path = check_is_file(path, _NEEDED)
    if not h5py.is_hdf5(path):
        raise wrong_file(path, _NEEDED)
    suffix = _SUFFIXES[subset]
    try:
        with h5py.File(path, "r") as file:
            _check_arrays(file, suffix, path)
            images = _pixels(file, suffix)
            labels = np.asarray(file[f"y_{suffix}"])
            repeated = _count_repeated(images, file) if subset == "validation" else {}
    except (_WrongContentError, MemoryError):
        raise
    except H5PY_ERRORS as error:
        raise ValueError(
            f"{path} is cut off or damaged ({error}); download or copy it again."
        ) from error
    digits = digits_of_labels(labels, f"y_{suffix} of {path}")
    if repeated:
        _warn_of_repeated(repeated, len(images), path)
    frame = pd.DataFrame({"digit": digits})
    data = labelled_bunch(images, frame, target="digit", as_frame=as_frame, descr=_DESCR)
    return (data.images, data.target) if return_X_y else data


class _WrongContentError(ValueError):
    """The file is sound, but not what was expected."""


def _check_arrays(file: h5py.File, suffix: str, path: Path) -> None:
    """Check the shapes of what will be read, before it is."""
    arrays = {name: item for name, item in file.items() if isinstance(item, h5py.Dataset)}
    names = [f"X_{suffix}", f"y_{suffix}"]
    if not set(names) <= set(arrays):
        raise _WrongContentError(
            f"{path} must hold the arrays {names[0]} and {names[1]}; got "
            f"{', '.join(sorted(file)) or 'none'}. {_loader_for(file)}"
        )
    X, y = arrays[names[0]], arrays[names[1]]
    if X.ndim != 3 or X.dtype.kind not in "iuf" or X.size == 0:
        raise _WrongContentError(
            f"{names[0]} of {path} must hold numeric pictures of shape (n, height, width); got "
            f"shape {X.shape} and dtype {X.dtype}."
        )
    if y.shape not in ((len(X),), (len(X), 1)):
        raise _WrongContentError(
            f"{names[1]} of {path} must have shape ({len(X)},), one label per picture of "
            f"{names[0]}; got {y.shape}."
        )
    for other in (f"X_{other}" for other in _SUFFIXES.values()):
        if other in arrays and arrays[other].shape[1:] != X.shape[1:]:
            raise _WrongContentError(
                f"the pictures of {path} must have one size; {names[0]} has shape {X.shape}, "
                f"{other} {arrays[other].shape}."
            )


def _loader_for(file: h5py.File) -> str:
    if "digitStruct" in file:
        return "load_svhn_numbers reads digitStruct.mat."
    if {"X", "y"} <= set(file):
        return "load_labelled reads X and y."
    return "Pass SVHN_single_grey1.h5."


def _pixels(file: h5py.File, suffix: str) -> NDArray[np.float32]:
    """Pictures of a subset; raise an error if the file is too small or a pixel is not finite."""
    name = f"X_{suffix}"
    dataset = file[name]
    n_bytes = file.id.get_filesize()
    if dataset.nbytes > MAX_DEFLATION * n_bytes:  # memory for it might be had, and the rest starve
        raise _WrongContentError(
            f"{name} of {file.filename} declares the shape {dataset.shape}, more than a file of "
            f"{n_bytes} bytes can hold; download or copy it again."
        )
    with np.errstate(over="ignore"):
        images = np.ascontiguousarray(dataset[...], np.float32)
    finite = np.isfinite(images).all(axis=(1, 2))
    if not finite.all():
        raise _WrongContentError(
            f"{name} of {file.filename} must hold pixels from 0 to 255; "
            f"{np.count_nonzero(~finite)} of {len(images)} pictures hold NaN or infinity, the "
            f"first is {int(finite.argmin())}."
        )
    return images


def _count_repeated(images: NDArray[np.float32], file: h5py.File) -> dict[str, int]:
    """How many of the pictures are in X_train and X_test too, where any is."""
    digests = _digests(images)
    counts = {}
    for suffix in ("train", "test"):
        if f"X_{suffix}" in file:
            others = set(_digests(_pixels(file, suffix)))
            counts[f"X_{suffix}"] = sum(digest in others for digest in digests)
    return {name: count for name, count in counts.items() if count}


def _digests(images: NDArray[Any]) -> list[bytes]:
    """Digest every picture's bytes: 16 bytes stand for all of them."""
    return [hashlib.blake2b(image, digest_size=16).digest() for image in images]


def _warn_of_repeated(repeated: dict[str, int], n_pictures: int, path: Path) -> None:
    where = " and ".join(f"{count} are also in {name}" for name, count in repeated.items())
    leak = "leaks the test set" if "X_test" in repeated else "measures what was learned by heart"
    warn_caller(
        f"{path}: X_val repeats pictures: of its {n_pictures}, {where}. Validating on it {leak}. "
        "Split the training pictures instead, such as with "
        "sklearn.model_selection.train_test_split.",
    )
