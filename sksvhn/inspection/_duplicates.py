"""Pictures that are nearly the same."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from sklearn.neighbors import NearestNeighbors
from sklearn.utils._param_validation import Interval, validate_params

from ._properties import grey_pictures

# Height and width of what pictures are compared by: a shift of a pixel or two hardly shows.
_SIDE = 16
# Pictures compared at a time: memory is bounded however many pairs a low threshold lets through.
_CHUNK = 1000


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
    """Find pairs of pictures that look nearly the same, within a set or between two.

    Pictures are compared by the correlation of the grey values of their thumbnails of 16 x 16
    pixels, which knows no brightness, contrast or size, and little of noise and compression.

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
    find_label_errors : The other thing to look for in data that were collected.

    Notes
    -----
    Every pair is compared, so time grows with the product of both sizes: 10,000 times 10,000 take
    a few seconds. A pair found is one to look at, not proof: pictures of the same number in like
    type reach 0.95 now and then, above all blurred ones of a single digit. A pair whose copy was
    moved by more than about a twentieth of its size may not be found.

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
    vectors, rows = _thumbnails(images)
    others, other_rows = (vectors, rows) if other is None else _thumbnails(other)
    found = [np.empty((0, 3))]
    if len(vectors) and len(others):
        # Of unit vectors, squared distance is 2 - 2 correlation.
        radius = np.sqrt(max(2 - 2 * threshold, 0)) + 1e-4  # what rounding may hide is checked anew
        neighbors = NearestNeighbors(radius=radius, algorithm="brute").fit(others)
        for start in range(0, len(vectors), _CHUNK):
            part = vectors[start : start + _CHUNK]
            near = neighbors.radius_neighbors(part, return_distance=False)
            first = np.repeat(np.arange(len(part)), list(map(len, near)))
            second = np.concatenate(near).astype(np.int64)
            similarity = np.einsum("ij,ij->i", part[first], others[second])
            kept = similarity >= min(threshold, 1 - 1e-6)
            if other is None:
                kept &= start + first < second
            pairs = rows[start + first[kept]], other_rows[second[kept]], similarity[kept]
            found.append(np.stack(pairs, axis=1))
    table = pd.DataFrame(np.concatenate(found), columns=["index", "other_index", "similarity"])
    table = table.astype({"index": np.int64, "other_index": np.int64})
    return table.sort_values(
        ["similarity", "index", "other_index"], ascending=[False, True, True], ignore_index=True
    )


def _thumbnails(
    images: Sequence[Any] | NDArray[Any],
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Thumbnails of mean 0 and length 1, as rows, and the pictures that have one."""
    size = (_SIDE, _SIDE)
    grey = [
        np.asarray(picture.resize(size, Image.Resampling.BILINEAR), dtype=np.float32).ravel()
        for picture in grey_pictures(images)
    ]
    vectors = np.stack(grey)
    vectors -= vectors.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(vectors, axis=1)
    rows = np.flatnonzero(norms > 0)
    return vectors[rows] / norms[rows, None], rows
