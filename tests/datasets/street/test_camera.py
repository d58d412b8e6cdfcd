from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sksvhn._images._crop import Region
from sksvhn.datasets._street import _camera as camera


@given(seed=st.integers(0, 2**32 - 1), width=st.floats(2, 60), height=st.floats(8, 90))
@settings(deadline=None)
def test_blur_leaves_digits_legible(seed, width, height):
    rng = np.random.default_rng(seed)
    radius_x, radius_y = camera.limit_blur(rng, camera.draw_blur(rng, height), width, height)
    assert 0 < radius_x <= 0.17 * width
    assert 0 < radius_y <= 0.11 * height


@given(seed=st.integers(0, 2**32 - 1), contrast=st.floats(0.001, 0.5))
@settings(deadline=None)
def test_noise_is_weaker_than_what_is_seen(seed, contrast):
    grey = np.full((40, 40), 0.5, np.float32)
    grey[:, ::2] += 2 * contrast
    tinted = grey[..., np.newaxis] + np.float32([-0.4, 0, 0.4])
    for pixels in (grey, tinted):
        noise = camera.add_noise(np.random.default_rng(seed), pixels) - pixels
        assert noise.std() < 0.6 * contrast


SIZES = st.tuples(st.integers(10, 300), st.integers(10, 300))
TURNS = st.sampled_from([-np.pi / 2, 0.0, np.pi / 2])


def depths_of_corners(view, size):
    """Distances of a scene's corners over that of its middle."""
    corners = np.array([[0, size[0], size[0], 0], [0, 0, size[1], size[1]], [1, 1, 1, 1]])
    return view[2] @ corners / (view[2] @ (size[0] / 2, size[1] / 2, 1))


@given(st.integers(0, 2**32 - 1), SIZES, TURNS)
def test_no_view_reaches_the_horizon(seed, size, turn):
    view = camera.draw_viewpoint(np.random.default_rng(seed), size, 1.0, turn)
    assert np.abs(depths_of_corners(view, size) - 1).max() <= 0.25 + 1e-9


@given(st.integers(0, 2**32 - 1), SIZES, TURNS, st.floats(0.1, 0.5), st.floats(0.3, 2))
def test_an_oblique_view_is_as_steep_as_told_at_most(seed, size, turn, steepest, scale):
    rng = np.random.default_rng(seed)
    view = camera.draw_oblique_viewpoint(rng, size, scale, turn, steepest=steepest)
    assert np.abs(depths_of_corners(view, size) - 1).max() <= steepest + 1e-9
    # The middle is at the origin, and nothing is mirrored there.
    middle = np.array([size[0] / 2, size[1] / 2])
    around = [camera.view_boxes(np.array([[*(middle + d)] * 2]), view)[0, :2] for d in np.eye(2)]
    np.testing.assert_allclose(camera.view_boxes(np.array([[*middle] * 2]), view), 0, atol=1e-9)
    assert 0 < np.linalg.det(around) <= 1.2 * scale**2


def test_most_oblique_views_are_from_below():
    rng = np.random.default_rng(0)
    draw = partial(camera.draw_oblique_viewpoint, rng, (100, 60), 1.0, 0.0, steepest=0.5)
    views = [draw() for _ in range(200)]
    top, bottom = (np.array([view[2] @ (50, y, 1) for view in views]) for y in (0, 60))
    assert 0.7 < (top > bottom).mean() < 0.95


def test_distances_are_told_as_far_as_the_horizon():
    view = np.array([[1.0, 0, 0], [0, 1, 0], [0.01, 0, 1]])  # x = 100 is at the horizon
    assert camera.farthest(view, Region(-50, -5, 0, 5)) == pytest.approx(1)
    assert camera.farthest(view, Region(-50, -5, 50, 5)) == pytest.approx(2)
    assert camera.farthest(view, Region(-50, -5, 100, 5)) == math.inf
    assert camera.farthest(view, Region(-50, -5, 200, 5)) == math.inf


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_edges_of_a_scene_are_repeated_in_every_channel(mode):
    scene = Image.new(mode, (8, 8), 40 if mode == "L" else (40, 80, 120, 160)[: len(mode)])
    seen = camera.view_scene(scene, np.eye(3), (-20, -20), (40, 40))
    assert seen.mode == mode
    assert seen.getextrema() == scene.getextrema()
