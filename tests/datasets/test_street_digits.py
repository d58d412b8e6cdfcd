from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from sksvhn.datasets import make_street_digits
from sksvhn.datasets._street import _scene


@pytest.fixture(scope="module")
def digits():
    return make_street_digits(400, color=False, random_state=0)


def test_fields_agree_with_each_other(digits):
    assert digits.images.shape == (400, 32, 32)
    assert digits.images.dtype == np.uint8
    assert digits.target.dtype == np.int64
    assert digits.target.tolist() == digits.frame["digit"].tolist()
    assert digits.frame.columns.tolist() == ["digit", "number", "position", "font"]
    for row in digits.frame.itertuples():
        assert int(row.number[row.position]) == row.digit
    assert "square about a digit" in digits.DESCR


def test_digits_of_every_position_are_cut_and_low_ones_more_often(digits):
    # Of the digits of SVHN's train numbers, 7 % stand alone and 49 % in numbers of two.
    lengths = digits.frame["number"].str.len()
    assert (lengths == 1).mean() < 0.15
    assert 0.4 < (lengths == 2).mean() < 0.6
    in_pairs = digits.frame[digits.frame["number"].str.len() == 2]
    assert 0.3 < in_pairs["position"].mean() < 0.7
    counts = Counter(digits.target.tolist())
    assert set(counts) == set(range(10))
    assert counts[1] + counts[2] > 1.2 * (counts[8] + counts[9])


def test_same_seed_same_pictures_whatever_n_jobs_and_n_samples():
    one, two = (make_street_digits(270, random_state=3, n_jobs=n_jobs) for n_jobs in (1, 2))
    few = make_street_digits(5, random_state=3)
    np.testing.assert_array_equal(one.images, two.images)
    np.testing.assert_array_equal(one.images[:5], few.images)
    pd.testing.assert_frame_equal(one.frame, two.frame)


def test_size_and_colours():
    X, y = make_street_digits(3, image_size=(20, 24), random_state=0, return_X_y=True)
    assert X.shape == (3, 20, 24, 3)
    assert y.shape == (3,)
    labels = make_street_digits(3, random_state=0, as_frame=True).target
    assert isinstance(labels, pd.Series)
    assert labels.tolist() == y.tolist()


def test_squares_hold_their_characters_and_all_of_them_are_kept():
    rng = np.random.default_rng(0)
    for _ in range(100):
        seen = rng.uniform(0, 90, (3, 4))
        seen[:, 2:] = seen[:, :2] + rng.uniform(8, 30, (3, 2))
        boxes, region = _scene._frame_squares(rng, seen)
        middle, half = boxes[:, :2] + boxes[:, 2:] / 2, boxes[:, 2:].max(axis=1, keepdims=True) / 2
        least, most = (middle - half).min(axis=0), (middle + half).max(axis=0)
        np.testing.assert_allclose(region, [*least, *most])
        # A box that is careless on one side would put a neighbour in the middle.
        heights = (seen[:, 3] - seen[:, 1])[:, np.newaxis]
        off = np.abs(middle - (seen[:, :2] + seen[:, 2:]) / 2) / heights
        assert off.max() < 0.25


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n_samples": 0}, "n_samples"),
        ({"image_size": (0, 8)}, "image_size must be two positive integers"),
        ({"font_dir": "/no/such/folder"}, "font_dir"),
    ],
)
def test_wrong_parameters_are_named(wrong, message):
    with pytest.raises((ValueError, NotADirectoryError), match=message):
        make_street_digits(**{"n_samples": 2, **wrong})


def test_progress_is_shown_on_request(capsys):
    make_street_digits(2, random_state=0, verbose=1)
    assert "make_street_digits" in capsys.readouterr().err
    make_street_digits(2, random_state=0)
    assert capsys.readouterr() == ("", "")
