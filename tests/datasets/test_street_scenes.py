from __future__ import annotations

import string
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from sksvhn.datasets import _street_scenes, make_street_scenes
from sksvhn.datasets._street._fonts import find_fonts
from sksvhn.datasets._street._front import (
    _LEAST_CONTRAST,
    _annotate,
    _paint_beams,
    _View,
    draw_count,
)
from sksvhn.datasets._street._paint import Site
from sksvhn.datasets._street._writing import draw_code, draw_words, is_no_number, write

SIZE = (64, 88)
N = 16


@pytest.fixture(scope="module")
def scenes():
    return make_street_scenes(N, image_size=SIZE, random_state=2)


def corners(boxes):
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def test_fields_agree_with_each_other(scenes):
    assert scenes.images.shape == (N, *SIZE, 3)
    assert scenes.images.dtype == np.uint8
    assert scenes.target.shape == scenes.numbers.shape == (N,)
    assert scenes.target.dtype == scenes.numbers.dtype == object
    assert scenes.frame.columns.tolist() == [
        "filename",
        "picture",
        "number",
        "length",
        "boxes",
        "picture_height",
        "picture_width",
        "font",
    ]
    for picture, (boxes, numbers) in enumerate(zip(scenes.target, scenes.numbers, strict=True)):
        assert boxes.shape == (len(numbers), 4)
        assert boxes.dtype == np.float64
        rows = scenes.frame[scenes.frame["picture"] == picture]
        assert rows["number"].tolist() == numbers
        assert set(rows["filename"]) <= {f"{picture + 1}.png"}
    assert (scenes.frame["length"] == scenes.frame["number"].str.len()).all()
    assert (scenes.frame["picture_height"] == SIZE[0]).all()
    assert (scenes.frame["picture_width"] == SIZE[1]).all()


def test_a_number_is_the_union_of_its_characters_and_in_the_picture(scenes):
    every = [box for boxes in scenes.target for box in boxes]
    for row, box in zip(scenes.frame.itertuples(), every, strict=True):
        assert row.boxes.shape == (row.length, 4)
        assert (row.boxes[:, 2:] > 0).all()
        edges = corners(row.boxes)
        union = [*edges[:, :2].min(axis=0), *edges[:, 2:].max(axis=0)]
        np.testing.assert_allclose(corners(box[None])[0], union)
        assert (np.array(union) >= 0).all()
        assert (np.array(union) <= (*SIZE[::-1], *SIZE[::-1])).all()


def test_boxes_are_as_far_from_the_ink_as_people_draw_them():
    tight = np.array([[20.0, 10, 30, 60], [32, 12, 34, 62]])
    boxes = corners(_annotate(tight, (88, 64)))
    np.testing.assert_allclose(boxes, [[17, 7, 33, 63], [29, 9, 37, 64]])


def test_pictures_have_different_numbers_of_numbers(scenes):
    counts = {len(boxes) for boxes in scenes.target}
    assert {0, 1, 2} <= counts <= {0, 1, 2, 3}
    few = make_street_scenes(6, image_size=(32, 32), max_numbers=1, random_state=2)
    assert {len(boxes) for boxes in few.target} == {0, 1}


def test_counts_have_their_shares():
    counts = np.array([draw_count(np.random.default_rng(seed), 10**9) for seed in range(1000)])
    assert abs((counts == 0).mean() - 0.17) < 0.05
    assert abs((counts > 1).mean() - 0.83 * 0.35) < 0.05
    assert counts.max() < 20
    assert {draw_count(np.random.default_rng(seed), 1) for seed in range(40)} == {0, 1}
    assert draw_count(np.random.default_rng(0), 0) == 0


