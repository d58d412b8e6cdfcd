"""What a reader answers, given factors that are stated here."""

from __future__ import annotations

from itertools import product
from typing import Any, Self

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin

from sksvhn.estimators._decoding import SequenceFactors
from sksvhn.estimators._reader import NumberReader

N_PICTURES = 30


class RandomReader(NumberReader, ClassifierMixin, BaseEstimator):
    """Answers whatever comes, by chance."""

    def __init__(
        self,
        alphabet: str | None = None,
        max_length: int | None = None,
        blank: int = 10,
        min_confidence: float = 0.0,
        seed: int = 0,
        sharpness: float = 3.0,
    ) -> None:
        self.alphabet = alphabet
        self.max_length = max_length
        self.blank = blank
        self.min_confidence = min_confidence
        self.seed = seed
        self.sharpness = sharpness

    def fit(self, X: Any, y: Any) -> Self:
        self._learn_labels(y)
        return self

    def _log_factors(self, X: Any) -> SequenceFactors:
        rng = np.random.default_rng(self.seed)
        length = rng.standard_normal((len(X), self.max_length_))
        positions = rng.standard_normal((len(X), self.max_length_, len(self.alphabet_)))
        return SequenceFactors(
            log_softmax(self.sharpness * length, axis=1),
            log_softmax(self.sharpness * positions, axis=2),
        )


X = np.zeros((N_PICTURES, 1))

LABELS = {
    "strings": np.array(["0", "07", "12", "120"]),
    "integers": np.array([0, 7, 12, 120]),
    "negative": np.array([-1, 1, -120, 20]),
    "both signs of two": np.array([-1, 1]),
    "floats": np.array([3.0, 21.0]),
}


@pytest.mark.parametrize("y", LABELS.values(), ids=LABELS)
@given(seed=st.integers(0, 10_000), sharpness=st.floats(0.1, 6))
@settings(deadline=None, max_examples=20)
def test_answers_agree_with_each_other(y: Any, seed: int, sharpness: float) -> None:
    clf = RandomReader(seed=seed, sharpness=sharpness).fit(X, y)
    read, confidence, factors = clf.predict(X), clf.confidence(X), clf.predict_factors(X)
    assert read.dtype.kind == y.dtype.kind
    joint = np.array(
        [probability(clf, number, i, factors) for i, number in enumerate(written(read))]
    )
    np.testing.assert_allclose(confidence, joint)
    # No label has a higher probability than the reading, and one that is read is the likeliest.
    of_classes = np.array(
        [[probability(clf, s, i, factors) for s in written(clf.classes_)] for i in range(len(X))]
    )
    assert (of_classes.max(axis=1) <= confidence * (1 + 1e-9)).all()
    np.testing.assert_allclose(
        clf.predict_proba(X), of_classes / of_classes.sum(axis=1, keepdims=True)
    )
    known = np.isin(read, clf.classes_)
    np.testing.assert_array_equal(
        clf.classes_[clf.predict_proba(X).argmax(axis=1)][known], read[known]
    )
    assert clf.score(X, read) == 1


def written(numbers: Any) -> list[str]:
    return [v if isinstance(v, str) else str(int(v)) for v in numbers.tolist()]


def probability(clf: Any, number: str, i: int, factors: SequenceFactors) -> float:
    characters = [
        factors.positions[i, k, clf.alphabet_.index(character)]
        for k, character in enumerate(number)
    ]
    return float(factors.length[i, len(number) - 1] * np.prod(characters))


def test_integers_never_seen_are_answered() -> None:
    for y in (np.array([12, 99]), np.array([-12, 99])):
        assert not set(RandomReader().fit(X, y).predict(X)) <= set(y)


