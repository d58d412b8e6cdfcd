"""Describe a data set of numbers in tables: lengths, sizes, pixels."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import Bunch, check_consistent_length

from .._number_frame import digit_boxes, number_frame

# Pictures whose pixels are summed at a time.
_CHUNK = 256


class NumberDescription(NamedTuple):
    """What :func:`describe_numbers` finds."""

    summary: pd.DataFrame
    lengths: pd.DataFrame
    sizes: pd.DataFrame

    def _repr_html_(self) -> str:
        return "".join(table.to_html(border=0) for table in self)


def describe_numbers(data: Bunch | pd.DataFrame) -> NumberDescription:
    """Describe a data set of whole numbers in three tables.

    Parameters
    ----------
    data : :class:`~sklearn.utils.Bunch` or DataFrame
        What :func:`load_svhn_numbers`, :func:`load_labelled_pictures`,
        :func:`make_street_numbers` or :func:`make_digit_sequences` returns, or only a table such as
        that of :func:`read_digit_struct`.

    Returns
    -------
    summary : DataFrame of shape (1, 2) or (1, 4)
        The columns `n_pictures` and `n_digits` and, if there are pictures, `pixel_mean` and
        `pixel_std`: mean and standard deviation of all their pixels, in the unit of the pixels.
    lengths : DataFrame of shape (n_lengths, 2)
        One row per number of digits (the index, `length`): how many numbers have it (`n_numbers`),
        and their `share` of all, in [0, 1].
    sizes : DataFrame of shape (2, 6) or (4, 6)
        `box_width` and `box_height` of the digits (with :func:`load_labelled_pictures`, of its
        boxes) and, if the table has them, `picture_width` and `picture_height`, in pixels: `mean`,
        `std` (of the values, ddof=0), `min`, `50%`, `98%` and `max`.

    Raises
    ------
    ValueError
        If `data` has no table of numbers with boxes, the table is empty, or pictures and table
        differ in length.

    See Also
    --------
    sksvhn.plotting.NumberStatisticsDisplay : The same as histograms.

    Examples
    --------
    >>> import numpy as np
    >>> from sksvhn.datasets import describe_numbers, make_digit_sequences
    >>> digits = np.full((10, 28, 28), 100, dtype=np.uint8)
    >>> numbers = make_digit_sequences(digits, range(10), numbers=[19, 7, 21], max_length=2)
    >>> summary, lengths, sizes = describe_numbers(numbers)
    >>> summary.round(2)
       n_pictures  n_digits  pixel_mean  pixel_std
    0           3         5       83.33      37.27
    >>> lengths.round(2)
            n_numbers  share
    length
    1               1   0.33
    2               2   0.67
    >>> sizes["98%"].to_dict()
    {'box_width': 28.0, 'box_height': 28.0, 'picture_width': 56.0, 'picture_height': 28.0}
    """
    frame = number_frame(data)
    boxes = digit_boxes(frame)
    summary: dict[str, float] = {"n_pictures": len(frame), "n_digits": frame["length"].sum()}
    images = data.get("images") if isinstance(data, Bunch) else None
    if images is not None:
        check_consistent_length(images, frame)
        summary["pixel_mean"], summary["pixel_std"] = _pixel_mean_and_std(images)

    counts = frame["length"].value_counts().sort_index()
    lengths = pd.DataFrame({"n_numbers": counts, "share": counts / len(frame)})
    values = {"box_width": boxes[:, 2], "box_height": boxes[:, 3]}
    for name in ("picture_width", "picture_height"):
        if name in frame:
            values[name] = frame[name].to_numpy(np.float64)
    sizes = pd.DataFrame.from_dict(
        {name: _statistics(column) for name, column in values.items()}, orient="index"
    )
    return NumberDescription(pd.DataFrame([summary]), lengths.rename_axis("length"), sizes)


def _statistics(values: NDArray[np.float64]) -> dict[str, float]:
    middle, high = np.percentile(values, [50, 98])
    return {
        "mean": values.mean(),
        "std": values.std(),
        "min": values.min(),
        "50%": middle,
        "98%": high,
        "max": values.max(),
    }


def _pixel_mean_and_std(images: NDArray[Any]) -> tuple[float, float]:
    """Mean and deviation of pixels, computed in parts to save memory."""
    chunks = range(0, len(images), _CHUNK)
    sizes = [images[start : start + _CHUNK].size for start in chunks]
    means = [images[start : start + _CHUNK].mean(dtype=np.float64) for start in chunks]
    mean = np.average(means, weights=sizes)
    squares = [
        np.square(images[start : start + _CHUNK] - mean, dtype=np.float64).mean()
        for start in chunks
    ]
    return float(mean), float(np.sqrt(np.average(squares, weights=sizes)))
