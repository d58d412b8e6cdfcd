from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sksvhn.metrics import (
    accuracy_at_coverage_score,
    area_under_risk_coverage_score,
    coverage_at_accuracy_score,
    risk_coverage_curve,
    sequence_accuracy_score,
)

from ._cases import Case, cases, padded

# Written as decimals, so that a share such as 0.1 means one tenth in the exact reference too.
shares = st.sampled_from(["0.01", "0.1", "0.25", "0.5", "0.6", "0.75", "0.9", "0.95", "1"])


def brute_curve(case: Case) -> list[tuple[Fraction, Fraction, float]]:
    """Coverage, risk and threshold, one threshold at a time."""
    rows = [row for row in zip(*case.columns(), strict=True) if row[2]]
    total = sum(weight for _, _, weight, _ in rows)
    curve = []
    for threshold in sorted({c for *_, c in rows}, reverse=True):
        taken = sum(w for _, _, w, c in rows if c >= threshold)
        wrong = sum(w for t, r, w, c in rows if c >= threshold and t != r)
        curve.append((Fraction(taken, total), Fraction(wrong, taken), threshold))
    return curve


def brute_area(case: Case) -> float:
    """Mean over numbers, each as often as it weighs, of the risk at its confidence."""
    risk_at = {threshold: risk for _, risk, threshold in brute_curve(case)}
    risks = [risk_at[c] for c in case.repeated().confidence]
    return float(sum(risks, Fraction(0)) / len(risks))


def brute_accuracy(case: Case, coverage: str) -> float:
    return next(float(1 - r) for c, r, _ in brute_curve(case) if c >= Fraction(coverage))


def arguments(case: Case) -> tuple[list[str], list[str], list[float]]:
    return case.true, case.read, case.confidence


@given(case=cases())
@settings(deadline=None, max_examples=40)
def test_curve_equals_brute_force(case):
    coverage, risk, thresholds = risk_coverage_curve(*arguments(case), sample_weight=case.weight)
    expected = brute_curve(case)
    assert coverage == pytest.approx([float(c) for c, _, _ in expected], abs=1e-12)
    assert risk == pytest.approx([float(r) for _, r, _ in expected], abs=1e-12)
    assert thresholds.tolist() == [t for *_, t in expected]
    assert coverage[-1] == 1
    assert (np.diff(coverage) > 0).all()
    assert (np.diff(thresholds) < 0).all()


@given(case=cases())
@settings(deadline=None, max_examples=40)
def test_area_equals_brute_force(case):
    score = area_under_risk_coverage_score(*arguments(case), sample_weight=case.weight)
    assert score == pytest.approx(brute_area(case), abs=1e-12)


@given(case=cases(), coverage=shares)
@settings(deadline=None, max_examples=40)
def test_accuracy_equals_brute_force(case, coverage):
    # A sum of tenths is inexact: rounding must not lose a coverage that is met exactly.
    for weight in (case.weight, 0.1 * np.array(case.weight)):
        score = accuracy_at_coverage_score(
            *arguments(case), coverage=float(coverage), sample_weight=weight
        )
        assert score == pytest.approx(brute_accuracy(case, coverage), abs=1e-12)


@given(case=cases(), data=st.data())
@settings(deadline=None, max_examples=40)
def test_invariances(case, data):
    shuffled = case.rows(data.draw(st.permutations(range(len(case.true)))))
    log_confidence = Case(case.true, case.read, case.weight, np.log(case.confidence).tolist())
    for score in (area_under_risk_coverage_score, accuracy_at_coverage_score):
        expected = pytest.approx(score(*arguments(case), sample_weight=case.weight))
        assert score(*arguments(shuffled), sample_weight=shuffled.weight) == expected
        assert score(*arguments(case.repeated())) == expected
        assert score(*arguments(log_confidence), sample_weight=case.weight) == expected


@given(case=cases())
@settings(deadline=None, max_examples=40)
def test_all_taken_is_the_accuracy(case):
    accuracy = pytest.approx(sequence_accuracy_score(*case.scores_input))
    assert accuracy_at_coverage_score(*arguments(case), coverage=1.0) == accuracy
    assert 1 - risk_coverage_curve(*arguments(case))[1][-1] == accuracy


@given(case=cases())
@settings(deadline=None, max_examples=40)
def test_inverts_coverage_at_accuracy(case):
    coverage = coverage_at_accuracy_score(*arguments(case), accuracy=0.75)
    if coverage:
        assert accuracy_at_coverage_score(*arguments(case), coverage=coverage) >= 0.75 - 1e-9


