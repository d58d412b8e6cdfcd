"""Colour to grey."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.utils.estimator_checks import parametrize_with_checks

from sksvhn.preprocessing import GrayscaleTransformer


@parametrize_with_checks([GrayscaleTransformer()])
def test_scikit_learn_check(estimator: Any, check: Any) -> None:
    check(estimator)


def test_agrees_with_pillow() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (1500, 5, 7, 3), dtype=np.uint8)
    grey = GrayscaleTransformer().fit_transform(pictures)
    assert grey.shape == (1500, 5, 7)
    assert grey.dtype == np.uint8
    pillow = [np.asarray(Image.fromarray(picture).convert("L")) for picture in pictures]
    assert np.abs(grey.astype(int) - np.stack(pillow)).max() <= 1


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
