"""Local contrast normalisation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sksvhn.preprocessing import LocalContrastNormalizer


def by_the_paper(picture: np.ndarray, sigma: float) -> np.ndarray:
    """Sums over all pixels, window and channels, as Jarrett et al. write them."""
    radius = int(2 * sigma + 0.5)
    offsets = np.arange(-radius, radius + 1)
    window = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * sigma**2))
    weights = np.repeat(window[..., None], picture.shape[2], axis=2)
    weights /= weights.sum()

    def weighted_sums(values: np.ndarray) -> np.ndarray:
        padding = [(radius, radius), (radius, radius), (0, 0)]
        padded = np.pad(values, padding, mode="symmetric")
        size = 2 * radius + 1
        return np.array(
            [
                [
                    (weights * padded[y : y + size, x : x + size]).sum()
                    for x in range(picture.shape[1])
                ]
                for y in range(picture.shape[0])
            ]
        )

    v = picture - weighted_sums(picture)[..., None]
    sigma_jk = np.sqrt(weighted_sums(v**2))
    return v / np.maximum(sigma_jk.mean(), sigma_jk)[..., None]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("sigma", [1.0, 2.0])
def test_equals_the_paper(channels: int, sigma: float) -> None:
    pictures = np.random.default_rng(0).random((2, 11, 14, channels))
    result = LocalContrastNormalizer(sigma=sigma).fit_transform(pictures)
    np.testing.assert_allclose(
        result, [by_the_paper(picture, sigma) for picture in pictures], atol=1e-12
    )


@given(st.floats(0.01, 100), st.floats(-100, 100), st.booleans())
@settings(deadline=None)
def test_brightness_and_contrast_change_nothing(scale: float, offset: float, invert: bool) -> None:
    pictures = np.random.default_rng(0).random((2, 12, 12, 3))
    normalizer = LocalContrastNormalizer().fit(pictures)
    sign = -1 if invert else 1
    np.testing.assert_allclose(
        normalizer.transform(pictures * sign * scale + offset),
        sign * normalizer.transform(pictures),
        atol=1e-8,
    )


@given(st.floats(-1e3, 1e3), st.sampled_from([np.float32, np.float64]))
@settings(deadline=None)
def test_flat_pictures_become_zero(value: float, dtype: Any) -> None:
    flat = np.full((2, 12, 12), value, dtype)
    result = LocalContrastNormalizer().fit_transform(flat)
    assert result.dtype == dtype
    np.testing.assert_allclose(result, 0, atol=1e-9)


def test_flat_regions_are_not_blown_up() -> None:
    picture = np.zeros((1, 40, 40))
    picture[:, :, 30:] = 1
    picture[:, 5, 5] = 1e-6
    result = LocalContrastNormalizer().fit_transform(picture)
    assert np.abs(result[:, :, :20]).max() < 1e-4
    assert np.abs(result[:, :, 28:32]).max() > 0.5
