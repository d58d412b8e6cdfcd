"""Pixels to a given range."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sksvhn.preprocessing import ImageScaler


@pytest.mark.parametrize("feature_range", [(0, 1), (-1, 1), (0.25, 0.5)])
def test_uint8_is_scaled_by_its_range_not_by_its_pixels(feature_range: tuple[float, float]) -> None:
    scaler = ImageScaler(feature_range=feature_range).fit(np.full((1, 2, 2), 100, np.uint8))
    ends = scaler.transform(np.array([[[0, 255], [0, 255]]], np.uint8))
    np.testing.assert_array_equal(ends[0, 0], np.float32(feature_range))


@given(
    arrays(np.float64, (3, 2, 4), elements=st.floats(-1e6, 1e6)),
    st.tuples(st.floats(-5, 0), st.floats(0.5, 5)),
)
def test_floats_are_scaled_by_the_range_seen(
    pictures: np.ndarray, feature_range: tuple[float, float]
) -> None:
    scaler = ImageScaler(feature_range=feature_range).fit(pictures)
    assert (scaler.data_min_, scaler.data_max_) == (pictures.min(), pictures.max())
    scaled = scaler.transform(pictures)
    low, high = feature_range
    assert scaled.min() == pytest.approx(low)
    if pictures.max() > pictures.min():
        assert scaled.max() == pytest.approx(high)
        share = (pictures - pictures.min()) / (pictures.max() - pictures.min())
        np.testing.assert_allclose(scaled, low + share * (high - low), atol=1e-9)
    else:
        assert (scaled == low).all()


def test_floats_seen_after_uint8_are_taken_as_0_to_255() -> None:
    scaler = ImageScaler().fit(np.zeros((1, 2, 2), np.uint8))
    scaled = scaler.transform(np.full((1, 2, 2), 510.0))
    np.testing.assert_array_equal(scaled, np.full((1, 2, 2), 2.0))


@pytest.mark.parametrize("feature_range", [(1, 0), (1, 1), (0, 1, 2), (0, np.nan)])
def test_refuses_no_range(feature_range: Any) -> None:
    with pytest.raises(ValueError, match="feature_range must be two numbers"):
        ImageScaler(feature_range=feature_range).fit(np.zeros((1, 2, 2)))