def test_writing_with_digits_is_whole():
    # Cut off by the picture's edge, it could be a number.
    canvas = Image.new("RGB", (400, 300))
    site = Site(canvas, ImageDraw.Draw(canvas), Image.new("L", canvas.size), 60.0, lambda _: False)
    families = find_fonts("0123456789", None)
    write(np.random.default_rng(0), site, "EST. 1954", families, (40.0, 40.0, 30.0))
    assert canvas.getextrema() == ((0, 0),) * 3
    write(np.random.default_rng(0), site, "PUSH", families, (40.0, 40.0, 30.0))
    assert canvas.getextrema() != ((0, 0),) * 3


@pytest.mark.parametrize("seed", range(10))
def test_beams_hide_no_character(seed):
    canvas = Image.new("RGB", (400, 300))
    site = Site(canvas, ImageDraw.Draw(canvas), Image.new("L", canvas.size), 60.0, lambda _: True)
    _paint_beams(np.random.default_rng(seed), site, 100.0, at_night=False)
    painted = np.asarray(canvas).any(axis=2)
    assert painted.any()
    # A 1 may be as narrow as 12 hundredths of its height.
    for x, y in product(range(0, 388, 12), range(0, 201, 20)):
        assert painted[y : y + 100, x : x + 12].mean() < 0.9


def test_a_view_shows_what_is_on_its_canvas_and_in_its_picture():
    # The camera sees the canvas from x = -20 to 180, the picture's upper left corner at (-20, 0).
    view = _View(np.eye(3), canvas=(100, 60), size=(200, 40), origin=(-20, 0))
    assert view.shows((1, 1, 99, 40))
    assert not view.shows((-5, 1, 50, 40))
    assert not view.shows((50, 1, 120, 40))
    assert not view.shows((1, 1, 50, 41))


def test_without_numbers():
    scenes = make_street_scenes(4, image_size=SIZE, max_numbers=0, random_state=0)
    assert [boxes.shape for boxes in scenes.target] == [(0, 4)] * 4
    assert scenes.numbers.tolist() == [[]] * 4
    assert scenes.frame.shape == (0, 8)
    assert scenes.images.std() > 5


def test_numbers_are_large_enough_and_stand_out(scenes):
    heights = np.array([box[3] for boxes in scenes.target for box in boxes])
    assert heights.min() > 6  # 8 pixels, less what the edge of the picture cuts off
    assert heights.max() > 24
    for row in scenes.frame.itertuples():
        left, top, right, bottom = corners(row.boxes).T
        part = scenes.images[
            row.picture,
            int(top.min()) : int(np.ceil(bottom.max())),
            int(left.min()) : int(np.ceil(right.max())),
        ]
        # Resizing lowers contrast a little.
        assert np.ptp(part.reshape(-1, 3), axis=0).max() > 0.7 * _LEAST_CONTRAST


def test_boxes_hold_more_edges_than_what_is_round_them(scenes):
    sharper = []
    for image, boxes in zip(scenes.images.astype(float), scenes.target, strict=True):
        for left, top, width, height in boxes.round().astype(int):
            steps = np.abs(np.diff(image.mean(axis=2), axis=1))
            inside = steps[top : top + height, left : left + width].mean()
            sharper.append(inside > steps.mean())
    assert np.mean(sharper) > 0.8


