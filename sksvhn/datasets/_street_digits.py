"""Generate pictures of single digits, cut from scenes with numbers as SVHN's format 2 is."""

from __future__ import annotations

from functools import partial
from numbers import Integral
from os import PathLike

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval

from .._labels import DIGITS
from .._parameters import validate_params
from ._bunch import labelled_bunch
from ._drawing import draw_pictures
from ._number_texts import MAX_LENGTH, draw_number, length_probabilities
from ._street._fonts import list_fonts
from ._street._scene import SceneSettings, photograph_digit, scene_settings

# Pictures handed to a worker at a time.
_CHUNK = 256

_DESCR = """\
Generated street digits
-----------------------

Pictures of single digits, cut from generated house numbers: a square about a digit, with its
neighbours at the sides. No pixel is taken from a photograph.

Fonts, with the packages they come from:
"""


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "image_size": ["array-like"],
        "color": ["boolean"],
        "font_dir": [str, PathLike, None],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
        "return_X_y": ["boolean"],
        "as_frame": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def make_street_digits(
    n_samples: int = 100,
    *,
    image_size: tuple[int, int] = (32, 32),
    color: bool = True,
    font_dir: str | PathLike[str] | None = None,
    random_state: int | np.random.RandomState | None = None,
    n_jobs: int | None = None,
    verbose: int = 0,
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Bunch | tuple[NDArray[np.uint8], NDArray[np.int64] | pd.Series]:
    """Draw pictures of single digits of house numbers, as SVHN's format 2 has them.

    Each picture is cut from a scene of its own, of the kind that :func:`make_street_numbers` draws:
    the square about one digit of a number, at whose sides its neighbours are often to be seen.
    Numbers have one to five digits, as often as those that SVHN's digits come from, so 1 and 2 are
    more frequent than 9.

    Parameters
    ----------
    n_samples : int, default=100
        Number of pictures.
    image_size : tuple of (int, int), default=(32, 32)
        Height and width of the pictures in pixels.
    color : bool, default=True
        Whether pictures have three channels or one.
    font_dir : str or path-like, default=None
        A folder with ``.ttf`` or ``.otf`` files that are used in addition to the installed ones.
    random_state : int, RandomState instance or None, default=None
        Seed of everything that is drawn. With the same int, fonts and Pillow the pictures are the
        same to the bit, whatever `n_jobs`, and the first ones do not change with `n_samples`.
    n_jobs : int, default=None
        Number of processes. ``None`` means 1 unless in a :class:`joblib.parallel_config` context,
        ``-1`` all processors.
    verbose : int, default=0
        Whether to report progress, about once per second, on the standard error stream.
    return_X_y : bool, default=False
        Whether to return ``(images, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Whether `target` is a pandas Series, with the index of `frame`, instead of an array.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        The same fields as :func:`load_svhn_digits` returns:

        images : ndarray of shape (n_samples, height, width[, 3]), dtype uint8
            The pictures.
        target : ndarray of shape (n_samples,), dtype int64, or Series
            The digits 0 to 9.
        frame : DataFrame of shape (n_samples, 4)
            `digit`, `number` (which the digit is cut from, as ``str``), `position` (of the digit,
            from 0) and `font`.
        DESCR : str
            What the pictures are, and the fonts used with their versions.

    (images, target) : tuple
        If `return_X_y`.

    Raises
    ------
    NotADirectoryError
        If `font_dir` is not a folder.
    ValueError
        If a parameter is out of range, or `font_dir` holds no font or a damaged one.

    Warns
    -----
    UserWarning
        If no font package is installed (``pip install sksvhn[fonts]``). All digits are then drawn
        in Pillow's own font.

    See Also
    --------
    load_svhn_digits : Real digits.
    make_street_numbers : Whole numbers.

    Examples
    --------
    >>> from sksvhn.datasets import make_street_digits
    >>> digits = make_street_digits(4, random_state=0)
    >>> digits.images.shape, digits.target.dtype
    ((4, 32, 32, 3), dtype('int64'))
    >>> digits.frame.columns.tolist()
    ['digit', 'number', 'position', 'font']
    """
    settings = scene_settings(image_size, color=color, font_dir=font_dir)
    # A number of three digits gives three of SVHN's pictures.
    shares = np.multiply(length_probabilities("svhn", MAX_LENGTH), range(1, MAX_LENGTH + 1))
    lengths = tuple((shares / shares.sum()).tolist())
    images, rows = draw_pictures(
        partial(_draw_digit, lengths=lengths, settings=settings),
        n_samples,
        settings.shape,
        chunk=_CHUNK,
        label="make_street_digits",
        random_state=random_state,
        n_jobs=n_jobs,
        verbose=verbose,
    )
    frame = pd.DataFrame(rows, columns=["digit", "number", "position", "font"])
    descr = _DESCR + list_fonts(settings.families)
    data = labelled_bunch(images, frame, target="digit", as_frame=as_frame, descr=descr)
    return (data.images, data.target) if return_X_y else data


def _draw_digit(
    rng: np.random.Generator, *, lengths: tuple[float, ...], settings: SceneSettings
) -> tuple[NDArray[np.uint8], tuple[int, str, int, str]]:
    """Draw a number; return a digit's pixels, the digit, the number, its position and the font."""
    number = draw_number(rng, lengths, DIGITS)
    position, pixels, font = photograph_digit(rng, number, settings)
    return pixels, (int(number[position]), number, position, font)
