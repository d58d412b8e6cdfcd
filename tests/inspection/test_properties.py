from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from sksvhn.inspection import accuracy_by, picture_properties

STRINGS = ["19", "7", "84", "5", "120", "33"]
INTS = [19, 7, 84, 5, 120, 33]
PADDED = np.array(
    [[1, 9, 10], [7, 10, 10], [8, 4, 10], [5, 10, 10], [1, 2, 0], [3, 3, 10]], dtype=np.int64
)


@pytest.fixture(scope="module")
def texture():
    return gaussian_filter(np.random.default_rng(0).random((40, 60)), 1) * 2 - 0.5


def test_sizes_of_pictures_of_any_size():
    images = [np.zeros((4, 9), np.uint8), np.full((7, 3, 3), 255, np.uint8), np.ones((5, 5, 1))]
    table = picture_properties(images)
    assert table.columns.tolist() == ["height", "width", "brightness", "contrast", "sharpness"]
    assert table[["height", "width"]].to_numpy().tolist() == [[4, 9], [7, 3], [5, 5]]
    assert table["brightness"].tolist() == [0, 1, 1]
    assert table["contrast"].tolist() == [0, 0, 0]
    assert table["sharpness"].isna().all()


def test_array_equals_list_of_its_pictures(texture):
    images = (np.stack([texture, texture[::-1]]) * 255).clip(0, 255).astype(np.uint8)
    pd.testing.assert_frame_equal(picture_properties(images), picture_properties(list(images)))


def test_contrast_and_brightness_are_moments(texture):
    pixels = (texture * 255).clip(0, 255).astype(np.uint8)
    row = picture_properties([pixels]).iloc[0]
    assert row["brightness"] == pytest.approx(pixels.mean() / 255)
    assert row["contrast"] == pytest.approx(pixels.std() / 255)


def test_sharpness_falls_with_blur_and_knows_no_contrast(texture):
    blurred = [gaussian_filter(texture, sigma).clip(0, 1) for sigma in (0, 0.7, 1.5, 3)]
    sharpness = picture_properties(blurred)["sharpness"]
    assert (sharpness.diff().dropna() < 0).all()
    faint = picture_properties([0.3 + 0.4 * blurred[0]])["sharpness"]
    assert faint.iloc[0] == pytest.approx(sharpness.iloc[0], rel=0.02)


def test_sharpness_has_the_stated_maximum():
    checks = np.indices((30, 30)).sum(axis=0) % 2 * 255
    # Edges are repeated, so that only the inside has four unlike neighbours.
    assert 50 < picture_properties([checks])["sharpness"].iloc[0] <= 64


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([], "at least one picture"),
        (np.zeros((4, 5)), r"sequence of pictures, .* got one picture, or rows"),
        (np.zeros((4, 5, 3)), r"sequence of pictures, .* got one picture"),
        (b"abc", "got one picture"),
        (
            [np.zeros((4, 5)), np.zeros(3)],
            r"Picture 1: a picture must have shape .* got shape \(3,\)",
        ),
        ([np.full((4, 5), np.nan)], "Picture 0: .* from nan to nan"),
    ],
)
def test_bad_pictures_are_named(images, message):
    with pytest.raises(ValueError, match=message):
        picture_properties(images)


@pytest.mark.parametrize("y_true", [STRINGS, INTS, PADDED])
@pytest.mark.parametrize("y_pred", [["19", "1", "84", "5", "", "33"], [19, 1, 84, 5, -1, 33]])
def test_all_forms_of_labels(y_true, y_pred):
    table = accuracy_by([2, 1, 2, 1, 3, 2], y_true, y_pred, bins=None)
    assert table.index.tolist() == [1, 2, 3]
    assert table["n"].tolist() == [2, 3, 1]
    assert table["accuracy"].tolist() == [0.5, 1.0, 0.0]
    assert "median" not in table
    assert "confidence" not in table


def test_edges_belong_to_the_bin_below_and_the_lowest_to_the_first():
    table = accuracy_by([10, 20, 21, 40, 41, 5], STRINGS, STRINGS, bins=[10, 20, 40])
    assert table["n"].tolist() == [2, 2]
    assert table["median"].tolist() == [15, 30.5]
    assert table.index.astype(str).tolist() == ["(10, 20]", "(20, 40]"]


