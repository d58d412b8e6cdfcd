"""Scores of boxes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from sksvhn.metrics import location_average_precision, location_precision_recall_curve

BOX = [10.0, 10.0, 20.0, 10.0]


def test_curve_by_hand() -> None:
    true = [[BOX], [BOX], None]
    found = [[[*BOX, 0.9], [*BOX, 0.8]], [[50, 50, 9, 9, 0.7], [*BOX, 0.6]], [[*BOX, 0.5]]]
    curve = location_precision_recall_curve(true, found)
    np.testing.assert_allclose(curve.precision, [1, 1 / 2, 1 / 3, 2 / 4, 2 / 5])
    np.testing.assert_allclose(curve.recall, [0.5, 0.5, 0.5, 1, 1])
    assert curve.confidence.tolist() == [0.9, 0.8, 0.7, 0.6, 0.5]
    assert location_average_precision(true, found) == pytest.approx(0.5 + 0.5 * 0.5)
    assert location_average_precision(true, [[]] * 3) == 0


@given(st.lists(st.tuples(st.booleans(), st.floats(0.01, 1)), min_size=1, max_size=20))
def test_where_every_number_is_found(boxes: list[tuple[bool, float]]) -> None:
    right = np.array([hit for hit, _ in boxes])
    sure = np.array([confidence for _, confidence in boxes])
    if not right.any() or len(np.unique(sure)) < len(sure):
        return
    # One picture per box: scikit-learn's score, before precision is made to rise.
    true = [[BOX] if hit else [] for hit in right]
    found = [[[*BOX, confidence]] for confidence in sure]
    assert location_average_precision(true, found) >= average_precision_score(right, sure) - 1e-9


def test_min_overlap() -> None:
    found = [[[10, 10, 20, 14, 0.9]]]
    assert location_average_precision([[BOX]], found, min_overlap=0.7) == 1
    assert location_average_precision([[BOX]], found, min_overlap=0.8) == 0


def test_columns_of_tables_count_by_name() -> None:
    table = pd.DataFrame([[0.9, *BOX]], columns=["confidence", "left", "top", "width", "height"])
    true = table[["width", "height", "left", "top"]]
    assert location_average_precision([true], [table]) == 1
    with pytest.raises(ValueError, match=r"y_pred\[0\] must have the columns .* confidence; got"):
        location_average_precision([true], [true])


@pytest.mark.parametrize(
    ("true", "found", "message"),
    [
        ([[BOX]], [[BOX]], r"y_pred\[0\] must be finite rows of .* confidence"),
        ([[]], [[]], "y_true must hold at least one box"),
        ([[BOX], []], [[]], "y_true must have one entry per picture; got 2 for 1"),
        (np.ma.masked_array([[BOX]], mask=True), [[]], "mask"),
        ([[BOX]], [np.ma.masked_array([[*BOX, 0.5]], mask=True)], "mask"),
    ],
)
def test_wrong_boxes(true: Any, found: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        location_average_precision(true, found)
