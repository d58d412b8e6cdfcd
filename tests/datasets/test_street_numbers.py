from __future__ import annotations

import hashlib
import os
import string
import subprocess
import sys
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from sksvhn._images._crop import Region
from sksvhn.datasets import make_empty_surfaces, make_street_numbers
from sksvhn.datasets._number_texts import Texts, draw_number, draw_text, length_probabilities
from sksvhn.datasets._street import _camera, _scene


@pytest.fixture(scope="module")
def numbers():
    return make_street_numbers(150, color=False, random_state=0)


def test_fields_agree_with_each_other(numbers):
    n = 150
    assert numbers.images.shape == (n, 64, 64)
    assert numbers.images.dtype == np.uint8
    assert numbers.target.dtype == object
    assert numbers.target.tolist() == numbers.frame["number"].tolist()
    assert numbers.frame.columns.tolist() == [
        "filename",
        "number",
        "length",
        "boxes",
        "picture_height",
        "picture_width",
        "font",
    ]
    assert numbers.frame["filename"].is_unique
    for row in numbers.frame.itertuples():
        assert len(row.number) == row.length == len(row.boxes)
        assert row.boxes.shape == (row.length, 4)
        assert (row.boxes[:, 2:] > 0).all()


def test_every_picture_has_contrast(numbers):
    assert numbers.images.std(axis=(1, 2)).min() > 8


def test_fonts_vary_and_are_recorded_with_their_versions(numbers):
    assert "illow " in numbers.DESCR or "matplotlib " in numbers.DESCR
    if "font-roboto" in numbers.DESCR:
        assert numbers.frame["font"].nunique() > 30


@pytest.mark.parametrize("size", [(28, 40), [9, 7], (64, 64)])
@pytest.mark.parametrize("color", [False, True])
def test_shape(size, color):
    images, target = make_street_numbers(
        2, image_size=size, color=color, random_state=1, return_X_y=True
    )
    assert images.shape == (2, *size, 3)[: 4 if color else 3]
    assert target.shape == (2,)


def test_colour_pictures_are_coloured():
    images = make_street_numbers(20, random_state=0).images.astype(int)
    assert np.ptp(images, axis=3).mean(axis=(1, 2)).max() > 10


def test_same_seed_same_pictures_whatever_n_jobs_and_n_samples():
    one = make_street_numbers(270, image_size=(24, 24), random_state=3)
    two = make_street_numbers(270, image_size=(24, 24), random_state=3, n_jobs=2)
    few = make_street_numbers(5, image_size=(24, 24), random_state=3)
    np.testing.assert_array_equal(one.images, two.images)
    np.testing.assert_array_equal(one.images[:5], few.images)
    pd.testing.assert_frame_equal(one.frame, two.frame)
    assert one.target[:5].tolist() == few.target.tolist()


def test_another_process_draws_the_same_whatever_its_processor():
    # Only the instructions that every processor has.
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    limits = {"NPY_DISABLE_CPU_FEATURES": " ".join(found), "OPENBLAS_CORETYPE": "Nehalem"}
    code = (
        "from sksvhn.datasets import make_street_numbers as m; import hashlib;"
        "print(hashlib.sha256(m(6, random_state=5).images.tobytes()).hexdigest())"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | limits,
    ).stdout.strip()
    here = make_street_numbers(6, random_state=5).images.tobytes()
    assert answer == hashlib.sha256(here).hexdigest()


def test_seeds_differ():
    first, second = (make_street_numbers(4, random_state=seed).images for seed in (0, 1))
    assert (first != second).any()


def test_random_state_instance_moves_on():
    state = np.random.RandomState(0)
    first, second = (make_street_numbers(3, random_state=state).images for _ in range(2))
    assert (first != second).any()


def test_global_random_state_is_left_alone():
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    make_street_numbers(2, random_state=0)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_single_characters_of_an_alphabet_are_balanced_and_learnable():
    images, letters = make_street_numbers(
        1500,
        alphabet="AX",
        max_length=1,
        image_size=(16, 16),
        color=False,
        random_state=0,
        return_X_y=True,
    )
    counts = Counter(letters)
    assert set(counts) == {"A", "X"}
    assert min(counts.values()) > 700
    rows = images.reshape(1500, -1) / 255.0
    # Ink may be dark or light: distances from the mean tell shapes apart, plain pixels do not.
    rows = np.abs(rows - rows.mean(axis=1, keepdims=True))
    rows /= rows.std(axis=1, keepdims=True)
    clf = LogisticRegression(C=0.01).fit(rows[:1200], letters[:1200])
    assert clf.score(rows[1200:], letters[1200:]) > 0.6


