"""Find pictures that are nearly the same."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from sklearn.utils._param_validation import Interval

from .._parameters import check_no_iterator, validate_params
from ._properties import grey_pictures

# Height and width of what pictures are compared by.
_SIDE = 16
# Shares of height and width by which one of a pair is moved: at 16 pixels, correlation of a copy
# hardly suffers from what then remains of a shift up to about a twentieth.
_SHIFTS = (-1 / 32, 0, 1 / 32)
# Pictures of either side that are compared at a time: few enough that within a set little more than
# half of all pairs is computed, and that correlations stay in a processor's cache.
_TILE = 512


@validate_params(
    {
        "images": "no_validation",
        "other": "no_validation",
        "threshold": [Interval(Real, 0, 1, closed="right")],
    },
    prefer_skip_nested_validation=True,
)
def find_near_duplicates(
    images: Sequence[Any] | NDArray[Any],
    other: Sequence[Any] | NDArray[Any] | None = None,
    *,
    threshold: float = 0.95,
) -> pd.DataFrame:
    """Find pairs of pictures that look nearly the same, within a set or between two sets.

    The similarity is the correlation of the grey values of thumbnails of 16 x 16 pixels, which
    ignores brightness, contrast and size, and hardly depends on noise and compression. It is the
    greatest of nine, for shifts by a thirty-second of the size.

    Parameters
    ----------
    images : sequence of n_samples pictures
        Pictures of any size, as :func:`~sksvhn.preprocessing.load_image` takes them.
    other : sequence of n_others pictures, default=None
        A second set, such as the test set, each of which is compared with each of `images`. None
        compares `images` with each other.
    threshold : float, default=0.95
        Least correlation of a pair, in (0, 1].

    Returns
    -------
    DataFrame of shape (n_pairs, 3)
        By falling similarity: `index` in `images`, `other_index` in `other` (or a later one in
        `images`), and `similarity`, the correlation. Pictures of one brightness are in no pair.

    Raises
    ------
    ValueError
        If a set holds no picture, is a single one, or a picture cannot be read.

    See Also
    --------
    find_label_errors : Another check of collected data.

    Notes
    -----
    Every pair is compared, so time grows with the product of both sizes: 8,470 times 8,470 took 5
    seconds on one core.

    A pair found is one to look at, not proof: different pictures of the same number in like type
    reach 0.95 now and then, above all blurred ones of a single digit. On SVHN's pictures, darker
    copies compressed as JPEG were found in 99 % of cases where they were moved by up to 3.6 % of
    their size, in 88 % up to 5.4 %, and in 59 % up to 7.1 %; copies that are turned, or much
    differently cropped, may not be found.

    Examples
    --------
    >>> import numpy as np
    >>> from sksvhn.datasets import make_street_numbers
    >>> from sksvhn.inspection import find_near_duplicates
    >>> train = make_street_numbers(20, color=False, random_state=0).images
    >>> darker_and_smaller = train[7, ::2, ::2] // 2
    >>> pairs = find_near_duplicates(train, [train[3], darker_and_smaller])
    >>> pairs[["index", "other_index"]].values.tolist()
    [[3, 0], [7, 1]]
    """
    check_no_iterator(images, "images")
    check_no_iterator(other, "other")
    if other is None:
        moved = _thumbnails(images, _SHIFTS)
        first = moved[len(moved) // 2]  # those moved by nothing
    else:
        first = _thumbnails(images, (0,))[0]
        moved = _thumbnails(other, _SHIFTS)
    found = [np.empty((0, 3))]
    for top in range(0, len(first), _TILE):
        part = first[top : top + _TILE]
        # Within a set only pairs with a later picture count.
        for left in range(top if other is None else 0, len(moved[0]), _TILE):
            similarity = _correlations(part, [others[left : left + _TILE] for others in moved])
            # Products of unit vectors are 1 but for rounding.
            i, j = np.nonzero(similarity >= min(threshold, 1 - 1e-5))
            if other is None:
                i, j = i[top + i < left + j], j[top + i < left + j]
            found.append(np.stack([top + i, left + j, similarity[i, j]], axis=1))
    table = pd.DataFrame(np.concatenate(found), columns=["index", "other_index", "similarity"])
    table = table.astype({"index": np.int64, "other_index": np.int64})
    return table.sort_values(
        ["similarity", "index", "other_index"], ascending=[False, True, True], ignore_index=True
    )


def _correlations(
    part: NDArray[np.float32], moved: Sequence[NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Correlation of each with each of others, the greatest over the moves of the latter."""
    greatest: NDArray[np.float32] = part @ moved[0].T
    for others in moved[1:]:
        np.maximum(greatest, part @ others.T, out=greatest)
    return greatest


def _thumbnails(
    images: Sequence[Any] | NDArray[Any], shifts: Sequence[float]
) -> list[NDArray[np.float32]]:
    """Thumbnails of the middle, moved by `shifts` in y and in x: rows of mean 0 and length 1.

    Those of pictures of one brightness are 0.
    """
    margin = max(_SHIFTS)
    places = [(dx, dy) for dy in shifts for dx in shifts]
    vectors = np.empty((len(places), len(images), _SIDE * _SIDE), np.float32)
    for row, picture in enumerate(grey_pictures(images)):
        width, height = picture.size
        for place, (dx, dy) in enumerate(places):
            box = (
                (margin + dx) * width,
                (margin + dy) * height,
                (1 - margin + dx) * width,
                (1 - margin + dy) * height,
            )
            small = picture.resize((_SIDE, _SIDE), Image.Resampling.BILINEAR, box=box)
            vectors[place, row] = np.asarray(small, dtype=np.float32).ravel()
    vectors -= vectors.mean(axis=2, keepdims=True)
    norms = np.linalg.norm(vectors, axis=2, keepdims=True)
    return list(np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0))
