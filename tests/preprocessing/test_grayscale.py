"""Colour to grey."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from sksvhn.preprocessing import GrayscaleTransformer, load_image


def test_equals_pillow_for_every_kind_of_colour() -> None:
    # All 16 million colours in steps of 5 in each channel, and the ends.
    levels = np.append(np.arange(0, 255, 5), 255).astype(np.uint8)
    colors = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(-1, 52, 52, 3)
    grey = GrayscaleTransformer().fit_transform(colors)
    assert grey.dtype == np.uint8
    pillow = [np.asarray(Image.fromarray(picture).convert("L")) for picture in colors]
    np.testing.assert_array_equal(grey, pillow)
    np.testing.assert_array_equal(grey[7], load_image(colors[7], color="grey"))


def test_uint8_is_the_luma_rounded() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (20, 9, 9, 3), dtype=np.uint8)
    luma = pictures @ np.array(GrayscaleTransformer.LUMA)
    grey = GrayscaleTransformer().fit_transform(pictures)
    assert np.abs(grey - luma).max() < 0.51


def test_rows_stay_rows() -> None:
    pictures = np.random.default_rng(0).random((4, 6, 6, 3))
    rows = GrayscaleTransformer().fit_transform(pictures.reshape(4, -1))
    np.testing.assert_allclose(rows, (pictures @ GrayscaleTransformer.LUMA).reshape(4, -1))


def test_grey_pictures_pass() -> None:
    pictures = np.random.default_rng(0).random((4, 6, 5)).astype(np.float32)
    np.testing.assert_array_equal(GrayscaleTransformer().fit_transform(pictures), pictures)


def test_other_shape_at_transform_is_an_error() -> None:
    transformer = GrayscaleTransformer().fit(np.zeros((2, 6, 5, 3)))
    with pytest.raises(ValueError, match=r"\(6, 5, 1\)"):
        transformer.transform(np.zeros((2, 6, 5)))