def test_a_leading_zero_is_read_in_strings_alone() -> None:
    zero_first = np.log([[[0.9, 0.1], [0.2, 0.8]]]), np.log([[0.05, 0.95]])

    class ZeroFirst(RandomReader):
        def _log_factors(self, X: Any) -> SequenceFactors:
            return SequenceFactors(zero_first[1], zero_first[0])

    strings = ZeroFirst(alphabet="01").fit(X, np.array(["01", "11"]))
    assert strings.predict(X[:1]).tolist() == ["01"]
    integers = ZeroFirst(alphabet="01").fit(X, np.array([11, 1]))
    assert integers.predict(X[:1]).tolist() == [11]
    np.testing.assert_allclose(integers.confidence(X[:1]), 0.95 * 0.1 * 0.8)
    np.testing.assert_allclose(integers.predict_factors(X[:1]).positions[0, 0], [0.9, 0.1])


@pytest.mark.parametrize(("width", "max_length"), [(2, None), (2, 2), (2, 4), (4, 2), (4, None)])
@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.float64])
def test_padded_answers_have_equal_columns(width: int, max_length: Any, dtype: Any) -> None:
    y = np.full((3, width), 10, dtype=dtype)
    y[:, 0] = [1, 0, 2]
    y[1:, 1] = [3, 0]
    clf = RandomReader(max_length=max_length, sharpness=1.0).fit(X, y)
    read, proba = clf.predict(X), clf.predict_proba(X)
    assert read.dtype == dtype
    assert read.shape[1] == max(width, max_length or 0) == len(clf.classes_) == len(proba)
    for column, classes in enumerate(clf.classes_):
        assert classes.dtype == dtype
        seen = y[:, column] if column < width else [10]
        np.testing.assert_array_equal(classes, np.unique(seen))
        assert proba[column].shape == (N_PICTURES, len(classes))
        np.testing.assert_allclose(proba[column].sum(axis=1), 1)
    assert clf.score(X, read) == 1


def test_later_padded_labels_join_the_columns() -> None:
    clf = RandomReader(max_length=3)
    clf._learn_labels([[1, 10], [2, 3]])
    clf._learn_labels([[4, 5]], reset=False, keep_classes=True)
    assert [column.tolist() for column in clf.classes_] == [[1, 2, 4], [3, 5, 10], [10]]


def test_classes_named_beforehand() -> None:
    clf = RandomReader()
    clf._learn_labels(["1"], classes=["1", "23A"])
    assert (clf.alphabet_, clf.max_length_) == ("0123456789A", 3)
    assert clf.classes_.tolist() == ["1", "23A"]


