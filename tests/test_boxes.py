"""Boxes against each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sksvhn._boxes import (
    check_boxes,
    check_boxes_in_pictures,
    coverage,
    inside,
    match_boxes,
    overlaps,
    surest_boxes,
)

SIDES = st.floats(0.5, 50)
BOXES = st.lists(st.tuples(SIDES, SIDES, SIDES, SIDES, st.floats(0.01, 1)), max_size=12)


def test_overlaps_by_hand() -> None:
    boxes = np.array([[0, 0, 10, 10], [5, 0, 10, 10], [20, 20, 1, 1]], dtype=float)
    expected = [[1, 1 / 3, 0], [1 / 3, 1, 0], [0, 0, 1]]
    np.testing.assert_allclose(overlaps(boxes, boxes), expected)


def test_coverage_by_hand() -> None:
    boxes = np.array([[0, 0, 10, 10], [5, 0, 20, 10], [20, 20, 1, 1]], dtype=float)
    expected = [[1, 0.5, 0], [0.25, 1, 0], [0, 0, 1]]
    np.testing.assert_allclose(coverage(boxes, boxes), expected)
    assert coverage(np.array([[5.0, 5, 0, 3]]), boxes).max() == 0  # of no area


@given(BOXES)
def test_the_surest_boxes_differ(rows: list[Any]) -> None:
    boxes = np.array(rows, dtype=float).reshape(-1, 5)
    kept = surest_boxes(boxes, 20)
    assert (np.diff(kept[:, 4]) <= 0).all()
    assert kept[:, 4].max(initial=0) == boxes[:, 4].max(initial=0)
    assert set(kept[:, 4]) <= set(boxes[:, 4])
    assert len(surest_boxes(boxes, 1)) == min(len(boxes), 1)


def test_boxes_that_bound_a_number_alike_are_averaged() -> None:
    boxes = np.array([[0, 0, 10, 10, 0.9], [2, 0, 10, 10, 0.3], [40, 0, 10, 10, 0.5]])
    np.testing.assert_allclose(
        surest_boxes(boxes, 20), [[0.5, 0, 10, 10, 0.9], [40, 0, 10, 10, 0.5]]
    )


def test_a_number_is_found_once() -> None:
    true = np.array([[0, 0, 10, 10], [20, 0, 10, 10]], dtype=float)
    found = np.array([[0, 0, 10, 9], [0, 0, 10, 10], [50, 0, 10, 10], [21, 0, 10, 10]], dtype=float)
    assert match_boxes(found, true, 0.5).tolist() == [True, False, False, True]
    assert match_boxes(found, true, 0.99).tolist() == [False, True, False, False]
    assert match_boxes(found, np.empty((0, 4)), 0.5).tolist() == [False] * 4
    assert match_boxes(np.empty((0, 5)), true, 0.5).tolist() == []


def test_boxes_are_cut_at_the_edges() -> None:
    boxes = np.array([[-5, -5, 10, 10, 0.5], [95, 40, 10, 20, 0.4], [200, 0, 5, 5, 0.3]])
    np.testing.assert_allclose(inside(boxes, (100, 50)), [[0, 0, 5, 5, 0.5], [95, 40, 5, 10, 0.4]])


def test_boxes_in_any_form() -> None:
    checked = check_boxes([[[1, 2, 3, 4]], [], None, np.array([5, 6, 7, 8])], 4, "y")
    assert [boxes.tolist() for boxes in checked] == [[[1, 2, 3, 4]], [], [], [[5, 6, 7, 8]]]


def test_columns_of_tables_count_by_name() -> None:
    table = pd.DataFrame({"width": [3, 7], "height": [4, 8], "left": [1, 5], "top": [2, 6]})
    rows = [[1, 2, 3, 4], [5, 6, 7, 8]]
    checked = check_boxes([table, table.iloc[0], pd.DataFrame(rows)], 3, "y")
    assert [boxes.tolist() for boxes in checked] == [rows, rows[:1], rows]
    assert [boxes.tolist() for boxes in check_boxes(table, 2, "y")] == [rows[:1], rows[1:]]
    with pytest.raises(ValueError, match=r"y\[0\] must have the columns left, top, width, height"):
        check_boxes([table.rename(columns={"left": "x"})], 1, "y")


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ([0.1, 0.1, 0.5, 0.5], r"y\[1\]: digit boxes must be .* in pixels; got .* multiply shares"),
        ([25, 25, 39, 29], "pass right - left as the width"),
        ([0, 35, 10, 10], "outside the picture of 40 x 30 pixels"),
    ],
)
def test_boxes_outside_or_not_in_pixels(box: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_boxes_in_pictures([[], [[35, 1, 9, 9], box]], [(90, 90), (40, 30)], "y")


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ("boxes", "y must hold one array-like of boxes"),
        ([[]], "got 1 for 2 pictures"),
        ([[], [[1, 2, 3]]], r"y\[1\] must be rows of .* shape \(1, 3\)"),
        ([[], [["a", 2, 3, 4]]], r"y\[1\] must be rows of"),
        ([[], [[1, 2, 3, 0]]], r"y\[1\] must hold finite boxes with a positive width and height"),
        ([[], [[1, 2, np.nan, 4]]], r"y\[1\] must hold finite boxes"),
    ],
)
def test_wrong_boxes(boxes: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_boxes(boxes, 2, "y")
