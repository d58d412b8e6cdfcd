"""Pictures to another size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sksvhn.preprocessing import ImageResizer

SIZES = st.tuples(st.integers(1, 40), st.integers(1, 40))


@given(size=SIZES, image_size=SIZES, value=st.integers(0, 255), channels=st.sampled_from([1, 3]))
@settings(deadline=None)
def test_flat_pictures_stay_flat(
    size: tuple[int, int], image_size: tuple[int, int], value: int, channels: int
) -> None:
    flat = np.full((2, *size, channels), value, np.uint8)
    resized = ImageResizer(image_size=image_size).fit_transform(flat)
    assert resized.shape == (2, *image_size, channels)
    assert resized.dtype == np.uint8
    assert (resized == value).all()


@given(image_size=SIZES, seed=st.integers(0, 99))
@settings(deadline=None)
def test_no_new_extremes(image_size: tuple[int, int], seed: int) -> None:
    pictures = np.random.default_rng(seed).integers(50, 201, (1, 9, 13), dtype=np.uint8)
    resized = ImageResizer(image_size=image_size).fit_transform(pictures)
    assert resized.min() >= pictures.min()
    assert resized.max() <= pictures.max()


def test_equals_pillow() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, 20, 30, 3), dtype=np.uint8)
    resized = ImageResizer(image_size=(8, 16)).fit_transform(pictures)
    pillow = [
        Image.fromarray(picture).resize((16, 8), Image.Resampling.BILINEAR) for picture in pictures
    ]
    np.testing.assert_array_equal(resized, pillow)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_agree_with_uint8(dtype: Any) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, 20, 30, 3), dtype=np.uint8)
    resizer = ImageResizer(image_size=(8, 45))
    floats = resizer.fit_transform(pictures.astype(dtype))
    assert floats.dtype == dtype
    # Pillow rounds uint8 once after each of its two passes.
    assert np.abs(floats - resizer.fit_transform(pictures)).max() <= 1.01


def test_own_size_changes_nothing() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, 20, 30), dtype=np.uint8)
    resized = ImageResizer(image_size=(20, 30)).fit_transform(pictures)
    np.testing.assert_array_equal(resized, pictures)
    assert not np.shares_memory(resized, pictures)


def test_fine_stripes_blur_and_do_not_beat() -> None:
    stripes = np.zeros((1, 90, 90), np.float32)
    stripes[:, :, ::2] = 1
    resized = ImageResizer(image_size=(32, 32)).fit_transform(stripes)
    assert np.abs(resized - 0.5).max() < 0.1


@pytest.mark.parametrize("image_size", [(0, 5), (5,), (5, 5.5), (-1, 3)])
def test_refuses_no_size(image_size: Any) -> None:
    with pytest.raises(ValueError, match="image_size must be two positive integers"):
        ImageResizer(image_size=image_size).fit(np.zeros((1, 4, 4)))
