from __future__ import annotations

from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from sksvhn.model_selection import train_validation_test_split

lengths_lists = st.lists(st.sampled_from([1, 1, 2, 2, 2, 3, 4, 6]), min_size=3, max_size=60)


@st.composite
def sizes_of_parts(draw, n) -> tuple[list[int], list[int | float]]:
    """Pictures in the validation and test set, and sizes that ask for them: counts or shares."""
    validation = draw(st.integers(1, n - 2))
    wanted = [validation, draw(st.integers(1, n - 1 - validation))]
    shares = st.floats(0.01, 0.99)  # rounded up to a picture
    return wanted, [
        count if draw(st.booleans()) else (count - draw(shares)) / n for count in wanted
    ]


def numbers_of(lengths) -> list[str]:
    """Distinct numbers of these lengths."""
    return [f"{i + 1:0{length}d}"[-length:] for i, length in enumerate(lengths)]


def split(y, **options) -> list[np.ndarray]:
    """Positions of the three parts."""
    return list(train_validation_test_split(np.arange(len(y)), y, **options)[:3])


def assert_partition(parts, n) -> None:
    assert sorted(np.concatenate(parts).tolist()) == list(range(n))
    assert all(len(part) for part in parts)


@given(lengths=lengths_lists, seed=st.integers(0, 99), data=st.data())
@settings(deadline=None, max_examples=80)
def test_parts_have_their_sizes_and_lengths(lengths, seed, data):
    n = len(lengths)
    wanted, (validation_size, test_size) = data.draw(sizes_of_parts(n))
    options = {"test_size": test_size, "validation_size": validation_size, "random_state": seed}
    parts = split(numbers_of(lengths), **options)
    assert_partition(parts, n)
    assert [len(part) for part in parts[1:]] == wanted
    # As NumberKFold: a length that is not rare has its share, to a picture (two, for the rest is
    # split after the test set).
    smallest = ceil(n / min(len(part) for part in parts))
    if set(lengths) != {1} and all(lengths.count(v) >= 2 * smallest for v in set(lengths)):
        for length in set(lengths):
            for part in parts:
                expected = lengths.count(length) * len(part) / n
                assert abs(sum(lengths[i] == length for i in part) - expected) < 2


@given(lengths=lengths_lists, seed=st.integers(0, 99), data=st.data())
@settings(deadline=None, max_examples=80)
def test_groups_are_not_split(lengths, seed, data):
    n = len(lengths)
    _, (validation_size, test_size) = data.draw(sizes_of_parts(n))
    others = data.draw(st.lists(st.integers(0, 12), min_size=n - 3, max_size=n - 3))
    groups = data.draw(st.permutations([0, 1, 2, *others]))
    options = {"test_size": test_size, "validation_size": validation_size, "random_state": seed}
    parts = split(numbers_of(lengths), groups=groups, **options)
    assert_partition(parts, n)
    members = [{groups[i] for i in part} for part in parts]
    assert sum(map(len, members)) == len(set(groups))


@given(seed=st.integers(0, 99), test_size=st.sampled_from([0.05, 0.2, 0.5]))
@settings(deadline=None, max_examples=10)
def test_small_groups_keep_sizes_and_lengths(seed, test_size):
    rng = np.random.default_rng(seed)
    lengths = rng.choice([1, 2, 3, 4], p=[0.2, 0.5, 0.25, 0.05], size=600)
    groups = rng.integers(0, 200, size=600)
    parts = split(
        numbers_of(lengths), groups=groups, test_size=test_size, validation_size=0.1,
        random_state=seed,
    )  # fmt: skip
    for part, share in zip(parts, (0.9 - test_size, 0.1, test_size), strict=True):
        assert abs(len(part) - 600 * share) <= 3
        for length in (1, 2, 3, 4):
            expected = (lengths == length).sum() * share
            assert abs((lengths[part] == length).sum() - expected) <= 4


def test_one_large_group_goes_where_there_is_room():
    groups = [0] * 80 + list(range(1, 21))
    train, validation, test = split(["7", "19"] * 50, groups=groups, random_state=0)
    assert set(range(80)) <= set(train.tolist())
    # The 20 that are left are shared as 1 to 2.
    assert (len(validation), len(test)) in ((6, 14), (7, 13))


