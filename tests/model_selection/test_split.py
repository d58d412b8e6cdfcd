from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from packaging.version import Version
from sklearn import config_context
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate

from sksvhn.metrics import as_number_strings
from sksvhn.model_selection import NumberKFold


def numbers_of(lengths) -> list[str]:
    """Distinct numbers of these lengths."""
    return [f"{i + 1:0{length}d}"[-length:] for i, length in enumerate(lengths)]


def folds_of(splitter, y, groups=None):
    return list(splitter.split(np.zeros((len(y), 1)), y, groups))


lengths_lists = st.lists(st.sampled_from([1, 1, 2, 2, 2, 3, 4, 6]), min_size=6, max_size=40)
splitters = st.builds(
    lambda n_splits, seed: NumberKFold(n_splits, shuffle=seed is not None, random_state=seed),
    st.integers(2, 6),
    st.one_of(st.none(), st.integers(0, 99)),
)


def assert_partition(folds, n):
    assert sorted(np.concatenate([test for _, test in folds]).tolist()) == list(range(n))
    for train, test in folds:
        assert len(test) > 0
        assert sorted([*train, *test]) == list(range(n))


@given(lengths=lengths_lists, splitter=splitters)
@settings(deadline=None, max_examples=40)
def test_folds_partition_and_balance(lengths, splitter):
    folds = folds_of(splitter, numbers_of(lengths))
    assert len(folds) == splitter.get_n_splits() == splitter.n_splits
    assert_partition(folds, len(lengths))
    sizes = [len(test) for _, test in folds]
    assert max(sizes) - min(sizes) <= 1
    common = [v for v in set(lengths) if lengths.count(v) >= splitter.n_splits]
    if len(common) == len(set(lengths)):
        for length in common:
            per_fold = [sum(lengths[i] == length for i in test) for _, test in folds]
            assert max(per_fold) - min(per_fold) <= 1


@given(
    lengths=lengths_lists,
    splitter=splitters,
    data=st.data(),
)
@settings(deadline=None, max_examples=40)
def test_groups_are_not_split(lengths, splitter, data):
    n = len(lengths)
    groups = data.draw(st.lists(st.integers(0, 12), min_size=n, max_size=n))
    assume(len(set(groups)) >= splitter.n_splits)
    folds = folds_of(splitter, numbers_of(lengths), groups)
    assert_partition(folds, n)
    for train, test in folds:
        assert not {groups[i] for i in train} & {groups[i] for i in test}


def test_no_fold_is_empty_where_groups_are_few():
    # StratifiedGroupKFold alone leaves the fourth of these folds empty.
    sizes, group_lengths = [5, 11, 7, 5, 7, 5], [5, 4, 4, 1, 1, 1]
    groups = np.repeat(np.arange(6), sizes)
    folds = folds_of(NumberKFold(6), numbers_of(np.repeat(group_lengths, sizes)), groups)
    assert_partition(folds, 40)


def test_small_groups_keep_the_lengths_balanced():
    rng = np.random.default_rng(0)
    lengths = rng.choice([1, 2, 3, 4], p=[0.2, 0.5, 0.25, 0.05], size=400)
    groups = rng.integers(0, 150, size=400)
    splitters = [NumberKFold(5)]
    if Version(sklearn.__version__) >= Version("1.8"):  # StratifiedGroupKFold loses it before
        splitters.append(NumberKFold(5, shuffle=True, random_state=0))
    for splitter in splitters:
        for _, test in folds_of(splitter, numbers_of(lengths), groups):
            for length in (1, 2, 3, 4):
                expected = (lengths == length).sum() / 5
                assert abs((lengths[test] == length).sum() - expected) <= 4


@given(lengths=lengths_lists, splitter=splitters)
@settings(deadline=None, max_examples=40)
def test_the_form_of_y_makes_no_difference(lengths, splitter):
    strings = numbers_of([min(length, 4) for length in lengths])
    strings = [s.replace("0", "5") for s in strings]
    rows = np.array(
        [[int(c) for c in s.ljust(5, "x").replace("x", "")] + [10] * (5 - len(s)) for s in strings]
    )
    expected = [test.tolist() for _, test in folds_of(splitter, strings)]
    for y in (np.array(strings), pd.Series(strings), [int(s) for s in strings], rows):
        assert [test.tolist() for _, test in folds_of(splitter, y)] == expected


