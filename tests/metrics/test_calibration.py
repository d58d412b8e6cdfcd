from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sksvhn.metrics import expected_calibration_error, sequence_accuracy_score

from ._cases import Case, cases, padded

strategies = pytest.mark.parametrize("strategy", ["uniform", "quantile"])


def brute_error(case: Case, n_bins: int, strategy: str) -> float:
    """The error in exact fractions, with confidences as the decimals they are written as."""
    rows = [(Fraction(str(c)), t == r, w) for t, r, w, c in zip(*case.columns(), strict=True) if w]
    total = sum(w for *_, w in rows)
    bins = defaultdict(list)
    for row in rows:
        if strategy == "uniform":
            name = next(m for m in range(n_bins) if row[0] <= Fraction(m + 1, n_bins))
        else:
            name = sum(w for c, _, w in rows if c < row[0]) * n_bins // total
        bins[name].append(row)
    error = Fraction(0)
    for inside in bins.values():
        mass = sum(w for *_, w in inside)
        accuracy = Fraction(sum(w for _, right, w in inside if right), mass)
        confidence = Fraction(sum(c * w for c, _, w in inside), mass)
        error += Fraction(mass, total) * abs(accuracy - confidence)
    return float(error)


def score(case: Case, n_bins: int, strategy: str, weight=None) -> float:
    return expected_calibration_error(
        *case.scores_input, case.confidence, n_bins=n_bins, strategy=strategy, sample_weight=weight
    )


@strategies
@given(case=cases(), n_bins=st.sampled_from([1, 2, 3, 10, 15, 100]))
@settings(deadline=None, max_examples=40)
def test_equals_brute_force(strategy, case, n_bins):
    expected = brute_error(case, n_bins, strategy)
    assert score(case, n_bins, strategy, case.weight) == pytest.approx(expected, abs=1e-12)


@strategies
@given(case=cases(), n_bins=st.integers(1, 20), data=st.data())
@settings(deadline=None, max_examples=40)
def test_invariances(strategy, case, n_bins, data):
    expected = pytest.approx(score(case, n_bins, strategy, case.weight), abs=1e-12)
    shuffled = case.rows(data.draw(st.permutations(range(len(case.true)))))
    assert score(shuffled, n_bins, strategy, shuffled.weight) == expected
    assert score(case, n_bins, strategy, 0.1 * np.array(case.weight)) == expected
    assert score(case.repeated(), n_bins, strategy) == expected


@strategies
@given(case=cases())
@settings(deadline=None, max_examples=40)
def test_one_bin_compares_the_means(strategy, case):
    expected = abs(sequence_accuracy_score(*case.scores_input) - np.mean(case.confidence))
    assert score(case, 1, strategy) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("n_bins", [10, 15, 20, 30, 100])
def test_edges_belong_to_the_lower_bin(n_bins):
    # A right reading at each edge and a wrong one just above: they'd cancel in part in one bin.
    edges = np.arange(1, n_bins) / n_bins
    confidence = np.concatenate([edges, np.nextafter(edges, 1)])
    read = ["1"] * len(edges) + ["2"] * len(edges)
    error = expected_calibration_error(["1"] * len(read), read, confidence, n_bins=n_bins)
    bins = defaultdict(float)
    for m in range(1, n_bins):
        bins[m] += 1 - m / n_bins
        bins[m + 1] -= m / n_bins
    assert error == pytest.approx(sum(map(abs, bins.values())) / len(read))


def test_equal_mass_bins_hold_as_many_each():
    confidence = np.linspace(0.9, 1, 30)
    read = ["1", "2"] * 15
    error = expected_calibration_error(["1"] * 30, read, confidence, strategy="quantile")
    # Fifteen pairs of neighbours, in each of which one reading is right.
    assert error == pytest.approx(np.abs(0.5 - confidence.reshape(15, 2).mean(axis=1)).mean())


def test_sure_extremes():
    assert expected_calibration_error(["1", "2"], ["1", "9"], [1.0, 0.0]) == 0
    assert expected_calibration_error(["1", "2"], ["1", "9"], [0.0, 1.0]) == 1


def test_calibrated_confidences_have_a_small_error():
    rng = np.random.default_rng(0)
    confidence = rng.random(20000)
    read = np.where(rng.random(20000) < confidence, "1", "2")
    for strategy in ("uniform", "quantile"):
        true = ["1"] * 20000
        assert expected_calibration_error(true, read, confidence, strategy=strategy) < 0.02
        squared = expected_calibration_error(true, read, confidence**2, strategy=strategy)
        assert squared == pytest.approx(1 / 6, abs=0.02)


@strategies
def test_rejected_readings_are_wrong_and_forms_agree(strategy):
    true, read, confidence = ["19", "7", "84"], ["19", "", "84"], [0.9, 0.95, 0.1]
    expected = expected_calibration_error(true, ["19", "8", "84"], confidence, strategy=strategy)
    for y_pred in (read, [19, -1, 84], padded(read)):
        assert expected_calibration_error(true, y_pred, confidence, strategy=strategy) == expected
    assert type(expected) is float


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"confidence": [0.1, 1.7]}, r"confidence must hold probabilities.* got 1\.7"),
        ({"confidence": [-0.1, 0.7]}, r"confidence must hold probabilities.* got -0\.1"),
        ({"confidence": [0.1, np.nan]}, "confidence contains NaN"),
        ({"confidence": [0.1]}, "inconsistent numbers of samples"),
        ({"confidence": None}, "'confidence' parameter"),
        ({"n_bins": 0}, "'n_bins' parameter"),
        ({"strategy": "mass"}, "'strategy' parameter"),
    ],
)
def test_bad_input_is_refused(changed, message):
    arguments = {"y_true": ["19", "7"], "y_pred": ["19", "7"], "confidence": [0.1, 0.2]}
    with pytest.raises(ValueError, match=message):
        expected_calibration_error(**(arguments | changed))


@pytest.mark.parametrize("n", [15, 30, 45, 60])
def test_rounding_of_weights_moves_nothing_to_another_bin(n):
    confidence = np.linspace(0.2, 0.9, n)
    read = np.where(np.arange(n) % 3, "1", "2")
    call = {"y_true": ["1"] * n, "y_pred": read, "confidence": confidence, "strategy": "quantile"}
    weighted = expected_calibration_error(**call, sample_weight=[0.1] * n)
    assert weighted == pytest.approx(expected_calibration_error(**call))
