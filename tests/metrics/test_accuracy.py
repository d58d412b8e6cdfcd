from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.dummy import DummyClassifier
from sklearn.metrics import make_scorer
from sklearn.model_selection import cross_val_score

from sksvhn.metrics import (
    digit_accuracy_score,
    length_accuracy_score,
    position_accuracy_scores,
    sequence_accuracy_score,
)

from ._cases import Case, cases, padded


def share(hits_and_weights: list[tuple[bool, int]]) -> float:
    total = sum(weight for _, weight in hits_and_weights)
    return float(Fraction(sum(weight for hit, weight in hits_and_weights if hit), total))


def brute_sequence(case: Case) -> float:
    return share([(t == r, w) for t, r, w, _ in zip(*case.columns(), strict=True)])


def brute_length(case: Case) -> float:
    return share([(len(t) == len(r), w) for t, r, w, _ in zip(*case.columns(), strict=True)])


def digit_pairs(case: Case) -> list[tuple[int, bool, int]]:
    return [
        (i, i < len(r) and r[i] == t[i], w)
        for t, r, w, _ in zip(*case.columns(), strict=True)
        for i in range(len(t))
    ]


def brute_digits(case: Case) -> float:
    return share([(hit, w) for _, hit, w in digit_pairs(case)])


def brute_positions(case: Case) -> list[float]:
    longest = max(len(t) for t, w in zip(case.true, case.weight, strict=True) if w)
    return [
        share([(hit, w) for at, hit, w in digit_pairs(case) if at == i]) for i in range(longest)
    ]


SCORES = [
    (sequence_accuracy_score, brute_sequence),
    (length_accuracy_score, brute_length),
    (digit_accuracy_score, brute_digits),
    (position_accuracy_scores, brute_positions),
]
every_score = pytest.mark.parametrize(("score", "brute"), SCORES, ids=lambda f: f.__name__)


@every_score
@given(case=cases())
@settings(deadline=None, max_examples=40)
def test_equals_brute_force(score, brute, case):
    unweighted = Case(case.true, case.read, [1] * len(case.true), case.confidence)
    assert score(*case.scores_input) == pytest.approx(brute(unweighted), abs=1e-12)
    weighted = score(*case.scores_input, sample_weight=case.weight)
    assert weighted == pytest.approx(brute(case), abs=1e-12)


@every_score
@given(case=cases(), data=st.data())
@settings(deadline=None, max_examples=40)
def test_invariances(score, brute, case, data):
    expected = score(*case.scores_input, sample_weight=case.weight)
    shuffled = case.rows(data.draw(st.permutations(range(len(case.true)))))
    assert score(*shuffled.scores_input, sample_weight=shuffled.weight) == pytest.approx(expected)
    scaled = 0.1 * np.array(case.weight)
    assert score(*case.scores_input, sample_weight=scaled) == pytest.approx(expected)
    assert score(*case.repeated().scores_input) == pytest.approx(expected)


@every_score
@given(case=cases(), spare=st.integers(0, 2))
@settings(deadline=None, max_examples=40)
def test_all_forms_agree(score, brute, case, spare):
    expected = score(*case.scores_input)
    forms = [np.array, pd.Series, lambda y: padded(y, spare=spare)]
    for form_true in forms:
        for form_read in forms:
            result = score(form_true(case.true), form_read(case.read))
            assert np.array_equal(result, expected)


@every_score
def test_integers_agree_with_strings(score, brute):
    true, read = [19, 210, 7, 0], [19, 21, -1, 0]
    strings = ["19", "210", "7", "0"], ["19", "21", "", "0"]
    assert np.array_equal(score(true, read), score(*strings))
    assert np.array_equal(score(true, strings[1]), score(*strings))
    assert np.array_equal(score(strings[0], read), score(*strings))


@every_score
@pytest.mark.parametrize("rejected", [["", ""], [-1, -1], [[10, 10], [10, 10]]])
def test_rejected_readings_are_wrong(score, brute, rejected):
    assert not np.any(score(["19", "7"], rejected))


def test_one_wrong_digit_makes_a_number_wrong():
    assert sequence_accuracy_score(["2165"], ["3165"]) == 0
    assert digit_accuracy_score(["2165"], ["3165"]) == 0.75


def test_an_integer_has_no_leading_zero():
    assert sequence_accuracy_score(["0210"], [210]) == 0