@given(
    alphabet=st.text("0123456789ABC", min_size=1, max_size=8).filter(
        lambda s: len(set(s)) == len(s)
    ),
    max_length=st.integers(1, 8),
    seed=st.integers(0, 2**32 - 1),
)
@settings(deadline=None)
def test_numbers_keep_to_alphabet_and_length(alphabet, max_length, seed):
    rng = np.random.default_rng(seed)
    number = draw_number(rng, length_probabilities("svhn", max_length), alphabet)
    assert 1 <= len(number) <= max_length
    assert set(number) <= set(alphabet)


def test_lengths_follow_svhn():
    assert length_probabilities("svhn", 6) == pytest.approx(
        np.array([5137, 18130, 8691, 1434, 9, 1]) / 33402
    )
    assert sum(length_probabilities("svhn", 2)) == pytest.approx(1)
    rng = np.random.default_rng(0)
    drawn = Counter(
        len(draw_number(rng, length_probabilities("svhn", 5), "0123456789")) for _ in range(5000)
    )
    assert drawn[2] / 5000 == pytest.approx(18130 / 33401, abs=0.03)


def test_leading_digits_are_those_of_streets():
    rng = np.random.default_rng(0)
    first = Counter(draw_number(rng, (0.0, 1.0), "0123456789")[0] for _ in range(20_000))
    assert first["1"] > first["2"] > first["4"] > first["9"] > first["0"] > 0
    assert first["0"] / 20_000 < 0.01


def test_length_distribution_is_followed():
    target = make_street_numbers(
        40, image_size=(8, 8), length_distribution=[0, 0, 1.0], random_state=0
    ).target
    assert {len(number) for number in target} == {3}


def test_numbers_of_eight_characters():
    numbers = make_street_numbers(
        4, image_size=(16, 64), max_length=8, length_distribution=np.eye(8)[7], random_state=0
    )
    assert {len(number) for number in numbers.target} == {8}


def test_margin_is_the_share_round_the_boxes():
    shares = []
    for margin in (0.0, 0.8):
        frame = make_street_numbers(
            60, image_size=(8, 8), margin=(margin,) * 2, random_state=0
        ).frame
        tops = np.array([boxes[:, 1].min() for boxes in frame["boxes"]])
        bottoms = np.array([(boxes[:, 1] + boxes[:, 3]).max() for boxes in frame["boxes"]])
        shares.append(np.mean((bottoms - tops) / frame["picture_height"]))
    # Pictures have a few pixels round what is cropped.
    assert shares[0] > 0.7
    assert shares[1] / shares[0] == pytest.approx(1 / 1.8, rel=0.15)


def test_pictures_without_a_number_have_an_empty_target():
    parameters = {"image_size": (24, 24), "color": False, "random_state": 0}
    some = make_street_numbers(200, share_without_number=0.5, **parameters)
    empty = some.target == ""
    assert 60 < empty.sum() < 140
    assert [len(boxes) for boxes in some.frame["boxes"]] == some.frame["length"].tolist()
    assert some.frame["length"].tolist() == [len(number) for number in some.target]
    assert set(make_street_numbers(3, share_without_number=1.0, **parameters).target) == {""}
    # Letters of the alphabet could be a number: what is left are empty surfaces.
    letters = make_street_numbers(
        20, alphabet=string.ascii_letters, share_without_number=1.0, **parameters
    )
    assert np.median(letters.images.std(axis=(1, 2))) < np.median(
        some.images[~empty].std(axis=(1, 2))
    )


