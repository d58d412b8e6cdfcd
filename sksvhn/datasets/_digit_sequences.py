"""Compose pictures of numbers from pictures of single characters, such as MNIST's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from numbers import Integral
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from sklearn.utils import Bunch, check_consistent_length, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from .._images._crop import check_image_size
from .._labels import numbers_to_strings
from .._parameters import validate_params
from ._number_texts import length_probabilities

Layout = Literal["row", "canvas"]

# On a canvas: lowest and highest size, as a share of the largest at which the number fits.
_SHARES = (0.6, 1.0)

# Pictures put together at a time: their tiles are in memory twice.
_CHUNK = 1024

_N_SAMPLES = 100

_DESCR = """\
Numbers put together from pictures of single characters
-------------------------------------------------------

Each character of a number is a picture drawn at random, with replacement, from those of that
character.
{layout}
"""

_LAYOUTS = {
    "row": "They stand side by side in a strip of {} tiles; those behind the last are blank.",
    "canvas": "They stand side by side, at a random place and size, on {} x {} pixels.",
}


class _Sequences(NamedTuple):
    """Numbers, and the pictures they are composed of."""

    numbers: list[str]
    lengths: NDArray[np.int64]
    #: Shape (n_samples, max_length): rows of the single pictures, -1 behind the last character.
    rows: NDArray[np.int64]


@validate_params(
    {
        "images": ["array-like"],
        "labels": ["array-like"],
        "layout": [StrOptions({"row", "canvas"})],
        "n_samples": [Interval(Integral, 1, None, closed="left"), None],
        "numbers": ["array-like", None],
        "max_length": [Interval(Integral, 1, None, closed="left")],
        "length_distribution": [StrOptions({"svhn", "uniform"}), "array-like", None],
        "canvas_size": ["array-like"],
        "background": [Interval(Integral, 0, 255, closed="both"), None],
        "random_state": ["random_state"],
        "return_X_y": ["boolean"],
        "as_frame": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def make_digit_sequences(
    images: NDArray[np.uint8],
    labels: ArrayLike,
    *,
    layout: Layout = "row",
    n_samples: int | None = None,
    numbers: ArrayLike | None = None,
    max_length: int = 5,
    length_distribution: Literal["svhn", "uniform"] | Sequence[float] | None = None,
    canvas_size: tuple[int, int] = (64, 64),
    background: int | None = None,
    random_state: int | RandomState | None = None,
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Bunch | tuple[NDArray[np.uint8], NDArray[np.object_] | pd.Series]:
    """Compose pictures of numbers from pictures of single characters.

    With MNIST's digits, this gives the usual first exercise in reading whole numbers, before the
    real numbers of SVHN: strips of up to five digits, or numbers at random places on a canvas.

    Parameters
    ----------
    images : ndarray of shape (n, height, width) or (n, height, width, 3), dtype uint8
        Pictures of one character each, such as :func:`load_mnist` or :func:`load_svhn_digits`
        returns.
    labels : array-like of shape (n,)
        The character on each: digits 0 to 9 as int, or strings of one character.
    layout : {"row", "canvas"}, default="row"
        ``"row"`` puts the pictures side by side, from the left, in a strip of `max_length` tiles
        (28 x 140 pixels for MNIST); tiles behind the last character are blank. ``"canvas"`` puts
        them side by side, at a random place and in a random size, 60 to 100 % of the largest at
        which the number fits, on a canvas of `canvas_size`.
    n_samples : int, default=None
        Number of pictures; ``None`` means 100, or as many as there are `numbers`.
    numbers : array-like of shape (n_samples,) or (n_samples, length), default=None
        The numbers to write, one picture each, as strings, ints or padded rows; for instance
        SVHN's own. ``None`` draws the lengths, and the characters as often as `labels` hold them.
    max_length : int, default=5
        Most characters of a number.
    length_distribution : {"svhn", "uniform"} or array-like of shape (n_lengths,), default=None
        Probabilities of the lengths 1, 2, ..., at most `max_length` of them, which add up to 1.
        ``"svhn"`` is the distribution of SVHN's 33,402 train numbers (lengths 1 to 6), cut off at
        `max_length`; ``"uniform"`` makes the lengths 1 to `max_length` equally probable. ``None``
        means ``"svhn"`` on a canvas; in a row the lengths 1 to ``max_length - 1`` are equally
        probable, so that every strip ends with a blank tile.
    canvas_size : tuple of (int, int), default=(64, 64)
        Height and width of the canvas in pixels.
    background : int, default=None
        Shade of the background, from 0 (black) to 255 (white). Grey pictures are treated as light
        ink on black: the ink is drawn black if the background is at least 128, otherwise white, and
        greys mix both. Colour pictures cover the background. ``None`` means 0 in a row, 255 on a
        canvas.
    random_state : int, RandomState instance or None, default=None
        Seed of everything that is drawn.
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
            The numbers as ``str``.
        frame : DataFrame of shape (n_samples, 6)
            `filename`, `number`, `length`, `boxes` (left, top, width and height of each
            character's whole picture, in pixels), `picture_height` and `picture_width`.
        DESCR : str
            What the pictures are.

    (images, target) : tuple
        If `return_X_y`.

    Raises
    ------
    ValueError
        If a parameter is out of range, `images` are not uint8 pictures, labels are not one
        character each, or a number is empty, longer than `max_length` or holds a character that no
        label has.

    See Also
    --------
    make_street_numbers : Numbers drawn with fonts, as a camera on the street sees them.
    load_mnist : Digits and letters to put together.

    Examples
    --------
    >>> import numpy as np
    >>> from sksvhn.datasets import make_digit_sequences
    >>> digits = np.zeros((10, 28, 28), dtype=np.uint8)
    >>> digits[:, 4:24, 10:18] = 255
    >>> strips = make_digit_sequences(digits, range(10), n_samples=3, random_state=0)
    >>> strips.images.shape, strips.target
    ((3, 28, 140), array(['379', '352', '476'], dtype=object))
    >>> X, y = make_digit_sequences(
    ...     digits, range(10), layout="canvas", numbers=["19", "210"], random_state=0,
    ...     return_X_y=True
    ... )
    >>> X.shape, y.tolist()
    ((2, 64, 64), ['19', '210'])
    """
    pictures = _check_pictures(images)
    characters = _check_labels(labels)
    check_consistent_length(pictures, characters)
    canvas = check_image_size(canvas_size)
    if layout == "canvas" and canvas[1] < max_length:
        raise ValueError(
            f"canvas_size must have at least one column of pixels per character; got {canvas_size} "
            f"for max_length={max_length}; widen it or lower max_length."
        )
    rng = check_random_state(random_state)
    if numbers is None:
        probabilities = _probabilities(length_distribution, max_length, layout)
        sequences = _draw(rng, characters, n_samples or _N_SAMPLES, max_length, probabilities)
    else:
        strings = _check_numbers(numbers, characters, max_length)
        if n_samples not in (None, len(strings)) or length_distribution is not None:
            raise ValueError(
                "n_samples and length_distribution must be left out if numbers are given; got "
                f"{len(strings)} numbers, each written once; leave them out."
            )
        sequences = _write(rng, characters, strings, max_length)

    if background is None:
        background = 0 if layout == "row" else 255
    if layout == "row":
        made, boxes = _rows(pictures, sequences, background)
    else:
        made, boxes = _canvases(pictures, sequences, background, canvas, rng)
    frame = _frame(sequences, boxes, made.shape[1:3])
    target = frame["number"].copy() if as_frame else frame["number"].to_numpy(dtype=object)
    if return_X_y:
        return made, target
    where = _LAYOUTS[layout].format(*((max_length,) if layout == "row" else canvas))
    return Bunch(images=made, target=target, frame=frame, DESCR=_DESCR.format(layout=where))


# --- what is asked for ----------------------------------------------------------------------------


def _check_pictures(images: ArrayLike) -> NDArray[np.uint8]:
    pictures = np.asarray(images)
    is_grey = pictures.ndim == 3
    is_color = pictures.ndim == 4 and pictures.shape[3] == 3
    if not (is_grey or is_color) or pictures.size == 0 or pictures.dtype != np.uint8:
        raise ValueError(
            "images must be pictures of dtype uint8 and shape (n, height, width) or (n, height, "
            f"width, 3), as load_mnist returns them; got {pictures.dtype} of shape "
            f"{pictures.shape}. Reshape them, and bring pixels to 0 to 255."
        )
    return pictures


def _check_labels(labels: ArrayLike) -> NDArray[np.str_]:
    characters = numbers_to_strings(labels, name="labels").tolist()
    for i, character in enumerate(characters):
        if len(character) != 1:
            hint = " SVHN's label 10 is the digit 0." if character == "10" else ""
            raise ValueError(
                f"labels must be one character each; element {i} is {character!r}.{hint}"
            )
    return np.array(characters, dtype=np.str_)


def _check_numbers(numbers: ArrayLike, characters: NDArray[np.str_], max_length: int) -> list[str]:
    strings: list[str] = numbers_to_strings(numbers, name="numbers").tolist()
    known = set(characters.tolist())
    if not strings:
        raise ValueError("numbers must hold at least one number; got none.")
    for i, string in enumerate(strings):
        if not 1 <= len(string) <= max_length:
            raise ValueError(
                f"numbers must have 1 to max_length={max_length} characters; element {i} is "
                f"{string!r}; drop it or raise max_length."
            )
        if unknown := set(string) - known:
            raise ValueError(
                f"numbers must be made of the labels {', '.join(sorted(known))}; element {i}, "
                f"{string!r}, holds {min(unknown)!r}; drop it or pass pictures of that character."
            )
    return strings


def _probabilities(
    distribution: Literal["svhn", "uniform"] | Sequence[float] | None,
    max_length: int,
    layout: Layout,
) -> tuple[float, ...]:
    """Probabilities of the lengths 1, 2, ..."""
    if distribution is None and layout == "row":
        n_lengths = max(max_length - 1, 1)
        return (1 / n_lengths,) * n_lengths
    if isinstance(distribution, str) and distribution == "uniform":
        return (1 / max_length,) * max_length
    return length_probabilities("svhn" if distribution is None else distribution, max_length)


# --- which pictures -------------------------------------------------------------------------------


def _draw(
    rng: RandomState,
    characters: NDArray[np.str_],
    n_samples: int,
    max_length: int,
    probabilities: tuple[float, ...],
) -> _Sequences:
    lengths = 1 + rng.choice(len(probabilities), size=n_samples, p=probabilities)
    chosen = rng.randint(len(characters), size=lengths.sum())
    text = "".join(characters[chosen].tolist())
    ends = np.cumsum(lengths).tolist()
    numbers = [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    return _Sequences(numbers, lengths, _in_rows(chosen, lengths, max_length))


def _write(
    rng: RandomState, characters: NDArray[np.str_], numbers: list[str], max_length: int
) -> _Sequences:
    lengths = np.array([len(number) for number in numbers])
    text = np.array(list("".join(numbers)))
    chosen = np.empty(len(text), np.int64)
    for character in np.unique(text):
        having, wanted = np.flatnonzero(characters == character), text == character
        chosen[wanted] = having[rng.randint(len(having), size=np.count_nonzero(wanted))]
    return _Sequences(numbers, lengths, _in_rows(chosen, lengths, max_length))


def _in_rows(
    chosen: NDArray[np.int64], lengths: NDArray[np.int64], max_length: int
) -> NDArray[np.int64]:
    rows = np.full((len(lengths), max_length), -1)
    rows[np.arange(max_length) < lengths[:, None]] = chosen
    return rows


# --- their pixels ---------------------------------------------------------------------------------


def _rows(
    pictures: NDArray[np.uint8], sequences: _Sequences, background: int
) -> tuple[NDArray[np.uint8], list[NDArray[np.float64]]]:
    n, max_length = sequences.rows.shape
    height, width = pictures.shape[1:3]
    made = np.empty((n, height, max_length * width, *pictures.shape[3:]), np.uint8)
    for start, strips in _strips(pictures, sequences.rows, background):
        made[start : start + len(strips)] = strips
    return made, [_boxes(length, 0, 0, width, height) for length in sequences.lengths.tolist()]


def _canvases(
    pictures: NDArray[np.uint8],
    sequences: _Sequences,
    background: int,
    size: tuple[int, int],
    rng: RandomState,
) -> tuple[NDArray[np.uint8], list[NDArray[np.float64]]]:
    n = len(sequences.numbers)
    made = np.full((n, *size, *pictures.shape[3:]), background, np.uint8)
    share = rng.uniform(*_SHARES, size=n)
    places = rng.uniform(size=(n, 2))
    boxes = []
    for start, strips in _strips(pictures, sequences.rows, background):
        for i, strip in enumerate(strips, start):
            length = int(sequences.lengths[i])
            number = strip[:, : length * pictures.shape[2]]
            scale = share[i] * min(size[0] / number.shape[0], size[1] / number.shape[1])
            height = max(round(scale * number.shape[0]), 1)
            width = max(round(scale * number.shape[1]), length)
            pixels = Image.fromarray(number).resize((width, height), Image.Resampling.BILINEAR)
            top = int(places[i, 0] * (size[0] - height + 1))
            left = int(places[i, 1] * (size[1] - width + 1))
            made[i, top : top + height, left : left + width] = pixels
            boxes.append(_boxes(length, left, top, width / length, height))
    return made, boxes


def _strips(
    pictures: NDArray[np.uint8], rows: NDArray[np.int64], background: int
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Yield strips: pictures side by side, then blank tiles; with the first row of each chunk."""
    is_grey = pictures.ndim == 3
    ink = 0 if background >= 128 else 255
    shades = np.rint(np.linspace(background, ink, 256)).astype(np.uint8)
    height, width = pictures.shape[1:3]
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        tiles = pictures[chunk]
        tiles[chunk < 0] = 0 if is_grey else background
        strips = np.moveaxis(tiles, 1, 2).reshape(
            len(chunk), height, chunk.shape[1] * width, *pictures.shape[3:]
        )
        yield start, shades[strips] if is_grey and background else strips


def _boxes(
    length: int, left: float, top: float, width: float, height: float
) -> NDArray[np.float64]:
    """Left, top, width and height of tiles side by side, from the first one's."""
    boxes = np.tile(np.array([left, top, width, height], np.float64), (length, 1))
    boxes[:, 0] += width * np.arange(length)
    return boxes


def _frame(
    sequences: _Sequences, boxes: list[NDArray[np.float64]], picture_size: Sequence[Any]
) -> pd.DataFrame:
    height, width = picture_size
    n = len(sequences.numbers)
    column = np.empty(n, dtype=object)
    column[:] = [None] * n
    for i, rows in enumerate(boxes):
        column[i] = rows
    return pd.DataFrame(
        {
            "filename": [f"{i + 1}.png" for i in range(n)],
            "number": sequences.numbers,
            "length": sequences.lengths,
            "boxes": column,
            "picture_height": height,
            "picture_width": width,
        }
    )
