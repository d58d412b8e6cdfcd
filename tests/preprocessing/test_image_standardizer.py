"""Pixels to mean 0 and deviation 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sksvhn.preprocessing import ImageStandardizer


def colored(n: int, dtype: Any = np.uint8) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.integers(0, 100, (n, 6, 5, 3)) * [1, 1.2, 0.5] + [0, 20, 100]).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_channels_of_the_training_set(dtype: Any) -> None:
    pictures = colored(40, dtype)
    standardizer = ImageStandardizer().fit(pictures)
    np.testing.assert_allclose(standardizer.mean_, pictures.mean((0, 1, 2), float), rtol=1e-12)
    np.testing.assert_allclose(standardizer.std_, pictures.std((0, 1, 2), float), rtol=1e-12)
    result = standardizer.transform(pictures).astype(float)
    np.testing.assert_allclose(result.mean((0, 1, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(result.std((0, 1, 2)), 1, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_each_picture(dtype: Any) -> None:
    result = ImageStandardizer(per_image=True).fit_transform(colored(9, dtype)).astype(float)
    np.testing.assert_allclose(result.mean((1, 2, 3)), 0, atol=1e-6)
    np.testing.assert_allclose(result.std((1, 2, 3)), 1, atol=1e-6)


@given(st.floats(0.01, 100), st.floats(-100, 100))
def test_each_picture_whatever_its_brightness_and_contrast(scale: float, offset: float) -> None:
    pictures = colored(3, np.float64)
    standardizer = ImageStandardizer(per_image=True).fit(pictures)
    np.testing.assert_allclose(
        standardizer.transform(pictures * scale + offset),
        standardizer.transform(pictures),
        atol=1e-8,
    )


@given(st.floats(-1e3, 1e3), st.booleans())
def test_flat_pictures_become_zero(value: float, per_image: bool) -> None:
    flat = np.full((3, 7, 7, 3), value)
    result = ImageStandardizer(per_image=per_image).fit_transform(flat)
    np.testing.assert_allclose(result, 0, atol=1e-9)


@given(st.lists(st.integers(0, 3), min_size=6, max_size=6).filter(any))
def test_weights_count_as_repetitions(repetitions: list[int]) -> None:
    pictures = colored(6, np.float64)
    weighted = ImageStandardizer().fit(pictures, sample_weight=repetitions)
    repeated = ImageStandardizer().fit(pictures.repeat(repetitions, axis=0))
    np.testing.assert_allclose(weighted.mean_, repeated.mean_, rtol=1e-12)
    np.testing.assert_allclose(weighted.std_, repeated.std_, rtol=1e-12)


def test_negative_weights_are_refused() -> None:
    with pytest.raises(ValueError, match=r"[Nn]egative"):
        ImageStandardizer().fit(colored(2), sample_weight=[1, -1])


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_pictures_of_another_scale_are_refused(dtype: Any) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (20, 8, 9)).astype(dtype)
    standardizer = ImageStandardizer().fit(pictures)
    with pytest.raises(ValueError, match="white was 255; multiply X by 255"):
        standardizer.transform(pictures[:1] / 255)
    with pytest.warns(UserWarning, match="20 of 20 pictures are almost black"):
        standardizer.transform((pictures > 100).astype(dtype))
    np.testing.assert_array_equal(
        standardizer.transform(pictures > 100),
        standardizer.transform((pictures > 100) * np.float32(255)),
    )
    for per_image in (True, False):  # of the last fit alone
        standardizer.set_params(per_image=per_image).fit(pictures / 255).transform(pictures / 255)
    with pytest.raises(ValueError, match="white was 1; divide X by 255"):
        standardizer.transform(pictures)
    each = ImageStandardizer(per_image=True).fit(pictures)
    np.testing.assert_allclose(
        each.transform(pictures / 255), each.transform(pictures), rtol=0, atol=1e-5
    )
