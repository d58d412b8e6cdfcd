from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sksvhn.datasets import make_street_numbers
from sksvhn.inspection import _duplicates, find_near_duplicates


@pytest.fixture(scope="module")
def images():
    return make_street_numbers(60, color=False, random_state=0).images


def jpeg(picture):
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=20)
    return np.asarray(Image.open(buffer))


COPIES = {
    "same": lambda picture: picture,
    "darker": lambda picture: picture // 3,
    "brighter": lambda picture: 128 + picture // 2,
    "compressed": jpeg,
    "smaller": lambda picture: np.asarray(Image.fromarray(picture).resize((23, 31))),
    "moved": lambda picture: np.roll(picture, (2, -2), (0, 1)),
    "coloured": lambda picture: np.stack([picture] * 3, axis=-1),
    "floats": lambda picture: picture / 255,
}


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES.keys())
def test_copies_are_found(copy, images):
    pairs = find_near_duplicates(images, [copy(images[8])])
    assert pairs[["index", "other_index"]].to_numpy().tolist() == [[8, 0]]
    assert pairs["similarity"].iloc[0] > 0.95


def thumbnail(picture, dx=0, dy=0):
    box = (2 + dx, 2 + dy, 62 + dx, 62 + dy)
    small = Image.fromarray(picture).resize((16, 16), Image.Resampling.BILINEAR, box=box)
    return np.asarray(small, dtype=float).ravel()


def test_equals_brute_force(images):
    n = len(images)
    first = [thumbnail(picture) for picture in images]
    correlation = np.max(
        [
            np.corrcoef(first, [thumbnail(picture, dx, dy) for picture in images])[:n, n:]
            for dx in (-2, 0, 2)
            for dy in (-2, 0, 2)
        ],
        axis=0,
    )
    for threshold in (0.2, 0.7, 1.0):
        pairs = find_near_duplicates(images, threshold=threshold)
        expected = np.argwhere(np.triu(correlation >= threshold, 1))
        found = pairs.sort_values(["index", "other_index"])
        assert found[["index", "other_index"]].to_numpy().tolist() == expected.tolist()
        assert found["similarity"].to_numpy() == pytest.approx(correlation[*expected.T], abs=1e-5)
        assert pairs["similarity"].is_monotonic_decreasing


def test_between_two_sets_all_pairs_count(images):
    pairs = find_near_duplicates(images, images, threshold=0.4)
    within = find_near_duplicates(images, threshold=0.4)
    assert (pairs["index"] == pairs["other_index"]).sum() == len(images)
    pd.testing.assert_frame_equal(
        pairs[pairs["index"] < pairs["other_index"]].reset_index(drop=True), within
    )
    assert (pairs["index"] > pairs["other_index"]).any()


def test_blocks_make_no_difference(images, monkeypatch):
    whole = find_near_duplicates(images, threshold=0.5)
    across = find_near_duplicates(images[:35], images[35:], threshold=0.5)
    monkeypatch.setattr(_duplicates, "_TILE", 7)
    pd.testing.assert_frame_equal(find_near_duplicates(images, threshold=0.5), whole)
    pd.testing.assert_frame_equal(
        find_near_duplicates(images[:35], images[35:], threshold=0.5), across
    )


def test_within_a_set_each_picture_is_read_once_and_half_of_the_pairs_computed(images, monkeypatch):
    read, sizes = [], []
    grey_pictures, correlations = _duplicates.grey_pictures, _duplicates._correlations

    def counted(part, moved):
        sizes.append(len(part) * len(moved[0]))
        return correlations(part, moved)

    monkeypatch.setattr(
        _duplicates, "grey_pictures", lambda pictures: read.append(0) or grey_pictures(pictures)
    )
    monkeypatch.setattr(_duplicates, "_correlations", counted)
    monkeypatch.setattr(_duplicates, "_TILE", 6)
    find_near_duplicates(images)
    assert len(read) == 1
    assert sum(sizes) == 60 * 66 / 2


def test_threshold_of_one_takes_exact_copies(images):
    pairs = find_near_duplicates([*images[:5], images[2]], threshold=1.0)
    assert pairs[["index", "other_index"]].to_numpy().tolist() == [[2, 5]]


def test_flat_pictures_are_in_no_pair_and_rows_keep_their_numbers(images):
    flat = np.full((64, 64), 7, np.uint8)
    pairs = find_near_duplicates([flat, images[0], flat, images[1]], [flat, images[1]])
    assert pairs[["index", "other_index"]].to_numpy().tolist() == [[3, 1]]
    nothing = find_near_duplicates([flat, flat])
    assert nothing.shape == (0, 3)
    assert nothing.dtypes.astype(str).tolist() == ["int64", "int64", "float64"]


def test_copies_among_thousands():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3000, 8, 8), dtype=np.uint8)
    pairs = find_near_duplicates(images, images[::-1])
    assert sorted(pairs["index"]) == list(range(3000))
    assert (pairs["other_index"] == 2999 - pairs["index"]).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"images": []}, "at least one picture"),
        ({"images": np.zeros((9, 9))}, "one picture"),
        ({"images": [np.eye(9)], "other": []}, "at least one picture"),
        ({"images": [np.eye(9)], "threshold": 0}, "'threshold' parameter"),
        ({"images": [np.eye(9)], "threshold": 1.5}, "'threshold' parameter"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        find_near_duplicates(**call)
