"""Measure size, contrast and sharpness of pictures, and accuracy by any such property."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from scipy.ndimage import laplace
from scipy.stats import binomtest
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils._param_validation import Interval

from .._checked_readings import check_readings, validate_score_params
from .._images._load import MAX_PIXELS
from .._images._one_or_many import is_one_picture, read_row
from .._parameters import check_not_masked

# Standard deviation that rounding to 8 bits leaves of a flat picture: 1 / sqrt(12) grey levels.
_ROUNDING = 1 / np.sqrt(12) / 255


def picture_properties(images: Sequence[Any] | NDArray[Any]) -> pd.DataFrame:
    """Measure size, brightness, contrast and sharpness of pictures.

    Measure pictures at the size they were taken in: resizing changes height and sharpness.

    Parameters
    ----------
    images : sequence of n_samples pictures
        Pictures of any size, as :func:`~sksvhn.preprocessing.load_image` takes them: arrays of
        integers from 0 to 255 or floats from 0 to 1, paths, PIL images, ... Colours are turned
        into the luminance of ITU-R BT.601.

    Returns
    -------
    DataFrame of shape (n_samples, 5)
        - `height`, `width`: in pixels.
        - `brightness`: mean luminance, in [0, 1].
        - `contrast`: RMS contrast, the standard deviation of the luminance, in [0, 0.5] [1]_.
        - `sharpness`: variance of the Laplacian (the four neighbours less four times the pixel)
          over the variance of the luminance, in [0, 64]: the lower the more blurred. The former
          alone is a usual measure of focus [2]_, but grows with the square of the contrast. What
          is left depends on neither brightness nor contrast. Noise raises it. NaN for pictures
          with no more contrast than rounding to 8 bits leaves.

    Raises
    ------
    ValueError
        If there is no picture, `images` is a single one, or one cannot be read.

    See Also
    --------
    accuracy_by : Accuracy by one of these.

    References
    ----------
    .. [1] E. Peli, "Contrast in complex images", Journal of the Optical Society of America A 7
       (10), 1990, section 2.
    .. [2] J. L. Pech-Pacheco, G. Cristobal, J. Chamorro-Martinez, J. Fernandez-Valdivia, "Diatom
       autofocusing in brightfield microscopy: a comparative study", ICPR 2000.

    Examples
    --------
    >>> import numpy as np
    >>> from sksvhn.inspection import picture_properties
    >>> step, ramp = np.zeros((2, 20, 30))
    >>> step[:, 15:] = 1.0
    >>> ramp[:] = np.linspace(0, 1, 30)
    >>> picture_properties([step, ramp, ramp[:10, :20] / 2]).round(3)
       height  width  brightness  contrast  sharpness
    0      20     30       0.500     0.500      0.267
    1      20     30       0.500     0.298      0.001
    2      10     20       0.164     0.100      0.004
    """
    rows = []
    for picture in grey_pictures(images):
        luminance = np.asarray(picture, dtype=np.float64) / 255
        contrast = luminance.std()
        sharp = laplace(luminance, mode="nearest").var() / contrast**2 if contrast else np.nan
        rows.append(
            (
                *luminance.shape,
                luminance.mean(),
                contrast,
                sharp if contrast > _ROUNDING else np.nan,
            )
        )
    return pd.DataFrame(rows, columns=["height", "width", "brightness", "contrast", "sharpness"])


def grey_pictures(images: Sequence[Any] | NDArray[Any]) -> Iterator[Image.Image]:
    """Yield pictures in Pillow's mode "L"; raise ValueError for none or a single one."""
    if is_one_picture(images, first_axis_counts=True):
        raise ValueError(
            "images must be a sequence of pictures, such as an array of shape (n, height, width[, "
            "3]); got one picture, or rows of pixels; pass [images], or reshape the rows."
        )
    if not hasattr(images, "__len__"):
        raise ValueError(
            f"images must be a sequence of pictures; got a {type(images).__name__}; pass "
            "list(images)."
        )
    if len(images) == 0:
        raise ValueError("images must hold at least one picture; got 0.")
    return (read_row(row, image, "grey", MAX_PIXELS).picture for row, image in enumerate(images))