@pytest.mark.parametrize(
    ("params", "y", "classes", "message"),
    [
        ({}, [[1, 2], [1]], None, "y must have rows of one length"),
        ({}, 5, None, "y should be a 1d array of numbers"),
        ({}, [], None, "y must hold at least one number"),
        ({"alphabet": "0123456789AB"}, [1, 2], None, "if y holds integers; got 'AB'"),
        ({"alphabet": "0123456789"}, [1, -2], None, "'-' in '-2'"),
        ({}, [19, -1], None, "y element 1 is an empty number"),
        ({}, [2], [2, -1], "classes element 2 is an empty number"),
        ({}, ["1", "2 "], None, "white space.* y holds '2 '"),
        ({}, ["1"], ["1", "2\n"], "white space.* classes holds"),
        ({}, ["1", "nan"], None, "y must not hold missing values; got 'nan'"),
        ({}, [1, 2], ["1", "2"], "must have one form; classes has"),
        ({}, [[1, 2]], [1, 2], "must have one form; classes has"),
        ({}, ["1"], [["1"], ["2", "3"]], "classes must have rows of one length"),
        ({"max_length": 1}, ["1"], ["12"], "classes must hold at most .* got '12'"),
        ({"alphabet": "1"}, ["1"], ["2"], "classes must hold characters .* got '2'"),
        ({}, [[1, 2]], [[10, 10]], "classes element 1 is an empty number"),
    ],
)
def test_bad_labels_get_one_clear_error(
    params: dict[str, Any], y: Any, classes: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        RandomReader(**params)._learn_labels(y, classes=classes)


@pytest.mark.parametrize("y", [*LABELS.values(), [[1, 2, 10], [0, 10, 10]]], ids=[*LABELS, "rows"])
@given(seed=st.integers(0, 10_000), k=st.integers(1, 40))
@settings(deadline=None, max_examples=20)
def test_top_readings_begin_with_the_reading(y: Any, seed: int, k: int) -> None:
    clf = RandomReader(seed=seed).fit(X, y)
    read, confidence = clf.predict(X, return_confidence=True)
    np.testing.assert_array_equal(confidence, clf.confidence(X))
    numbers, shares = clf.top_k(X, k)
    np.testing.assert_array_equal(numbers[:, 0], read)
    np.testing.assert_array_equal(shares[:, 0], confidence)
    assert numbers.dtype == read.dtype
    assert (np.diff(shares, axis=1) <= 0).all()
    factors = clf.predict_factors(X)
    for i, row in enumerate(numbers):
        distinct = {tuple(number) if np.ndim(number) else number for number in row}
        assert len(distinct) == shares.shape[1]
        if np.ndim(row) == 1:
            expected = [probability(clf, number, i, factors) for number in written(row)]
            np.testing.assert_allclose(shares[i], expected)


def test_there_are_no_more_readings_than_numbers() -> None:
    strings = RandomReader(alphabet="ab", max_length=2).fit(X, np.array(["a"]))
    numbers, probability = strings.top_k(X, 100)
    assert sorted(numbers[0]) == ["a", "aa", "ab", "b", "ba", "bb"]
    np.testing.assert_allclose(probability.sum(axis=1), 1)
    integers = RandomReader(alphabet="01", max_length=2).fit(X, np.array([1]))
    assert sorted(integers.top_k(X, 100).numbers[0]) == [0, 1, 10, 11]
    for k, error in ((0, ValueError), (1.5, TypeError)):
        with pytest.raises(error, match="k"):
            strings.top_k(X, k)


@pytest.mark.parametrize(
    ("y", "rejected"),
    [
        (np.array(["0", "07"]), ""),
        (np.array([0, 7], dtype=np.uint8), -1),
        (np.array([3.0, 21.0]), -1.0),
        (np.array([[1, 2, 10], [0, 10, 10]]), [10, 10, 10]),
    ],
    ids=["strings", "unsigned", "floats", "rows"],
)
def test_unsure_readings_are_rejected_and_wrong(y: Any, rejected: Any) -> None:
    clf = RandomReader().fit(X, y)
    read, confidence = clf.predict(X, return_confidence=True)
    limit = float(np.median(confidence))
    kept = confidence >= limit
    assert 0 < kept.sum() < len(kept)
    clf.set_params(min_confidence=limit)
    selective, same = clf.predict(X, return_confidence=True)
    np.testing.assert_array_equal(same, confidence)
    np.testing.assert_array_equal(selective[kept], read[kept])
    for number in selective[~kept]:
        np.testing.assert_array_equal(number, rejected)
    assert clf.score(X, read) == pytest.approx(kept.mean())
    np.testing.assert_array_equal(clf.top_k(X, 1).numbers[:, 0], read)


@pytest.mark.parametrize("nothing", [-1, "", [10, 10]])
def test_where_there_is_no_number_it_is_right_to_reject(nothing: Any) -> None:
    clf = RandomReader().fit(X, np.array(["1"]))
    limit = float(np.median(clf.confidence(X)))
    rejected = np.mean(clf.confidence(X) < limit)
    assert 0 < rejected < 1
    assert clf.score(X, [nothing] * len(X)) == 0
    assert clf.set_params(min_confidence=limit).score(X, [nothing] * len(X)) == rejected


def test_negative_labels_are_no_rejections() -> None:
    clf = RandomReader(min_confidence=0.5).fit(X, np.array([-1, 1]))
    with pytest.raises(ValueError, match="-1 marks rejected readings"):
        clf.predict(X)
    assert clf.set_params(min_confidence=0.0).predict(X).shape == (N_PICTURES,)
    # Judged by the labels that were learned, -1 alone is one of them.
    read = clf.predict(X)
    assert clf.score(X, np.full(N_PICTURES, -1)) == np.mean(read == -1)


def test_labels_are_judged_by_what_was_learned() -> None:
    rows = np.array([[11, 0, 12], [3, 12, 12]] * 15)
    clf = RandomReader(alphabet="0123456789AB", blank=12, seed=3).fit(X, rows)
    read, temperatures = clf.predict(X), clf.calibrate(X, rows).temperatures_
    clf.calibrate(X, rows).temperatures_ = (1.0, 1.0)
    clf.set_params(blank=-7, alphabet="xyz", max_length=1)
    assert clf.blank_ == 12
    assert clf.score(X, read) == 1
    np.testing.assert_array_equal(clf.predict(X), read)
    assert clf.rank_candidates(X[:1], [rows[:2]]).posterior[0].sum() == pytest.approx(1)
    assert clf.predict_proba(X)[0].shape == (N_PICTURES, 2)
    assert clf.calibrate(X, rows).temperatures_ == temperatures
    clf._learn_labels([[4, 5, 12]], reset=False, keep_classes=True)
    assert [column.tolist() for column in clf.classes_] == [[3, 4, 11], [0, 5, 12], [12]]


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan, "high", None])
def test_min_confidence_is_a_probability(value: Any) -> None:
    clf = RandomReader().fit(X, ["1"]).set_params(min_confidence=value)
    with pytest.raises(ValueError, match="The 'min_confidence' parameter of RandomReader must be"):
        clf.predict(X)