def test_missing_values_are_left_out_and_the_name_is_kept():
    values = pd.Series([1.0, np.nan, 2.0, 3.0, 4.0, np.nan], name="height", index=list("abcdef"))
    table = accuracy_by(values, STRINGS, STRINGS, bins=2)
    assert table["n"].sum() == 4
    assert table.index.name == "height"


def test_values_need_not_be_numbers_without_bins():
    table = accuracy_by(list("baabba"), STRINGS, STRINGS, bins=None)
    assert table["n"].to_dict() == {"a": 3, "b": 3}


def test_booleans_are_categories():
    values = np.array([True, False, True, True, False, True])
    table = accuracy_by(values, STRINGS, ["", *STRINGS[1:]])
    assert table["n"].to_dict() == {False: 2, True: 4}
    assert table["accuracy"].to_dict() == {False: 1, True: 0.75}
    pd.testing.assert_frame_equal(
        table, accuracy_by(values, STRINGS, ["", *STRINGS[1:]], bins=None)
    )
    with pytest.raises(ValueError, match="got dtype bool; pass bins=None"):
        accuracy_by(values, STRINGS, STRINGS, bins=[0, 0.5, 1])


def test_infinite_values_lie_in_bins_that_end_there():
    values = [1, 2, np.inf, -np.inf, 5, np.inf]
    edges = accuracy_by(values, STRINGS, STRINGS, bins=[-np.inf, 2, np.inf])
    assert edges["n"].tolist() == [3, 3]
    assert accuracy_by(values, STRINGS, STRINGS, bins=None)["n"].tolist() == [1, 1, 1, 1, 2]


def test_values_that_are_all_equal_are_one_bin():
    table = accuracy_by([4] * 6, STRINGS, STRINGS, bins=3)
    assert table.index.tolist() == [pd.Interval(4, 4, "both")]


def test_wilson_interval():
    # Of the example on which most texts agree: 9 of 10, 0.596 to 0.982.
    read = ["1"] * 9 + ["2"]
    row = accuracy_by([0] * 10, ["1"] * 10, read, bins=None).iloc[0]
    assert (row["low"], row["high"]) == pytest.approx((0.596, 0.982), abs=5e-4)
    narrower = accuracy_by([0] * 10, ["1"] * 10, read, bins=None, confidence_level=0.5).iloc[0]
    assert row["low"] < narrower["low"] < narrower["high"] < row["high"]


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 9), st.booleans(), st.floats(0, 1)), min_size=1, max_size=30
    ),
    n_bins=st.integers(1, 6),
)
@settings(deadline=None, max_examples=40)
def test_bins_part_the_pictures(rows, n_bins):
    values, right, confidence = zip(*rows, strict=True)
    read = ["1" if r else "2" for r in right]
    for bins in (n_bins, None):
        table = accuracy_by(values, ["1"] * len(rows), read, bins=bins, confidence=confidence)
        whole = table["n"] / len(rows)
        assert table["n"].sum() == len(rows)
        assert whole @ table["accuracy"] == pytest.approx(np.mean(right))
        assert whole @ table["confidence"] == pytest.approx(np.mean(confidence))
        assert (table["low"] <= table["accuracy"]).all()
        assert (table["accuracy"] <= table["high"]).all()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"values": [1, 2]}, "inconsistent numbers of samples"),
        ({"values": ["a", "b", "c"]}, "bins=None"),
        ({"values": [np.nan] * 3}, "none of 3 has one"),
        ({"values": [1, np.inf, -np.inf]}, "element 1 is inf.*write NaN"),
        ({"bins": [3, 2]}, "increasing edges"),
        ({"bins": [7, 9]}, "none of 3 has one"),
        ({"bins": 0}, "'bins' parameter"),
        ({"y_true": ["19", "", "7"]}, "empty number"),
        ({"confidence": [0.1]}, "inconsistent numbers of samples"),
    ],
)
def test_bad_input_is_refused(changed, message):
    call = {"values": [1, 2, 3], "y_true": ["19", "7", "84"], "y_pred": ["19", "7", "84"]}
    with pytest.raises(ValueError, match=message):
        accuracy_by(**(call | changed))
