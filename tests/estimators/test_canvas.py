"""Photographs as a locator's network reads them, and the way back."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from sksvhn.estimators._canvas import MULTIPLE, on_canvas, pieces_of


@pytest.mark.parametrize(
    "size", [(1, 1), (7, 300), (640, 480), (480, 640), (100, 250), (3000, 400), (20, 2000)]
)
def test_pieces_cover_the_picture(size: tuple[int, int]) -> None:
    covered = np.zeros(size[::-1], dtype=bool)
    for piece in pieces_of(Image.new("RGB", size), 128):
        height, width = piece.pixels.shape[:2]
        assert height % MULTIPLE == width % MULTIPLE == 0
        assert max(height, width) == 128
        (left, top, wide, high) = piece.boxes_in_picture(np.array([[0, 0, width, height]]))[0]
        covered[round(top) : round(top + high), round(left) : round(left + wide)] = True
        assert (left, top) == (piece.left, piece.top)
    assert covered.all()


def test_boxes_come_back_to_their_place() -> None:
    picture = Image.new("RGB", (1000, 300))
    picture.paste((255, 255, 255), (450, 100, 550, 160))
    centers = []
    for piece in pieces_of(picture, 128):
        ys, xs = np.nonzero(piece.pixels[..., 0] > 127)
        if len(xs):
            edges = np.array([[xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]])
            box = piece.boxes_in_picture(edges)[0]
            np.testing.assert_allclose(box, [450, 100, 100, 60], atol=6)
            centers.append(box)
    assert len(centers) == 2  # neighbouring pieces share a part


def test_the_rest_of_a_canvas_has_the_mean_colour() -> None:
    pixels = np.zeros((10, 20, 3), np.uint8)
    pixels[:5] = 100
    canvas = on_canvas(pixels, (64, 64))
    assert (canvas[:10, :20] == pixels).all()
    assert (canvas[10:] == 50).all()
