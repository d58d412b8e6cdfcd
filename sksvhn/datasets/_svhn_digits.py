"""Load SVHN's format 2: single digits in colour pictures of 32 x 32 pixels, in MATLAB 5 files."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from sklearn.utils import Bunch
from sklearn.utils._param_validation import StrOptions

from .._files._file_kinds import check_is_file
from .._parameters import validate_params
from ._bunch import labelled_bunch
from ._digit_labels import digits_of_labels
from ._mat5 import read_mat5_arrays

_SIZE = 32

# Pictures rearranged at a time: extra_32x32.mat has half a million.
_CHUNK = 4096

_DESCR = """\
Street View House Numbers, format 2: single digits in pictures of 32 x 32 pixels
--------------------------------------------------------------------------------

Digits of house numbers from Google Street View. Each picture is centred on one digit; its
neighbours are often to be seen at the sides. SVHN labels the digit 0 as 10; here it is 0.

The data may be used for non-commercial purposes only.

Y. Netzer, T. Wang, A. Coates, A. Bissacco, B. Wu, A. Y. Ng, "Reading Digits in Natural Images with
Unsupervised Feature Learning", NIPS Workshop on Deep Learning and Unsupervised Feature Learning,
2011. http://ufldl.stanford.edu/housenumbers
"""


@validate_params(
    {
        "path": [str, PathLike],
        "color": [StrOptions({"auto", "grey", "rgb"})],
        "return_X_y": ["boolean"],
        "as_frame": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_svhn_digits(
    path: str | PathLike[str],
    *,
    color: Literal["auto", "grey", "rgb"] = "auto",
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Bunch | tuple[NDArray[np.uint8], NDArray[np.int64] | pd.Series]:
    """Load SVHN's format 2: single digits in colour pictures of 32 x 32 pixels.

    Parameters
    ----------
    path : str or path-like
        The ``.mat`` as published: ``train_32x32.mat``, ``test_32x32.mat`` or
        ``extra_32x32.mat``.
    color : {"auto", "grey", "rgb"}, default="auto"
        ``"grey"`` gives one channel (the luminance of ITU-R BT.601: 0.299 red + 0.587 green +
        0.114 blue), ``"rgb"`` three. ``"auto"`` is as stored, which in this format is three.
    return_X_y : bool, default=False
        Whether to return ``(images, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Whether `target` is a pandas Series, with the index of `frame`, instead of an array.
        In both cases, pictures are an array and `frame` is a DataFrame.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        One entry per picture, in the order of the file.

        images : ndarray of shape (n, 32, 32, 3) or (n, 32, 32), dtype uint8
            The pictures.
        target : ndarray of shape (n,), dtype int64, or Series
            The digits 0 to 9. Label 10, which the files use for the digit 0, becomes 0. Labels with
            0 and without 10 are unchanged.
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
        If the file is not a MATLAB 5 file, is damaged or lacks ``X`` or ``y``, or if these are not
        ``uint8`` pictures of shape (32, 32, 3, n) and n labels.

    See Also
    --------
    load_svhn_numbers : SVHN's format 1, whole numbers.
    load_svhn_h5 : Digits of SVHN in grey, as course work uses them.

    Notes
    -----
    The pictures take 3 KB each, 1.6 GB for the 531,131 of ``extra_32x32.mat``, and are rearranged
    in place. ``color="grey"`` keeps a third of that, but needs 2.2 GB while loading.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from scipy.io import savemat
    >>> from sksvhn.datasets import load_svhn_digits
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "train_32x32.mat"
    ...     X = np.zeros((32, 32, 3, 4), dtype=np.uint8)
    ...     savemat(path, {"X": X, "y": np.array([[1], [9], [2], [10]], dtype=np.uint8)})
    ...     digits = load_svhn_digits(path)
    >>> digits.images.shape, digits.target
    ((4, 32, 32, 3), array([1, 9, 2, 0]))
    """
    path = check_is_file(path, "a MATLAB 5 file, such as train_32x32.mat")
    X, y = _read_arrays(path)
    digits = digits_of_labels(y, f"y of {path}")
    images = _grey_pictures(X) if color == "grey" else _color_pictures(X)
    frame = pd.DataFrame({"digit": digits})
    data = labelled_bunch(images, frame, target="digit", as_frame=as_frame, descr=_DESCR)
    return (data.images, data.target) if return_X_y else data


def _read_arrays(path: Path) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """X of shape (32, 32, 3, n), and y of n elements."""
    arrays, found = read_mat5_arrays(path, ("X", "y"))
    if len(arrays) < 2:
        raise ValueError(
            f"{path} must hold the variables X and y, as train_32x32.mat does; got "
            f"{', '.join(found) or 'none'}; download or copy it again if it was cut off."
        )
    X, y = arrays["X"], arrays["y"]
    if X.shape == (_SIZE, _SIZE, 3):  # MATLAB stores no trailing 1
        X = X[..., np.newaxis]
    if X.ndim != 4 or X.shape[:3] != (_SIZE, _SIZE, 3) or X.dtype != np.uint8 or X.size == 0:
        raise ValueError(
            f"X of {path} must hold pictures of dtype uint8 and shape (32, 32, 3, n); got "
            f"{X.dtype} and {X.shape}."
        )
    n_pictures = X.shape[3]
    if y.size != n_pictures or max(y.shape) != n_pictures:
        raise ValueError(
            f"y of {path} must have shape ({n_pictures}, 1), one label per picture of X; got "
            f"{y.shape}."
        )
    return X, y


def _color_pictures(X: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures of shape (n, 32, 32, 3), in the memory of `X` where that lies as MATLAB has it."""
    planes = np.require(X.T, requirements=["C", "W"])  # (n, channels, width, height)
    images = planes.reshape(-1, _SIZE, _SIZE, 3)
    for start in range(0, len(images), _CHUNK):
        chunk = planes[start : start + _CHUNK].copy()
        images[start : start + _CHUNK] = chunk.transpose(0, 3, 2, 1)
    return images


def _grey_pictures(X: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures of shape (n, 32, 32), grey as Pillow makes it."""
    images = np.empty((X.shape[3], _SIZE, _SIZE), np.uint8)
    for start in range(0, len(images), _CHUNK):
        chunk = np.ascontiguousarray(X[..., start : start + _CHUNK].transpose(3, 0, 1, 2))
        column = Image.fromarray(chunk.reshape(-1, _SIZE, 3)).convert("L")
        images[start : start + _CHUNK] = np.asarray(column).reshape(-1, _SIZE, _SIZE)
    return images
