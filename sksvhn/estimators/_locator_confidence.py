"""How sure boxes are that two looks have found: the evidence, and what is learned of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from .._boxes import Boxes
from ._saving import check

Evidence = NDArray[np.float64]

#: Weights of the evidence, and the intercept, before they are learned: the mean of both looks.
NOT_CALIBRATED = (0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0)
#: Sides of boxes that are shorter, as a share of what the network saw, count as so long.
LEAST_SHARE = 0.01


def evidence(boxes: Boxes, longer_side: float) -> Evidence:
    """Return logits of the scores of both looks, logarithms of sides, and their squares, (n, 6).

    Sides are shares of the longer side of what the network saw at first.
    """
    sizes = np.log((boxes[:, 2:4] / longer_side).clip(min=LEAST_SHARE))
    return np.column_stack([logit(boxes[:, 4:6]), sizes, sizes**2])


def learned_calibration(facts: Evidence, right: NDArray[np.bool_]) -> tuple[float, ...]:
    """Learn weights and intercept from boxes that are right and others that are wrong."""
    if right.all() or not right.any():
        raise ValueError(
            "X must hold pictures in which some boxes that are found are right and others wrong; "
            f"got {len(right)} boxes, of which {right.sum()} are right; pass more pictures."
        )
    curve = LogisticRegression(max_iter=1000).fit(facts, right)
    return (*curve.coef_[0].tolist(), float(curve.intercept_[0]))


def confidences(facts: Evidence, calibration: tuple[float, ...]) -> NDArray[np.float64]:
    """Probabilities that boxes are right."""
    *weights, intercept = calibration
    sure: NDArray[np.float64] = expit(facts @ np.array(weights) + intercept)
    return sure


def check_calibration(calibration: Any) -> None:
    """Raise if a file holds another calibration than `learned_calibration` returns."""
    check(
        isinstance(calibration, tuple)
        and len(calibration) == len(NOT_CALIBRATED)
        and all(type(v) is float and np.isfinite(v) for v in calibration),
        f"the calibration must be {len(NOT_CALIBRATED)} finite numbers",
    )
