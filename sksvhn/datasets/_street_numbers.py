"""Generate pictures of house numbers, and of the same walls and signs without numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from numbers import Integral, Real
from os import PathLike
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval, StrOptions

from .._labels import DIGITS
from .._parameters import validate_params
from ._bunch import labelled_bunch
from ._drawing import draw_pictures
from ._number_texts import MAX_LENGTH, Texts, check_alphabet, draw_text, length_probabilities
from ._street._fonts import list_fonts
from ._street._scene import MARGIN, SceneSettings, photograph_number, scene_settings

# Pictures handed to a worker at a time.
_CHUNK = 256

#: Number, boxes of its characters, height and width of the whole picture, and font.
_Row = tuple[str, NDArray[np.float64], int, int, str]

_DESCR = """\
Generated street numbers
------------------------

Pictures of house numbers, drawn at random: characters of many fonts on walls and signs of many
kinds, in uneven light, taken by a camera from an angle, out of focus and with too few pixels, and
cropped to the number. No pixel is taken from a photograph.

Fonts, with the packages they come from:
"""


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "image_size": ["array-like"],
        "color": ["boolean"],
        "alphabet": [str],
        "max_length": [Interval(Integral, 1, None, closed="left")],
        "length_distribution": [StrOptions({"svhn"}), "array-like"],
        "margin": ["array-like"],
        "share_without_number": [Interval(Real, 0, 1, closed="both")],
        "font_dir": [str, PathLike, None],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
        "return_X_y": ["boolean"],
        "as_frame": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def make_street_numbers(
    n_samples: int = 100,
    *,
    image_size: tuple[int, int] = (64, 64),
    color: bool = True,
    alphabet: str = DIGITS,
    max_length: int = MAX_LENGTH,
    length_distribution: Literal["svhn"] | Sequence[float] = "svhn",
    margin: tuple[float, float] = MARGIN,
    share_without_number: float = 0.0,
    font_dir: str | PathLike[str] | None = None,
    random_state: int | np.random.RandomState | None = None,
    n_jobs: int | None = None,
    verbose: int = 0,
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Bunch | tuple[NDArray[np.uint8], NDArray[np.object_] | pd.Series]:
    """Draw pictures of house numbers, as taken by a camera that drives past.

    Each picture is a different scene: a number in some font or by hand on a wall or a sign,
    painted, embossed, outlined, carved, of polished metal, lit from behind, with or without a
    shadow, behind branches, unevenly lit, seen from the side or from below, out of focus, with few
    pixels, compressed, and cropped as by :func:`load_svhn_numbers`. Many have the digits of house
    numbers, which few fonts have: a 3 with a flat top, a 7 with a hook, a 1 that is a bar. Blur and
    noise leave most of them legible, for people could read what SVHN shows. Most numbers stand in a
    row, some in steps or one character below the other. Some have "No" before them, which has no
    box, unless its characters are in `alphabet`. Sizes, sharpness and contrast of three quarters
    follow those of SVHN's train set, measured on its grey crops. Two thirds of all follow its
    proportions as well. A quarter are photographed from near, and sharp. An eighth of all are seen
    from much farther to the side or below than the others.

    Parameters
    ----------
    n_samples : int, default=100
        Number of pictures.
    image_size : tuple of (int, int), default=(64, 64)
        Height and width of the pictures in pixels. Crops are stretched to it.
    color : bool, default=True
        Whether pictures have three channels or one.
    alphabet : str, default="0123456789"
        The characters that numbers are made of. ``max_length=1`` gives single characters, whose
        classes are equally frequent.
    max_length : int, default=5
        Most characters of a number.
    length_distribution : "svhn" or array-like of shape (n_lengths,), default="svhn"
        Probabilities of the lengths 1, 2, ..., at most `max_length` of them, which add up to 1.
        ``"svhn"`` is the distribution of SVHN's 33,402 train numbers, cut off at `max_length`.
    margin : tuple of (float, float), default=(-0.1, 0.3)
        Lowest and highest share of its width and height by which the union of the digit boxes
        grows in all, half on either side; below 0, the outer digits are cut off. It is drawn
        uniformly for each picture. Low values suit files that were cropped to the number
        beforehand; ``(0.3, 0.3)`` suits the original files loaded with ``margin=0.3``.
    share_without_number : float in [0, 1], default=0.0
        Share of the pictures that show no number, whose target is ``""``: walls and signs without
        writing, letters and words, and numbers with a letter such as 12A, as far as these letters
        are not in `alphabet`.
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
        The same fields as :func:`load_svhn_numbers` returns:

        images : ndarray of shape (n_samples, height, width[, 3]), dtype uint8
            The pictures.
        target : ndarray of shape (n_samples,), dtype object, or Series
            The numbers as ``str``, ``""`` where there is none.
        frame : DataFrame of shape (n_samples, 7)
            `filename`, `number`, `length`, `boxes` (left, top, width and height of each
            character), `picture_height` and `picture_width` (in pixels, of the picture before it
            was cropped and resized, to which the boxes belong) and `font`.
        DESCR : str
            What the pictures are, and the fonts used with their versions.

    (images, target) : tuple
        If `return_X_y`.

    Raises
    ------
    NotADirectoryError
        If `font_dir` is not a folder.
    ValueError
        If a parameter is out of range, `font_dir` holds no font or a damaged one, or no font has
        all the characters of `alphabet`.

    Warns
    -----
    UserWarning
        If no font package is installed (``pip install sksvhn[fonts]``). All numbers are then drawn
        in Pillow's own font.

    See Also
    --------
    load_svhn_numbers : Real numbers.
    make_empty_surfaces : The same scenes without a number.

    References
    ----------
    .. [1] M. Jaderberg, K. Simonyan, A. Vedaldi, A. Zisserman, "Synthetic Data and Artificial
       Neural Networks for Natural Scene Text Recognition", NIPS Deep Learning Workshop 2014,
       section 2. arXiv:1406.2227.

    Examples
    --------
    >>> from sksvhn.datasets import make_street_numbers
    >>> numbers = make_street_numbers(3, random_state=0)
    >>> numbers.images.shape, numbers.images.dtype
    ((3, 64, 64, 3), dtype('uint8'))
    >>> [len(number) for number in numbers.target] == numbers.frame["length"].tolist()
    True
    >>> letters, y = make_street_numbers(
    ...     4, alphabet="ABCDEFGHIJ", max_length=1, image_size=(28, 28), color=False,
    ...     random_state=0, return_X_y=True
    ... )
    >>> letters.shape, set(y) <= set("ABCDEFGHIJ")
    ((4, 28, 28), True)
    """
    characters = check_alphabet(alphabet)
    lengths = length_probabilities(length_distribution, max_length)
    settings = scene_settings(
        image_size,
        color=color,
        alphabet=characters,
        margin=_check_margin(margin),
        font_dir=font_dir,
    )
    texts = Texts(lengths, characters, float(share_without_number))
    images, rows = draw_pictures(
        partial(_draw_picture, texts=texts, settings=settings),
        n_samples,
        settings.shape,
        chunk=_CHUNK,
        label="make_street_numbers",
        random_state=random_state,
        n_jobs=n_jobs,
        verbose=verbose,
    )
    descr = _DESCR + list_fonts(settings.families)
    data = labelled_bunch(images, _frame(rows), target="number", as_frame=as_frame, descr=descr)
    return (data.images, data.target) if return_X_y else data


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "image_size": ["array-like"],
        "color": ["boolean"],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
    },
    prefer_skip_nested_validation=True,
)
def make_empty_surfaces(
    n_samples: int = 100,
    *,
    image_size: tuple[int, int] = (64, 64),
    color: bool = True,
    random_state: int | np.random.RandomState | None = None,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> NDArray[np.uint8]:
    """Draw walls and signs without a number, on which no reading should be confident.

    They are the scenes of :func:`make_street_numbers` with the same `random_state`, photographed
    and cropped in the same way, but without the number and whatever is written beside it. The
    camera adjusts the exposure to each picture, which raises the contrast of what is left.

    Parameters
    ----------
    n_samples : int, default=100
        Number of pictures.
    image_size : tuple of (int, int), default=(64, 64)
        Height and width of the pictures in pixels. Crops are stretched to it.
    color : bool, default=True
        Whether pictures have three channels or one.
    random_state : int, RandomState instance or None, default=None
        Seed of everything that is drawn. With the same int, fonts and Pillow the pictures are the
        same to the bit, whatever `n_jobs`, and the first ones do not change with `n_samples`.
    n_jobs : int, default=None
        Number of processes. ``None`` means 1 unless in a :class:`joblib.parallel_config` context,
        ``-1`` all processors.
    verbose : int, default=0
        Whether to report progress, about once per second, on the standard error stream.

    Returns
    -------
    ndarray of shape (n_samples, height, width[, 3]), dtype uint8
        The pictures.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Warns
    -----
    UserWarning
        If no font package is installed (``pip install sksvhn[fonts]``). Signs then all have the
        proportions of Pillow's own font.

    See Also
    --------
    make_street_numbers : With numbers.

    Examples
    --------
    >>> from sksvhn.datasets import make_empty_surfaces
    >>> surfaces = make_empty_surfaces(3, color=False, random_state=0)
    >>> surfaces.shape, surfaces.dtype
    ((3, 64, 64), dtype('uint8'))
    """
    settings = scene_settings(image_size, color=color)
    texts = Texts(length_probabilities("svhn", MAX_LENGTH), DIGITS, empty=True)
    images, _ = draw_pictures(
        partial(_draw_picture, texts=texts, settings=settings),
        n_samples,
        settings.shape,
        chunk=_CHUNK,
        label="make_empty_surfaces",
        random_state=random_state,
        n_jobs=n_jobs,
        verbose=verbose,
    )
    return images


def _check_margin(margin: Sequence[float]) -> tuple[float, float]:
    if (
        len(margin) != 2
        or not all(isinstance(m, Real) for m in margin)
        or not -0.5 < margin[0] <= margin[1] <= 1
    ):
        raise ValueError(
            f"margin must be two numbers (low, high) with -0.5 < low <= high <= 1; got {margin!r}."
        )
    return float(margin[0]), float(margin[1])


def _draw_picture(
    rng: np.random.Generator, *, texts: Texts, settings: SceneSettings
) -> tuple[NDArray[np.uint8], _Row]:
    text, number, empty = draw_text(rng, texts)
    picture = photograph_number(rng, text, settings, empty=empty)
    boxes = picture.boxes[: len(number)]
    return picture.pixels, (number, boxes, *picture.picture_size, picture.font)


def _frame(rows: list[_Row]) -> pd.DataFrame:
    numbers, boxes, heights, widths, fonts = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "filename": [f"{i + 1}.png" for i in range(len(rows))],
            "number": numbers,
            "length": [len(number) for number in numbers],
            "boxes": boxes,
            "picture_height": heights,
            "picture_width": widths,
            "font": fonts,
        }
    )