@given(seed=st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_what_is_no_number_has_a_letter_or_no_writing(seed):
    texts = Texts((0.5, 0.5), "0123456789ABC", without_number=1.0)
    text, number, empty = draw_text(np.random.default_rng(seed), texts)
    assert number == ""
    assert empty or any(c.isalpha() and c.upper() not in "ABC" for c in text)


def test_as_frame_gives_a_series():
    numbers = make_street_numbers(3, random_state=0, as_frame=True)
    assert isinstance(numbers.target, pd.Series)
    assert numbers.target.index.equals(numbers.frame.index)


def test_silent_unless_verbose(capsys):
    make_street_numbers(2, random_state=0)
    assert capsys.readouterr() == ("", "")
    make_street_numbers(2, random_state=0, verbose=1)
    out, err = capsys.readouterr()
    assert out == ""
    assert "2/2" in err


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_samples": 0}, "n_samples"),
        ({"image_size": (0, 8)}, "image_size"),
        ({"image_size": 8}, "image_size"),
        ({"alphabet": ""}, "alphabet"),
        ({"alphabet": "11"}, "alphabet"),
        ({"alphabet": "1 "}, "alphabet"),
        ({"alphabet": "\U0001f3e0"}, "font_dir"),
        ({"max_length": 0}, "max_length"),
        ({"length_distribution": "uniform"}, "length_distribution"),
        ({"length_distribution": [0.5, 0.4]}, "sum to 1"),
        ({"length_distribution": [1.5, -0.5]}, "sum to 1"),
        ({"length_distribution": [0.5, 0.5], "max_length": 1}, "max_length=1"),
        ({"length_distribution": [[1.0]]}, "length_distribution"),
        ({"margin": (0.3, 0.1)}, "margin"),
        ({"margin": (-0.6, 0.1)}, "margin"),
        ({"margin": (0.1,)}, "margin"),
        ({"share_without_number": 1.5}, "share_without_number"),
        ({"random_state": "zero"}, "random_state"),
        ({"font_dir": "no such folder"}, "no such folder"),
    ],
)
def test_bad_parameters_are_named(parameters, message):
    with pytest.raises((ValueError, TypeError, OSError), match=message):
        make_street_numbers(**{"n_samples": 2, **parameters})


def test_drawing_surfaces_leaves_nothing_behind_that_changes_numbers():
    parameters = {"image_size": (24, 24), "color": False, "random_state": 0}
    numbers = make_street_numbers(8, **parameters)
    surfaces = make_empty_surfaces(8, **parameters)
    np.testing.assert_array_equal(make_street_numbers(8, **parameters).images, numbers.images)
    assert (numbers.images != surfaces).any(axis=(1, 2)).all()


@pytest.mark.parametrize("color", [False, True])
def test_empty_surfaces_are_the_same_scenes_without_ink(color):
    state = {"random_state": 0, "color": color}
    numbers, surfaces = make_street_numbers(60, **state).images, make_empty_surfaces(60, **state)
    assert (surfaces.shape, surfaces.dtype) == (numbers.shape, numbers.dtype)
    assert np.median(surfaces.std(axis=(1, 2))) < 0.6 * np.median(numbers.std(axis=(1, 2)))
    # At the picture's corners, where no number reaches, is what was there before.
    corners = [images[:, :6, :6].reshape(60, -1).mean(axis=1) for images in (numbers, surfaces)]
    assert np.corrcoef(corners)[0, 1] > 0.7


def test_empty_surfaces_do_not_depend_on_n_jobs_and_n_samples():
    one = make_empty_surfaces(260, image_size=(12, 12), random_state=3)
    np.testing.assert_array_equal(
        one, make_empty_surfaces(260, image_size=(12, 12), random_state=3, n_jobs=2)
    )
    np.testing.assert_array_equal(
        one[:3], make_empty_surfaces(3, image_size=(12, 12), random_state=3)
    )
    assert (one[:3] != make_empty_surfaces(3, image_size=(12, 12), random_state=4)).any()


@pytest.mark.parametrize(
    "parameters", [{"n_samples": 0}, {"image_size": (0, 8)}, {"color": "grey"}, {"n_jobs": "all"}]
)
def test_bad_parameters_of_empty_surfaces_are_named(parameters):
    with pytest.raises(ValueError, match=next(iter(parameters))):
        make_empty_surfaces(**parameters)


def test_nothing_is_kept_that_is_near_the_horizon(monkeypatch: pytest.MonkeyPatch) -> None:
    distances = []
    view_scene = _camera.view_scene

    def noted(scene: Any, view: Any, origin: Any, size: Any) -> Any:
        region = Region(*origin, origin[0] + size[0], origin[1] + size[1])
        distances.append(_camera.farthest(view, region))
        return view_scene(scene, view, origin, size)

    monkeypatch.setattr(_scene, "_OBLIQUE", 1.0)
    monkeypatch.setattr(_scene, "_STEEPEST", 0.6)
    monkeypatch.setattr(_camera, "view_scene", noted)
    make_street_numbers(100, image_size=(8, 8), margin=(1.0, 1.0), random_state=0)
    assert 2 < max(distances) <= 3
