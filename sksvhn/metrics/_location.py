"""Scores of boxes that were found, against those of the numbers that there are."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils._param_validation import Interval

from .._boxes import RIGHT, Boxes, check_boxes, match_boxes
from .._files._csv_lines import BOX_COLUMNS
from .._images._crop import by_name
from .._parameters import check_not_masked, validate_params

_COLUMNS = (*BOX_COLUMNS, "confidence")
_CONSTRAINTS = {
    "y_true": "no_validation",
    "y_pred": "no_validation",
    "min_overlap": [Interval(Real, 0, 1, closed="right")],
}


class PrecisionRecall(NamedTuple):
    """Precision and recall of boxes, from the surest one on.

    Attributes
    ----------
    precision : ndarray of shape (n_found,)
        Share of the boxes at least as sure that are right.
    recall : ndarray of shape (n_found,)
        Share of the numbers that one of them finds.
    confidence : ndarray of shape (n_found,)
        Confidence of each box, from high to low.
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    confidence: NDArray[np.float64]


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def location_precision_recall_curve(
    y_true: Sequence[ArrayLike | None],
    y_pred: Sequence[ArrayLike],
    *,
    min_overlap: float = RIGHT,
) -> PrecisionRecall:
    """Compute precision and recall of boxes for every confidence that may be asked for.

    A box is right if its intersection over union with a number is at least `min_overlap`, and no
    surer box found the same number.

    Parameters
    ----------
    y_true : sequence of n_samples array-likes of shape (n_numbers, 4)
        Left, top, width and height of the numbers in each picture; empty or None where there is
        none.
    y_pred : sequence of n_samples array-likes of shape (n_found, 5)
        Boxes found in each picture, and the confidence in each, as
        :meth:`~sksvhn.NumberLocator.predict` returns them.
    min_overlap : float in (0, 1], default=0.5
        Least intersection over union of a box that is right.

    Returns
    -------
    PrecisionRecall
        The curve.

    Raises
    ------
    ValueError
        If boxes are not as above, or there is no number at all.

    Examples
    --------
    >>> from sksvhn.metrics import location_precision_recall_curve
    >>> true = [[[10, 10, 20, 10]], [[5, 5, 10, 10]]]
    >>> found = [[[10, 10, 20, 11, 0.9], [50, 5, 10, 10, 0.4]], []]
    >>> location_precision_recall_curve(true, found).recall
    array([0.5, 0.5])
    """
    found = [_checked(boxes, f"y_pred[{row}]") for row, boxes in enumerate(y_pred)]
    true = check_boxes(y_true, len(found), "y_true")
    n_numbers = sum(map(len, true))
    if n_numbers == 0:
        raise ValueError("y_true must hold at least one box; got none.")
    right = [match_boxes(f, t, min_overlap) for f, t in zip(found, true, strict=True)]
    confidence = np.concatenate([f[:, 4] for f in found])
    order = np.argsort(-confidence, kind="stable")
    hits = np.concatenate(right)[order].cumsum()
    return PrecisionRecall(hits / np.arange(1, len(hits) + 1), hits / n_numbers, confidence[order])


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def location_average_precision(
    y_true: Sequence[ArrayLike | None],
    y_pred: Sequence[ArrayLike],
    *,
    min_overlap: float = RIGHT,
) -> float:
    """Compute the average precision of boxes that were found; the higher the better.

    It is the area under the curve of precision over recall, after precision has been made to rise
    towards lower recall, as in the PASCAL VOC challenge [1]_ and COCO's AP50. Numbers that no box
    finds count as lost precision.

    Parameters
    ----------
    y_true : sequence of n_samples array-likes of shape (n_numbers, 4)
        Left, top, width and height of the numbers in each picture; empty or None where there is
        none.
    y_pred : sequence of n_samples array-likes of shape (n_found, 5)
        Boxes found in each picture, and the confidence in each, as
        :meth:`~sksvhn.NumberLocator.predict` returns them.
    min_overlap : float in (0, 1], default=0.5
        Least intersection over union of a box that is right.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        If boxes are not as above, or there is no number at all.

    References
    ----------
    .. [1] M. Everingham, S. M. A. Eslami, L. Van Gool, C. K. I. Williams, J. Winn, A. Zisserman,
       "The PASCAL Visual Object Classes Challenge: A Retrospective", IJCV 111, 2015, section 3.3.

    Examples
    --------
    >>> from sksvhn.metrics import location_average_precision
    >>> true = [[[10, 10, 20, 10]], [[5, 5, 10, 10]]]
    >>> found = [[[10, 10, 20, 11, 0.9], [50, 5, 10, 10, 0.4]], []]
    >>> location_average_precision(true, found)
    0.5
    """
    curve = location_precision_recall_curve(y_true, y_pred, min_overlap=min_overlap)
    best = np.maximum.accumulate(curve.precision[::-1])[::-1]
    return float(best @ np.diff(curve.recall, prepend=0.0))


def _checked(boxes: ArrayLike, name: str) -> Boxes:
    check_not_masked(boxes, name)
    found = np.asarray(by_name(boxes, name, _COLUMNS), dtype=np.float64)
    if found.size == 0:
        return np.empty((0, 5))
    if found.ndim != 2 or found.shape[1] != 5 or not np.isfinite(found).all():
        raise ValueError(
            f"{name} must be finite rows of (left, top, width, height, confidence); got an array "
            f"of shape {found.shape}."
        )
    return found[np.argsort(-found[:, 4], kind="stable")]