def test_same_seed_same_pictures_whatever_n_jobs_and_n_samples(monkeypatch):
    monkeypatch.setattr(_street_scenes, "_CHUNK", 2)
    parameters = {"image_size": (32, 40), "random_state": 3}
    one = make_street_scenes(5, **parameters)
    two = make_street_scenes(5, n_jobs=2, **parameters)
    few = make_street_scenes(3, **parameters)
    np.testing.assert_array_equal(one.images, two.images)
    np.testing.assert_array_equal(one.images[:3], few.images)
    pd.testing.assert_frame_equal(one.frame, two.frame)
    assert one.numbers[:3].tolist() == few.numbers.tolist()
    for ours, theirs in zip(one.target, two.target, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_seeds_differ_and_instances_move_on():
    state = np.random.RandomState(0)
    drawn = [
        make_street_scenes(2, image_size=(32, 32), random_state=seed).images
        for seed in (0, 1, state, state)
    ]
    assert (drawn[0] != drawn[1]).any()
    assert (drawn[2] != drawn[3]).any()


def test_arrays_alone():
    parameters = {"image_size": (32, 32), "random_state": 0}
    images, target = make_street_scenes(2, return_X_y=True, **parameters)
    scenes = make_street_scenes(2, **parameters)
    np.testing.assert_array_equal(images, scenes.images)
    assert [boxes.tolist() for boxes in target] == [boxes.tolist() for boxes in scenes.target]


@pytest.mark.parametrize("size", [(9, 7), (28, 100), (60, 20)])
def test_odd_sizes(size):
    scenes = make_street_scenes(6, image_size=size, random_state=1)
    assert scenes.images.shape == (6, *size, 3)
    for boxes in scenes.target:
        assert (corners(boxes) <= (*size[::-1], *size[::-1])).all()


def test_fonts_vary_and_are_recorded_with_their_versions(scenes):
    assert "illow " in scenes.DESCR or "matplotlib " in scenes.DESCR
    assert scenes.DESCR.startswith("Generated street scenes")
    assert scenes.DESCR.count("Fonts, with") == 1
    if "font-roboto" in scenes.DESCR:
        assert scenes.frame["font"].nunique() > 6


def test_numbers_keep_to_alphabet_and_length():
    scenes = make_street_scenes(
        8,
        image_size=SIZE,
        alphabet="ABC",
        max_length=2,
        length_distribution=[0, 1.0],
        random_state=0,
    )
    for numbers in scenes.numbers:
        assert {len(number) for number in numbers} <= {2}
        assert set("".join(numbers)) <= set("ABC")


def test_silent_unless_verbose(capsys):
    make_street_scenes(2, image_size=(16, 16), random_state=0)
    assert capsys.readouterr() == ("", "")
    make_street_scenes(2, image_size=(16, 16), random_state=0, verbose=1)
    out, err = capsys.readouterr()
    assert out == ""
    assert "2/2" in err


@given(st.integers(0, 2**32 - 1))
def test_other_writing_is_no_number(seed):
    rng = np.random.default_rng(seed)
    for text in (draw_words(rng), draw_code(rng)):
        assert is_no_number(text, string.digits)
        assert not text.isdigit()


@pytest.mark.parametrize(
    ("text", "alphabet", "expected"),
    [
        ("OAK ROAD", string.digits, True),
        ("1987", string.digits, False),
        ("12 14", string.digits, False),
        ("9:00-17:00", string.digits, True),
        ("OAK", string.ascii_uppercase, False),
        ("oak", string.ascii_uppercase, False),
        ("B12-4", string.ascii_uppercase, True),
    ],
)
def test_what_is_no_number(text, alphabet, expected):
    assert is_no_number(text, alphabet) is expected


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_samples": 0}, "n_samples"),
        ({"image_size": (0, 8)}, "image_size"),
        ({"image_size": 8}, "image_size"),
        ({"max_numbers": -1}, "max_numbers"),
        ({"max_numbers": 1.5}, "max_numbers"),
        ({"alphabet": ""}, "alphabet"),
        ({"alphabet": "11"}, "alphabet"),
        ({"alphabet": "\U0001f3e0"}, "font_dir"),
        ({"max_length": 0}, "max_length"),
        ({"length_distribution": "uniform"}, "length_distribution"),
        ({"length_distribution": [0.5, 0.4]}, "sum to 1"),
        ({"random_state": "zero"}, "random_state"),
        ({"font_dir": "no such folder"}, "no such folder"),
    ],
)
def test_bad_parameters_are_named(parameters, message):
    with pytest.raises((ValueError, TypeError, OSError), match=message):
        make_street_scenes(**{"n_samples": 2, "image_size": (16, 16), **parameters})
