from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sksvhn.metrics import coverage_at_accuracy_score, sequence_accuracy_score

from ._cases import Case, cases, padded

# Written as decimals, so that a target such as 0.1 means one tenth in the exact reference too.
targets = st.sampled_from(["0", "0.1", "0.25", "0.5", "0.6", "0.7", "0.75", "0.9", "0.98", "1"])


def brute_coverage(case: Case, weight: list[int], target: str) -> float:
    best = Fraction(0)
    for threshold in case.confidence:
        taken = [i for i, c in enumerate(case.confidence) if c >= threshold and weight[i]]
        total = sum(weight[i] for i in taken)
        right = sum(weight[i] for i in taken if case.true[i] == case.read[i])
        if total and Fraction(right, total) >= Fraction(target):
            best = max(best, Fraction(total, sum(weight)))
    return float(best)


def score(case: Case, target: str, weight=None, **kwargs) -> float:
    return coverage_at_accuracy_score(
        case.true,
        case.read,
        case.confidence,
        accuracy=float(target),
        sample_weight=weight,
        **kwargs,
    )


@given(case=cases(), target=targets)
@settings(deadline=None, max_examples=40)
def test_equals_brute_force(case, target):
    ones = [1] * len(case.true)
    assert score(case, target) == pytest.approx(brute_coverage(case, ones, target), abs=1e-12)
    expected = brute_coverage(case, case.weight, target)
    assert score(case, target, case.weight) == pytest.approx(expected, abs=1e-12)


@given(case=cases(), target=targets, data=st.data())
@settings(deadline=None, max_examples=40)
def test_invariances(case, target, data):
    expected = pytest.approx(score(case, target, case.weight))
    shuffled = case.rows(data.draw(st.permutations(range(len(case.true)))))
    assert score(shuffled, target, shuffled.weight) == expected
    # A sum of tenths is inexact: rounding must not lose a target that is met exactly.
    assert score(case, target, 0.1 * np.array(case.weight)) == expected
    assert score(case.repeated(), target) == expected
    log_confidence = Case(case.true, case.read, case.weight, np.log(case.confidence).tolist())
    assert score(log_confidence, target, case.weight) == expected


@given(case=cases())
@settings(deadline=None, max_examples=40)
def test_falls_as_the_target_rises(case):
    scores = [score(case, str(target)) for target in np.linspace(0, 1, 21).round(2)]
    assert scores[0] == 1
    assert (np.diff(scores) <= 0).all()


@given(case=cases())
@settings(deadline=None, max_examples=40)
def test_covers_everything_at_the_accuracy_reached(case):
    reached = sequence_accuracy_score(case.true, case.read)
    assert coverage_at_accuracy_score(*case.scores_input, case.confidence, accuracy=reached) == 1


def test_ties_are_taken_together():
    # One of two equally sure readings is wrong: no threshold takes the right one alone.
    for read in (["1", "9"], ["9", "2"]):
        assert coverage_at_accuracy_score(["1", "2"], read, [0.5, 0.5], accuracy=0.6) == 0


def test_goes_past_a_dip_below_the_target():
    true, read = list("123456"), list("193456")
    confidence = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4]
    assert coverage_at_accuracy_score(true, read, confidence, accuracy=0.8) == 1
    assert coverage_at_accuracy_score(true, read, confidence, accuracy=0.9) == pytest.approx(1 / 6)


def test_forty_nine_of_fifty_reach_98_percent():
    true = [str(i) for i in range(50)]
    read = [*true[:49], "x"]
    confidence = np.linspace(1, 0, 50)
    assert coverage_at_accuracy_score(true, read, confidence) == 1
    assert coverage_at_accuracy_score(true, read, confidence, sample_weight=[0.1] * 50) == 1
    assert coverage_at_accuracy_score(true, read, confidence, accuracy=0.9801) == 0.98


def test_rounding_of_weights_loses_no_target():
    true, confidence = list("1" * 25), np.linspace(1, 0.5, 25)
    read = list("1" * 20 + "2" * 5)
    # Twenty tenths over twenty-five tenths, summed one by one, are a little below 0.8.
    weight = [0.1] * 25
    assert coverage_at_accuracy_score(true, read, confidence, accuracy=0.8) == 1
    assert (
        coverage_at_accuracy_score(true, read, confidence, accuracy=0.8, sample_weight=weight) == 1
    )


def test_rejected_readings_are_wrong_and_forms_agree():
    true, read, confidence = ["19", "7", "84"], ["19", "", "84"], [0.9, 0.95, 0.1]
    for y_pred in (read, [19, -1, 84], padded(read)):
        assert coverage_at_accuracy_score(true, y_pred, confidence, accuracy=0.6) == 1
        assert coverage_at_accuracy_score(true, y_pred, confidence, accuracy=0.7) == 0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"confidence": [0.1, np.nan]}, "confidence contains NaN"),
        ({"confidence": [0.1, np.inf]}, "confidence contains infinity"),
        ({"confidence": [0.1]}, "inconsistent numbers of samples"),
        ({"confidence": [[0.1, 0.9], [0.2, 0.8]]}, "confidence must be 1-D"),
        ({"confidence": None}, "'confidence' parameter"),
        ({"accuracy": 98}, "'accuracy' parameter"),
        ({"accuracy": -0.1}, "'accuracy' parameter"),
    ],
)
def test_bad_input_is_refused(changed, message):
    arguments = {"y_true": ["19", "7"], "y_pred": ["19", "7"], "confidence": [0.1, 0.2]}
    with pytest.raises(ValueError, match=message):
        coverage_at_accuracy_score(**(arguments | changed))