@given(case=cases())
@settings(deadline=None, max_examples=40)
def test_the_best_order_has_the_least_area(case):
    right = np.equal(np.array(case.true, object), np.array(case.read, object))
    order = np.argsort(-right.astype(int), kind="stable")
    rank = np.empty(len(right))
    rank[order] = np.arange(len(right), 0, -1)
    best = area_under_risk_coverage_score(*case.scores_input, rank)
    assert best <= area_under_risk_coverage_score(*arguments(case)) + 1e-12
    worst = area_under_risk_coverage_score(*case.scores_input, -rank)
    assert area_under_risk_coverage_score(*arguments(case)) <= worst + 1e-12


def test_area_by_hand():
    true, read = list("1234"), list("1294")
    # Risks 0, 0, 1/3, 1/4; then with the two in the middle equally sure.
    area = area_under_risk_coverage_score(true, read, [0.9, 0.8, 0.7, 0.6])
    assert area == pytest.approx((0 + 0 + 1 / 3 + 1 / 4) / 4)
    area = area_under_risk_coverage_score(true, read, [0.9, 0.8, 0.8, 0.6])
    assert area == pytest.approx((0 + 1 / 3 + 1 / 3 + 1 / 4) / 4)


def test_equally_sure_readings_are_taken_together():
    for read in (["1", "9"], ["9", "2"]):
        assert accuracy_at_coverage_score(["1", "2"], read, [0.5, 0.5], coverage=0.5) == 0.5


@pytest.mark.parametrize(
    "score", [accuracy_at_coverage_score, area_under_risk_coverage_score, risk_coverage_curve]
)
def test_rejected_readings_are_wrong_and_forms_agree(score):
    true, read, confidence = ["19", "7", "84"], ["19", "", "84"], [0.9, 0.95, 0.1]
    expected = score(true, ["19", "8", "84"], confidence)
    for y_pred in (read, [19, -1, 84], padded(read)):
        for y_true in (true, [19, 7, 84], padded(true, spare=1)):
            assert np.array_equal(score(y_true, y_pred, confidence), expected)


@pytest.mark.parametrize(
    "score", [accuracy_at_coverage_score, area_under_risk_coverage_score, risk_coverage_curve]
)
@pytest.mark.parametrize("read", ["7", ""])
def test_nothing_is_right_where_there_is_no_number(score, read):
    true, confidence = ["19", "7", "84"], [0.9, 0.95, 0.1]
    expected = score(true, ["19", "8", "84"], confidence)
    assert np.array_equal(score(["19", "", "84"], ["19", read, "84"], confidence), expected)


@pytest.mark.parametrize("score", [accuracy_at_coverage_score, area_under_risk_coverage_score])
def test_scores_are_floats(score):
    assert type(score(["19"], ["19"], [0.5])) is float


@pytest.mark.parametrize(
    "score", [accuracy_at_coverage_score, area_under_risk_coverage_score, risk_coverage_curve]
)
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"confidence": [0.1, np.nan]}, "confidence contains NaN"),
        ({"confidence": [0.1]}, "inconsistent numbers of samples"),
        ({"confidence": None}, "'confidence' parameter"),
        ({"sample_weight": [0, 0]}, "zero"),
    ],
)
def test_bad_input_is_refused(score, changed, message):
    arguments = {"y_true": ["19", "7"], "y_pred": ["19", "7"], "confidence": [0.1, 0.2]}
    with pytest.raises(ValueError, match=message):
        score(**(arguments | changed))


@pytest.mark.parametrize("coverage", [0, 95, -0.1])
def test_impossible_coverage_is_refused(coverage):
    with pytest.raises(ValueError, match="'coverage' parameter"):
        accuracy_at_coverage_score(["19"], ["19"], [0.5], coverage=coverage)


def test_rounding_of_weights_takes_no_more():
    true, read = list("1" * 25), list("1" * 20 + "2" * 5)
    confidence = np.linspace(1, 0.5, 25)
    # Twenty tenths over twenty-five tenths, summed one by one, are a little below 0.8.
    for weight in (None, [0.1] * 25):
        arguments = {"coverage": 0.8, "sample_weight": weight}
        assert accuracy_at_coverage_score(true, read, confidence, **arguments) == 1