def test_positions_reach_to_the_longest_true_number():
    assert position_accuracy_scores(["19", "7"], ["19345", "7"]).tolist() == [1, 1]
    assert position_accuracy_scores(padded(["19", "7"], spare=3), ["19", "7"]).tolist() == [1, 1]
    assert position_accuracy_scores(["19", "7"], ["1", "7"], sample_weight=[0, 1]).tolist() == [1]


def test_characters_need_not_be_digits():
    assert digit_accuracy_score(["12B", "Å7"], ["12A", "Å7"]) == 0.8


def test_negative_integers_are_numbers_in_readings_too():
    assert sequence_accuracy_score([-5, -1, 4], [-5, -1, -1]) == pytest.approx(2 / 3)
    assert sequence_accuracy_score([-1, 1], [-1, -1]) == 0.5
    assert sequence_accuracy_score(["-1", "12"], [-1, 12]) == 1


def test_strings_of_floats_equal_no_number():
    for true, read in ((["19.0", "7.0"], ["19", "7"]), ([19, 7], ["19.0", "7.0"])):
        with pytest.raises(ValueError, match=r"strings of floats such as '19.0'"):
            sequence_accuracy_score(true, read)
    assert sequence_accuracy_score(["19.0", "7.5"], ["19.0", "75"]) == 0.5


def test_labels_of_other_systems_are_refused():
    for y_true in (["19\n", "7\n"], ["19", "nan"], np.eye(10)[[3, 4]], [[19], [7]]):
        with pytest.raises(ValueError, match="y_true "):
            sequence_accuracy_score(y_true, ["19", "7"])


@every_score
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y_true": ["19"], "y_pred": ["19", "7"]}, "inconsistent numbers of samples"),
        ({"y_true": [], "y_pred": []}, "y_true must hold at least one number"),
        ({"y_true": [19, np.nan], "y_pred": [19, 7]}, "y_true contains NaN"),
        ({"y_true": ["19", None], "y_pred": [19, 7]}, "y_true contains NaN, None"),
        ({"y_true": ["19", "7"], "y_pred": ["19", np.nan]}, "y_pred contains NaN, None"),
        ({"y_true": "19", "y_pred": "19"}, "'y_true' parameter"),
        ({"y_true": ["19"], "y_pred": ["19"], "sample_weight": [-1.0]}, "[Nn]egative"),
        ({"y_true": ["19"], "y_pred": ["19"], "sample_weight": [np.nan]}, "NaN"),
        ({"y_true": ["19"], "y_pred": ["19"], "sample_weight": [0.0]}, "zero"),
        ({"y_true": ["19"], "y_pred": ["19"], "sample_weight": [1, 1]}, "inconsistent"),
    ],
)
def test_bad_input_is_refused(score, brute, arguments, message):
    with pytest.raises(ValueError, match=message):
        score(**arguments)


@pytest.mark.parametrize("y_true", [["19", ""], [19, -1], [[1, 9], [10, 10]]])
def test_only_whole_numbers_may_be_empty(y_true):
    for y_pred, accuracy in ((["19", "7"], 0.5), (["19", ""], 1.0), (["", "7"], 0.0)):
        assert sequence_accuracy_score(y_true, y_pred) == accuracy
    for score in (digit_accuracy_score, length_accuracy_score, position_accuracy_scores):
        with pytest.raises(ValueError, match="y_true element 1 is an empty number"):
            score(y_true, ["19", "7"])


def test_scores_are_floats():
    for score in (sequence_accuracy_score, digit_accuracy_score, length_accuracy_score):
        assert type(score(["19"], ["19"])) is float
    assert position_accuracy_scores(["19"], ["19"]).dtype == np.float64


def test_works_through_make_scorer():
    X, y = np.zeros((6, 1)), ["19", "19", "19", "7", "7", "19"]
    dummy = DummyClassifier(strategy="most_frequent")
    scores = cross_val_score(dummy, X, y, scoring=make_scorer(sequence_accuracy_score), cv=2)
    assert scores == pytest.approx([2 / 3, 2 / 3])


def test_digits_of_another_script_equal_none():
    # 12 and 7 of N'Ko, 12 and 3 of Khmer.
    nko, khmer = ["\u07c1\u07c2", "\u07c7"], ["\u17e1\u17e2", "\u17e3"]
    for true, read in ((nko, ["12", "7"]), ([12, 7], khmer), (["12", "\uff17"], ["12", "7"])):
        with pytest.raises(ValueError, match="whose digits are not those of 0123456789"):
            sequence_accuracy_score(true, read)
    assert sequence_accuracy_score(nko, [nko[0], "\u07c3"]) == 0.5