def test_another_blank():
    y = np.array([[1, -1], [1, 2], [3, -1], [3, 4]])
    with pytest.raises(
        ValueError, match="for scores and splits, convert the rows with as_number_strings"
    ):
        folds_of(NumberKFold(2), y)
    folds = folds_of(NumberKFold(2), as_number_strings(y, blank=-1))
    assert [test.tolist() for _, test in folds] == [[0, 1], [2, 3]]


def test_rare_lengths_are_counted_to_a_neighbour():
    # As in SVHN: one number of six digits, few of five; the shortest may be rare as well.
    lengths = [6] + [5] * 3 + [3] * 10 + [2] * 10 + [1] * 2
    folds = folds_of(NumberKFold(5), numbers_of(lengths))
    assert_partition(folds, len(lengths))
    for _, test in folds:
        assert 2 <= sum(lengths[i] >= 3 for i in test) <= 3
        assert 2 <= sum(lengths[i] <= 2 for i in test) <= 3


def test_folds_are_reproducible():
    y = numbers_of([1, 2, 3, 2] * 10)

    def tests(splitter):
        return [test.tolist() for _, test in folds_of(splitter, y)]

    first = tests(NumberKFold(4, shuffle=True, random_state=7))
    assert tests(NumberKFold(4, shuffle=True, random_state=7)) == first
    assert tests(NumberKFold(4, shuffle=True, random_state=8)) != first
    assert tests(NumberKFold(4)) == tests(NumberKFold(4))


def test_repr_shows_the_parameters():
    assert repr(NumberKFold(3, shuffle=True, random_state=0)) == (
        "NumberKFold(n_splits=3, random_state=0, shuffle=True)"
    )


def test_works_in_model_selection():
    y = np.array(["7", "19", "19", "210"] * 6)
    X = np.zeros((24, 1))
    dummy = DummyClassifier(strategy="most_frequent")
    assert cross_val_score(dummy, X, y, cv=NumberKFold(3)).tolist() == [0.5] * 3
    search = GridSearchCV(dummy, {"strategy": ["most_frequent", "uniform"]}, cv=NumberKFold(2))
    # As workers and models on disk get it.
    assert pickle.loads(pickle.dumps(clone(search))).fit(X, y).n_splits_ == 2


def test_groups_arrive_through_model_selection():
    y = np.array(["7", "19", "19", "210"] * 6)
    X, groups = np.zeros((24, 1)), np.repeat(np.arange(6), 4)
    dummy = DummyClassifier()

    def check(**kwargs):
        result = cross_validate(
            dummy, X, y, cv=NumberKFold(3), params={"groups": groups}, return_indices=True, **kwargs
        )
        for test in result["indices"]["test"]:
            assert sorted(np.bincount(groups[test], minlength=6)) == [0, 0, 0, 0, 4, 4]

    with config_context(enable_metadata_routing=True):
        check()
        quiet = NumberKFold(3).set_split_request(groups=False)
        assert quiet.get_metadata_routing().split.requests == {"groups": False}
    scores = cross_val_score(dummy, X, y, cv=NumberKFold(3), groups=groups)
    assert len(scores) == 3


@pytest.mark.parametrize(
    ("splitter", "y", "groups", "message"),
    [
        (NumberKFold(2), None, None, "y must be passed"),
        (NumberKFold(5), ["7", "19", "3"], None, "n_splits must be at most the number of pictures"),
        (NumberKFold(3), ["7", "19", "3"], [0, 0, 1], "greater than the number of groups: 2"),
        (NumberKFold(2), ["7", "19", "3"], [0, 1], "inconsistent numbers of samples"),
        (
            NumberKFold(2),
            ["7", "19", "3"],
            ["a", None, "b"],
            "groups must have a value for every picture; picture 1",
        ),
        (
            NumberKFold(2),
            ["7", "19", "3"],
            [0, np.nan, 1],
            "groups must have a value for every picture; picture 1",
        ),
        (NumberKFold(2), ["7", None, "3"], None, "element 1 is None"),
    ],
)
def test_bad_input_is_refused(splitter, y, groups, message):
    with pytest.raises(ValueError, match=message):
        list(splitter.split(np.zeros((3, 1)), y, groups))


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"n_splits": 1}, ValueError),
        ({"n_splits": 2.5}, ValueError),
        ({"shuffle": "yes"}, TypeError),
        ({"random_state": 0}, ValueError),
    ],
)
def test_bad_parameters_are_refused(parameters, error):
    with pytest.raises(error):
        NumberKFold(**parameters)