@given(
    seed=st.integers(0, 10_000),
    size=st.integers(1, 12),
    weighted=st.booleans(),
    temperatures=st.sampled_from([(1.0, 1.0), (2.0, 0.5)]),
)
@settings(deadline=None, max_examples=40)
def test_candidates_by_bayes_rule(
    seed: int, size: int, weighted: bool, temperatures: tuple[float, float]
) -> None:
    rng = np.random.default_rng(seed)
    clf = RandomReader(alphabet="ab", max_length=3, seed=seed).fit(X, ["a"])
    clf.temperatures_ = temperatures
    strings = ["".join(s) for n in (1, 2, 3) for s in product("ab", repeat=n)] + ["x", "aaaa", ""]
    lists = [list(rng.permutation(strings)[: rng.integers(1, size + 1)]) for _ in X]
    prior = [rng.uniform(0.1, 2, len(group)) for group in lists] if weighted else None
    best, posterior, in_list = clf.rank_candidates(X, lists, prior)
    factors = clf.predict_factors(X)
    for i, group in enumerate(lists):
        possible = [s in strings[:-3] for s in group]
        joint = np.array(
            [
                probability(clf, s, i, factors) if known else 0.0
                for s, known in zip(group, possible, strict=True)
            ]
        )
        assert in_list[i] == pytest.approx(joint.sum())
        weights = np.ones(len(group)) if prior is None else prior[i]
        expected = joint * weights if any(possible) else weights
        np.testing.assert_allclose(posterior[i], expected / expected.sum())
        assert best[i] == group[int(expected.argmax())]