@validate_score_params(
    values=["array-like"],
    bins=[Interval(Integral, 1, None, closed="left"), "array-like", None],
    confidence=["array-like", None],
    confidence_level=[Interval(Real, 0, 1, closed="neither")],
)
def accuracy_by(
    values: ArrayLike,
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    bins: int | ArrayLike | None = 5,
    confidence: ArrayLike | None = None,
    confidence_level: float = 0.95,
) -> pd.DataFrame:
    """Compute the share of whole numbers read right by a property of the pictures.

    Parameters
    ----------
    values : array-like of shape (n_samples,)
        The property: one number per picture or, if `bins` is None, anything that can be sorted.
        Pictures for which it is missing (NaN) are left out.
    y_true : array-like of shape (n_samples,) or (n_samples, max_length)
        True numbers, in any form that :func:`~sksvhn.metrics.as_number_strings` takes.
    y_pred : array-like of shape (n_samples,) or (n_samples, max_length)
        Readings, in any of these forms. A rejected reading (``""``, ``-1`` or an all-blank row)
        counts as wrong.
    bins : int, array-like of shape (n_bins + 1,) or None, default=5
        A number of bins that hold as many pictures each, as nearly as equal values allow; the
        rising edges of bins, each of which belongs to the bin below, the lowest to the first bin;
        or None for one row per distinct value. Booleans always have one row for False and one for
        True.
    confidence : array-like of shape (n_samples,), default=None
        How sure each reading is, in [0, 1]; its mean in each bin is added.
    confidence_level : float, default=0.95
        Level of the intervals, in (0, 1).

    Returns
    -------
    DataFrame of shape (n_bins, 4 to 6)
        Sorted by value; bins without pictures are left out. The index is the bin (a
        `pandas.Interval`) or the value, and has the name of `values` if that is a Series.

        - `n`: pictures.
        - `median`: of their values (only if they are binned).
        - `accuracy`, `low`, `high`: share of them read right, and its interval by Wilson's score
          method [1]_.
        - `confidence`: mean (only if it was given). Where it exceeds `high`, the reader is
          overconfident on such pictures.

    Raises
    ------
    ValueError
        If the inputs differ in length, are empty or hold missing labels, if no picture has a
        value or none lies in a bin, if edges do not rise, or if a value is infinite where `bins`
        is a number.

    See Also
    --------
    picture_properties : Properties to pass as `values`.

    References
    ----------
    .. [1] E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
       Journal of the American Statistical Association 22 (158), 1927.

    Examples
    --------
    >>> from sksvhn.inspection import accuracy_by
    >>> heights = [12, 14, 15, 30, 32, 40]
    >>> y_true = ["19", "7", "84", "5", "12", "33"]
    >>> y_pred = ["10", "1", "84", "5", "12", "33"]
    >>> accuracy_by(heights, y_true, y_pred, bins=[10, 20, 40]).round(2)
              n  median  accuracy   low  high
    (10, 20]  3    14.0      0.33  0.06  0.79
    (20, 40]  3    32.0      1.00  0.44  1.00
    >>> lengths = [len(number) for number in y_true]
    >>> accuracy_by(lengths, y_true, y_pred, bins=None).round(2)
       n  accuracy   low  high
    1  2      0.50  0.09  0.91
    2  4      0.75  0.30  0.95
    """
    name = getattr(values, "name", None)
    check_not_masked(values, "values")
    column = column_or_1d(values)
    # pandas groups no numbers of another byte order.
    column = column.astype(column.dtype.newbyteorder("="), copy=False)
    check_consistent_length(column, y_true)
    readings = check_readings(y_true, y_pred, confidence=confidence)
    if column.dtype.kind == "b" and np.isscalar(bins):
        bins = None
    frame = pd.DataFrame({"value": column, "right": readings.is_right})
    if readings.confidence is not None:
        frame["confidence"] = readings.confidence
    groups: Any = frame["value"] if bins is None else _binned(frame["value"], bins)
    rows = {}
    for key, group in frame.groupby(groups, observed=True):
        n, n_right = len(group), int(group["right"].sum())
        low, high = wilson_interval(n_right, n, confidence_level)
        rows[key] = {
            "n": n,
            **({} if bins is None else {"median": float(group["value"].median())}),
            "accuracy": n_right / n,
            "low": low,
            "high": high,
            **({"confidence": group["confidence"].mean()} if "confidence" in group else {}),
        }
    if not rows:
        raise ValueError(
            f"bins must cover the value of at least one picture; none of {len(frame)} has one; "
            "pass other bins, or values that are not all missing."
        )
    table = pd.DataFrame.from_dict(rows, orient="index").astype({"n": np.int64})
    table.index.name = name
    return table


def wilson_interval(n_right: int, n: int, confidence_level: float = 0.95) -> tuple[float, float]:
    """Interval of a share, n_right of n."""
    interval = binomtest(n_right, n).proportion_ci(confidence_level, method="wilson")
    return float(interval.low), float(interval.high)


def _binned(values: pd.Series, bins: Any) -> pd.Series:
    if values.dtype.kind not in "iuf":
        raise ValueError(
            f"values must be numbers to be put into bins; got dtype {values.dtype}; pass bins=None "
            "for one row per distinct value."
        )
    if isinstance(bins, Integral):
        return _quantile_bins(values, int(bins))
    edges = np.asarray(bins, dtype=np.float64)
    if edges.ndim != 1 or len(edges) < 2 or not (np.diff(edges) > 0).all():
        raise ValueError(f"bins must be two or more increasing edges; got {edges.tolist()}.")
    # Whole edges are shown without ".0".
    whole = np.isfinite(edges).all() and np.array_equal(edges, np.trunc(edges))
    return _between(values, edges.astype(np.int64) if whole else edges)


def _quantile_bins(values: pd.Series, n_bins: int) -> pd.Series:
    infinite = np.isinf(values.to_numpy())
    if infinite.any():
        row = int(infinite.argmax())
        raise ValueError(
            f"values must be finite for bins of equal counts; element {row} is {values[row]}; "
            "write NaN to leave such pictures out, or pass the edges of the bins."
        )
    known = values.dropna()
    edges = np.quantile(known, np.linspace(0, 1, n_bins + 1)) if len(known) else np.empty(0)
    edges = np.unique(edges)
    if len(edges) > 1:
        return _between(values, edges)
    return values.map(lambda value: pd.Interval(value, value, "both"), na_action="ignore")


def _between(values: pd.Series, edges: NDArray[Any]) -> pd.Series:
    """Bin of each value; the lowest edge is of the first."""
    inside = values.astype(np.float64).where(
        values != edges[0], np.nextafter(float(edges[0]), np.inf)
    )
    return pd.cut(inside, edges.tolist())
