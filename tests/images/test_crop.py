from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sksvhn._images._crop import (
    Region,
    clip_region,
    grow_region,
    number_region,
    resize_region,
    square_region,
    union_region,
)

SIDES = st.integers(1, 300)
BOXES = st.lists(
    st.tuples(st.floats(-50, 300), st.floats(-50, 300), st.floats(0.5, 200), st.floats(0.5, 200)),
    min_size=1,
    max_size=6,
)


def gradient(width: int, height: int) -> Image.Image:
    """Picture whose pixels name their column."""
    return Image.fromarray(np.tile(np.arange(width, dtype=np.uint8), (height, 1)))


def is_inside(boxes: list[tuple[float, ...]], width: int, height: int) -> bool:
    """Whether enough of boxes lies in a picture."""
    region = union_region(boxes)
    w = min(region.right, width) - max(region.left, 0)
    h = min(region.bottom, height) - max(region.top, 0)
    return min(w, h) >= 2 and w * h >= region.width * region.height / 2


def test_union_holds_boxes_of_any_order() -> None:
    assert union_region([[20, 6, 5, 9], [-3, 4, 10, 10]]) == Region(-3, 4, 25, 15)


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ([], "at least one row"),
        ([[1, 2, 3]], r"shape \(1, 3\)"),
        ([[0, 0, 0, 5]], "positive width and height"),
        ([[0, 0, 5, -5]], "positive width and height"),
        ([[0, np.nan, 5, 5]], "finite"),
        ([[0, 0, np.inf, 5]], "finite"),
    ],
)
def test_union_refuses_boxes_without_area(boxes: list[list[float]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        union_region(boxes)


def test_margin_is_the_growth_in_total() -> None:
    grown = grow_region(Region(10, 20, 30, 60), 0.3)
    assert grown == pytest.approx((7, 14, 33, 66))
    assert (grown.width, grown.height) == pytest.approx((20 * 1.3, 40 * 1.3))


def test_clipping_refuses_a_region_outside() -> None:
    with pytest.raises(
        ValueError, match=r"x 10 to 12, y 0 to 5, which lie outside .* of 10 x 8 pixels"
    ):
        clip_region(Region(10, 0, 12, 5), 10, 8)


@pytest.mark.parametrize(
    "box",
    [(0.1, 0.2, 0.5, 0.3), (0, 0, 1, 1), (0.4, 0.4, 0.6, 0.6), (10, 10, 1.9, 50), (99, 5, 40, 40)],
)
def test_boxes_that_are_shares_or_hold_nearly_nothing_are_refused(box: tuple[float, ...]) -> None:
    with pytest.raises(
        ValueError, match=r"\(left, top, width, height\) in pixels; got .* multiply"
    ):
        number_region([box], 100, 80)


def test_small_pictures_may_be_as_small_as_they_are() -> None:
    assert number_region([[0, 0, 1, 9]], 1, 9) == Region(0, 0, 1, 9)


def test_corners_are_refused_where_they_can_be_told() -> None:
    corners = [(100, 50, 130, 90), (130, 50, 160, 90)]
    with pytest.raises(ValueError, match="pass right - left as the width and bottom - top as"):
        number_region(corners, 200, 100)
    # The same region, which cannot be corners: there is no picture that far to the right.
    sizes = [(100, 50, 210, 90)]
    assert number_region(sizes, 200, 100, margin=0) == Region(100, 50, 200, 100)
    with pytest.raises(ValueError, match=r"in pixels; got .* lie outside the picture"):
        number_region([(300, 50, 10, 10)], 200, 100)


@given(boxes=BOXES, width=SIDES, height=SIDES, margin=st.floats(0, 2))
@settings(deadline=None)
def test_stretch_region_is_in_the_picture_and_holds_the_number(
    boxes: list[tuple[float, ...]], width: int, height: int, margin: float
) -> None:
    if not is_inside(boxes, width, height):
        return
    region = number_region(boxes, width, height, margin=margin)
    number = clip_region(union_region(boxes), width, height)
    assert 0 <= region.left <= number.left < number.right <= region.right <= width
    assert 0 <= region.top <= number.top < number.bottom <= region.bottom <= height


@given(boxes=BOXES, width=SIDES, height=SIDES, margin=st.floats(0, 2))
@settings(deadline=None)
def test_square_region_is_square_and_leaves_the_picture_only_where_it_must(
    boxes: list[tuple[float, ...]], width: int, height: int, margin: float
) -> None:
    if not is_inside(boxes, width, height):
        return
    stretch = number_region(boxes, width, height, margin=margin)
    square = number_region(boxes, width, height, crop="square", margin=margin)
    side = max(stretch.width, stretch.height)
    assert (square.width, square.height) == pytest.approx((side, side))
    for start, end, inner_start, inner_end, limit in (
        (square.left, square.right, stretch.left, stretch.right, width),
        (square.top, square.bottom, stretch.top, stretch.bottom, height),
    ):
        assert start <= inner_start + 1e-9
        assert end >= inner_end - 1e-9
        if side <= limit:
            assert start >= 0
            assert end <= limit + 1e-9
        else:
            assert start <= 0
            assert end >= limit - 1e-9


def test_square_is_centred_where_there_is_room() -> None:
    assert square_region(Region(10, 40, 30, 50), 100, 100) == Region(10, 35, 30, 55)


def test_resize_at_native_size_copies_pixels() -> None:
    crop = resize_region(gradient(20, 10), Region(4, 2, 12, 8), (6, 8))
    np.testing.assert_array_equal(crop, np.tile(np.arange(4, 12), (6, 1)))


def test_resize_keeps_fractions_of_pixels() -> None:
    picture = Image.fromarray(np.array([[0, 200]], np.uint8))
    crop = resize_region(picture, Region(0.5, 0, 1.5, 1), (1, 1))
    assert crop.item() == 100


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_what_stands_out_repeats_the_border(mode: str) -> None:
    picture = gradient(4, 8).convert(mode)
    crop = resize_region(picture, Region(-2, 0, 6, 8), (8, 8))
    channel = crop if mode == "L" else crop[..., 0]
    np.testing.assert_array_equal(channel, np.tile([0, 0, 0, 1, 2, 3, 3, 3], (8, 1)))
    assert crop.shape == ((8, 8) if mode == "L" else (8, 8, 3))


@given(
    boxes=BOXES,
    width=SIDES,
    height=SIDES,
    image_size=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    crop=st.sampled_from(["stretch", "square"]),
)
@settings(deadline=None)
def test_crops_have_the_size_asked_for_and_no_new_brightness(
    boxes: list[tuple[float, ...]], width: int, height: int, image_size: tuple[int, int], crop: str
) -> None:
    if not is_inside(boxes, width, height):
        return
    picture = Image.new("L", (width, height), 77)
    pixels = resize_region(picture, number_region(boxes, width, height, crop=crop), image_size)
    assert pixels.shape == image_size
    assert pixels.dtype == np.uint8
    assert (pixels == 77).all()