def test_all_numbers_as_candidates_are_the_top_readings() -> None:
    clf = RandomReader(alphabet="01", max_length=2).fit(X, np.array([1]))
    best, posterior, in_list = clf.rank_candidates(X, [[0, 1, 10, 11]] * len(X))
    np.testing.assert_array_equal(best, clf.predict(X))
    top = clf.top_k(X, 4).probability
    np.testing.assert_allclose(np.sort(posterior)[:, ::-1], top / top.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(in_list, top.sum(axis=1))


@pytest.mark.parametrize(
    ("y", "group", "rejected"),
    [
        (np.array(["0", "07"]), ["7"], ""),
        (np.array([0, 7]), [7], -1),
        (np.array([[1, 2], [0, 10]]), [[7, 10]], [10, 10]),
    ],
    ids=["strings", "integers", "rows"],
)
def test_an_empty_list_has_no_best(y: Any, group: Any, rejected: Any) -> None:
    clf = RandomReader().fit(X, y)
    best, posterior, in_list = clf.rank_candidates(X[:3], [[], group, np.empty(0)])
    np.testing.assert_array_equal(best[0], rejected)
    np.testing.assert_array_equal(best[1], group[0])
    assert [len(p) for p in posterior] == [0, 1, 0]
    assert in_list[[0, 2]].tolist() == [0, 0]
    nothing = clf.rank_candidates(X[:2], [[], []])
    assert [len(p) for p in nothing.posterior] == [0, 0]


def test_impossible_candidates_go_by_the_prior() -> None:
    clf = RandomReader(max_length=2).fit(X, ["1"])
    best, posterior, in_list = clf.rank_candidates(X[:1], [["123", "A"]], [[1, 3]])
    assert best.tolist() == ["A"]
    assert posterior[0].tolist() == [0.25, 0.75]
    assert in_list.tolist() == [0]
    integers = RandomReader().fit(X, [1])
    assert integers.rank_candidates(X[:1], [[10**30]]).best.tolist() == [10**30]


def test_candidates_no_reading_could_stand_for() -> None:
    rows = RandomReader(max_length=2).fit(X, [[1, 2]])
    with pytest.raises(
        ValueError, match="at most 2 characters, the columns of a reading; got one of 3"
    ):
        rows.rank_candidates(X[:1], [[[1, 2, 3]]])
    with pytest.raises(ValueError, match="candidates must not hold -1"):
        RandomReader().fit(X, [1]).rank_candidates(X[:1], [[-1]])
    signed = RandomReader().fit(X, [1, -1])
    assert signed.rank_candidates(X[:1], [[-1]]).best.tolist() == [-1]


def test_equal_candidates_the_first_is_best() -> None:
    class Even(RandomReader):
        def _log_factors(self, X: Any) -> SequenceFactors:
            return SequenceFactors(np.zeros((len(X), 1)), np.full((len(X), 1, 10), np.log(0.1)))

    clf = Even(max_length=1).fit(X, ["1"])
    ranked = clf.rank_candidates(X[:2], [["7", "2"], ["2", "7"]])
    assert ranked.best.tolist() == ["7", "2"]
    assert [p.tolist() for p in ranked.posterior] == [[0.5, 0.5]] * 2


@pytest.mark.parametrize(
    ("candidates", "prior", "message"),
    [
        ([["1"]], None, "candidates must hold one list per picture; got 1 lists for 2"),
        (["1", "2"], None, r"candidates\[0\] is '1'"),
        ("12", None, "candidates must hold one list per picture; got '12'"),
        (None, None, "candidates must hold one list per picture; got None"),
        ([["1"], {"2"}], None, r"candidates\[1\] is \{'2'\}"),
        ([["1"], ["2", "3", "2"]], None, r"candidates\[1\] holds '2' twice"),
        ([[1], [2]], None, "candidates must be strings, like the training labels; got integers"),
        (
            [["1"], ["2", None]],
            None,
            "candidates contains NaN, None or infinity: element 2 is None",
        ),
        ([["1"], ["2"]], [[1.0]], "prior must hold one list per picture; got 1 lists for 2"),
        ([["1"], ["2"]], [[1], [1, 2]], r"prior\[1\] has shape \(2,\)"),
        ([["1"], ["2"]], [[1], [-1]], r"prior must hold finite weights .* prior\[1\]"),
        ([["1"], ["2"]], [[1], [0]], r"prior must hold finite weights .* prior\[1\]"),
        ([["1"], ["2"]], [[1], [np.nan]], r"prior must hold finite weights .* prior\[1\]"),
        ([["1"], ["2"]], [[1], ["much"]], r"prior must hold numbers \(could not convert"),
        (pd.DataFrame({"a": ["1", "2"]}), None, "candidates must hold one list per picture; got"),
    ],
)
def test_bad_candidates_get_one_clear_error(candidates: Any, prior: Any, message: str) -> None:
    clf = RandomReader().fit(X, ["1"])
    with pytest.raises(ValueError, match=message):
        clf.rank_candidates(X[:2], candidates, prior)


def test_calibration_finds_the_temperatures_of_the_labels() -> None:
    class Overconfident(RandomReader):
        def _log_factors(self, X: Any) -> SequenceFactors:
            true = super()._log_factors(X)
            return SequenceFactors(
                log_softmax(3 * true.length, axis=1), log_softmax(true.positions / 2, axis=2)
            )

    many = np.zeros((20_000, 1))
    clf = Overconfident(alphabet="0123", max_length=3, sharpness=1.0).fit(many, ["0"])
    rng = np.random.default_rng(1)
    true = RandomReader._log_factors(clf, many)
    lengths = [rng.choice(3, p=np.exp(row)) + 1 for row in true.length]
    y = [
        "".join(str(rng.choice(4, p=np.exp(row[i]))) for i in range(n))
        for row, n in zip(true.positions, lengths, strict=True)
    ]
    before = clf.predict_factors(many)
    assert clf.calibrate(many, y) is clf
    np.testing.assert_allclose(clf.temperatures_, (3, 0.5), rtol=0.05)
    after = clf.predict_factors(many)
    np.testing.assert_allclose(after.length.sum(axis=1), 1)
    assert np.abs(after.length - np.exp(true.length)).max() < 0.05
    assert np.abs(before.length - np.exp(true.length)).max() > 0.2
    # A second time finds the same, for it starts from the factors as they were fitted.
    learned = clf.temperatures_
    assert clf.calibrate(many, y).temperatures_ == learned
    clf.fit(many, ["0"])
    assert clf.temperatures_ == (1, 1)


@pytest.mark.parametrize("n", [1, 30, 100])
def test_calibration_on_few_numbers_stays_calm(n: int) -> None:
    # All of them read right would make a temperature of 0 the most probable one.
    class Sure(RandomReader):
        def _log_factors(self, X: Any) -> SequenceFactors:
            positions = np.full((len(X), 2, 10), 0.002)
            positions[:, :, 7] = 0.982
            return SequenceFactors(np.log([[0.985, 0.015]] * len(X)), np.log(positions))

    clf = Sure(max_length=2).fit(X, ["7"]).calibrate(np.zeros((n, 1)), ["7"] * n)
    assert 0.6 < min(clf.temperatures_) <= max(clf.temperatures_) < 1


def test_calibration_weighs_numbers() -> None:
    y = np.array(["0", "12"] * (N_PICTURES // 2))
    weights = np.arange(N_PICTURES) % 3
    weighted = RandomReader().fit(X, y).calibrate(X, y, weights)

    class Repeated(RandomReader):
        def _log_factors(self, X: Any) -> SequenceFactors:
            factors = super()._log_factors(np.zeros((N_PICTURES, 1)))
            return SequenceFactors(*(np.repeat(factor, weights, axis=0) for factor in factors))

    repeated = Repeated().fit(X, y).calibrate(X, np.repeat(y, weights))
    np.testing.assert_allclose(weighted.temperatures_, repeated.temperatures_, rtol=1e-4)


def test_calibration_needs_numbers_that_can_be_read() -> None:
    clf = RandomReader().fit(X, ["12"])
    for y, message in (
        (["123"] * N_PICTURES, "at most max_length=2 .* got '123' of length 3"),
        (["A"] * N_PICTURES, "'A' in 'A'"),
        ([1] * N_PICTURES, "pass all labels in one form"),
        (["1"], "inconsistent numbers of samples"),
    ):
        with pytest.raises(ValueError, match=message):
            clf.calibrate(X, y)
    assert clf.temperatures_ == (1, 1)