def test_as_many_groups_as_parts():
    parts = split(["1"] * 12, groups=[0] * 10 + [1, 2], random_state=0)
    assert_partition(parts, 12)
    assert [len(part) for part in parts] == [10, 1, 1]
    # Two huge groups of three: the part that nothing was added to gets the small one.
    parts = split(["1"] * 21, groups=[0] * 10 + [1] * 10 + [2], validation_size=1, test_size=10)
    assert_partition(parts, 21)


def test_digits_are_stratified_by_label():
    labels = np.repeat(np.arange(10), 20)
    for y in (labels, labels.astype(str), np.array(list("ABCDEFGHIJ"))[labels]):
        parts = split(y, test_size=0.25, validation_size=0.25, random_state=0)
        for part, count in zip(parts, (10, 5, 5), strict=True):
            assert np.bincount(labels[part]).tolist() == [count] * 10
    groups = np.arange(200) % 100
    for part, count in zip(split(labels, groups=groups, random_state=0), (14, 2, 4), strict=True):
        assert (abs(np.bincount(labels[part], minlength=10) - count) <= 1).all()


def test_the_form_of_y_makes_no_difference():
    strings = np.array(["7", "19", "3", "84", "21", "563", "66", "1", "312", "9"] * 4)
    rows = np.array([[int(c) for c in s] + [10] * (3 - len(s)) for s in strings])
    expected = [part.tolist() for part in split(strings, random_state=0)]
    for y in (strings.tolist(), pd.Series(strings), strings.astype(int), rows):
        assert [part.tolist() for part in split(y, random_state=0)] == expected


def test_parts_are_reproducible_and_differ_between_seeds():
    y = ["7", "19"] * 20

    def parts(seed, groups=None):
        return [part.tolist() for part in split(y, groups=groups, random_state=seed)]

    for groups in (None, np.arange(40) // 2):
        assert parts(1, groups) == parts(1, groups)
        assert parts(1, groups) != parts(2, groups)


@pytest.mark.parametrize("kind", ["array", "list", "frame", "memmap", "sparse"])
def test_every_kind_of_pictures(kind: str, tmp_path: Path) -> None:
    pixels = np.arange(60, dtype=np.uint8).reshape(20, 3)
    y = pd.Series(["7", "19"] * 10, index=range(100, 120))
    X = {
        "array": lambda: pixels.reshape(20, 1, 3),
        "list": lambda: list(pixels),
        "frame": lambda: pd.DataFrame(pixels, index=range(5, 25)),
        "memmap": lambda: np.memmap(tmp_path / "x", np.uint8, "w+", shape=(20, 3)),
        "sparse": lambda: sparse.csr_array(pixels),
    }[kind]()
    if kind == "memmap":
        X[:] = pixels
    parts = train_validation_test_split(X, y, random_state=0)
    assert [part.shape[0] if hasattr(part, "shape") else len(part) for part in parts] == [
        14, 2, 4, 14, 2, 4,
    ]  # fmt: skip
    for part, labels in zip(parts[:3], parts[3:], strict=True):
        assert isinstance(part, np.ndarray if kind == "memmap" else type(X))
        rows = labels.index.to_numpy() - 100
        found = part.toarray() if kind == "sparse" else np.asarray(part).reshape(-1, 3)
        np.testing.assert_array_equal(found, pixels[rows])
        assert labels.tolist() == y[labels.index].tolist()
        if kind == "memmap":
            assert not np.shares_memory(part, X)


@pytest.mark.parametrize(
    ("y", "options", "message"),
    [
        (None, {}, "y must be the numbers"),
        (["1", "2"], {}, "inconsistent numbers of samples"),
        (["1", None, "3"], {}, "element 1 is None"),
        (
            ["1", "2", "3"],
            {"test_size": 2},
            "must leave pictures for training.* take 2 and 1 of 3 pictures",
        ),
        (["1", "2", "3"], {"test_size": 0.5, "validation_size": 0.5}, "take 2 and 2 of 3"),
        (["1", "2", "3"], {"test_size": 1.0}, "'test_size'"),
        (["1", "2", "3"], {"validation_size": 0}, "'validation_size'"),
        (["1", "2", "3"], {"groups": [0, 0, 1]}, "at least 3 different values.* got 2"),
        (["1", "2", "3"], {"groups": [0, 1]}, "inconsistent numbers of samples"),
        (
            ["1", "2", "3"],
            {"groups": [0, np.nan, 1]},
            "groups must have a value for every picture; picture 1",
        ),
    ],
)
def test_bad_input_is_refused(y, options, message):
    with pytest.raises(ValueError, match=message):
        train_validation_test_split(np.zeros((3, 1)), y, **options)
