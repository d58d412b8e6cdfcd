"""Generate photographs of house fronts, with boxes round their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from numbers import Integral
from os import PathLike
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval, StrOptions

from .._boxes import union_box
from .._images._crop import check_image_size
from .._labels import DIGITS
from .._parameters import validate_params
from ._drawing import draw_pictures
from ._number_texts import MAX_LENGTH, check_alphabet, draw_number, length_probabilities
from ._street._buildings import FrontSettings
from ._street._fonts import find_fonts, list_fonts
from ._street._front import draw_count, photograph_front

# Pictures handed to a worker at a time.
_CHUNK = 32

#: Numbers of a picture, the boxes of their characters, and fonts.
_Front = tuple[list[str], list[NDArray[np.float64]], list[str]]

_DESCR = """\
Generated street scenes
-----------------------

Photographs of house fronts, drawn at random: numbers on walls, doors, signs and whole buildings,
among windows, plants, fences and writing that is no number, with a box round each number. No
pixel is taken from a photograph.

Fonts, with the packages they come from:
"""


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "image_size": ["array-like"],
        "max_numbers": [Interval(Integral, 0, None, closed="left")],
        "alphabet": [str],
        "max_length": [Interval(Integral, 1, None, closed="left")],
        "length_distribution": [StrOptions({"svhn"}), "array-like"],
        "font_dir": [str, PathLike, None],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def make_street_scenes(
    n_samples: int = 100,
    *,
    image_size: tuple[int, int] = (384, 384),
    max_numbers: int = 3,
    alphabet: str = DIGITS,
    max_length: int = MAX_LENGTH,
    length_distribution: Literal["svhn"] | Sequence[float] = "svhn",
    font_dir: str | PathLike[str] | None = None,
    random_state: int | np.random.RandomState | None = None,
    n_jobs: int | None = None,
    verbose: int = 0,
    return_X_y: bool = False,
) -> Bunch | tuple[NDArray[np.uint8], NDArray[np.object_]]:
    """Draw photographs of house fronts, with a box round each number.

    They are what a locator of numbers can be trained on. Each picture is a different scene: a
    number that fills up to half of a close-up, a front with a door, windows, pipes and plants, or a
    whole building with a small sign. Nearly half are taken from far to the side or below. Some of
    these show what is beyond the edge of the front, as plain as the sky. Some fronts are behind
    slanted beams. A sixth shows no number. Words, telephone numbers, opening hours, years, prices,
    codes, dials of clocks and plates of cars have no box, and neither have bars, lamps and knobs
    that look like digits.

    The numbers are written as by :func:`make_street_numbers`. In the camera's picture, which often
    has far fewer pixels than `image_size`, each differs from its ground by an eighth of the way
    from black to white, or more, in some channel. Numbers are at least a thirty-second of the
    picture's height or 8 pixels high, whichever is more, but for what the picture's edge cuts off:
    three quarters of each number are seen, and half of each character.

    Parameters
    ----------
    n_samples : int, default=100
        Number of pictures.
    image_size : tuple of (int, int), default=(384, 384)
        Height and width of the pictures in pixels.
    max_numbers : int, default=3
        Most numbers in a picture, at least 0. Most pictures have one.
    alphabet : str, default="0123456789"
        The characters that numbers are made of. Words are left out if they could be numbers.
    max_length : int, default=5
        Most characters of a number.
    length_distribution : "svhn" or array-like of shape (n_lengths,), default="svhn"
        Probabilities of the lengths 1, 2, ..., at most `max_length` of them, which add up to 1.
        ``"svhn"`` is the distribution of SVHN's 33,402 train numbers, cut off at `max_length`.
        Long numbers are rarer in the pictures: they find no room more often.
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

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the fields:

        images : ndarray of shape (n_samples, height, width, 3), dtype uint8
            The pictures.
        target : ndarray of shape (n_samples,), dtype object
            For each picture an ndarray of shape (n_numbers, 4), dtype float64: left, top, width
            and height in pixels of the box round each number, as a person would draw it: 6 % of
            the height of a character away from its ink. `n_numbers` is 0 to `max_numbers`.
        numbers : ndarray of shape (n_samples,), dtype object
            For each picture a list of the numbers as ``str``, in the order of the boxes.
        frame : DataFrame of shape (n_numbers_in_all, 8)
            One row per number: `filename`, `picture` (its row in `images`), `number`, `length`,
            `boxes` (left, top, width and height of each character in pixels), `picture_height`,
            `picture_width` (in pixels) and `font`.
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
    make_street_numbers : Pictures that were cropped to the number.
    make_empty_surfaces : Walls and signs without a number.

    References
    ----------
    .. [1] A. Gupta, A. Vedaldi, A. Zisserman, "Synthetic Data for Text Localisation in Natural
       Images", CVPR 2016, section 2. arXiv:1604.06646.

    Examples
    --------
    >>> from sksvhn.datasets import make_street_scenes
    >>> scenes = make_street_scenes(3, image_size=(96, 128), random_state=0)
    >>> scenes.images.shape, scenes.images.dtype
    ((3, 96, 128, 3), dtype('uint8'))
    >>> [len(boxes) for boxes in scenes.target] == [len(numbers) for numbers in scenes.numbers]
    True
    """
    characters = check_alphabet(alphabet)
    lengths = length_probabilities(length_distribution, max_length)
    settings = FrontSettings(
        find_fonts(characters, font_dir), check_image_size(image_size), characters
    )
    images, fronts = draw_pictures(
        partial(_draw_front, max_numbers=max_numbers, lengths=lengths, settings=settings),
        n_samples,
        (*settings.image_size, 3),
        chunk=_CHUNK,
        label="make_street_scenes",
        random_state=random_state,
        n_jobs=n_jobs,
        verbose=verbose,
    )
    target, numbers = (np.empty(n_samples, dtype=object) for _ in range(2))
    for i, (texts, boxes, _) in enumerate(fronts):
        target[i] = np.array([union_box(each) for each in boxes]).reshape(-1, 4)
        numbers[i] = texts
    if return_X_y:
        return images, target
    return Bunch(
        images=images,
        target=target,
        numbers=numbers,
        frame=_frame(fronts, settings.image_size),
        DESCR=_DESCR + list_fonts(settings.families),
    )


def _draw_front(
    rng: np.random.Generator,
    *,
    max_numbers: int,
    lengths: tuple[float, ...],
    settings: FrontSettings,
) -> tuple[NDArray[np.uint8], _Front]:
    n = draw_count(rng, max_numbers)
    numbers = tuple(draw_number(rng, lengths, settings.alphabet) for _ in range(n))
    front = photograph_front(rng, numbers, settings)
    return front.pixels, (front.numbers, front.boxes, front.fonts)


def _frame(fronts: list[_Front], image_size: tuple[int, int]) -> pd.DataFrame:
    rows = [(i, *row) for i, front in enumerate(fronts) for row in zip(*front, strict=True)]
    return pd.DataFrame(
        {
            "filename": [f"{picture + 1}.png" for picture, *_ in rows],
            "picture": np.array([picture for picture, *_ in rows], dtype=np.int64),
            "number": [number for _, number, *_ in rows],
            "length": np.array([len(number) for _, number, *_ in rows], dtype=np.int64),
            "boxes": [boxes for _, _, boxes, _ in rows],
            "picture_height": image_size[0],
            "picture_width": image_size[1],
            "font": [font for *_, font in rows],
        }
    )
